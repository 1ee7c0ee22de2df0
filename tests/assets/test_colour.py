"""Colours: profiles are converted to sRGB, 16 bits are rounded, and the row says from what."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

import nstbench
from nstbench.assets import bands, load_image
from nstbench.run.sweep import Watcher

from . import icc

STEPS = np.array([0, 30, 64, 128, 200, 255])
CUBE = np.stack(np.meshgrid(STEPS, STEPS, STEPS), axis=-1).reshape(12, 18, 3).astype(np.uint8)


def loaded(path):
    return load_image(str(path), None, path.parent)


def saved(path, pixels, profile, **options):
    Image.fromarray(pixels).save(path, icc_profile=profile, **options)
    return path


def png(path, pixels, *, transparent=None):
    """Write a PNG of 16 bits as the standard has it: Pillow writes none in colour. (h, w, 1 to 4) uint16."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    named = b"" if transparent is None else chunk(b"tRNS", struct.pack(f">{channels}H", *transparent))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + named
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    return path


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_a_photograph_in_display_p3_is_converted_by_the_published_matrices(tmp_path, suffix):
    image = loaded(saved(tmp_path / f"a.{suffix}", CUBE, icc.display_p3(), lossless=True))
    np.testing.assert_allclose(image.pixels * 255, icc.to_srgb(CUBE), atol=1.5)
    assert np.abs(image.pixels * 255 - CUBE).max() > 60
    assert image.profile == "Display P3"


def test_a_jpeg_s_profile_is_applied_too(tmp_path):
    flat = np.full((16, 16, 3), (200, 60, 40), np.uint8)
    image = loaded(saved(tmp_path / "a.jpg", flat, icc.display_p3(), quality=100, subsampling=0))
    np.testing.assert_allclose(image.pixels[8, 8] * 255, icc.to_srgb([200, 60, 40]), atol=4)


