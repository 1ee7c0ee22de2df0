"""Large pictures a band at a time, as every whole copy of one takes up to four bytes a pixel."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

BAND_PIXELS = 2**20


def in_bands(make: Callable[..., Image.Image], *images: Image.Image) -> Image.Image:
    """Make an image of one or more of its size, where each pixel depends on theirs alone.

    Args:
        make: takes a band of each image and returns that of the new one, always in the same mode.
    """
    width, height = images[0].size
    rows = max(1, BAND_PIXELS // width)
    made: Image.Image | None = None
    for top in range(0, height, rows):
        box = (0, top, width, min(top + rows, height))
        band = make(*(image.crop(box) for image in images))
        made = made or Image.new(band.mode, (width, height))
        made.paste(band, box)
    assert made, "an image has rows"
    return made


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """Return an image in a mode, itself if it is in that one."""
    return image if image.mode == mode else image.convert(mode)
