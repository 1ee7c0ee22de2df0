"""An iterative backend in NumPy that needs no framework and can be told to go wrong.

It pulls every pixel towards a goal, a fixed fraction per iteration, so each iteration has a closed form:
after k steps `image = goal + (init - goal) * (1 - rate)^k`, with `rate` = `RATE` at the default settings; the
farther other numbers of the method are from their defaults, the smaller it is. The goal is that of the
heaviest weight: beta stands for the mean colour of the style images, alpha for the content image, tv_weight
for the mean colour of the start. Its "taps" are every second, fourth ... pixel, and its losses are means over
them, so that the heaviest weight decides where the total is least as well.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from nstbench.api import (
    LAYERS,
    METHOD,
    VGG_SETTINGS,
    Array,
    Backend,
    BackendUnavailable,
    Capabilities,
    Device,
    LossTrace,
    OptimiserState,
    Option,
    Problem,
    Session,
    Settings,
    UsageError,
    block,
)

RATE = 0.1
REACH = {"adam": 1.0, "sgd": 0.5, "lbfgs": 2.0}
"""How far one iteration goes, relative to `RATE`; `lbfgs` counts as many evaluations."""
FAULTS = ("none", "raise", "memory", "nan", "rise", "exit", "kill", "hang")
IN_LOSSES = ("alpha", "beta", "tv_weight")
_BEYOND = {
    "precision": ("bf16", "precision bf16 is"),
    "taps": ("conv", "taps before ReLU are"),
    "style_loss": ("wasserstein2", "the style loss wasserstein2 is"),
}


class FakeBackend(Backend):
    """A backend whose every property is chosen by its options."""

    capabilities = Capabilities(
        summary="a stand-in for tests: no network, closed-form iterations, faults on demand",
        devices=("cpu", "gpu"),
        consumes=VGG_SETTINGS - {"weights"},
        options={
            "step_s": Option(0.0, "seconds that each iteration takes"),
            "fault": Option("none", "what goes wrong at iteration `at`", choices=FAULTS),
            "gpu": Option(False, "whether it finds a GPU"),
            "at": Option(1, "the iteration at which `fault` strikes"),
        },
    )

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(options)
        self._compiled: set[tuple[int, ...]] = set()

    def refuse(self, settings: Settings) -> str | None:
        if settings.device == "gpu" and not self.options["gpu"]:
            return "it does not compute on 'gpu' unless its option gpu is true"
        beyond = [what for name, (value, what) in _BEYOND.items() if getattr(settings, name) == value]
        return f"{beyond[0]} beyond it" if beyond else None

    def start(self, device: str, deterministic: bool = False) -> Device:
        shown = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]
        if device != "cpu" and self.options["gpu"] and shown:
            return Device("gpu", f"fake gpu {shown}")
        if device == "gpu":
            raise BackendUnavailable("no gpu device")
        return Device("cpu", "fake")

    def prepare(self, problem: Problem) -> FakeSession:
        return FakeSession(problem, self.options, self._compiled)

    @property
    def compilations(self) -> int:
        return len(self._compiled)


class FakeSession(Session):
    """One problem of a `FakeBackend`."""

    def __init__(self, problem: Problem, options: Mapping[str, Any], compiled: set[tuple[int, ...]]) -> None:
        _understand(problem, options["fault"])
        self._problem, self._options, self._compiled = problem, options, compiled
        self._colour = mean_colour(problem)
        self._goal = _goal(problem, self._colour)
        self._slowing = _slowing_numbers(problem)
        self._image = problem.init.copy()
        self._step = problem.state.steps if problem.state else 0

    def compile(self, chunk: int) -> None:
        self._compiled.add((*self._image.shape, chunk))

    def run(self, n: int) -> LossTrace:
        rows = np.array([self._iterate() for _ in range(n)], np.float32)
        layers = dict(zip(self._problem.style_layers, rows.T[4:], strict=True))
        total, content, style, tv = rows.T[:4]
        evaluations = n * max(1, int(REACH[self._problem.optimiser]))
        return LossTrace(total, content, style, tv, style_layers=layers, evaluations=evaluations)

    def flop(self) -> float:
        return 3.0 * self._image.size  # a subtraction, a multiplication and an addition for each value

    def image(self) -> Array:
        return self._image

    def state(self) -> OptimiserState:
        return OptimiserState(self._step)

    def _iterate(self) -> list[float]:
        self._step += 1
        time.sleep(self._options["step_s"])
        fault = self._options["fault"] if self._step == self._options["at"] else "none"
        _strike(fault)
        row = self._losses()
        rate = np.float32(min(1.0, self._rate(self._step - 1)))
        self._image = self._image + rate * (self._goal - self._image)
        if fault == "rise":  # a step far too long, and clipped
            self._image = np.where(self._image > self._goal, np.float32(1), np.float32(0))
        return [np.nan, *row[1:]] if fault == "nan" else row

    def _rate(self, step: int) -> float:
        """Return how far a step goes: each number that matters shows in it, or in the losses."""
        rate = RATE * REACH[self._problem.optimiser]
        for name, value, default in self._slowing:
            rate *= _slowing(name, value, default, step)
        return float(rate)

    def _losses(self) -> list[float]:
        problem, image = self._problem, self._image

        def apart(goal: Array, layer: str) -> float:
            taps = (_tap(each, layer, problem.pooling) for each in (image, goal))
            return float(np.mean(np.subtract(*taps) ** 2))

        content = sum(
            weight * 0.5 * apart(problem.content, layer) for layer, weight in problem.content_layers.items()
        )
        energies = [apart(self._colour, layer) for layer in problem.style_layers]
        style = float(np.dot(energies, list(problem.style_layers.values()))) if energies else 0.0
        tv = total_variation(image, problem.tv_form)
        total = problem.alpha * content + problem.beta * style + problem.tv_weight * tv
        return [total, content, style, tv, *energies]


def mean_colour(problem: Problem) -> Array:
    """Return the mean colour of the style images, blended: (3,), or with content masks (H, W, 3)."""
    masks = problem.style_masks or (None,) * len(problem.styles)
    both = zip(problem.styles, masks, strict=True)
    colours = [_mean_of(style, mask) for style, mask in both]
    blended: Array = np.dot(problem.style_blend, colours).astype(np.float32)
    if not problem.content_masks:
        return blended
    shares = np.stack(problem.content_masks, axis=-1) * problem.style_blend
    total = shares.sum(axis=-1, keepdims=True)
    return np.where(total > 0, shares @ colours / np.maximum(total, 1e-9), blended).astype(np.float32)


def _mean_of(style: Array, mask: Array | None) -> Array:
    pixels = style.reshape(-1, 3)
    mean: Array = np.average(pixels, axis=0, weights=None if mask is None else mask.ravel())
    return mean


def total_variation(image: Array, form: str) -> float:
    """Return the total variation of an image in one of the forms of `nstbench.api.TV_FORMS`."""
    dy, dx = np.diff(image, axis=0), np.diff(image, axis=1)
    if form == "mahendran":
        return float(np.sum((dy[:, :-1] ** 2 + dx[:-1] ** 2) ** 1.25))
    size = np.square if form == "squared" else np.abs
    return float(np.sum(size(dy)) + np.sum(size(dx)))


def _understand(problem: Problem, fault: str) -> None:
    fewer = {"precision": ("highest", "default"), "taps": ("relu",)}
    problem.expect(**fewer, style_loss=("gram",))
    unknown = [*({*problem.content_layers, *problem.style_layers} - {*LAYERS}), *({fault} - {*FAULTS})]
    if unknown:
        raise UsageError(f"the stand-in does not know {unknown[0]!r}")


def _tap(image: Array, layer: str, pooling: str) -> Array:
    """Return the first pixel of what a position stands for, or with average pooling the mean of all."""
    if image.ndim != 3:  # a colour is one everywhere
        return image
    stride = 1 << (block(layer) - 1)
    if pooling == "max":
        return image[::stride, ::stride]
    height, width = (-(-side // stride) for side in image.shape[:2])
    over = height * stride - image.shape[0], width * stride - image.shape[1]
    whole = np.pad(image, ((0, over[0]), (0, over[1]), (0, 0)), mode="edge")
    mean: Array = whole.reshape(height, stride, width, stride, -1).mean(axis=(1, 3))
    return mean


def _goal(problem: Problem, colour: Array) -> Array:
    if problem.tv_weight > max(problem.alpha, problem.beta):
        mean: Array = problem.init.mean(axis=(0, 1))
        return mean
    return problem.content if problem.alpha > problem.beta else colour


def _slowing_numbers(problem: Problem) -> list[tuple[str, float, float]]:
    """Return name, value and default of the numbers that matter to the optimiser and not to the losses."""
    settings = problem.settings()
    kept = (each for each in METHOD.values() if each.traced and each.name not in IN_LOSSES)
    return [(each.name, getattr(problem, each.name), each.default) for each in kept if each.matters(settings)]


def _slowing(name: str, value: float, default: float, step: int) -> float:
    if name == "learning_rate":
        return value / default
    return value ** (step / 100) if name == "learning_rate_decay" else 1 / (1 + abs(value - default))


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
