"""A sun over the sea in small square stones that run along the forms, with grout between them."""

from __future__ import annotations

import numpy as np

from nstbench.assets.painting.canvas import (
    RNG,
    Field,
    Tiles,
    blend,
    clouds,
    grid,
    lit,
    noise,
    rgb,
    settle,
    shrink,
    smoothstep,
    tessellate,
)

SUN = rgb("#fff1c1", "#f7c93b", "#e8912a", "#c8401f", "#f2b632")
SKY = rgb("#10224f", "#1c3f86", "#2f6db0", "#7fb7cf", "#1b2f6b")
SEA = rgb("#0f4c5c", "#16867f", "#5cc0ae", "#e9f2dc", "#123a63")
GROUT = rgb("#3a332c")[0]
STONES = 46


def paint(rng: RNG) -> Field:
    """Let the stones settle along the forms, then cut, colour, tilt and set them in grout."""
    x, y = grid(rng, STONES, 0.3)
    for _ in range(10):
        x, y = settle(x, y, _angle(x, y))
    tiles = tessellate(x, y, _angle(x, y))
    colour = _stones(rng, x, y)[tiles.label] + _grain(rng, x.size, tiles)[..., None]
    edge = 0.065 + 0.03 * noise(rng, 90)
    face = smoothstep(0, 1, (tiles.seam - edge) / 0.07)
    grout = GROUT * (1 + 0.35 * noise(rng, 240))[..., None]
    height = 3.2 * smoothstep(0, 1, (tiles.seam - edge) / 0.16) + 0.25 * noise(rng, 300)
    return shrink(lit(blend(grout, colour, face), height, 0.45))


def _angle(x: Field, y: Field) -> Field:
    """Stones follow circles around the sun above, waves below."""
    around = np.arctan2(y - 0.40, x - 0.5)
    wave = np.arctan(0.8 * np.cos(4 * np.pi * x + 9 * y))
    return np.where(_in_sea(x, y) > 0, wave, around).astype(np.float32)


def _in_sea(x: Field, y: Field) -> Field:
    return np.asarray(y - 0.70 - 0.025 * np.sin(4 * np.pi * x))


def _stones(rng: RNG, x: Field, y: Field) -> Field:
    """Choose each stone's colour: mostly what the form asks, sometimes its neighbour in the palette."""
    away, around = np.hypot(x - 0.5, y - 0.40), np.arctan2(y - 0.40, x - 0.5)
    sun = np.where(away < 0.05, 0, np.where(away < 0.11, 1, np.where(away < 0.15, 3, 4)))
    flame = np.sin(12 * around + 14 * away) > (away - 0.24) / 0.10
    ring = ((away + 0.012 * np.sin(12 * around)) * 15).astype(int) % 4
    wave = ((_in_sea(x, y) + 0.02 * np.sin(4 * np.pi * x + 9 * y)) * 19).astype(int) % 4
    slip = rng.random(x.shape) < 0.12
    colour = np.where(slip[..., None], SKY[(ring + 1) % 5], SKY[ring])
    in_sun = (away < 0.17) | ((away < 0.33) & flame)
    ray = np.where(away < 0.17, sun, 1 + (away > 0.22) + (away > 0.27))
    colour = np.where(in_sun[..., None], SUN[np.where(slip, (ray + 1) % 5, ray)], colour)
    water = SEA[np.where(slip, 4, wave)]
    colour = np.where((_in_sea(x, y) > 0)[..., None], water, colour).reshape(-1, 3)
    tone = rng.normal(1, 0.10, (len(colour), 1)) + rng.normal(0, 0.035, (len(colour), 3))
    return np.asarray(colour * tone, np.float32)


def _grain(rng: RNG, stones: int, tiles: Tiles) -> Field:
    """Each stone is tilted its own way and catches the light across it; all are a little mottled."""
    tilt = rng.normal(0, 0.10, (2, stones)).astype(np.float32)
    across, along = tilt[:, tiles.label]
    return np.asarray(across * tiles.across + along * tiles.along + 0.05 * clouds(rng, 70, 3))
