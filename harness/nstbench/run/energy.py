"""Energy: what the driver of a GPU counted while the rounds in steady state went by."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from nstbench.api import Device

Counter = Callable[[], float | None]
"""Joules that the whole card has taken since some moment in the past; None when it does not answer."""

LEAST_S = 1.0
"""Seconds that a stretch must last in the mean: NVIDIA's counter moves every 20 to 100 ms."""


@dataclass(slots=True)
class EnergyMeter:
    """Adds up stretches of steady state; what happens between `stop` and `start` does not count.

    Attributes:
        counter: None where the device has none.
        now: the clock, seconds.
    """

    counter: Counter | None = None
    now: Callable[[], float] = perf_counter
    _since: tuple[float | None, float] | None = None
    _taken: list[tuple[float | None, float]] = field(default_factory=list)

    def start(self) -> None:
        """Begin a stretch: the next thing that happens is a round."""
        if self.counter:
            self._since = self.counter(), self.now()

    def stop(self) -> None:
        """End the stretch, if there is one."""
        if self.counter and self._since:
            before, since = self._since
            seconds, after = self.now() - since, self.counter()
            joules = None if before is None or after is None else after - before
            self._taken.append((joules, seconds))
        self._since = None

    @property
    def joules(self) -> float | None:
        """What all stretches took; None if any was not counted, or they were too short for the counter."""
        joules = [joules for joules, _ in self._taken if joules is not None and joules >= 0]
        seconds = [seconds for _, seconds in self._taken]
        if not joules or len(joules) < len(seconds) or sum(seconds) < LEAST_S * len(seconds):
            return None
        return sum(joules)


def find_counter(device: Device) -> Counter | None:
    """Return the energy counter of the GPU that a backend has taken, or None where there is none.

    NVIDIA's only, through its management library. A backend takes the first device that CUDA shows it; among
    several it must have the name that the backend was told, as the library may number them otherwise.
    """
    if device.kind != "gpu":
        return None
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
        handle = _first_visible(pynvml)
        if pynvml.nvmlDeviceGetCount() > 1 and pynvml.nvmlDeviceGetName(handle) != device.name:
            return None
        pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except (pynvml.NVMLError, ValueError):
        return None

    def read() -> float | None:
        try:
            return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)) / 1000  # of millijoules
        except pynvml.NVMLError:
            return None

    return read


def _first_visible(nvml: Any) -> Any:
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").partition(",")[0].strip() or "0"
    if first.isdigit():
        return nvml.nvmlDeviceGetHandleByIndex(int(first))
    return nvml.nvmlDeviceGetHandleByUUID(first)
