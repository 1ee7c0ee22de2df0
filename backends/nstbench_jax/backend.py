"""The backend object: capabilities, device, weights, and the programs compiled so far."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
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
    Programs,
    Session,
    Settings,
    VggWeights,
    one_line,
)
from nstbench_jax import flags
from nstbench_jax.memory import keep_in_huge_pages

if TYPE_CHECKING:
    from nstbench_jax.programs import KeptPrograms


class JaxVgg19(Backend):
    """VGG-19 in Flax NNX, loss and update compiled ahead of time by XLA."""

    capabilities = Capabilities(
        summary="VGG-19 optimisation in JAX and Flax, loss and update compiled by XLA",
        options={
            "loop": Option(
                "auto",
                "where the iterations of one call loop: auto takes the faster one for the platform",
                choices=("auto", "host", "device"),
            ),
            "convolution": Option(
                "auto",
                "algorithm of the convolutions: auto takes winograd on a CPU and XLA's own on a GPU",
                choices=("auto", "winograd", "xla"),
            ),
            "huge_pages": Option(True, "on a CPU: keep memory, in huge pages, instead of giving it back"),
            "unroll": Option(1, "iterations in a round of the loop on the device", choices=(1, 2, 4)),
        },
        consumes=VGG_SETTINGS,
        devices=("cpu", "gpu"),
        requires=("jax", "flax", "optax"),
        install="pip install 'nstbench[jax]'",
        variables=("JAX_", "XLA_"),
        keeps_programs=True,
    )

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        self._came_to: dict[str, Any] = {}
        self._keep: tuple[Path | None] | None = None
        self._kept: KeptPrograms | None = None

    @property
    def taken(self) -> Mapping[str, Any]:
        return self.options | self._came_to

    def refuse(self, settings: Settings) -> str | None:
        if settings.optimiser == "lbfgs" and self.options["loop"] == "device":
            return "lbfgs searches its steps from the host: options.loop may be auto or host, not device"
        if self.options["unroll"] > 1 and self.options["loop"] != "device":
            return "options.unroll above 1 is for a loop on the device: say options.loop: device"
        return None

    def advise(self) -> Sequence[Advice]:
        return flags.advise()

    def keep_programs(self, folder: Path | None) -> None:
        self._keep = (folder,)

    def start(self, device: str, deterministic: bool = False) -> Device:
        is_late = "jax" in sys.modules  # XLA reads its flags when JAX takes its first device
        flags.set_flags(deterministic)
        in_huge_pages = device != "gpu" and self.options["huge_pages"] and keep_in_huge_pages()
        import jax

        import nstbench_jax.session  # noqa: F401 - loads Flax and Optax, which belong to this phase
        from nstbench_jax.programs import KeptPrograms

        self._kept = KeptPrograms(*self._keep) if self._keep else None
        try:
            self._device = jax.devices(None if device == "auto" else device)[0]
        except Exception as error:  # an empty AssertionError, where JAX_PLATFORMS asks for what is not there
            raise BackendUnavailable(_no_device(device, error)) from error
        self._programs: Programs[Any] = Programs()
        on_cpu = self._device.platform == "cpu"  # where JAX knows no name
        # Inside a loop of XLA's its convolutions use one core on CPUs.
        best = ("winograd", "host") if on_cpu else ("xla", "device")
        for name, value in zip(("convolution", "loop"), best, strict=True):
            if self.options[name] == "auto":
                self._came_to[name] = value
        self._came_to["huge_pages"] = in_huge_pages
        if on_cpu and is_late:
            flags.check_in_time()
        return Device("cpu", "") if on_cpu else Device("gpu", self._device.device_kind)

    def load(self, weights: VggWeights | None) -> None:
        from nstbench_jax.parameters import Parameters

        assert weights is not None, "jax-vgg19 consumes the setting `weights`"
        self._parameters = Parameters(weights, self._device, self.taken["convolution"])

    def prepare(self, problem: Problem) -> Session:
        return self._session(problem)

    def evaluate(self, problem: Problem) -> Evaluation:
        session = self._session(problem)
        found = session.evaluate()
        session.close()
        return found

    def reduce(self, rows: Array, others: Array, matrix: Array) -> Mapping[str, Array]:
        import jax

        from nstbench_jax.losses import reductions

        with jax.default_device(self._device):
            return dict(jax.device_get(jax.jit(reductions)(rows, others, matrix)))

    def _session(self, problem: Problem) -> Any:
        from nstbench_jax.session import JaxSession

        how = {name: self.taken[name] for name in ("convolution", "loop", "unroll")}
        return JaxSession(problem, self._device, self._parameters, self._programs, **how)

    @property
    def compilations(self) -> int:
        return len(self._programs.made)

    @property
    def programs_found(self) -> int:
        return self._kept.found if self._kept else 0

    def peak_device_bytes(self) -> int | None:
        stats = self._device.memory_stats() if self._device.platform != "cpu" else None
        return stats.get("peak_bytes_in_use") if stats else None


def _no_device(device: str, error: Exception) -> str:
    kind = "" if device == "auto" else f"{device} "
    among, remedy = "", "Use device: cpu"
    if platforms := os.environ.get("JAX_PLATFORMS"):
        among, remedy = f" with JAX_PLATFORMS={platforms}", "Unset JAX_PLATFORMS"
    return f"jax-vgg19: no {kind}device{among}: {one_line(error)}. {remedy}, or pip install 'nstbench[cuda]'"
