"""Pictures as text that a page can carry: small ones to look at, whole files on request."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from nstbench.system.files import open_regular, read_regular

SIDE, QUALITY = 256, 75
MOST_PIXELS = 8192**2


def thumbnail(path: Path, side: int = SIDE) -> str | None:
    """Return a JPEG of at most `side` pixels as a `data:` URI; None where there is no readable PNG."""
    if (small := small_picture(path, side, quick=True)) is None:
        return None
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return _data_uri("image/jpeg", buffer.getvalue())


def small_picture(path: Path, side: int, quick: bool = False) -> Image.Image | None:
    """Return a picture with at most `side` pixels a side; None where there is no readable PNG.

    Args:
        quick: nearly as good, in less time.
    """
    try:
        with open_regular(path) as file, Image.open(file, formats=["PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:  # a few kilobytes may stand for gigabytes
                return None
            small = image.convert("RGB")
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
    ):  # as Pillow's decoders raise them
        return None
    if quick:
        small.thumbnail((side, side), reducing_gap=2.0)
    else:
        small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=None)
    return small


def thumbnails(sides: Mapping[Path, int]) -> dict[Path, str]:
    """Return the thumbnail of each file that has one, made by all cores: Pillow lets threads work."""
    with ThreadPoolExecutor() as pool:
        made = pool.map(thumbnail, sides, sides.values())
        return {path: text for path, text in zip(sides, made, strict=True) if text}


def whole_file(path: Path) -> str | None:
    """Return a PNG file as it is as a `data:` URI; None where it cannot be read."""
    try:
        return _data_uri("image/png", read_regular(path))
    except OSError:
        return None


def base64_size(path: Path) -> int:
    """Return the bytes of what `whole_file` makes of a file, nearly; 0 where there is none."""
    try:
        return path.stat().st_size * 4 // 3
    except OSError:
        return 0


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
