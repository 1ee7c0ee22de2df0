"""How far the features of a picture are distributed from the style's: sliced Wasserstein distance.

Heitz, Vanhoey, Chambon and Belcour (2021): project the features of all positions on directions, sort, and
take the squared differences. Unlike a Gram matrix it sees the whole distribution, not its second moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from nstbench.referee.losses import squared_distance
from nstbench.referee.network import Floats

DIRECTIONS = 32
"""On which each tap is projected, the same for all pictures."""

LEVELS = 1 << 12
"""At how many quantiles two distributions are compared at most, as images differ in their positions."""


def projections(tap: Floats) -> Floats:
    """Return the features of an (h, w, N) tap on each direction, sorted: (DIRECTIONS, h * w)."""
    features = tap.reshape(-1, tap.shape[-1])
    found: Floats = directions(tap.shape[-1]).astype(tap.dtype) @ features.T
    found.sort(axis=1)
    return found


@cache
def directions(channels: int) -> Floats:
    """Return (DIRECTIONS, N) unit vectors, spread evenly, with the same bits everywhere and always.

    Twelve uniform numbers of 16 bits add up to a nearly normal one; NumPy keeps a generator's raw output.
    """
    raw = np.random.Philox(channels).random_raw(3 * DIRECTIONS * channels).astype("<u8", copy=False)
    normal = raw.view("<u2").reshape(12, DIRECTIONS, channels).sum(axis=0, dtype=np.int64) - 6 * 65535
    unit: Floats = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return unit


def quantiles(sorted_values: Floats, count: int) -> Floats:
    """Return `count` quantiles of each row, at the middles of equal parts: if as many, the values."""
    length = sorted_values.shape[1]
    return sorted_values[:, ((2 * np.arange(count) + 1) * length) // (2 * count)]


def blended_quantiles(styles: Sequence[Floats], blend: Sequence[float], count: int) -> Floats:
    """Return those of several styles' projections put together, each with its share whatever its size.

    Their mixture is also what the blend of their Gram matrices belongs to.
    """
    if len(styles) == 1:
        return quantiles(styles[0], count)
    values = np.concatenate(styles, axis=1)
    weights = np.concatenate(
        [np.full(each.shape[1], share / each.shape[1]) for each, share in zip(styles, blend, strict=True)]
    )
    wanted = (np.arange(count) + 0.5) / count
    found = np.empty((len(values), count), values.dtype)
    for row, of_direction in enumerate(values):
        order = np.argsort(of_direction, kind="stable")
        reached = np.cumsum(weights[order])
        at = np.searchsorted(reached, wanted * reached[-1])
        found[row] = of_direction[order][np.minimum(at, len(order) - 1)]
    return found


def sliced_distance(seen: Floats, target: Floats) -> float:
    """Return the mean over directions and quantiles of the squared difference."""
    return squared_distance(seen.astype(np.float64), target.astype(np.float64)) / target.size
