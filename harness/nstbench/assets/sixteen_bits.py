"""PNG files of 16 bits a channel, rounded to 8: Pillow cuts the lower byte off, or clips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from nstbench.assets.bands import in_bands

Planes = NDArray[np.uint8]


def rounded(image: ImageFile.ImageFile, read: Callable[[str], Image.Image]) -> Image.Image | None:
    """Return the image in L, LA, RGB or RGBA, the nearest values of 8 bits; None if it has no 16 bits.

    Args:
        image: as opened, before its pixels are read.
        read: reads the file's pixels in one of Pillow's raw modes.
    """
    raw = image.tile[0].args if image.format == "PNG" and image.tile else None
    clear = image.info.get("transparency")

    def eight_bits(*parts: Image.Image) -> Image.Image:
        high, low = _bytes(*map(np.asarray, parts))
        return Image.fromarray(_with_alpha(_nearest(high, low), high, low, clear))

    if raw == "I;16B":  # grey
        return in_bands(eight_bits, read(raw))
    if raw == "LA;16B":  # its four bytes look like those of RGBA
        return in_bands(eight_bits, read("RGBA"))
    if raw in ("RGB;16B", "RGBA;16B"):
        return in_bands(eight_bits, read(raw), read(raw.replace("16B", "16L")))
    return None


def _bytes(first: NDArray[Any], low: Planes | None = None) -> tuple[Planes, Planes]:
    """Return the higher and the lower byte of each value."""
    if low is not None:
        return first, low
    if first.ndim == 3:
        return first[..., ::2], first[..., 1::2]
    return (first >> 8).astype(np.uint8), first.astype(np.uint8)


def _nearest(high: Planes, low: Planes) -> Planes:
    """Divide 256 high + low by 257 and round, without leaving 16 bits."""
    gap = low.astype(np.int16) - high.astype(np.int16)
    return (high.astype(np.int16) + (gap > 128) - (gap < -128)).astype(np.uint8)


def _with_alpha(pixels: Planes, high: Planes, low: Planes, clear: int | tuple[int, ...] | None) -> Planes:
    """Make the one colour transparent that a file without an alpha channel may name, in 16 bits."""
    if clear is None:
        return pixels
    equal = ((high.astype(np.uint16) << 8) | low) == np.array(clear)
    is_clear = equal if pixels.ndim == 2 else equal.all(axis=-1)
    return np.dstack([pixels, np.where(is_clear, 0, 255).astype(np.uint8)])
