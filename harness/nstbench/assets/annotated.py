"""Pictures in the formats that people send around, with a note inside of how each was made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from nstbench.api import AssetError

FORMATS: Mapping[str, str] = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Ending of a file's name -> format that Pillow writes."""

IMAGE_DESCRIPTION, SOFTWARE = 0x010E, 0x0131
"""Tags of EXIF, the one kind of note that all of these formats have."""

BEST_CHROMA = 0
"""JPEG without halving the resolution of colours: strokes have sharp edges of colour."""


def annotated(png: bytes, ending: str, quality: int, note: Mapping[str, Any]) -> bytes:
    """Write a PNG file's picture in another format, or as PNG, with a note in its EXIF data.

    Args:
        ending: one of `FORMATS`.
        quality: 1 to 100, of JPEG and WebP.
        note: JSON types.
    """
    from PIL import Image

    buffer = BytesIO()
    with Image.open(BytesIO(png)) as picture:
        exif = Image.Exif()
        exif[IMAGE_DESCRIPTION], exif[SOFTWARE] = json.dumps(note), "nstbench"
        how = {"quality": quality, "subsampling": BEST_CHROMA} if FORMATS[ending] == "JPEG" else {}
        how = how or ({"quality": quality} if FORMATS[ending] == "WEBP" else {})
        picture.save(buffer, FORMATS[ending], exif=exif, **how)
    return buffer.getvalue()


def note_in(path: Path) -> Mapping[str, Any]:
    """Return the note of a picture that `annotated` made.

    Raises:
        AssetError: it is no picture that can be read, or has no such note.
    """
    from nstbench.assets.decode import header

    with header(path) as picture:
        try:
            exif = picture.getexif()
            note = json.loads(exif[IMAGE_DESCRIPTION]) if exif.get(SOFTWARE) == "nstbench" else None
        except Exception:
            note = None
    if not isinstance(note, dict):
        raise AssetError(f"{path}: has no note of how it was made; name a picture of `nstbench stylize`")
    return note
