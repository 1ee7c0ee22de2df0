"""PNG files of 16 bits a channel, rounded to 8: Pillow cuts the lower byte off, or clips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

Planes = NDArray[np.uint8]


def rounded(image: ImageFile.ImageFile, read: Callable[[str], NDArray[Any]]) -> Image.Image | None:
    """Return the image in L, LA, RGB or RGBA, the nearest values of 8 bits; None if it has no 16 bits.

    Args:
        image: as opened, before its pixels are read.
        read: reads the file's pixels in one of Pillow's raw modes.
    """
    raw = image.tile[0].args if image.format == "PNG" and image.tile else None
    if raw == "I;16B":  # grey
        whole = read(raw)
        high, low = (whole >> 8).astype(np.uint8), whole.astype(np.uint8)
    elif raw == "LA;16B":  # its four bytes look like those of RGBA
        planes = read("RGBA")
        high, low = planes[..., ::2], planes[..., 1::2]
    elif raw in ("RGB;16B", "RGBA;16B"):
        high, low = read(raw), read(raw.replace("16B", "16L"))
    else:
        return None
    return Image.fromarray(_with_alpha(_nearest(high, low), high, low, image.info.get("transparency")))


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
