"""HEIC files as pillow-heif writes them: pixels, colours, damages, and where nothing reads them."""

import sys

import numpy as np
import pytest
from PIL import Image

from nstbench.api import AssetError
from nstbench.assets import load_image, longer_side
from nstbench.assets.heif import can_read

from . import icc

HALVES = np.repeat([[[200, 60, 40]], [[30, 90, 160]]], 24, axis=1).repeat(16, axis=0).astype(np.uint8)


@pytest.fixture
def picture(tmp_path):
    """A HEIC file of two colours, 24 x 32, with a second picture after the first."""
    assert can_read()
    another = Image.new("RGB", (16, 16))
    file = tmp_path / "a.heic"
    profile = icc.display_p3()
    Image.fromarray(HALVES).save(
        file, "HEIF", quality=-1, save_all=True, append_images=[another], icc_profile=profile
    )
    return file


def test_it_is_read_like_any_other_picture(picture):
    found = load_image("a.heic", None, picture.parent)
    assert (found.name, found.profile) == ("a", "Display P3")
    assert longer_side("a.heic", picture.parent) == 32
    for row in (4, 27):
        expected = icc.to_srgb(HALVES[row, 8])
        np.testing.assert_allclose(found.pixels[row, 8] * 255, expected, atol=4)


def test_one_that_is_cut_off_is_one_line(picture):
    whole = picture.read_bytes()
    for length in (200, len(whole) // 2):
        picture.write_bytes(whole[:length])
        with pytest.raises(AssetError, match="cut off") as refused:
            load_image("a.heic", None, picture.parent)
        assert len(str(refused.value).splitlines()) == 1


def test_without_its_reader_the_line_says_what_brings_it(picture, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(AssetError, match=r"a HEIC picture; pip install 'nstbench\[heic\]' reads HEIC, or"):
        load_image("a.heic", None, picture.parent)
