"""What the painters share: coordinates, noise, colour, light on a rough surface, and tessellation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 512
FINE = 2 * SIDE
"""Painters work at twice the size and shrink at the end, which smooths every edge."""

RNG = np.random.Generator
Field: TypeAlias = NDArray[np.floating[Any]]
"""Numbers over the canvas, (side, side), or colours, (side, side, 3)."""


def rgb(*codes: str) -> Field:
    """Turn `#rrggbb` codes into an (n, 3) array of colours in [0, 1]."""
    return np.array([list(bytes.fromhex(code[1:])) for code in codes], np.float32) / 255


def coordinates(side: int = FINE) -> tuple[Field, Field]:
    """Return x and y of every pixel centre, each (side, side), running over [0, 1]."""
    axis = ((np.arange(side) + 0.5) / side).astype(np.float32)
    return np.broadcast_to(axis, (side, side)), np.broadcast_to(axis[:, None], (side, side))


def noise(rng: RNG, cells: int, rows: int = 0, side: int = FINE) -> Field:
    """Return smooth noise in about [-1, 1] with blobs 1/cells wide and 1/rows high (square if 0)."""
    grid = rng.uniform(-1, 1, ((rows or cells) + 1, cells + 1)).astype(np.float32)
    return np.asarray(Image.fromarray(grid).resize((side, side), Image.Resampling.BICUBIC))


def clouds(rng: RNG, cells: int, octaves: int = 4, side: int = FINE) -> Field:
    """Return noise of several scales, each twice as fine and half as strong as the one before."""
    layers = [noise(rng, cells << i, side=side) / np.float32(1 << i) for i in range(octaves)]
    return np.asarray(sum(layers), np.float32)


def smoothstep(low: float, high: float, value: Field) -> Field:
    """Rise smoothly from 0 at `low` to 1 at `high`; falls if `high` is the smaller."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def blend(below: Field, above: Field, opacity: Field) -> Field:
    """Lay one colour field over another with an opacity of one channel less."""
    return below + (above - below) * opacity[..., None]


def gradient_map(value: Field, colours: Field) -> Field:
    """Colour values in [0, 1] along an even ramp of (n, 3) colours."""
    stops = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(value, stops, colours[:, c]) for c in range(3)], axis=-1).astype(np.float32)


def lit(colour: Field, height: Field, strength: float) -> Field:
    """Shade a rough surface as lit from the upper left; height is in pixels."""
    slope = np.asarray(np.sum(np.gradient(height), axis=0))
    shade = np.asarray(1 - strength * np.clip(slope, -1.2, 1.2))
    return np.asarray(colour * shade[..., None])


def shrink(colour: Field, side: int = SIDE) -> Field:
    """Average blocks of pixels down to `side`."""
    factor = len(colour) // side
    blocks = colour.reshape(side, factor, side, factor, -1)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """A canvas cut into tiles, every field (side, side).

    Attributes:
        label: index of the tile under a pixel, into the flattened middles.
        seam: distance to the border with the next tile; 1 is the width of a tile.
        across, along: position from the middle of the tile, in its own directions.
    """

    label: NDArray[np.intp]
    seam: Field
    across: Field
    along: Field


MARGIN = 3
"""Rows of tiles outside each edge, so that tiles at the edge have neighbours."""


def grid(rng: RNG, n: int, jitter: float) -> tuple[Field, Field]:
    """Return x and y, each (n + 2 * MARGIN,) * 2, of shaken middles: n to a side within [0, 1]."""
    rows, columns = np.mgrid[-MARGIN : n + MARGIN, -MARGIN : n + MARGIN].astype(np.float32)
    shake = rng.uniform(-jitter, jitter, (2, *rows.shape)).astype(np.float32)
    return (columns + 0.5 + shake[0]) / n, (rows + 0.5 + shake[1]) / n


def tessellate(x: Field, y: Field, angle: Field, side: int = FINE) -> Tiles:
    """Give every pixel to the tile whose middle is nearest, by a distance that makes tiles square.

    The distance is the larger of the two coordinates in the tile's own directions (Hausner, "Simulating
    decorative mosaics", SIGGRAPH 2001). Only the 5 x 5 tiles around a pixel's place in the grid are tried.
    """
    n = len(x) - 2 * MARGIN
    at_x, at_y = coordinates(side)
    home = (at_y * n).astype(np.intp) * len(x) + (at_x * n).astype(np.intp) + MARGIN * (len(x) + 1)
    cos, sin = np.cos(angle).ravel(), np.sin(angle).ravel()
    nearest, second = np.full((2, side, side), np.inf, np.float32)
    label = home
    for step in (row * len(x) + column for row in range(-2, 3) for column in range(-2, 3)):
        there = home + step
        right, down = at_x - x.ravel()[there], at_y - y.ravel()[there]
        far = np.maximum(
            np.abs(right * cos[there] + down * sin[there]), np.abs(down * cos[there] - right * sin[there])
        )
        second = np.minimum(second, np.maximum(nearest, far))
        label = np.where(far < nearest, there, label)
        nearest = np.minimum(nearest, far)
    right, down = (at_x - x.ravel()[label]) * n, (at_y - y.ravel()[label]) * n
    across, along = right * cos[label] + down * sin[label], down * cos[label] - right * sin[label]
    return Tiles(label, (second - nearest) * n / 2, across, along)


def settle(x: Field, y: Field, angle: Field) -> tuple[Field, Field]:
    """Move each middle to the centre of its tile, once (Lloyd's step), on a coarse canvas."""
    side = SIDE // 2
    label = tessellate(x, y, angle, side).label.ravel()
    count = np.bincount(label, minlength=x.size)
    moved = []
    for old, at in zip((x, y), coordinates(side), strict=True):
        total = np.bincount(label, at.ravel(), minlength=x.size)
        centre = (total / np.maximum(count, 1)).reshape(x.shape)
        moved.append(np.where(count.reshape(x.shape) > 4, centre, old).astype(np.float32))
    return moved[0], moved[1]
