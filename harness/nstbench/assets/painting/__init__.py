"""The style pictures that nstbench paints itself, so that a sweep needs no artwork from elsewhere.

Each painter is a module with one function `paint(rng)` that returns (512, 512, 3) RGB, in about [0, 1].
"""

from __future__ import annotations

from importlib import import_module

import numpy as np
from numpy.typing import NDArray

VERSION = 1
"""Raise it when any painter changes: it is part of the cache key, so nobody keeps an old picture."""

PAINTERS = ("hatching", "mosaic", "rose_window", "strokes", "waves")


def paint(name: str) -> NDArray[np.uint8]:
    """Paint one of `PAINTERS`: (512, 512, 3) uint8, the same picture every time, in about a second."""
    painter = import_module(f"{__name__}.{name}")
    seed = int.from_bytes(name.encode(), "big")
    canvas = painter.paint(np.random.Generator(np.random.Philox(seed)))
    return np.asarray(np.rint(np.clip(canvas, 0, 1) * 255), np.uint8)
