"""`nstbench rerun` on results that were really made."""

import json

import pytest

from ..conftest import EXPERIMENT


@pytest.fixture
def swept(nstbench, write, tmp_path):
    nstbench("sweep", write(EXPERIMENT))
    (row,) = json.loads(nstbench("show", "results/tiny", "--json").stdout)
    return row


def test_a_trial_is_reproduced_alone_and_to_the_bit(nstbench, swept, tmp_path):
    result = tmp_path / "results/tiny/trials" / swept["trial_id"] / "result.json"
    before = result.read_bytes()
    done = nstbench("rerun", swept["trial_id"][:6])
    assert "identical: every logged loss and every pixel" in done.stdout
    assert result.read_bytes() == before


@pytest.mark.thorough
def test_a_difference_is_reported_as_it_is(nstbench, swept, tmp_path):
    """The kept picture is changed by hand: two pixels, the larger change by 9 of 255."""
    from PIL import Image

    path = tmp_path / "results/tiny" / swept["image"]
    with Image.open(path) as image:
        changed = image.copy()
    for at, by in (((3, 4), 9), ((5, 6), 2)):
        red, green, blue = changed.getpixel(at)
        changed.putpixel(at, (red + by if red < 200 else red - by, green, blue))
    changed.save(path)
    facts = json.loads(nstbench("rerun", swept["trial_id"], "results/tiny", "--json").stdout)
    assert facts["identical"] is False
    assert facts["pixel_difference"] == 9
    assert facts["pixels_changed"] == pytest.approx(2 / (32 * 21))
    assert facts["loss_difference"] == 0


def test_an_unknown_trial_is_one_clear_line(nstbench, swept):
    done = nstbench("rerun", "nonsense", check=False)
    assert done.returncode == 2
    assert "'nonsense' is no finished trial of results/tiny" in done.stderr


@pytest.mark.thorough
def test_another_version_of_the_backend_is_not_passed_off_as_the_same(nstbench, swept, tmp_path):
    path = tmp_path / "results/tiny/trials" / swept["trial_id"] / "result.json"
    path.write_text(path.read_text().replace('"backend_version": "1.0"', '"backend_version": "0.9"'))
    done = nstbench("rerun", swept["trial_id"], check=False)
    assert done.returncode == 2
    assert "made by fake 0.9, but 1.0 is installed" in done.stderr
