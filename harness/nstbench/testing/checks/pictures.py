"""What every backend owes: a picture of the right kind, the same each time, and its inputs left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nstbench.api import Array
from nstbench.testing.subject import Subject
from nstbench.testing.violation import demand

PIXEL = 1e-3
"""How far two pictures that should be one may differ: a quarter of a step of 8 bits."""


def image_is_a_picture(subject: Subject) -> None:
    """`image()` is (H, W, 3) float32 in [0, 1], finite, as large as the content; also after a wild step."""
    problem = subject.problem(learning_rate=0.5)
    image = subject.advance(problem, 2).image
    demand(
        image.shape == problem.content.shape, "the image has the content's shape", image.shape, "crop or pad"
    )
    demand(image.dtype == np.float32, "the image is float32", image.dtype, "convert it")
    demand(np.isfinite(image).all(), "every pixel is finite", "NaN or infinity", "look for a division by 0")
    low, high = float(image.min()), float(image.max())
    demand(low >= 0 and high <= 1, "pixels are within [0, 1]", f"{low:.4g} to {high:.4g}", "clip them")


def same_problem_same_picture(subject: Subject) -> None:
    """Two sessions of one problem, same seed, give one picture: results can be repeated."""
    problem = subject.problem()
    first, second = (subject.advance(problem, 4).image for _ in range(2))
    gap = farthest(first, second)
    demand(gap <= PIXEL, "two sessions of one problem agree", f"pixels {gap:.3g} apart", "seed every draw")


def inputs_stay_untouched(subject: Subject) -> None:
    """The arrays of a problem are as they were, to the bit: other trials use them too."""
    problem = subject.problem()
    arrays = {"content": problem.content, "init": problem.init, "style": problem.style}
    before = {name: array.tobytes() for name, array in arrays.items()}
    subject.advance(problem, 2)
    changed = [name for name, array in arrays.items() if array.tobytes() != before[name]]
    demand(not changed, "the arrays of a problem are only read", f"changed: {changed}", "work on a copy")


def sessions_are_independent(subject: Subject) -> None:
    """Two sessions in turns do as each does alone: nothing of a session lives in the backend."""
    mine, other = subject.problem(), subject.problem(alpha=0.0)
    other = replace(other, styles=tuple(np.ascontiguousarray(style[::-1]) ** 2 for style in other.styles))
    alone = subject.advance(mine, 2, 2).image
    first, second = subject.backend.prepare(mine), subject.backend.prepare(other)
    try:
        for session in (first, second, first, second):
            session.compile(2)
            session.run(2)
        gap = farthest(alone, first.image())
    finally:
        first.close()
        second.close()
    seen = f"pixels {gap:.3g} apart from the session alone"
    demand(gap <= PIXEL, "sessions do not influence each other", seen, "keep their state in the session")


def passes_repeat(subject: Subject) -> None:
    """`run(2)` makes the picture of `run(1)`: timing rounds of a single pass must all do the same."""
    problem = subject.problem()
    gap = farthest(subject.advance(problem, 1).image, subject.advance(problem, 2, 1).image)
    remedy = "start each pass from the content"
    demand(gap <= PIXEL, "a repeated pass gives the same picture", f"pixels {gap:.3g} apart", remedy)


def farthest(one: Array, other: Array) -> float:
    """Return the largest difference between two pictures; infinite if it is not a number."""
    if one.shape != other.shape:
        return float("inf")
    gap = float(np.abs(one - other).max())
    return gap if np.isfinite(gap) else float("inf")
