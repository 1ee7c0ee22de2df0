"""Image files to upright 8-bit sRGB, or one line that says why not."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from PIL import Image, ImageFile, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from nstbench.api import AssetError, one_line
from nstbench.assets import heif
from nstbench.assets.bands import in_bands
from nstbench.assets.profiles import to_srgb
from nstbench.assets.sixteen_bits import rounded

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
ALLOWED = "PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF"
OF_FRAMES = ("GIF", "TIFF", "MPO", heif.FORMAT)
"""Formats of which the first picture is read. In others several are an animation, and refused."""

MAX_PIXELS = 100_000_000

ORIENTATION, BITS_PER_SAMPLE = 0x0112, 0x0102
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(path: Path, most_pixels: int = MAX_PIXELS) -> tuple[Image.Image, str]:
    """Read a file of `FORMATS`, or HEIC, as an upright sRGB image; transparency is laid on white.

    Embedded colour profiles are applied, 16 bits are rounded to 8. Pictures after the first of a GIF, a TIFF,
    a HEIC file or a multi-picture JPEG (MPO) are ignored.

    Returns:
        The image, and what `to_srgb` says of its profile.

    Raises:
        AssetError: missing, empty, damaged, animated, another format, or of more than `most_pixels`.
    """
    with warnings.catch_warnings():
        # Pillow warns of odd metadata and of sizes that are checked here anyway.
        warnings.simplefilter("ignore")
        with header(path) as image:
            _must_be_usable(path, image, most_pixels)
            eight_bit = rounded(image, lambda raw: _planes(path, raw)) or _pixels(path, image)
            picture, profile = to_srgb(eight_bit, image.info.get("icc_profile"))
            return _upright(_on_white(picture), image), profile


def header(path: Path) -> ImageFile.ImageFile:
    """Open an image file of which nothing is decoded yet.

    Raises:
        AssetError: it is missing, empty or of another format.
    """
    try:
        _must_be_a_file(path)
    except OSError as error:  # of a folder above it, or of its name
        raise AssetError(f"{path}: cannot read the image ({error.strerror})") from error
    return _header(path)


def _must_be_a_file(path: Path) -> None:
    if path.is_dir():
        raise AssetError(f"{path}: is a folder, not an image; name a {ALLOWED} file")
    if not path.exists():
        raise AssetError(f"{path}: no such image; give a {ALLOWED} file or sample:NAME")
    if not path.is_file():
        raise AssetError(f"{path}: is not a regular file; name a {ALLOWED} file")
    if not path.stat().st_size:
        raise AssetError(f"{path}: the file is empty; it must be a {ALLOWED} image")


def _header(path: Path) -> ImageFile.ImageFile:
    try:
        also = [heif.FORMAT] if heif.is_heif(path) and heif.can_read() else []
        return Image.open(path, formats=[*FORMATS, *also])
    except UnidentifiedImageError as error:
        if heif.is_heif(path) and not heif.can_read():
            raise AssetError(f"{path}: a HEIC picture; {heif.INSTALL}, or save it as JPEG") from error
        raise AssetError(f"{path}: not a {ALLOWED} image, or cut off; convert it to one of these") from error
    except Image.DecompressionBombError as error:
        found = re.search(r"\d+", str(error))
        raise _too_large(path, f"{found[0]} pixels" if found else "too many pixels") from error
    except Exception as error:
        if isinstance(error, OSError) and error.strerror:
            raise AssetError(f"{path}: cannot read the image ({error.strerror})") from error
        raise _damaged(path, error) from error


def _must_be_usable(path: Path, image: Image.Image, most_pixels: int) -> None:
    """Judge by the header alone, before anything is decoded."""
    width, height = image.size
    if not width or not height:
        raise AssetError(f"{path}: the image is {width} x {height} pixels, so it shows nothing")
    if width * height > most_pixels:
        megapixels = f", {width * height / 1e6:.0f} megapixels" if most_pixels == MAX_PIXELS else ""
        raise _too_large(path, f"{width} x {height} pixels{megapixels}", most_pixels)
    if isinstance(image, TiffImageFile) and _bits(path, image) > 8:
        raise AssetError(f"{path}: a TIFF of more than 8 bits a channel; save it with 8, or as PNG")
    if image.format not in OF_FRAMES and getattr(image, "is_animated", False):
        frames = getattr(image, "n_frames", "several")
        raise AssetError(f"{path}: the image is animated ({frames} frames); save one frame as a picture")


def _bits(path: Path, image: TiffImageFile) -> int:
    try:
        return max(image.tag_v2.get(BITS_PER_SAMPLE) or (8,))
    except Exception as error:
        raise _damaged(path, error) from error


def _pixels(path: Path, image: Image.Image) -> Image.Image:
    try:
        image.load()
    except Exception as error:  # Pillow's decoders raise SyntaxError, struct.error, zlib.error and more
        raise _damaged(path, error) from error
    return image


def _planes(path: Path, raw: str) -> Image.Image:
    """Read a PNG's bytes as another mode than Pillow would choose."""
    with _header(path) as image:
        image.tile = [image.tile[0]._replace(args=raw)]
        return _pixels(path, image)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image

    def laid(band: Image.Image) -> Image.Image:
        return Image.alpha_composite(Image.new("RGBA", band.size, "white"), band).convert("RGB")

    return in_bands(laid, image)


def _upright(picture: Image.Image, source: Image.Image) -> Image.Image:
    """Turn a picture as its camera noted; a note that cannot be read is no reason to refuse the picture."""
    try:
        turn = UPRIGHT.get(source.getexif().get(ORIENTATION, 1))
    except Exception:
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _damaged(path: Path, error: Exception) -> AssetError:
    return AssetError(
        f"{path}: the image is damaged or cut off ({one_line(error)}); fetch or export it again"
    )


def _too_large(path: Path, found: str, most_pixels: int = MAX_PIXELS) -> AssetError:
    limit = f"{most_pixels // 1_000_000} mega" if most_pixels == MAX_PIXELS else f"{most_pixels} "
    return AssetError(f"{path}: the image has {found}; at most {limit}pixels are read; make it smaller")
