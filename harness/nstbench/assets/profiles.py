"""Embedded colour profiles (ICC) to sRGB, by Pillow's own colour management, which is Little CMS.

Relative colorimetric with black point compensation: white stays white and black black, what both colour
spaces have keeps its colour, and what sRGB lacks is clipped.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from nstbench.assets.bands import in_bands, in_mode

MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""What a profile's colours are called in it -> the mode of an image that it fits."""

GREY_MODES = ("1", "L", "LA")
SAME = 2
"""Of 255: profiles that differ from sRGB by no more are sRGB, as one program or another writes it down."""


def to_srgb(image: Image.Image, icc: bytes | None) -> tuple[Image.Image, str]:
    """Convert an image of 8 bits by its profile.

    Returns:
        The image in RGB, or in RGBA if it is transparent somewhere; and the name of the profile that it was
        converted from, or why a profile was ignored; empty if there was none, or one that says sRGB.
    """
    if not icc:
        return _plain(image), ""
    try:
        return _converted(image, ImageCms.ImageCmsProfile(BytesIO(icc)))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return _plain(image), "ignored: damaged"
    except ImportError:
        return _plain(image), "ignored: this Pillow was built without colour management"


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> tuple[Image.Image, str]:
    space = profile.profile.xcolor_space.strip()
    mode = MODES.get(space)
    if mode is None or not _fits(image, mode):
        return _plain(image), f"ignored: a profile of {space} in an image of {image.mode}"
    plain = image if mode == "CMYK" else _plain(image)
    if mode == "L":
        convert = _table(profile)
    else:
        transform = _transform(profile, mode, ImageCms.Flags.HIGHRESPRECALC)
        if mode == "RGB" and _gap(_cube(), _applied(_cube(), transform)) <= SAME:
            return plain, ""

        def convert(band: Image.Image) -> Image.Image:
            return _applied(in_mode(band, mode), transform)

    def converted(band: Image.Image) -> Image.Image:
        made = convert(band)
        if band.mode == "RGBA":
            made.putalpha(band.getchannel("A"))
        return made

    made = in_bands(converted, plain)
    name = " ".join(ImageCms.getProfileDescription(profile).split())
    return made, name[:100] or "unnamed"


def _table(profile: ImageCms.ImageCmsProfile) -> Callable[[Image.Image], Image.Image]:
    """Look every grey up: between the few that Little CMS would compute it is off by up to 10 of 255."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    table = np.asarray(_applied(ramp, _transform(profile, "L", ImageCms.Flags.NOOPTIMIZE)))[0]
    return lambda band: Image.fromarray(table[np.asarray(in_mode(band, "L"))])


def _transform(
    profile: ImageCms.ImageCmsProfile, mode: str, accuracy: ImageCms.Flags
) -> ImageCms.ImageCmsTransform:
    intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION | accuracy
    return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB", intent, flags)


def _applied(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    made = ImageCms.applyTransform(image, transform)
    assert made is not None, "only a transformation in place returns nothing"
    return made


def _fits(image: Image.Image, mode: str) -> bool:
    if mode == "CMYK" or image.mode == "CMYK":
        return image.mode == mode
    return mode == "RGB" or image.mode in GREY_MODES


def _cube() -> Image.Image:
    """Return colours from all over the cube: what a profile does to them says more than its name."""
    steps = np.linspace(0, 255, 18).round().astype(np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(*[steps] * 3), axis=-1).reshape(18, -1, 3))


def _gap(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).max())


def _plain(image: Image.Image) -> Image.Image:
    return in_mode(image, "RGBA" if image.has_transparency_data else "RGB")
