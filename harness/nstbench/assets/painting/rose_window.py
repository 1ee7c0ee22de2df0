"""A rose window: jewel-coloured glass in lead, the same twelve times around."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nstbench.assets.painting.canvas import (
    RNG,
    Field,
    blend,
    clouds,
    coordinates,
    grid,
    lit,
    noise,
    rgb,
    shrink,
    smoothstep,
    tessellate,
)

GLASS = rgb("#b0122b", "#e8541a", "#f6b81c", "#1c8c4a", "#0f6fb8", "#152f96", "#5b1f8f", "#d8e4ee")
BY_RING = np.array(
    [[2, 1, 2, 7], [0, 0, 1, 6], [5, 4, 5, 4], [2, 0, 1, 2], [5, 6, 5, 4], [0, 1, 0, 2], [3, 4, 5, 3]]
)
LEAD = rgb("#15161a")[0]
RINGS = (0.055, 0.13, 0.245, 0.30, 0.43, 0.49)
PETALS = ((12, 0.187, 0.046, 0.0), (12, 0.365, 0.060, 0.5), (24, 0.272, 0.020, 0.5), (24, 0.460, 0.024, 0.0))


def paint(rng: RNG) -> Field:
    """Draw the lead lines, give every pane a colour by its ring, and let light through uneven glass."""
    x, y = coordinates()
    warp = 0.004 * clouds(rng, 14, 2)
    away, turn = np.hypot(x - 0.5, y - 0.5) + warp, np.arctan2(y - 0.5, x - 0.5) / (2 * np.pi)
    lead, code = _tracery(away, turn)
    middles = grid(rng, 26, 0.45)
    shards = tessellate(*middles, rng.uniform(0, np.pi, middles[0].shape).astype(np.float32))
    colour = _panes(rng, code, shards.label)
    streaks = noise(rng, 26, 150) * 0.5 + clouds(rng, 30, 4) * 0.6
    colour = colour * (1.0 + 0.30 * streaks + 0.25 * smoothstep(0.0, 0.35, shards.seam))[..., None]
    colour = blend(colour, np.ones_like(colour), 0.16 * smoothstep(0.5, 1.3, streaks))
    joint = np.minimum(lead / 0.0052, shards.seam / 0.085)
    height = 5 * smoothstep(1.1, 0.2, joint) + 0.5 * noise(rng, 260)
    leaded = blend(colour, np.broadcast_to(LEAD + 0.05, colour.shape), smoothstep(1.15, 0.85, joint))
    return shrink(lit(leaded, height, 0.22))


def _tracery(away: Field, turn: Field) -> tuple[Field, NDArray[Any]]:
    """Return the distance to the nearest lead line, and a number for the form a pixel lies in."""
    ring = np.searchsorted(np.array(RINGS, np.float32), away)
    lead = np.min([np.abs(away - radius) for radius in RINGS], axis=0)
    code = ring * 100
    for count, middle, radius, phase in PETALS:
        sector = (turn * count + phase) % 1 - 0.5
        aside = away * np.sin(2 * np.pi * sector / count)
        ahead = away * np.cos(2 * np.pi * sector / count) - middle
        inside = np.hypot(ahead, 1.25 * aside) - radius
        lead = np.minimum(lead, np.abs(inside))
        code = np.where(inside < 0, code + 10 + count, code)
    spoke = np.abs((turn * 12 + 0.5) % 1 - 0.5) / 12 * 2 * np.pi * away
    spoke = np.where((away > RINGS[0]) & (code % 100 == 0), spoke, np.inf)
    return np.asarray(np.minimum(lead, spoke), np.float32), code


def _panes(rng: RNG, code: NDArray[Any], shard: NDArray[Any]) -> Field:
    """Colour by ring and form, with a shard here and there of another glass."""
    ring, form = code // 100, code % 100
    pick = np.where(form == 0, 0, np.where(form == 22, 1, 3))
    odd = rng.random(shard.max() + 1) < 0.18
    pick = np.where(odd[shard], 2, pick)
    tone = rng.normal(1, 0.16, (shard.max() + 1, 1)) + rng.normal(0, 0.05, (shard.max() + 1, 3))
    return np.asarray(GLASS[BY_RING[ring, pick]] * tone[shard], np.float32)
