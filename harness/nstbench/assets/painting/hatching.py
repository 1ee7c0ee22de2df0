"""Mountains, a lake and a low sun in cross-hatched ink of two colours on toned paper."""

from __future__ import annotations

import numpy as np

from nstbench.assets.painting.canvas import (
    RNG,
    Field,
    blend,
    clouds,
    coordinates,
    gradient_map,
    noise,
    rgb,
    shrink,
    smoothstep,
)

PAPER = rgb("#f3e3bd", "#ecd3a0", "#e3b98a")
INDIGO, SIENNA = rgb("#141a3c", "#a33a17")
SHORE = 0.72


def paint(rng: RNG) -> Field:
    """Lay a wash on paper, then hatch: each darker step of tone adds lines in another direction."""
    x, y = coordinates()
    tone, slope = _scene(rng, x, y)
    fibres = 0.5 * noise(rng, 40, 400) + 0.5 * noise(rng, 400, 60) + clouds(rng, 90, 2)
    sheet = gradient_map(np.clip(y + 0.08 * fibres, 0, 1), PAPER) * (1 + 0.035 * fibres)[..., None]
    warm = smoothstep(0.26, 0.02, np.hypot(x - 0.62, y - 0.36)) + 0.5 * smoothstep(0.45, 0.85, 1 - tone)
    sheet = blend(sheet, np.broadcast_to(rgb("#dd7a3c")[0], sheet.shape), 0.5 * np.clip(warm, 0, 1))
    for pitch, turn, lightest, ink in (
        (88, 0.0, 0.97, INDIGO),
        (80, 1.05, 0.62, SIENNA),
        (94, -0.75, 0.46, INDIGO),
        (100, 1.75, 0.30, INDIGO),
    ):
        lines = _lines(rng, (x, y), slope + turn, pitch, 1.5 * (lightest - tone))
        sheet = blend(sheet, np.broadcast_to(ink, sheet.shape), lines * (0.9 + 0.1 * fibres))
    return shrink(sheet)


def _scene(rng: RNG, x: Field, y: Field) -> tuple[Field, Field]:
    """Return tone, 0 dark to 1 light, and the direction of the first set of lines."""
    sun = np.hypot(x - 0.62, y - 0.36)
    tone = 0.97 - 0.55 * smoothstep(0.12, 0.75, sun) + 0.16 * noise(rng, 3, 9)
    beam = np.sin(28 * np.arctan2(y - 0.36, x - 0.62)) > (sun - 0.14) / 0.05
    rays = (sun < 0.105) | ((sun < 0.19) & beam)
    tone = np.where(np.abs(sun - 0.088) < 0.0022, 0.0, np.where(rays, 1.2, tone))
    slope = np.full_like(tone, 0.05)
    for base, rise, cells, pale in ((0.50, 0.15, 4, 0.30), (0.60, 0.13, 6, 0.15), (0.69, 0.08, 9, 0.0)):
        ridge = base - rise * _peaks(rng, cells)
        inside = y - ridge
        spurs = sum(np.abs(noise(rng, 2 * cells << i, cells << i)) / (1 << i) for i in range(3))
        facet = np.gradient(0.6 * ridge + 0.07 * spurs, axis=1) * len(x) + 0.25 * clouds(rng, 14, 3)
        face = pale + np.clip(0.42 - 0.5 * facet, 0.02, 0.9) + 1.1 * np.clip(inside - 0.08, 0, 0.3)
        tone = np.where(inside > 0, np.where(inside < 0.004, 0.0, face), tone)
        slope = np.where(inside > 0, np.where(facet > 0, 1.0, -0.9) + 0.25 * noise(rng, 6), slope)
    glitter = smoothstep(0.20, 0.0, np.abs(x - 0.62) - 0.5 * (y - SHORE) * noise(rng, 8, 60))
    lake = 0.35 + 0.65 * glitter + 0.35 * noise(rng, 7, 70) - 0.4 * smoothstep(0.86, 1.05, y)
    water = y > SHORE
    return np.where(water, lake, tone), np.where(water, 0.03 * noise(rng, 4, 30), slope)


def _peaks(rng: RNG, cells: int) -> Field:
    """Return a mountain line in about [0, 1.5], the same for every row."""
    line = sum((1 - np.abs(noise(rng, cells << i, 1)[0])) * 0.75**i * 0.62 for i in range(4))
    rough = np.asarray(line, np.float32) - 0.55
    return np.broadcast_to(rough, (len(rough), len(rough)))


def _lines(rng: RNG, at: tuple[Field, Field], heading: Field, pitch: int, darkness: Field) -> Field:
    """Draw a set of lines as ink coverage: `pitch` of them to a side, wider where it is darker.

    Where the heading changes, two families of lines meet; each pixel uses the nearer of 24 fixed headings,
    because lines that turned with the heading would crowd together far from the middle.
    """
    x, y = at
    step = np.pi / 24
    coarse = np.round(heading / step) * step
    wobble = 0.35 * noise(rng, 7) + 0.14 * noise(rng, 34)
    phase = (y * np.cos(coarse) - x * np.sin(coarse)) * pitch + wobble
    number = np.floor(phase).astype(int)
    press = rng.uniform(0.75, 1.2, 1024).astype(np.float32)[number % 1024]
    width = np.clip(darkness, 0, 0.85) * 0.40 * press * (1 + 0.35 * noise(rng, 60))
    soft = 1.1 * pitch / len(x)
    away = np.abs(phase - number - 0.5)
    return smoothstep(soft, -soft, away - width) * smoothstep(0.0, 0.05, darkness + 0.04 * noise(rng, 50))
