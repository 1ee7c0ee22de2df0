"""Masks from the file to the tables, with the shipped fake."""

import numpy as np
import pytest
from PIL import Image

import nstbench
from nstbench.api import ExperimentError
from nstbench.record import Store
from nstbench.run.problem import build_problem


def experiment(**inputs):
    return {
        "name": "tiny",
        "inputs": {"content": "sample:astronaut", "style": ["sample:coffee", "sample:waves"], **inputs},
        "fixed": {"size": 64, "iterations": 3, "alpha": 1, "beta": 10},
        "measure": {"referee": "random:0", "isolation": "none"},
        "backends": ["fake"],
    }


@pytest.fixture
def halves(tmp_path, monkeypatch):
    """Masks of the left and the right half, of another size than anything else."""
    monkeypatch.chdir(tmp_path)
    left = np.zeros((96, 96), np.uint8)
    left[:, :48] = 255
    Image.fromarray(left).save("left.png")
    Image.fromarray(255 - left).save("right.png")
    return ["left.png", "right.png"]


def test_each_region_has_its_style_and_is_judged_by_it(halves, tmp_path):
    results = nstbench.sweep(experiment(content_masks=halves), tmp_path / "out")
    run = results.runs.iloc[0]
    assert run["content_masks"] == "left.png,right.png"
    assert run["referee_style"] > 0
    assert results.runs[["referee_colour", "referee_swd"]].isna().all(axis=None)
    trial = Store(tmp_path / "out").record(run["trial_id"]).trial
    for base, inputs in ((tmp_path, None), (None, tmp_path / "out" / "inputs")):
        left, right = build_problem(trial, base, inputs).content_masks
        assert left.shape == (64, 64)
        assert min(left[:, :30].min(), right[:, 34:].min()) > 0.9
        assert max(left[:, 34:].max(), right[:, :30].max()) < 0.1
    picture = np.asarray(Image.open(tmp_path / "out" / run["image"]), float)
    content = np.asarray(Image.open(tmp_path / "out" / "inputs" / f"{run['content_sha256'][:12]}.png"), float)
    change = (picture - content).mean(axis=0)
    assert np.abs(change[:30].mean(axis=0) - change[34:].mean(axis=0)).max() > 3


def test_another_mask_under_the_same_name_is_another_trial_and_no_mask_an_old_one(halves, tmp_path):
    ids = [nstbench.plan_trials(experiment()).trials[0].trial_id]
    for _ in range(2):
        ids.append(nstbench.plan_trials(experiment(content_masks=halves)).trials[0].trial_id)
        Image.open("right.png").save("left.png")
    assert len(set(ids)) == 3


def test_a_black_mask_is_one_line_before_anything_runs(halves, tmp_path):
    Image.new("L", (96, 96)).save("left.png")
    with pytest.raises(
        ExperimentError, match=r"inputs.content_masks: left.png: the mask is black everywhere"
    ):
        nstbench.sweep(experiment(content_masks=halves), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_masks_shrink_with_the_picture_from_stage_to_stage(halves, tmp_path):
    staged = experiment(content_masks=halves, style_masks=["sample:coffee", "right.png"])
    staged["fixed"] |= {"stages": 2, "iterations": 4}
    runs = nstbench.sweep(staged, tmp_path / "out").runs
    assert list(runs["status"]) == ["ok"]
