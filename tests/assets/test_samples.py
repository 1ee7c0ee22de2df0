from __future__ import annotations

import time
from functools import cache

import numpy as np
import pytest

from nstbench.assets import SAMPLES, cache_dir, sample
from nstbench.assets.painting import PAINTERS, VERSION, paint

CONTENTS = [name for name, it in SAMPLES.items() if it.kind == "content"]
STYLES = [name for name, it in SAMPLES.items() if it.kind == "style"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NSTBENCH_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", CONTENTS)
def test_a_photograph_is_what_scikit_image_shows_and_needs_no_download(name, monkeypatch):
    import pooch
    from skimage import data

    monkeypatch.setattr(pooch.Pooch, "fetch", lambda *_, **__: pytest.fail("a download was tried"))
    pixels = sample(name)
    assert pixels.dtype == np.uint8
    height, width = pixels.shape[:2]
    assert f"{width} x {height}" in SAMPLES[name].about
    shown = {"cat": data.chelsea, "motorcycle": lambda: data.stereo_motorcycle()[0]}
    np.testing.assert_array_equal(pixels, shown.get(name, getattr(data, name, None))())


painted = cache(paint)


def test_every_painter_is_a_sample():
    assert sorted(PAINTERS) == sorted(STYLES)


@pytest.mark.thorough
@pytest.mark.parametrize("name", STYLES)
def test_a_style_is_painted_the_same_every_time(name):
    started = time.process_time()
    painted.cache_clear()
    first = painted(name)
    seconds = time.process_time() - started
    assert first.shape == (512, 512, 3)
    assert first.dtype == np.uint8
    assert seconds < 8
    np.testing.assert_array_equal(first, paint(name))


def strength(pixels, step):
    """Contrast at one scale: how much means over blocks of `step` pixels differ from their neighbours."""
    side = 512 // step
    means = pixels.reshape(side, step, side, step, 3).mean(axis=(1, 3))
    return np.abs(np.diff(means, axis=0)).mean() + np.abs(np.diff(means, axis=1)).mean()


@pytest.mark.parametrize("name", STYLES)
def test_a_style_has_strong_colours_and_texture_at_every_scale(name):
    pixels = painted(name).astype(float)
    assert (pixels.max(axis=2) - pixels.min(axis=2)).mean() > 40
    assert pixels.mean(axis=2).std() > 25
    for step in (1, 2, 4, 16, 64):
        assert strength(pixels, step) > 7, step


def test_a_painted_style_is_kept_and_read_back_alike(monkeypatch):
    first = sample("mosaic")
    assert (cache_dir() / "samples" / f"mosaic-v{VERSION}.png").is_file()
    monkeypatch.setattr("nstbench.assets.painting.paint", lambda name: pytest.fail("painted twice"))
    np.testing.assert_array_equal(first, sample("mosaic"))


def test_a_damaged_cached_style_is_painted_again():
    first = sample("mosaic")
    kept = cache_dir() / "samples" / f"mosaic-v{VERSION}.png"
    kept.write_bytes(kept.read_bytes()[:5000])
    np.testing.assert_array_equal(first, sample("mosaic"))
    assert kept.stat().st_size > 5000


def test_a_machine_without_a_cache_still_has_styles(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NSTBENCH_CACHE", str(tmp_path / "file"))
    assert sample("mosaic").shape == (512, 512, 3)
