"""Great waves, a mountain and a red sun in flat colours, as printed from carved blocks."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from nstbench.assets.painting.canvas import RNG, SIDE, Field, clouds, gradient_map, noise, rgb, shrink

INK = "#13204a"
BLUES = ("#16306b", "#2b5a9e", "#5f97bf", "#a9cbd0", "#234a8c", "#7fb0c9")
FOAM, SUN = "#f4ecd4", "#c8321f"
SKY = rgb("#3f6f9f", "#b9c8bd", "#efd9a8", "#f0c48c", "#e8a877", "#e8a877")
PRESS = 3 * SIDE
"""Blocks are cut at three times the size."""


def paint(rng: RNG) -> Field:
    """Print sky, sun and mountain, then one wave before the other, and rub with the grain of the wood."""
    rows = np.linspace(0, 1, PRESS)[:, None] + 0.02 * clouds(rng, 6, 3, PRESS)
    sheet = Image.fromarray(np.rint(255 * gradient_map(np.clip(rows, 0, 1), SKY)).astype(np.uint8))
    block = ImageDraw.Draw(sheet)
    _disc(block, (0.73, 0.22), 0.105, SUN, None)
    _mountain(block)
    for i in range(7):
        _wave(block, rng, i)
    print_ = shrink(np.asarray(sheet, np.float32) / 255)
    grain = np.sin(60 * noise(rng, 3, 7, SIDE) + 9 * noise(rng, 5, 90, SIDE))
    speckle = noise(rng, 256, side=SIDE)
    return print_ * (1 + 0.035 * grain + 0.03 * speckle)[..., None] + 0.012


def _mountain(block: ImageDraw.ImageDraw) -> None:
    """A far mountain with snow running down in tongues."""
    x = np.linspace(0.02, 0.62, 120)
    side = 0.25 + 0.30 * np.abs((x - 0.32) / 0.30) ** 0.72
    snow = np.minimum(0.36 + 0.030 * np.sin(95 * x) + 0.02 * np.sin(41 * x), 0.6)
    _shape(block, x, np.maximum(side, 0.265), "#41628f", 5)
    top = side < snow
    outline = np.stack([np.r_[x[top], x[top][::-1]], np.r_[np.maximum(side, 0.265)[top], snow[top][::-1]]], 1)
    block.polygon(_points(outline), fill=FOAM, outline=INK, width=4)


def _wave(block: ImageDraw.ImageDraw, rng: RNG, i: int) -> None:
    """One wave: bands that follow its crest, ink lines between them, foam on top."""
    height, length = 0.045 + 0.018 * i, 0.30 + 0.075 * i
    level, shift = 0.50 + 0.088 * i, rng.uniform(0, length)
    turn = np.linspace(-2 * np.pi, 2 * np.pi * (1 / length + 2), 1400)
    x, y = _crest(turn, height, length)
    x = x + shift - length
    for band in range(9):
        sink = band * (0.010 + 0.0042 * i) + 0.0022 * band**2
        flat = 1 - 0.055 * band
        _shape(block, x + 0.35 * sink, level + y * flat + sink, BLUES[(band + i) % len(BLUES)], 3 + i // 3)
    _foam(block, rng, np.stack([x, level + y], axis=1), turn, 0.007 + 0.0024 * i)


def _crest(turn: Field, height: float, length: float) -> tuple[Field, Field]:
    """A trochoid that leans and rolls over at its crests (turn = 0, 2 pi, ...)."""
    peak = np.exp(2.2 * (np.cos(turn) - 1))
    x = turn * length / (2 * np.pi) - 0.12 * length * np.sin(turn) + 0.26 * length * peak
    return x, -height * (np.cos(turn) + 0.9 * peak) + 0.010 * np.sin(5 * turn + 1)


def _foam(block: ImageDraw.ImageDraw, rng: RNG, edge: Field, turn: Field, size: float) -> None:
    """Claws of foam along the crests, and spray thrown ahead of them."""
    peak = np.exp(2.2 * (np.cos(turn) - 1))
    for at in np.flatnonzero(rng.random(len(turn)) < 0.30 * peak):
        fall = rng.normal(0, [0.8, 0.8]) * size + [0.2 * size, 0.9 * size]
        _disc(block, tuple(edge[at] + fall), size * rng.uniform(0.5, 1.25), FOAM, INK)
    for at in np.flatnonzero(rng.random(len(turn)) < 0.07 * peak):
        fling = np.abs(rng.normal(0, 1, 2)) * [5.0, -3.2] * size
        _disc(block, tuple(edge[at] + fling), size * rng.uniform(0.12, 0.35), FOAM, None)


def _shape(block: ImageDraw.ImageDraw, x: Field, y: Field, fill: str, width: int) -> None:
    """Fill everything below a line, and ink the line."""
    points = _points(np.stack([x, y], axis=1))
    block.polygon([*points, (points[-1][0], PRESS + 9), (points[0][0], PRESS + 9)], fill=fill)
    block.line(points, fill=INK, width=width, joint="curve")


def _disc(
    block: ImageDraw.ImageDraw, middle: tuple[float, ...], radius: float, fill: str, ink: str | None
) -> None:
    x, y, r = (PRESS * value for value in (*middle, radius))
    block.ellipse((x - r, y - r, x + r, y + r), fill=fill, outline=ink, width=3)


def _points(line: Field) -> list[tuple[float, float]]:
    return [(x, y) for x, y in (line * PRESS).tolist()]
