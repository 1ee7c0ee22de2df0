"""The backend object: capabilities, device, weights, and the programs compiled so far."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nstbench.api import (
    VGG_SETTINGS,
    Advice,
    Array,
    Backend,
    BackendUnavailable,
    Capabilities,
    Device,
    Evaluation,
    Option,
    Problem,
    VggWeights,
    one_line,
)
from nstbench_jax import flags

if TYPE_CHECKING:
    from nstbench_jax.losses import Targets
    from nstbench_jax.session import JaxSession
    from nstbench_jax.update import Arguments, Program, Shape


class JaxVgg19(Backend):
    """VGG-19 in Flax NNX, loss and update compiled ahead of time by XLA."""

    capabilities = Capabilities(
        summary="VGG-19 optimisation in JAX and Flax, loss and update compiled by XLA",
        consumes=VGG_SETTINGS,
        devices=("cpu", "gpu"),
        requires=("jax", "flax", "optax"),
        install="pip install 'nstbench[jax]'",
        options={
            "loop": Option(
                "auto",
                "where the iterations of one call loop: auto takes the faster one for the platform",
                choices=("auto", "host", "device"),
            ),
            "unroll": Option(1, "iterations in a round of the loop on the device", choices=(1, 2, 4)),
        },
        variables=("JAX_", "XLA_"),
    )

    def __init__(self) -> None:
        self.device: Any = None
        self.weights: Mapping[str, tuple[Any, Any]] = {}
        self._targets: dict[Shape, Callable[..., Targets]] = {}
        self._evaluations: dict[Shape, Callable[..., Any]] = {}
        self._programs: dict[Shape, Program] = {}

    def refuse(self, settings: Mapping[str, Any], options: Mapping[str, Any]) -> str | None:
        if settings.get("optimiser") == "lbfgs" and options.get("loop") == "device":
            return "lbfgs searches its steps from the host: options.loop may be auto or host, not device"
        if options.get("unroll", 1) > 1 and options.get("loop") != "device":
            return "options.unroll above 1 is for a loop on the device: say options.loop: device"
        return None

    def start(self, device: str, deterministic: bool = False) -> Device:
        is_late = "jax" in sys.modules  # XLA reads its flags when JAX takes its first device
        flags.set_flags(deterministic)
        import jax

        import nstbench_jax.session  # noqa: F401 - loads Flax and Optax, which belong to this phase

        kind = {"auto": None, "cpu": "cpu", "gpu": "gpu"}[device]
        try:
            self.device = jax.devices(kind)[0]
        except Exception as error:  # an empty AssertionError, where JAX_PLATFORMS asks for what is not there
            raise BackendUnavailable(_no_device(device, error)) from error
        self._programs.clear()
        on_cpu = self.device.platform == "cpu"  # where JAX knows no name
        if on_cpu and is_late:
            flags.check_in_time()
        return Device("cpu", "") if on_cpu else Device("gpu", self.device.device_kind)

    def load(self, weights: VggWeights | None, options: Mapping[str, Any]) -> None:
        import jax

        assert weights is not None, "jax-vgg19 consumes the setting `weights`"
        self.weights = jax.block_until_ready(jax.device_put(dict(weights), self.device))

    def prepare(self, problem: Problem) -> JaxSession:
        from nstbench_jax.session import JaxSession

        return JaxSession(self, problem)

    def evaluate(self, problem: Problem) -> Evaluation:
        session = self.prepare(problem)
        found = session.evaluate()
        session.close()
        return found

    def advise(self) -> Sequence[Advice]:
        return flags.advise()

    def reduce(self, rows: Array, others: Array, matrix: Array) -> Mapping[str, Array]:
        import jax

        from nstbench_jax.losses import reductions

        with jax.default_device(self.device):
            found: Mapping[str, Array] = jax.device_get(jax.jit(reductions)(rows, others, matrix))
        return found

    def targets(self, shape: Shape) -> Callable[..., Targets]:
        """Return the function that computes the targets; a sweep over numbers compiles it once."""
        from nstbench_jax.update import compile_targets

        key = shape._replace(height=0, width=0, tv_form="", optimiser="", loop="", unroll=1, chunk=0)
        if key not in self._targets:
            self._targets[key] = compile_targets(key)
        return self._targets[key]

    def evaluation(self, shape: Shape) -> Callable[..., Any]:
        """Return the function behind `evaluate` for one shape of problem."""
        from nstbench_jax.update import compile_evaluation

        key = shape._replace(optimiser="", loop="", unroll=1, chunk=0)
        if key not in self._evaluations:
            self._evaluations[key] = compile_evaluation(key)
        return self._evaluations[key]

    def program(self, shape: Shape, arguments: Arguments) -> Program:
        """Return the compiled update for one shape of problem, compiling it the first time."""
        from nstbench_jax import lbfgs, update

        if shape not in self._programs:
            room = lbfgs if shape.optimiser == "lbfgs" else update
            self._programs[shape] = room.compile_update(shape, arguments)
        return self._programs[shape]

    @property
    def compilations(self) -> int:
        return len(self._programs)

    def peak_device_bytes(self) -> int | None:
        stats = self.device.memory_stats() if self.device.platform != "cpu" else None
        return stats.get("peak_bytes_in_use") if stats else None


def _no_device(device: str, error: Exception) -> str:
    kind = "" if device == "auto" else f"{device} "
    platforms = os.environ.get("JAX_PLATFORMS")
    among, remedy = "", "Use device: cpu"
    if platforms:
        among, remedy = f" with JAX_PLATFORMS={platforms}", "Unset JAX_PLATFORMS"
    return f"jax-vgg19: no {kind}device{among}: {one_line(error)}. {remedy}, or pip install 'nstbench[cuda]'"
