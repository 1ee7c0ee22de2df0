"""Pictures that come with nstbench: photographs that scikit-image carries, and styles painted here."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nstbench.api import AssetError, UnknownName
from nstbench.assets.cache import cache_dir
from nstbench.system.files import write_whole

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sample:
    """What `sample:NAME` shows; kind is `content` or `style`."""

    kind: str
    about: str


SAMPLES: Mapping[str, Sample] = {
    "astronaut": Sample("content", "a portrait in an orange suit, 512 x 512 (NASA, public domain)"),
    "cat": Sample("content", "a cat's face close up, 451 x 300 (Stefan van der Walt, CC0)"),
    "coffee": Sample("content", "a cup of coffee on a wooden table, 600 x 400 (Rachel Michetti, CC0)"),
    "motorcycle": Sample("content", "a motorcycle in a workshop, 741 x 500 (Middlebury stereo data 2014)"),
    "rocket": Sample("content", "a rocket on its launch pad at dusk, 640 x 427 (SpaceX, public domain)"),
    "hatching": Sample("style", "mountains and a lake in cross-hatched ink on toned paper, 512 x 512"),
    "mosaic": Sample("style", "a sun over the sea in small square stones, 512 x 512"),
    "rose_window": Sample("style", "a round window of jewel-coloured glass in lead, 512 x 512"),
    "strokes": Sample("style", "a starry night over wheat in thick, winding brush strokes, 512 x 512"),
    "waves": Sample("style", "great waves and a red sun as a woodblock print, 512 x 512"),
}

PHOTOGRAPHS: Mapping[str, str] = {
    "astronaut": "astronaut.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "motorcycle": "motorcycle_left.png",
    "rocket": "rocket.jpg",
}


def sample(name: str) -> Pixels:
    """Return a sample at its own size: (H, W, 3) uint8 RGB.

    Painted styles take a second or two the first time and are then kept in the cache.

    Raises:
        UnknownName: no such sample; lists those there are.
    """
    if name not in SAMPLES:
        raise UnknownName("sample", name, SAMPLES)
    return _photograph(name) if SAMPLES[name].kind == "content" else _painting(name)


@cache
def _photograph(name: str) -> Pixels:
    """Read one of the photographs that are inside scikit-image's wheel, so nothing is downloaded.

    From its file, as importing what scikit-image reads files with takes longer than a small trial. Its pixels
    are taken as they are, as scikit-image takes them: a colour profile is not looked at.
    """
    from PIL import Image

    with files("skimage").joinpath("data", PHOTOGRAPHS[name]).open("rb") as file, Image.open(file) as picture:
        pixels = np.array(picture.convert("RGB"), np.uint8)
    pixels.setflags(write=False)  # whoever asks next gets the same
    return pixels


def _painting(name: str) -> Pixels:
    """Take a style from the cache, or paint it and try to keep it: having no cache only costs time."""
    from nstbench.assets.painting import VERSION, paint

    file = f"{name}-v{VERSION}.png"
    with suppress(AssetError):
        return _read(cache_dir() / "samples" / file)
    picture = paint(name)
    with suppress(AssetError, OSError):
        _keep(picture, cache_dir() / "samples" / file)
    return picture


def _read(path: Path) -> Pixels:
    from nstbench.assets.decode import decode

    picture, _ = decode(path)
    return np.array(picture, np.uint8)


def _keep(picture: Pixels, path: Path) -> None:
    from io import BytesIO

    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, buffer.getvalue())
