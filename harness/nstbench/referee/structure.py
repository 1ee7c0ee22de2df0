"""Whether what was alike in the content image still is: content feature structural distance (CFSD).

Chung, Hyun and Heo (2024, StyleID): each position is as alike to the others as a row of probabilities says,
and two pictures differ by the divergence of their rows. Their evaluation takes inner products at conv3_1;
here it is cosines, which know no scale of a network, at a layer that no default optimises.
"""

from __future__ import annotations

import numpy as np

from nstbench.referee.network import Floats

POSITIONS = 1 << 10
"""At most so many of a tap are compared, on a regular grid: a 256 x 256 picture has four times as many."""


def grid(tap: Floats) -> Floats:
    """Return the features of an (h, w, N) tap at every position, or every second, third, ..., as (n, N)."""
    step = 1
    while -(-tap.shape[0] // step) * -(-tap.shape[1] // step) > POSITIONS:
        step += 1
    return tap[::step, ::step].reshape(-1, tap.shape[-1])


def self_similarity(features: Floats) -> Floats:
    """Return the logarithm of each row's softmax over its cosines with all rows, (n, n)."""
    wide = features.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    unit = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0)
    alike = unit @ unit.T
    rows: Floats = alike - np.log(np.sum(np.exp(alike), axis=1, keepdims=True))
    return rows


def structural_distance(seen: Floats, target: Floats) -> float:
    """Return the Kullback-Leibler divergence of the picture's rows from the content's, their mean."""
    return float(max(np.sum(np.exp(target) * (target - seen)) / len(target), 0.0))
