"""Images in and out: resized once and rounded once, so that every backend and judge sees the same pixels."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nstbench.api import Array, AssetError, UsageError, scaled
from nstbench.assets.cache import expanded
from nstbench.assets.samples import sample
from nstbench.system.files import write_whole

if TYPE_CHECKING:
    from PIL.Image import Image

SAMPLE = "sample:"


@dataclass(frozen=True, slots=True, eq=False)
class LoadedImage:
    """An image as every backend gets it.

    Attributes:
        pixels: (H, W, 3) float32 RGB in [0, 1], each a multiple of 1/255.
        sha256: of the size and the 8-bit pixels, whatever file or format they came from.
        name: `cat` for `sample:cat` and for `photos/cat.jpg`.
        profile: the colour profile it was converted to sRGB from, or why one was ignored; often empty.
    """

    pixels: Array
    sha256: str
    name: str
    profile: str = ""

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[1])


def load_image(ref: str, longer_side: int | None, base: Path, most_pixels: int | None = None) -> LoadedImage:
    """Read `sample:NAME` or an image file as sRGB, and resize it once (Lanczos, up or down).

    Args:
        ref: a sample's name or a path; relative paths start at `base`, `~` is expanded.
        longer_side: pixels of the longer side, the other follows; None keeps the size.
        base: folder of the experiment file.
        most_pixels: refuse a file that has more, before it is decoded; by default those of any photograph.

    Raises:
        AssetError: no such file, or not an image that can be used; says why.
        UnknownName: no such sample.
        UsageError: `longer_side` is not positive.
    """
    if longer_side is not None and longer_side < 1:
        raise UsageError(f"{ref}: an image cannot be {longer_side} pixels long; give a size of 1 or more")
    name, image, profile = _open(ref, base, most_pixels)
    eight_bit = np.array(_resized(image, longer_side), np.uint8)
    pixels = np.divide(eight_bit, np.float32(255), dtype=np.float32)
    return LoadedImage(pixels, _fingerprint(eight_bit), name, profile)


def longer_side(ref: str, base: Path) -> int:
    """Return the longer side of `sample:NAME` or an image file, in pixels, without decoding it.

    Raises:
        AssetError: no such file, or not an image.
        UnknownName: no such sample.
    """
    if ref.startswith(SAMPLE):
        shown = load_image(ref, None, base)
        return max(shown.height, shown.width)
    from nstbench.assets.decode import header

    with header(base / expanded(ref)) as image:
        sides: tuple[int, int] = image.size
    return max(sides)


def resize(pixels: Array, height: int, width: int) -> Array:
    """Stretch (h, w, 3) pixels of a loaded image to (height, width, 3), in 8 bits (Lanczos) as files are."""
    from PIL import Image

    eight_bit = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
    stretched = eight_bit.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(stretched, np.float32) / np.float32(255)


def stretch(values: Array, height: int, width: int, smooth: bool = True) -> Array:
    """Stretch (h, w, n) float32 to (height, width, n), each channel as it is, without rounding.

    Args:
        smooth: Lanczos, which may overshoot; otherwise bilinear, which does not.
    """
    from PIL import Image

    if values.shape[:2] == (height, width):
        return values
    how = Image.Resampling.LANCZOS if smooth else Image.Resampling.BILINEAR
    channels = [
        Image.fromarray(np.ascontiguousarray(values[..., at], np.float32)) for at in range(values.shape[2])
    ]
    stretched = [np.asarray(channel.resize((width, height), how), np.float32) for channel in channels]
    return np.stack(stretched, axis=-1)


def encode_png(pixels: Array) -> bytes:
    """Make a PNG of (H, W, 3) RGB in [0, 1], rounded to 8 bits; what lies outside is clipped.

    Raises:
        AssetError: the pixels are no finite (H, W, 3) image.
    """
    from PIL import Image

    if pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise AssetError(f"an image has shape (height, width, 3), not {pixels.shape}")
    if not np.isfinite(pixels).all():
        raise AssetError("the image has pixels that are not finite")
    buffer = BytesIO()
    Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def save_png(pixels: Array, path: Path) -> str:
    """Write what `encode_png` makes of pixels, whole or not at all; folders are made.

    Returns:
        The SHA-256 of the file.

    Raises:
        AssetError: the pixels are no finite (H, W, 3) image, or the file cannot be written.
    """
    try:
        content = encode_png(pixels)
    except AssetError as error:
        raise AssetError(f"{path}: {error}; nothing was written") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise AssetError(f"{path}: cannot write the image ({error.strerror})") from error
    return sha256(content).hexdigest()


def _open(ref: str, base: Path, most_pixels: int | None) -> tuple[str, Image, str]:
    from PIL import Image

    from nstbench.assets.decode import MAX_PIXELS, decode

    if ref.startswith(SAMPLE):
        name = ref.removeprefix(SAMPLE)
        return name, Image.fromarray(sample(name)), ""
    path = base / expanded(ref)
    return path.stem, *decode(path, most_pixels or MAX_PIXELS)


def _resized(image: Image, longer_side: int | None) -> Image:
    from PIL.Image import Resampling

    longest = max(image.size)
    if longer_side is None or longer_side == longest:
        return image
    width, height = (scaled(side, longer_side, longest) for side in image.size)
    return image.resize((width, height), Resampling.LANCZOS)


def _fingerprint(eight_bit: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    height, width, channels = eight_bit.shape
    digest = sha256(f"{height}x{width}x{channels} uint8\n".encode())
    digest.update(eight_bit.data)
    return digest.hexdigest()
