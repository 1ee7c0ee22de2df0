"""The rungs of the parity ladder: what is compared, how the error is measured, and how much is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nstbench.api import Array, block
from nstbench.parity.case import Case
from nstbench.parity.scenarios import Scenario

TAPS = {"highest": 1e-4, "default": 1e-2, "bf16": 5e-2}
LOSSES = {"highest": 1e-4, "default": 1e-2, "bf16": 5e-2}
GRADIENT = {"highest": 1e-3, "default": 1e-1, "bf16": 1.5e-1}
DIRECTION = {"highest": 1e-5, "default": 1e-3, "bf16": 1e-2}
CURVE = {"highest": 1e-2, "default": 1e-2, "bf16": 5e-2}
RISE = dict.fromkeys(TAPS, 1e-6)
LEFT = dict.fromkeys(TAPS, 0.9)


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a backend is from the referee in one place; NaN where the two cannot be compared."""

    error: float
    where: str


@dataclass(frozen=True, slots=True)
class Rung:
    """One comparison.

    Attributes:
        measure: yields every gap of a case; nothing where the backend does not show what is compared.
        limits: the largest error that passes, by precision.
        applies: whether a scenario has what is compared.
        optional: whether a backend that does not show it is verified all the same.
    """

    name: str
    measure: Callable[[Case], Iterable[Gap]]
    limits: Mapping[str, float]
    applies: Callable[[Scenario], bool] = lambda scenario: True
    optional: bool = False


def _sums(case: Case) -> Iterator[Gap]:
    if case.sums is not None:
        found, true = case.sums
        yield from (_peak(name, found, true) for name in true)


def _taps(wanted: Callable[[str], bool]) -> Callable[[Case], Iterator[Gap]]:
    """Compare taps, each relative to its largest value."""

    def measure(case: Case) -> Iterator[Gap]:
        if case.shown is not None:
            layers = filter(wanted, sorted(case.true.taps))
            yield from (_peak(layer, case.shown.taps, case.true.taps) for layer in layers)

    return measure


def _grams(case: Case) -> Iterator[Gap]:
    if case.shown is not None:
        yield from (_peak(layer, case.shown.grams, case.true.grams) for layer in sorted(case.true.grams))


def _loss(name: str) -> Callable[[Case], Iterator[Gap]]:
    """Compare one loss of the starting image, relative."""

    def measure(case: Case) -> Iterator[Gap]:
        for trace in case.progress.traces[:1]:
            yield _relative(getattr(trace, name)[0], getattr(case.true_losses, name), f"{name} loss")

    return measure


def _energies(case: Case) -> Iterator[Gap]:
    for trace in case.progress.traces[:1]:
        for layer, energy in case.true_losses.style_layers.items():
            seen = trace.style_layers.get(layer)
            yield Gap(np.nan, f"{layer} is missing") if seen is None else _relative(seen[0], energy, layer)


def _gradient(case: Case) -> Iterator[Gap]:
    if case.shown is not None:
        yield _distance(case.shown.gradient, case.true.gradient, "|difference| / |gradient|")


def _direction(case: Case) -> Iterator[Gap]:
    """Compare where the gradient points: 1 - cosine."""
    if case.shown is not None:
        a, b = (each.astype(np.float64).ravel() for each in (case.shown.gradient, case.true.gradient))
        same = a.shape == b.shape
        yield Gap(float(1 - a @ b / np.sqrt(a @ a * (b @ b))) if same else np.nan, "1 - cosine")


def _first_step(case: Case) -> Iterator[Gap]:
    """Compare how far and where the first step went."""
    start = case.problem.init
    yield _distance(case.progress.images[0] - start, case.true_step - start, "|difference| / |step|")


def _curve(case: Case) -> Iterator[Gap]:
    for i, (seen, true) in enumerate(zip(case.progress.totals, case.true_totals, strict=False), start=1):
        yield _relative(seen, true, f"iteration {i}")


def _last(case: Case) -> Iterator[Gap]:
    """Compare the last total with the referee's of the image it is of: rounding has no time to add up."""
    progress = case.progress
    if not progress.traces or len(progress.images) < 2:
        return
    where = f"iteration {len(progress.totals)}"
    yield _relative(progress.totals[-1], case.true_total_of(progress.images[-2]), where)