def test_a_profile_that_says_srgb_changes_nothing_and_is_not_mentioned(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = loaded(saved(tmp_path / "a.png", CUBE, srgb))
    assert image.profile == ""
    assert image.sha256 == loaded(saved(tmp_path / "b.png", CUBE, None)).sha256


def test_a_grey_profile_is_applied(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = loaded(saved(tmp_path / "a.png", grey, icc.linear_grey()))
    expected = np.repeat(255 * icc.encoded(grey / 255)[..., None], 3, -1)
    np.testing.assert_allclose(image.pixels * 255, expected, atol=1.5)
    assert image.profile == "Linear grey"


def test_inks_are_converted_by_their_profile(tmp_path):
    cyan = (55, -37, -50)
    profile = icc.inks(lambda c, m, y, k: (0, 0, 0) if k else cyan if c else (100, 0, 0))
    for name, ink, expected in (
        ("white", (0, 0, 0, 0), (255, 255, 255)),
        ("black", (0, 0, 0, 255), (0, 0, 0)),
        ("cyan", (255, 0, 0, 0), icc.lab_to_srgb(*cyan)),
    ):
        Image.new("CMYK", (16, 16), ink).save(tmp_path / f"{name}.jpg", quality=100, icc_profile=profile)
        image = loaded(tmp_path / f"{name}.jpg")
        np.testing.assert_allclose(image.pixels[8, 8] * 255, expected, atol=4)
        assert image.profile == "Some inks"


def test_what_is_transparent_keeps_its_shape_and_lies_on_white(tmp_path):
    rgba = np.dstack([CUBE, np.where(np.arange(18) < 9, 255, 0) * np.ones((12, 1))]).astype(np.uint8)
    pixels = loaded(saved(tmp_path / "a.png", rgba, icc.display_p3())).pixels
    np.testing.assert_allclose(pixels[:, :9] * 255, icc.to_srgb(CUBE[:, :9]), atol=1.5)
    assert (pixels[:, 9:] == 1).all()


def test_a_palette_is_converted(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([200, 60, 40, 20, 200, 60])
    image.save(tmp_path / "a.png", icc_profile=icc.display_p3())
    expected = icc.to_srgb([[200, 60, 40], [20, 200, 60]])
    np.testing.assert_allclose(loaded(tmp_path / "a.png").pixels[0] * 255, expected, atol=1.5)


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (b"no profile at all", "ignored: damaged"),
        (icc.display_p3()[:200], "ignored: damaged"),
        (icc.display_p3()[:-200], "ignored: damaged"),
        (icc.linear_grey(), "ignored: a profile of GRAY in an image of RGB"),
        (icc.inks(lambda *ink: (50, 0, 0)), "ignored: a profile of CMYK in an image of RGB"),
    ],
)
def test_a_profile_that_cannot_be_used_is_ignored_and_that_is_said(tmp_path, profile, said):
    image = loaded(saved(tmp_path / "a.png", CUBE, profile))
    np.testing.assert_array_equal(np.rint(image.pixels * 255), CUBE)
    assert image.profile == said


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_are_rounded_to_the_nearest_of_eight(tmp_path, channels):
    values = np.random.default_rng(0).integers(0, 65536, (64, 64, channels)).astype(np.uint16)
    values[0, :6] = np.array([0, 128, 129, 65406, 65407, 65535])[:, None]
    if channels in (2, 4):
        values[..., -1] = 65535
    pixels = loaded(png(tmp_path / "a.png", values)).pixels
    colours = values[..., :3] if channels > 2 else np.repeat(values[..., :1], 3, -1)
    np.testing.assert_array_equal(pixels * 255, np.rint(colours / 257))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_colour_that_a_sixteen_bit_file_calls_transparent_is_white(tmp_path, channels):
    values = np.zeros((1, 2, channels), np.uint16)
    values[0, 0], values[0, 1] = 1000, 1001
    pixels = loaded(png(tmp_path / "a.png", values, transparent=[1000] * channels)).pixels
    np.testing.assert_array_equal(np.rint(pixels[0, :, 0] * 255), [255, 4])


def test_half_transparent_sixteen_bits_lie_on_white(tmp_path):
    values = np.zeros((1, 1, 4), np.uint16)
    values[..., 3] = 32768
    np.testing.assert_allclose(loaded(png(tmp_path / "a.png", values)).pixels, 0.5, atol=0.003)


def test_the_bands_that_a_large_picture_is_read_in_do_not_show(tmp_path, monkeypatch):
    values = np.random.default_rng(0).integers(0, 65536, (23, 31, 4)).astype(np.uint16)
    eight = (values >> 8).astype(np.uint8)
    paths = [
        *(png(tmp_path / f"{channels}.png", values[..., :channels]) for channels in (1, 2, 3, 4)),
        saved(tmp_path / "clear.png", eight, None),
        saved(tmp_path / "p3.png", eight, icc.display_p3()),
        saved(tmp_path / "grey.png", eight[..., 0], icc.linear_grey()),
    ]
    whole = [loaded(path).sha256 for path in paths]
    monkeypatch.setattr(bands, "BAND_PIXELS", 100)
    assert [loaded(path).sha256 for path in paths] == whole
    assert len({*whole}) == len(paths)


def test_the_row_says_what_its_pictures_were_converted_from(tmp_path):
    saved(tmp_path / "p3.png", CUBE, icc.display_p3())
    saved(tmp_path / "damaged.png", CUBE, b"nothing")
    saved(tmp_path / "plain.png", CUBE, None)
    styles = [str(tmp_path / name) for name in ("plain.png", "damaged.png")]
    said = []
    watch = Watcher()
    watch.says = said.append
    experiment = {
        "name": "tiny",
        "inputs": {"content": str(tmp_path / "p3.png"), "style": styles},
        "fixed": {"size": 32, "iterations": 2},
        "measure": {"referee": "none"},
        "backends": ["fake"],
    }
    (row,) = nstbench.sweep(experiment, tmp_path / "out", watch=watch).runs.to_dict("records")
    assert (row["content_profile"], row["style_profile"]) == ("Display P3", "sRGB; ignored: damaged")
    assert f"{tmp_path}/p3.png: colour profile Display P3, converted to sRGB" in said
    assert f"{tmp_path}/damaged.png: colour profile ignored: damaged" in said
