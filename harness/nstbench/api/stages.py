"""Coarse to fine: the sizes that an optimisation goes through, one stage after the other."""

from __future__ import annotations

from typing import NamedTuple


class Stage(NamedTuple):
    """A stretch of iterations at one size.

    Attributes:
        size: longer side of the pastiche meanwhile, in pixels.
        iterations: optimiser steps of this stage.
    """

    size: int
    iterations: int


def scaled(side: int, size: int, longest: int) -> int:
    """Return a side in pixels once the longest of its image has `size`.

    Halves are rounded up, in integers: Python's round() would send 0.5 to 0 and 1.5 to 2.
    """
    return max(1, (2 * side * size + longest) // (2 * longest))


GROWTH = 2
"""What a size is of the one before, where an experiment gives their number alone."""


def growing(count: int, size: int, iterations: int) -> tuple[Stage, ...]:
    """Share iterations out among sizes that double up to `size`; what does not divide goes to the first ones.

    Raises:
        ValueError: there are fewer iterations than stages.
    """
    if iterations < count:
        raise ValueError(f"{iterations} iterations cannot be shared out among {count} stages")
    each, over = divmod(iterations, count)
    sizes = [round(size / GROWTH ** (count - 1 - at)) for at in range(count)]
    return tuple(Stage(side, each + (at < over)) for at, side in enumerate(sizes))
