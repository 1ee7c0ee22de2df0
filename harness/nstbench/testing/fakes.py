"""An iterative backend in NumPy that needs no framework and can be told to go wrong.

It pulls every pixel towards the mean colour of the style image, a fixed fraction per iteration, so each
iteration has a closed form: after k steps `image = mean + (init - mean) * (1 - rate)^k`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from nstbench.api import (
    VGG_SETTINGS,
    Array,
    Backend,
    Capabilities,
    Device,
    LossTrace,
    Option,
    Problem,
    Session,
)

RATE = 0.1
FAULTS = ("none", "raise", "memory", "nan", "exit", "kill", "hang")


class FakeBackend(Backend):
    """A backend whose every property is chosen by its options."""

    capabilities = Capabilities(
        summary="a stand-in for tests: no network, closed-form iterations, faults on demand",
        consumes=VGG_SETTINGS - {"weights"},
        options={
            "step_s": Option(0.0, "seconds that each iteration takes"),
            "fault": Option("none", "what goes wrong at iteration `at`", choices=FAULTS),
            "at": Option(1, "the iteration at which `fault` strikes"),
        },
    )

    def __init__(self) -> None:
        self._compiled: set[tuple[int, ...]] = set()

    def refuse(self, settings: Mapping[str, Any], options: Mapping[str, Any]) -> str | None:
        return "average pooling is beyond it" if settings["pooling"] == "avg" else None

    def start(self, device: str) -> Device:
        return Device("cpu", "fake")

    def prepare(self, problem: Problem) -> FakeSession:
        return FakeSession(problem, self._compiled)

    @property
    def compilations(self) -> int:
        return len(self._compiled)


class FakeSession(Session):
    """One problem of a `FakeBackend`."""

    def __init__(self, problem: Problem, compiled: set[tuple[int, ...]]) -> None:
        self._problem, self._compiled = problem, compiled
        self._target = problem.style.mean(axis=(0, 1))
        self._image = problem.init.copy()
        self._step = 0

    def compile(self, chunk: int) -> None:
        self._compiled.add((*self._image.shape, chunk))

    def run(self, n: int) -> LossTrace:
        rows = np.array([self._iterate() for _ in range(n)], np.float32)
        layers = dict.fromkeys(self._problem.style_layers, rows[:, 2])
        total, content, style, tv = rows.T
        return LossTrace(total, content, style, tv, style_layers=layers, evaluations=n)

    def image(self) -> Array:
        return self._image

    def _iterate(self) -> tuple[float, float, float, float]:
        self._step += 1
        options = self._problem.options
        time.sleep(options.get("step_s", 0.0))
        fault = options.get("fault", "none") if self._step == options.get("at", 1) else "none"
        _strike(fault)
        content = 0.5 * float(np.sum((self._image - self._problem.content) ** 2))
        style = float(np.mean((self._image - self._target) ** 2))
        self._image = self._image + np.float32(RATE) * (self._target - self._image)
        total = self._problem.alpha * content + self._problem.beta * style
        return np.nan if fault == "nan" else total, content, style, 0.0


def _strike(fault: str) -> None:
    if fault == "raise":
        raise RuntimeError("told to fail")
    if fault == "memory":
        raise MemoryError("told to run out of memory")
    if fault == "exit":
        os._exit(7)
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "hang":
        time.sleep(3600)
