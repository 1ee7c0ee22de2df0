"""Seconds of a backend's steps, under the same conditions for every backend, taken by pytest-benchmark."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from nstbench.api import (
    GATYS_CONTENT_LAYERS,
    GATYS_STYLE_LAYERS,
    Array,
    Plugin,
    Problem,
    UnknownName,
    UsageError,
    plugin,
)
from nstbench.assets import load_image, load_weights, resolve_weights
from nstbench.testing.subject import Subject, start

CONTENT, STYLE = "sample:astronaut", "sample:strokes"
"""Both square, so that a size means the same number of pixels to everyone."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What is timed.

    Attributes:
        backend: name of its entry point.
        size: pixels of each side of content and style image.
        rounds: how often the clock runs; one more round before them, for warming up, is not counted.
        iterations: of a round: optimiser steps, or passes of a backend that is not iterative.
        options: other values than the defaults of the backend's options.
        device: as for `Backend.start`.
        precision: `highest`, `default` or `bf16`; None for the first of them that the backend accepts.
        weights: VGG-19 parameters for a backend that consumes them, as in an experiment: `random:SEED`,
            `bundled`, `imagenet`, a path.
    """

    backend: str
    size: int
    _: KW_ONLY
    rounds: int = 5
    iterations: int = 3
    options: Mapping[str, Any] = field(default_factory=dict)
    device: str = "auto"
    precision: str | None = None
    weights: str = "random:0"


def time_steps(benchmark: Any, timing: Timing) -> Array:
    """Start the backend, prepare and compile, then let pytest-benchmark time rounds of steady state.

    Every result has `extra_info`: backend, backend_version, device, device_name, height, width, iterations
    (of a round: divide the seconds by it), precision, options, weights, compile_s.

    Args:
        benchmark: the fixture of pytest-benchmark.

    Returns:
        The pastiche (size, size, 3) after all rounds.

    Raises:
        UnknownName: there is no such backend, option or device.
        UsageError: no iterations, or a precision the backend refuses.
        BackendUnavailable: it cannot be imported, or there is no such device.
        AssetError: there are no such weights.
    """
    if timing.iterations < 1:
        raise UsageError(f"{timing.backend}: a round of {timing.iterations} iterations; take 1 or more")
    found = plugin(timing.backend)
    subject, weights = _started(found, timing)
    problem = _problem(subject, timing)
    session = subject.backend.prepare(problem)
    try:
        begun = perf_counter()
        session.compile(timing.iterations)
        compile_s = perf_counter() - begun
        of_this = {"weights": weights, "iterations": timing.iterations, "compile_s": compile_s}
        benchmark.extra_info |= _facts(found, subject, problem) | of_this
        benchmark.group = benchmark.group or f"{timing.size} px"
        with _no_garbage_collection():
            benchmark.pedantic(session.run, args=(timing.iterations,), rounds=timing.rounds, warmup_rounds=1)
        return np.array(session.image())
    finally:
        session.close()


def _facts(found: Plugin, subject: Subject, problem: Problem) -> dict[str, Any]:
    height, width, _ = problem.content.shape
    return {
        "backend": found.name,
        "backend_version": found.version,
        "device": subject.device.kind,
        "device_name": subject.device.name,
        "height": height,
        "width": width,
        "precision": problem.precision,
        "options": subject.backend.options,
    }


def _started(found: Plugin, timing: Timing) -> tuple[Subject, str | None]:
    """Start and load a backend; with it the name of the parameters it uses, if any."""
    can = found.load().capabilities
    for name in timing.options:
        if name not in can.options:
            raise UnknownName(f"option of {found.name}", name, can.options)
    if "weights" in can.consumes:
        source = resolve_weights(timing.weights, Path())
        return start(found, load_weights(source), timing.options, timing.device), source.name
    subject = start(found, None, timing.options, timing.device)
    network = subject.backend.identify()
    return subject, network.name if network else None


def _problem(subject: Subject, timing: Timing) -> Problem:
    """Set the layers and weights of Gatys et al. (2016), everything else as the backend likes it best."""
    chosen = dict(subject.accepted[0])
    if timing.precision is not None:
        chosen["precision"] = timing.precision
        if timing.precision not in (possible := subject.values("precision")):
            raise UsageError(
                f"{subject.name}: precision {timing.precision!r} is beyond it; it takes {', '.join(possible)}"
            )
    content, style = (load_image(sample, timing.size, Path()).pixels for sample in (CONTENT, STYLE))
    return Problem(
        content=content,
        styles=(style,),
        init=content,
        content_layers=dict.fromkeys(GATYS_CONTENT_LAYERS, 1.0),
        style_layers=dict.fromkeys(GATYS_STYLE_LAYERS, 1 / len(GATYS_STYLE_LAYERS)),
        alpha=1.0,
        beta=100.0,
        **chosen,
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep the collector, which may take as long as a step where frameworks are loaded, out of the rounds."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