def _stage(case: Case) -> Iterator[Gap]:
    """Compare picture and state that the next stage gets, and the step that it begins with."""
    if case.stages is None:
        return
    mine, true = case.stages
    assert mine.state
    assert true.state
    yield _distance(mine.init, true.init, "|difference| / |picture|")
    if (mine.state.steps, len(mine.state.moments)) != (true.state.steps, len(true.state.moments)):
        yield Gap(np.nan, f"{mine.state.steps} steps, expected {true.state.steps}, or other moments")
    else:
        for seen, right in zip(mine.state.moments, true.state.moments, strict=True):
            yield _distance(seen, right, "|difference| / |moment|")
    seen, right = case.first_step_of(true)
    yield _distance(seen - true.init, right - true.init, "|difference| / |step|")


def _rise(case: Case) -> Iterator[Gap]:
    for i, (before, after) in enumerate(pairwise(case.progress.totals), start=1):
        yield Gap(_at_least_zero((after - before) / before), f"after iteration {i}")


def _at_least_zero(error: float) -> float:
    return error if error > 0 or np.isnan(error) else 0.0


def _left(case: Case) -> Iterator[Gap]:
    totals = case.progress.totals
    if len(totals) > 1:
        yield Gap(totals[-1] / totals[0], f"of the loss after {len(totals) - 1} iterations")


def _peak(layer: str, seen: Mapping[str, Array], true: Mapping[str, Array]) -> Gap:
    if layer not in seen:
        return Gap(np.nan, f"{layer} is missing")
    if seen[layer].shape != true[layer].shape:
        return Gap(np.nan, f"{layer} is of shape {seen[layer].shape}, expected {true[layer].shape}")
    return Gap(float(np.abs(seen[layer] - true[layer]).max() / np.abs(true[layer]).max()), layer)


def _distance(seen: Array, true: Array, where: str) -> Gap:
    if seen.shape != true.shape:
        return Gap(np.nan, f"of shape {seen.shape}, expected {true.shape}")
    return Gap(float(np.linalg.norm(seen - true) / np.linalg.norm(true)), where)


def _relative(seen: float, true: float, where: str) -> Gap:
    return Gap(abs(float(seen) - true) / abs(true), where)


def _shows_its_iterates(scenario: Scenario) -> bool:
    """Whether there are several pictures, and losses of these: with averaging they are of the iterates."""
    return scenario.steps > 2 and not scenario.problem.averaging


def _has_curve(scenario: Scenario) -> bool:
    return scenario.steps > 1 and scenario.problem.optimiser != "lbfgs"


def _is_lbfgs(scenario: Scenario) -> bool:
    return scenario.problem.optimiser == "lbfgs"


def _has_many_rows(scenario: Scenario) -> bool:
    """Whether there are tens of thousands of pixels: compilers cut long sums into blocks."""
    return len(scenario.problem.init.reshape(-1, 3)) > 1 << 15


RUNGS = (
    Rung("sums over many rows", _sums, TAPS, _has_many_rows, optional=True),
    Rung("convolution", _taps(lambda layer: block(layer) == 1), TAPS),
    Rung("pooling", _taps(lambda layer: layer == "conv2_1"), TAPS),
    Rung("taps", _taps(lambda layer: block(layer) > 1), TAPS),
    Rung("Gram matrices", _grams, TAPS),
    Rung("content loss", _loss("content"), LOSSES),
    Rung("style energies", _energies, LOSSES),
    Rung("style loss", _loss("style"), LOSSES),
    Rung("total variation", _loss("tv"), LOSSES),
    Rung("total loss", _loss("total"), LOSSES),
    Rung("gradient", _gradient, GRADIENT),
    Rung("gradient direction", _direction, DIRECTION),
    Rung("first step", _first_step, GRADIENT, lambda scenario: scenario.smooth),
    Rung("loss curve", _curve, CURVE, _has_curve),
    Rung("last loss", _last, LOSSES, _shows_its_iterates),
    Rung("next stage", _stage, GRADIENT, lambda scenario: scenario.next_size is not None, optional=True),
    Rung("L-BFGS: rise", _rise, RISE, _is_lbfgs),
    Rung("L-BFGS: left", _left, LEFT, _is_lbfgs),
)
"""From the bottom up."""
