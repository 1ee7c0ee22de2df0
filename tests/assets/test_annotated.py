"""Pictures in other formats, and the note inside."""

import numpy as np
import pytest
from PIL import Image

from nstbench.api import AssetError
from nstbench.assets import encode_png
from nstbench.assets.annotated import annotated, note_in

NOTE = {"backend": "fake", "settings": {"style_layers": ["conv1_1"], "name": "Zürich"}}
RAMP = np.stack(np.meshgrid(*[np.linspace(0, 1, 24, dtype=np.float32)] * 2), axis=-1)
PIXELS = np.dstack([RAMP, RAMP[..., :1]])


@pytest.mark.parametrize(("ending", "off"), [(".png", 0), (".jpg", 6), (".jpeg", 6), (".webp", 12)])
def test_the_picture_stays_and_the_note_comes_back(tmp_path, ending, off):
    path = tmp_path / f"a{ending}"
    path.write_bytes(annotated(encode_png(PIXELS), ending, 95, NOTE))
    with Image.open(path) as picture:
        assert picture.format == {".png": "PNG", ".webp": "WEBP"}.get(ending, "JPEG")
        read = np.asarray(picture.convert("RGB"), int)
    assert abs(read - np.rint(PIXELS * 255)).max() <= off
    assert note_in(path) == NOTE


def test_less_quality_is_less_bytes():
    png = encode_png(PIXELS)
    for ending in (".jpg", ".webp"):
        assert len(annotated(png, ending, 10, {})) < len(annotated(png, ending, 100, {}))


def test_a_picture_without_a_note_is_one_line(tmp_path):
    (tmp_path / "a.png").write_bytes(encode_png(PIXELS))
    with pytest.raises(AssetError, match="has no note of how it was made"):
        note_in(tmp_path / "a.png")
    with pytest.raises(AssetError, match="no such image"):
        note_in(tmp_path / "b.png")
