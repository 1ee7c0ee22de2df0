"""Whole problems in NumPy: losses, gradient and descent that no framework had a hand in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike

from nstbench.api import Array, Evaluation, OptimiserState, Problem, UsageError, VggWeights
from nstbench.referee.network import Floats
from nstbench.referee.posed import Losses, layers_of, pose


def losses(weights: VggWeights, problem: Problem, dtype: DTypeLike = np.float64) -> Losses:
    """Return the losses of `problem.init`.

    Raises:
        UsageError: the problem cannot be posed: a picture's shape, pooling, total variation, blend, masks.
    """
    posed = pose(weights, problem, dtype)
    return posed.losses(posed.look(problem.init))


def evaluate(weights: VggWeights, problem: Problem, dtype: DTypeLike = np.float64) -> Evaluation:
    """Return taps, Gram matrices and the gradient of the total loss at `problem.init`, computed in `dtype`.

    What is returned is rounded to float32, as the contract has it.

    Raises:
        UsageError: as for `losses`.
    """
    posed = pose(weights, problem, dtype)
    seen = posed.look(problem.init)
    roots = [region.share**0.5 for region in posed.regions]
    grams = {
        layer: np.stack([root * each for root, each in zip(roots, own, strict=True)]).astype(np.float32)
        for layer, own in seen.grams.items()
    }
    return Evaluation(
        {layer: seen.taps[layer].astype(np.float32) for layer in layers_of(problem)},
        grams if problem.content_masks else {layer: own[0] for layer, own in grams.items()},
        posed.gradient(seen).astype(np.float32),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """Where steps have led.

    Attributes:
        image: (H, W, 3) of the dtype asked for; with averaging it is the average.
        totals: the total loss before each update.
        state: what the optimiser takes along.
    """

    image: Floats
    totals: list[float]
    state: OptimiserState


def descend(
    weights: VggWeights, problem: Problem, n: int, dtype: DTypeLike = np.float64
) -> tuple[Floats, list[float]]:
    """Return image and totals of `descent`."""
    found = descent(weights, problem, n, dtype)
    return found.image, found.totals


def descent(weights: VggWeights, problem: Problem, n: int, dtype: DTypeLike = np.float64) -> Descent:
    """Take n steps of Adam (Kingma and Ba 2015, algorithm 1) or gradient descent, each clipped to [0, 1].

    They go on from the state of the problem, if it has one; an average begins anew.

    Raises:
        UsageError: an optimiser other than `adam` and `sgd`, or as for `losses`.
    """
    if problem.optimiser not in ("adam", "sgd"):
        raise UsageError(f"the referee does not know the optimiser {problem.optimiser!r}; known: adam, sgd")
    posed = pose(weights, problem, dtype)
    image: Floats = np.asarray(problem.init, dtype)
    before = problem.state or OptimiserState(0)
    first, second = (np.asarray(each, dtype) for each in before.moments or [np.zeros_like(image)] * 2)
    totals, decay, beta2 = [], problem.averaging, problem.adam_beta2
    average: Floats = (1 - decay) * image
    for t in range(before.steps, before.steps + n):
        seen = posed.look(image)
        totals.append(posed.losses(seen).total)
        step = posed.gradient(seen)
        if problem.optimiser == "adam":
            first = problem.adam_beta1 * first + (1 - problem.adam_beta1) * step
            second = beta2 * second + (1 - beta2) * step**2
            root = np.sqrt(second / (1 - beta2 ** (t + 1)))
            step = first / (1 - problem.adam_beta1 ** (t + 1)) / (root + problem.adam_epsilon)
        rate = problem.learning_rate * problem.learning_rate_decay ** (t / 100)
        image = np.clip(image - rate * step, 0, 1)
        average = decay * average + (1 - decay) * image
    moments = (first, second) if problem.optimiser == "adam" else ()
    state = OptimiserState(before.steps + n, moments)
    return Descent(average / (1 - decay ** (n + 1)), totals, state)


def expose_epsilon(problem: Problem, slope: Array) -> Problem:
    """Make Adam's epsilon as large as the gradient, so that where it stands in the formula matters.

    Args:
        slope: the gradient at the start; the root of its mean square is taken.
    """
    return replace(problem, adam_epsilon=float(np.sqrt(np.mean(slope**2))))
