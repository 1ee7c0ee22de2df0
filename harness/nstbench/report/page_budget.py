"""How much a page carries: as many of its pictures and curves, and as large, as fit into one budget of bytes.

A browser reads all of a page before it shows any, and mail servers stop at 25 MB. Plotly takes 5 MB of a page
and the figures of a trial 1 kB; the budget is for what remains. The results folder has the pictures in full
size and every logged loss. Pictures in full size, put into a page on request, have a budget of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

BUDGET = 14_000_000
"""Bytes of pictures and curves together."""

DATA, LEAST = 19_500_000, 2_000_000
"""Bytes of figures, pictures and curves together, and what pictures and curves have of it at least."""

EMBEDDED = 100_000_000
"""Bytes of pictures in full size, as the text that a page carries."""

CURVES_SHARE = 0.3
"""The part of it that curves may take; pictures have what they leave."""

SAMPLE = 16

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Share:
    """What a page carries of many things of a kind.

    Attributes:
        count: how many; size: how large each may be; size_in_bytes: of all, as a sample of them says.
    """

    count: int
    size: int
    size_in_bytes: int


def fit(things: Sequence[T], sizes: Sequence[int], measure: Callable[[T, int], int], budget: int) -> Share:
    """Choose the largest size at which all fit into the budget, or else the smallest, and as many as fit.

    Args:
        sizes: from the best to the smallest that is of use.
        measure: bytes of a thing at a size; asked of a sample.
        budget: bytes.
    """
    sample = evenly(things, SAMPLE)
    for size in sizes:
        one = sum(measure(thing, size) for thing in sample) / max(1, len(sample))
        if len(things) * one <= budget:
            return Share(len(things), size, round(len(things) * one))
    return Share(int(budget / one), size, budget)


def beside(figures: int, budget: int = BUDGET) -> int:
    """Return what of the budget remains beside so many bytes of figures."""
    return min(budget, max(LEAST, DATA - figures))


def evenly(things: Sequence[T], most: int) -> Sequence[T]:
    """Return so many of them at most, spread over all."""
    return things if len(things) <= most else [things[at * len(things) // most] for at in range(most)]
