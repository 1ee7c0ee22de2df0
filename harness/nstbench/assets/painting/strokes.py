"""A night over a wheat field, in thick strokes of many bristles that follow the wind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from nstbench.assets.painting.canvas import (
    FINE,
    RNG,
    Field,
    blend,
    clouds,
    coordinates,
    gradient_map,
    lit,
    noise,
    rgb,
    shrink,
    smoothstep,
)

NIGHT = rgb("#0b1a4a", "#14307f", "#1f55b5", "#3f8fd0", "#8ccbe0", "#2a66bd", "#122a72")
GLOW = rgb("#fffbe0", "#fff0a0", "#ffcf33", "#f39a1e", "#ffe27a", "#cfe0a0", "#7fc4c9")
WHEAT = rgb("#7a4a12", "#c98a1b", "#f0b929", "#ffe07a", "#b5701a", "#e59a20")
HILLS = rgb("#12313f", "#1f5a5c", "#3f8a6a", "#1c3f7a", "#5fa58a")
CYPRESS = rgb("#06140f", "#12351f", "#2f5a22", "#0a2328", "#6a7a24")

STARS = (
    (0.80, 0.17, 0.115),
    (0.42, 0.12, 0.060),
    (0.58, 0.38, 0.050),
    (0.06, 0.20, 0.055),
    (0.94, 0.43, 0.045),
    (0.33, 0.36, 0.040),
    (0.61, 0.07, 0.040),
)


@dataclass(frozen=True, slots=True)
class Brush:
    """Strokes of one layer: size in pixels of the fine canvas, `gap` between their starts."""

    width: float
    length: float
    bristles: int
    gap: int


STEPS = 9
"""Points of a stroke."""

LAYERS = (Brush(30, 110, 9, 26), Brush(17, 75, 7, 15), Brush(9, 44, 4, 11))


def paint(rng: RNG) -> Field:
    """Paint coarse strokes first and fine ones over them, then light the ridges of the paint."""
    colour, flow_x, flow_y = _scene(rng)
    sheet = Image.fromarray(_bytes(np.dstack([colour, np.full((FINE, FINE), 0.5, np.float32)])))
    pen = ImageDraw.Draw(sheet)
    for brush in LAYERS:
        _lay(pen, brush, rng, (colour, flow_x, flow_y))
    painted = np.asarray(sheet).astype(np.float32) / 255
    height = 6.0 * painted[..., 3] + 0.35 * noise(rng, 300)
    return shrink(lit(painted[..., :3], height, 0.19))


def _scene(rng: RNG) -> tuple[Field, Field, Field]:
    """Return the colours to aim for and the unit vectors the brush follows."""
    x, y = coordinates()
    wind = y + 0.05 * clouds(rng, 3, 2)
    for at_x, at_y, radius in STARS:
        wind = wind + 3.4 * radius * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / (1.9 * radius) ** 2)
    for at_x, at_y, turn in ((0.36, 0.27, 0.20), (0.60, 0.22, -0.16)):
        wind = wind + turn * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / 0.011)
    colour = gradient_map(0.5 + 0.5 * np.sin(38 * wind + 1.5 * clouds(rng, 4, 3)), NIGHT)
    for at_x, at_y, radius in STARS:
        away = np.hypot(x - at_x, y - at_y) / radius
        rings = gradient_map(np.clip(away / 1.5 + 0.10 * np.sin(14 * away), 0, 1), GLOW)
        colour = blend(colour, rings, smoothstep(1.6, 0.7, away))
    slope_y, slope_x = np.gradient(wind)
    angle = np.arctan2(-slope_x, slope_y)
    return _land(rng, colour, angle)


def _land(rng: RNG, colour: Field, angle: Field) -> tuple[Field, Field, Field]:
    """Set hills, field and cypress before the sky."""
    x, y = coordinates()
    ridge = 0.60 + 0.05 * np.sin(5.2 * x + 0.4) + 0.03 * np.sin(13 * x + 2)
    field = 0.74 + 0.035 * np.sin(6 * x + 3.6)
    lean = 0.17 + 0.018 * np.sin(16 * y)
    taper = np.sqrt(np.clip((y - 0.10) / 0.75, 0, 1)) * (1.1 - 0.4 * np.sin(21 * y) ** 2)
    tree = np.abs(x - lean) - 0.085 * taper
    for inside, ramp, bands, heading in (
        (y - ridge, HILLS, 30 * (y - ridge), 0.5 * np.cos(5.2 * x + 0.4)),
        (y - field, WHEAT, 9 * y + 2.2 * noise(rng, 60, 14), -1.1 + 0.55 * noise(rng, 7) + 0.4 * x),
        (-tree, CYPRESS, 46 * (x - lean) + 2 * noise(rng, 40, 9), -1.57 + 0.5 * np.sin(30 * y + 20 * x)),
    ):
        shades = gradient_map(0.5 + 0.5 * np.sin(bands + clouds(rng, 9, 3)), ramp)
        there = smoothstep(-0.004, 0.004, inside)
        colour, angle = blend(colour, shades, there), np.where(there > 0.5, heading, angle)
    return colour, np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def _lay(pen: ImageDraw.ImageDraw, brush: Brush, rng: RNG, scene: tuple[Field, Field, Field]) -> None:
    """Draw one layer: every bristle is a curve beside its stroke, a shade and a thickness of its own."""
    colour, flow_x, flow_y = scene
    starts = np.mgrid[0 : FINE : brush.gap, 0 : FINE : brush.gap].reshape(2, -1)[::-1].T
    starts = rng.permutation(starts + rng.uniform(-0.6, 0.6, starts.shape) * brush.gap)
    path, side = _follow(starts, brush.length * rng.uniform(0.6, 1.2, len(starts)), flow_x, flow_y)
    row, column = np.clip(path[:, STEPS // 2, ::-1].astype(int), 0, FINE - 1).T
    n = len(starts)
    paint = colour[row, column] + rng.normal(0, 0.045, (n, 1)) + rng.normal(0, 0.025, (n, 3))
    for i in range(brush.bristles):
        offset = (i - (brush.bristles - 1) / 2) * brush.width / brush.bristles
        shade = paint + rng.normal(0, 0.05, (n, 1))
        ridge = 0.25 + 0.5 * rng.random((n, 1)) + 0.15 * (i == 0)
        ink = _bytes(np.hstack([shade, ridge]))
        begin = rng.integers(0, 2, n)
        curve = path + side * offset
        _bristle(pen, curve, begin, ink, max(2, round(1.35 * brush.width / brush.bristles)))


def _bristle(
    pen: ImageDraw.ImageDraw, curves: Field, begin: NDArray[Any], inks: NDArray[Any], width: int
) -> None:
    for curve, first, ink in zip(curves.tolist(), begin.tolist(), inks.tolist(), strict=True):
        pen.line([tuple(point) for point in curve[first:]], fill=tuple(ink), width=width)


def _follow(starts: Field, lengths: Field, flow_x: Field, flow_y: Field) -> tuple[Field, Field]:
    """Walk along the flow: points (n, STEPS, 2) and the unit normals there."""
    points, normals = [starts], []
    for _ in range(STEPS):
        column, row = np.clip(points[-1].astype(int), 0, FINE - 1).T
        heading = np.stack([flow_x[row, column], flow_y[row, column]], axis=1)
        normals.append(np.stack([-heading[:, 1], heading[:, 0]], axis=1))
        points.append(points[-1] + heading * (lengths / STEPS)[:, None])
    return np.stack(points[:-1], axis=1), np.stack(normals, axis=1)


def _bytes(colour: Field) -> NDArray[np.uint8]:
    return (np.clip(colour, 0, 1) * 255).astype(np.uint8)
