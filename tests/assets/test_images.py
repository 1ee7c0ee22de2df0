from __future__ import annotations

import hashlib
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nstbench.api import AssetError, UnknownName, UsageError
from nstbench.assets import load_image, resize, save_png

RNG = np.random.default_rng(0)


def gradient(height=40, width=60):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=-1).astype(np.uint8)


def saved(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def pixels_of(path, side=None):
    return load_image(str(path), side, path.parent).pixels


def refusal(path, side=None):
    with pytest.raises(AssetError) as caught:
        load_image(str(path), side, path.parent)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def png_header(width, height):
    """The start of a PNG file that claims a size, with no pixels behind it."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_a_lossless_file_comes_back_exactly(tmp_path, suffix):
    pixels = gradient()
    loaded = load_image(f"a.{suffix}", None, saved(tmp_path / f"a.{suffix}", pixels, lossless=True).parent)
    assert loaded.pixels.dtype == np.float32
    assert (loaded.height, loaded.width, loaded.name) == (40, 60, "a")
    np.testing.assert_array_equal(loaded.pixels, pixels.astype(np.float32) / 255)


def test_a_jpeg_is_read(tmp_path):
    path = saved(tmp_path / "a.jpg", np.full((8, 9, 3), (200, 100, 50), np.uint8), quality=95)
    np.testing.assert_allclose(pixels_of(path)[4, 4], np.array([200, 100, 50]) / 255, atol=0.02)


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((60, 40), 30, (20, 30)),
        ((40, 60), 90, (90, 60)),
        ((100, 1), 10, (1, 10)),
        ((4, 3), 2, (2, 2)),
        ((5, 5), 7, (7, 7)),
    ],
)
def test_the_longer_side_is_set_and_the_shape_kept(tmp_path, size, side, expected):
    width, height = size
    loaded = load_image(str(saved(tmp_path / "a.png", gradient(height, width))), side, tmp_path)
    assert (loaded.height, loaded.width) == loaded.pixels.shape[:2] == expected


def test_resizing_is_a_lanczos_filter(tmp_path):
    """Compared with the filter written out: sinc(x) sinc(x/3), widened by the factor of the reduction."""
    row = RNG.integers(60, 190, 24).astype(np.uint8)
    path = saved(tmp_path / "a.png", np.tile(row[None, :, None], (24, 1, 3)))
    at = (np.arange(24) + 0.5)[None] - (np.arange(8) + 0.5)[:, None] * 3
    kernel = np.where(np.abs(at) < 9, np.sinc(at / 3) * np.sinc(at / 9), 0)
    expected = (kernel / kernel.sum(axis=1, keepdims=True)) @ row
    np.testing.assert_allclose(pixels_of(path, 8)[4, :, 0] * 255, expected, atol=1)


def test_pixels_stretch_to_a_shape_as_files_do(tmp_path):
    path = saved(tmp_path / "a.png", gradient(40, 60))
    stretched = resize(pixels_of(path), 20, 30)
    assert stretched.dtype == np.float32
    np.testing.assert_array_equal(stretched, pixels_of(path, 30))
    np.testing.assert_array_equal(resize(stretched, 20, 30), stretched)
    assert resize(stretched, 7, 50).shape == (7, 50, 3)


def test_the_hash_is_of_the_pixels_and_not_of_the_file(tmp_path):
    pixels = gradient()
    png = load_image(str(saved(tmp_path / "a.png", pixels)), 30, tmp_path)
    webp = load_image(str(saved(tmp_path / "b.webp", pixels, lossless=True)), 30, tmp_path)
    assert png.sha256 == webp.sha256
    changed = pixels.copy()
    changed[0, 0, 0] ^= 1
    assert load_image(str(saved(tmp_path / "c.png", changed)), None, tmp_path).sha256 != png.sha256


def test_the_hash_tells_shapes_apart(tmp_path):
    wide, tall = np.zeros((2, 8, 3), np.uint8), np.zeros((8, 2, 3), np.uint8)
    hashes = [
        load_image(str(saved(tmp_path / name, p)), None, tmp_path).sha256
        for name, p in (("wide.png", wide), ("tall.png", tall))
    ]
    assert hashes[0] != hashes[1]


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_photograph_is_turned_as_its_camera_noted(tmp_path, turn, suffix):
    upright = np.repeat(np.repeat(np.arange(6, dtype=np.uint8).reshape(2, 3) * 40, 16, 0), 16, 1)
    undo = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[turn]
    exif = Image.Exif()
    exif[0x0112] = turn
    path = saved(tmp_path / f"a.{suffix}", np.stack([undo] * 3, -1).copy(), exif=exif, quality=95)
    np.testing.assert_allclose(pixels_of(path)[..., 1] * 255, upright, atol=12)


def test_unreadable_notes_of_the_camera_are_ignored(tmp_path):
    path = saved(tmp_path / "a.jpg", gradient(), exif=b"Exif\x00\x00no such thing as a TIFF header")
    assert pixels_of(path).shape == (40, 60, 3)


def test_transparency_is_laid_on_white(tmp_path):
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[0, 0], rgba[0, 1], rgba[0, 2] = (255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 0, 128)
    top = pixels_of(saved(tmp_path / "a.png", rgba))[0]
    np.testing.assert_allclose(top, [[1, 0, 0], [1, 1, 1], [127 / 255] * 3], atol=1 / 255)


def test_a_palette_with_a_transparent_colour_is_laid_on_white(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 200, 100, 0])
    image.save(tmp_path / "a.png", transparency=0)
    np.testing.assert_allclose(pixels_of(tmp_path / "a.png")[0] * 255, [[255] * 3, [200, 100, 0]], atol=0.01)


def test_greyscale_becomes_three_equal_channels(tmp_path):
    grey = gradient()[..., 0]
    pixels = pixels_of(saved(tmp_path / "a.png", grey))
    np.testing.assert_array_equal(pixels, np.stack([grey.astype(np.float32) / 255] * 3, -1))


def test_sixteen_bit_greyscale_is_scaled_and_not_clipped(tmp_path):
    grey = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    pixels = pixels_of(saved(tmp_path / "a.png", grey))
    np.testing.assert_allclose(pixels[..., 0], grey / 65535, atol=0.5 / 255 + 1e-6)


def test_black_and_white_is_read(tmp_path):
    Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1").save(tmp_path / "a.png")
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.png")[0, :, 0], [0, 1])


def test_printers_colours_are_converted(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    np.testing.assert_allclose(pixels_of(tmp_path / "a.jpg")[8, 8], [1, 0, 0], atol=0.03)


def test_the_first_picture_of_a_multi_picture_jpeg_is_read(tmp_path):
    first, second = (Image.new("RGB", (16, 16), colour) for colour in ("blue", "red"))
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second])
    np.testing.assert_allclose(pixels_of(tmp_path / "a.jpg")[8, 8], [0, 0, 1], atol=0.03)


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_an_animation_is_refused(tmp_path, suffix):
    frames = [Image.fromarray(RNG.integers(0, 255, (16, 16, 3), np.uint8)) for _ in range(3)]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
    assert "animated (3 frames)" in refusal(tmp_path / f"a.{suffix}")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.95])
def test_a_truncated_file_is_refused(tmp_path, suffix, kept):
    path = saved(tmp_path / f"a.{suffix}", RNG.integers(0, 255, (64, 64, 3), np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    assert "cut off" in refusal(path)


def test_a_damaged_file_is_refused(tmp_path):
    path = saved(tmp_path / "a.png", RNG.integers(0, 255, (64, 64, 3), np.uint8))
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("suffix", ["gif", "bmp", "tiff"])
def test_formats_without_loss_are_read_alike(tmp_path, suffix):
    few = np.kron(RNG.integers(0, 255, (4, 4, 3), np.uint8), np.ones((4, 4, 1), np.uint8))
    read = pixels_of(saved(tmp_path / f"a.{suffix}", few))
    np.testing.assert_array_equal(read, few / np.float32(255))


@pytest.mark.parametrize("suffix", ["gif", "tiff"])
def test_the_first_picture_of_several_is_read(tmp_path, suffix):
    first, second = (Image.new("RGB", (16, 16), colour) for colour in ("blue", "red"))
    first.save(tmp_path / f"a.{suffix}", save_all=True, append_images=[second])
    np.testing.assert_array_equal(pixels_of(tmp_path / f"a.{suffix}")[8, 8], [0, 0, 1])


@pytest.mark.parametrize("mode", ["I;16", "F"])
def test_a_tiff_of_more_bits_is_refused(tmp_path, mode):
    Image.new(mode, (16, 16)).save(tmp_path / "a.tiff")
    assert "more than 8 bits a channel" in refusal(tmp_path / "a.tiff")


def test_another_format_is_refused_with_those_allowed(tmp_path):
    assert "PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF" in refusal(saved(tmp_path / "a.ppm", gradient()))


def test_what_is_no_image_is_refused(tmp_path):
    (tmp_path / "text.png").write_text("not an image")
    (tmp_path / "empty.png").touch()
    assert "not a PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF image" in refusal(tmp_path / "text.png")
    assert "empty" in refusal(tmp_path / "empty.png")
    assert "no such image" in refusal(tmp_path / "missing.png")
    assert "folder" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("size", "found"),
    [((12_000, 9_000), "12000 x 9000 pixels, 108 megapixels"), ((60_000, 60_000), "3600000000")],
)
def test_an_enormous_image_is_refused_before_it_is_decoded(tmp_path, size, found):
    (tmp_path / "a.png").write_bytes(png_header(*size))
    message = refusal(tmp_path / "a.png")
    assert found in message
    assert "at most 100 megapixels" in message


def test_an_image_without_pixels_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(png_header(0, 5))
    refusal(tmp_path / "a.png")


def test_a_path_starts_at_the_experiment_or_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "photos").mkdir()
    saved(tmp_path / "photos" / "a.png", gradient())
    for ref, base in (
        ("photos/a.png", tmp_path),
        ("~/photos/a.png", Path("/")),
        ("../photos/a.png", tmp_path / "x"),
    ):
        (tmp_path / "x").mkdir(exist_ok=True)
        assert load_image(ref, None, base).width == 60


def test_a_sample_is_an_image_by_name(tmp_path):
    loaded = load_image("sample:cat", 90, tmp_path)
    assert (loaded.height, loaded.width, loaded.name) == (60, 90, "cat")
    with pytest.raises(UnknownName, match=r"unknown sample 'cot'.*Did you mean 'cat'"):
        load_image("sample:cot", 90, tmp_path)


def test_a_size_of_nothing_is_refused():
    with pytest.raises(UsageError, match="0 pixels long"):
        load_image("sample:cat", 0, Path())


def test_a_saved_image_is_the_nearest_in_eight_bits_and_loads_again(tmp_path):
    pixels = RNG.uniform(-0.1, 1.1, (7, 9, 3)).astype(np.float32)
    digest = save_png(pixels, tmp_path / "new" / "a.png")
    assert digest == hashlib.sha256((tmp_path / "new" / "a.png").read_bytes()).hexdigest()
    np.testing.assert_allclose(
        pixels_of(tmp_path / "new" / "a.png"), np.clip(pixels, 0, 1), atol=0.5 / 255 + 1e-6
    )
    again = pixels_of(tmp_path / "new" / "a.png")
    save_png(again, tmp_path / "b.png")
    np.testing.assert_array_equal(pixels_of(tmp_path / "b.png"), again)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]


@pytest.mark.parametrize("pixels", [np.zeros((4, 4)), np.zeros((4, 4, 4)), np.full((4, 4, 3), np.nan)])
def test_what_is_no_image_is_not_written(tmp_path, pixels):
    with pytest.raises(AssetError, match=re.escape(str(tmp_path / "a.png"))):
        save_png(pixels, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(AssetError, match="cannot write the image"):
        save_png(np.zeros((4, 4, 3), np.float32), tmp_path / "file" / "a.png")


OF_ANOTHER_USER = """
import os, sys
from nstbench.api import AssetError
from nstbench.assets import load_image
load_image(sys.argv[1], None, "/")  # so that everything is imported
os.chmod(os.path.dirname(sys.argv[1]), 0)
if os.geteuid() == 0:
    os.setuid(65534)
try:
    load_image(sys.argv[1], None, "/")
except AssetError as error:
    print(error)
"""


def test_a_picture_in_a_folder_that_is_closed_to_me_is_refused(tmp_path):
    (tmp_path / "closed").mkdir()
    path = saved(tmp_path / "closed" / "a.png", gradient())
    done = subprocess.run(
        [sys.executable, "-c", OF_ANOTHER_USER, path], capture_output=True, text=True, check=True
    )
    path.parent.chmod(0o700)
    assert done.stdout == f"{path}: cannot read the image (Permission denied)\n"


@pytest.mark.parametrize("name", ["a" * 300 + ".png", "file/a.png", "circle.png"])
def test_a_name_that_leads_nowhere_is_refused(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "circle.png").symlink_to("circle.png")
    refusal(tmp_path / name)
