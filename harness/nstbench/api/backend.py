"""The contract between nstbench and a backend.

A backend is met through an entry point of the group `nstbench.backends` that names a subclass of `Backend`.
Its module imports no framework at the top: listing backends, planning and refusing happen in a process that
never loads one. Everything from `start` on happens in a worker process that serves this one backend with its
options.

    capabilities                             of the class, anywhere, no framework
    identify, refuse, advise                 of an object with its options, likewise
    start -> load -> prepare                 the worker; each is a phase with its own time on the row
    Session.compile -> run, run, ...         `run` alone is inside the clock
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from nstbench.api.capabilities import Advice, Capabilities, Device, Network, wrong_types
from nstbench.api.losses import LossTrace
from nstbench.api.problem import Evaluation, OptimiserState, Problem
from nstbench.api.settings import Settings
from nstbench.api.vgg19 import Array, VggWeights


class Session(ABC):
    """A prepared problem. `run` and `image` are all that a simple backend writes."""

    def compile(self, chunk: int) -> None:
        """Make ready everything `run(n)` with n <= chunk needs, without advancing; timed as `compile`."""
        return

    @abstractmethod
    def run(self, n: int) -> LossTrace | None:
        """Advance by n iterations and return once the device has finished.

        Additive: `run(3)` then `run(2)` leaves the same state as `run(5)`.

        Returns:
            The losses of these n iterations, or None for a backend that computes none.
        """

    @abstractmethod
    def image(self) -> Array:
        """Return the current pastiche: (H, W, 3) float32 RGB in [0, 1], the size of the content image."""

    def state(self) -> OptimiserState | None:
        """Return what the optimiser takes along when the picture goes on at another size.

        A problem with this `state` and the present picture as its `init` goes on as this session would; with
        `averaging` it starts from the average, and averages anew.

        Returns:
            None (the default): it begins anew from the picture.
        """
        return None

    def flop(self) -> float | None:
        """Return the floating-point operations of one iteration (pass) as the compiler counts them.

        Asked once after `compile`, outside the clock. It is the same for any chunk and after any number of
        iterations. Where an iteration evaluates loss and gradient as often as it takes (L-BFGS), it is that
        of one evaluation. `nstbench.api.gflop_per_iteration` estimates it by hand.

        Returns:
            A positive number, or None (the default) where the framework does not tell.
        """
        return None

    def close(self) -> None:
        """Free what this session holds on the device."""
        return


class Backend(ABC):
    """A way to do style transfer, with its options. `capabilities` and `prepare` are all that it must say.

    Args:
        options: its own, as far as they differ from their defaults.

    Attributes:
        capabilities: what can be said of every backend of this class.
        options: complete with defaults.
    """

    capabilities: ClassVar[Capabilities]

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        require_capabilities(type(self))
        self.options = self.capabilities.complete(options or {})

    @property
    def taken(self) -> Mapping[str, Any]:
        """The options at work, from `start` on, with what `auto` came to; by default as they were given."""
        return self.options

    def identify(self) -> Network | None:
        """Name the network that the options select, without a framework and without downloading.

        None (the default) for a backend that consumes the setting `weights` or has no parameters.
        """
        return None

    def refuse(self, settings: Settings) -> str | None:
        """Say in one sentence why this cannot be done with these options, or None.

        Args:
            settings: those it consumes, worked out; the others have their defaults.
        """
        return None

    def advise(self) -> Sequence[Advice]:
        """Say what is known to be wrong with the versions that are installed here, without a framework.

        `nstbench doctor` shows all of it, a sweep what is urgent.
        """
        return ()

    def keep_programs(self, folder: Path | None) -> None:
        """Keep compiled programs in a folder, and take from it what an earlier process has compiled.

        Called before `start`, and only if the capabilities have `keeps_programs`.

        Args:
            folder: private to the user, and to processors like this one; None: compile everything anew.
        """
        return

    def start(self, device: str, deterministic: bool = False) -> Device:
        """Import the framework and take the device (`auto`, `cpu` or `gpu`); timed as `import`.

        Args:
            deterministic: switch on the framework's mode in which a repeated run gives identical bits; only
                ever true for a backend that consumes the setting of that name.

        Raises:
            BackendUnavailable: there is no such device.
        """
        return Device("cpu", "")

    def load(self, weights: VggWeights | None) -> None:
        """Take the parameters to the device; timed as `load`. Called again when they change.

        Args:
            weights: VGG-19 parameters if the backend consumes `weights`, else None.
        """
        return

    @abstractmethod
    def prepare(self, problem: Problem) -> Session:
        """Compute the targets and the starting state; timed as `prepare`."""

    def evaluate(self, problem: Problem) -> Evaluation | None:
        """Show what the network makes of `problem.init`, for `nstbench verify`; never timed.

        None (the default) leaves those rungs of the ladder out.
        """
        return None

    def reduce(self, rows: Array, others: Array, matrix: Array) -> Mapping[str, Array] | None:
        """Compute sums that have a known answer, compiled as `run`'s programs are, for `nstbench verify`.

        Compilers have got such sums wrong: from some number of rows on, or fused with a matrix product.

        Args:
            rows, others: (n, k) float32, a and b below, with n in the tens of thousands.
            matrix: (k, k) float32, m below.

        Returns:
            float32, in full precision: `products` sum a b; `squares` sum (a - b)^2; `gram` (k, k), a^T a / n;
            `mixed` (n,), sum_k (m a_i)_k^2; `weighted` (n,), sum_k (a 1)_ik a_ik where 1 is a (k, k) of ones.
            None (the default) leaves that rung of the ladder out.
        """
        return None

    @property
    def compilations(self) -> int:
        """How many programs have been compiled or traced since `start`; 0 for a framework that has none."""
        return 0

    @property
    def programs_found(self) -> int:
        """How many programs have been taken from the folder of `keep_programs` since `start`."""
        return 0

    def peak_device_bytes(self) -> int | None:
        """Most memory held on the device since `start`, or None where the framework cannot tell."""
        return None


def require_capabilities(kind: type[Backend]) -> None:
    """Make sure that a class says what it can do.

    Raises:
        TypeError: it has no `capabilities`, or they are of wrong types.
    """
    found = getattr(kind, "capabilities", None)
    if not isinstance(found, Capabilities):
        raise TypeError(f"the class {kind.__name__} lacks `capabilities = Capabilities(...)`")
    if wrong := wrong_types(found):
        raise TypeError(f"capabilities: {'; '.join(wrong)}")
