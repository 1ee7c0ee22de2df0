"""Pictures as text that a page can carry: small ones to look at, whole files on request."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

SIDE, QUALITY = 256, 75
MOST_PIXELS = 8192**2


def thumbnail(path: Path, side: int = SIDE) -> str | None:
    """Return a JPEG of at most `side` pixels as a `data:` URI; None where there is no readable PNG."""
    buffer = io.BytesIO()
    try:
        with Image.open(path, formats=["PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:  # a few kilobytes may stand for gigabytes
                return None
            small = image.convert("RGB")
            small.thumbnail((side, side), reducing_gap=2.0)
            small.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    except (OSError, Image.DecompressionBombError):
        return None
    return _data_uri("image/jpeg", buffer.getvalue())


def thumbnails(sides: Mapping[Path, int]) -> dict[Path, str]:
    """Return the thumbnail of each file that has one, made by all cores: Pillow lets threads work."""
    with ThreadPoolExecutor() as pool:
        made = pool.map(thumbnail, sides, sides.values())
        return {path: text for path, text in zip(sides, made, strict=True) if text}


def whole_file(path: Path) -> str | None:
    """Return a PNG file as it is as a `data:` URI; None where it cannot be read."""
    try:
        return _data_uri("image/png", path.read_bytes())
    except OSError:
        return None


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
