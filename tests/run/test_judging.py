"""The referee in a sweep: every picture is judged, whoever made it, now or later."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import nstbench
from nstbench.api import AssetError
from nstbench.api.judged import JUDGED, REFERENCES
from nstbench.assets import load_image, load_weights, resolve_weights
from nstbench.record import Store
from nstbench.referee import RULER, Referee
from nstbench.run.judging import Judging
from nstbench.run.standing import Standing
from nstbench.run.sweep import Watcher

INPUTS = {"content": "sample:cat", "style": "sample:coffee"}


def experiment(referee="random:0", **more):
    swept = more.get("sweep", {})
    fixed = {"size": 40, "iterations": 4, "alpha": 1, "beta": 10}
    return {
        "name": "tiny",
        "inputs": {name: ref for name, ref in INPUTS.items() if name not in swept},
        "fixed": {name: value for name, value in fixed.items() if name not in swept},
        "measure": {"referee": referee, **more.pop("measure", {})},
        "backends": ["fake", "colour-transfer"],
        **more,
    }


class Listening(Watcher):
    """Keeps what it is told."""

    def __init__(self):
        self.said = []

    def says(self, message):
        self.said.append(message)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swept")
    return folder, nstbench.sweep(experiment(measure={"snapshot_every": 2}), folder)


def test_iterative_and_single_pass_backends_stand_in_one_table_judged_by_one_rule(swept):
    folder, results = swept
    runs = results.runs.set_index("backend")
    weights = load_weights(resolve_weights("random:0", folder, print))
    content, style = (load_image(INPUTS[which], 40, folder).pixels for which in ("content", "style"))
    stretched = load_image("sample:coffee", 40, folder).pixels  # both samples are 3:2, so nothing to stretch
    judge = Referee(weights).against(content, (style,), (1.0,), stretched[: content.shape[0]])
    for name in ("fake", "colour-transfer"):
        verdict = judge.judge(load_image(runs["image"][name], None, folder).pixels)
        assert runs["referee_content"][name] == pytest.approx(verdict.content)
        assert runs["referee_style"][name] == pytest.approx(verdict.style)
        assert runs["referee_heldout"][name] == pytest.approx(verdict.heldout)
        assert runs["referee_ssim"][name] == pytest.approx(verdict.ssim)
    assert list(runs["referee_weights"]) == ["random:0"] * 2


def test_snapshots_are_judged_too_layer_by_layer(swept):
    _, results = swept
    columns = [name for name in results.images if name.startswith("referee_style_conv")]
    assert len(columns) == 5
    assert results.images[[*columns, "referee_total"]].notna().all(axis=None)
    assert len(results.images) == 3
    layers = results.images[columns].mean(axis=1)
    np.testing.assert_allclose(layers, results.images["referee_style"], rtol=1e-6)


def test_the_two_trivial_answers_are_on_every_row_and_are_the_same_for_both(swept):
    runs = swept[1].runs
    for name in ("style_of_content", "heldout_of_content", "content_of_style", "ssim_of_style"):
        first, second = runs[f"referee_{name}"]
        assert first == second > 0
    total = (
        runs["referee_content"] / runs["referee_content_of_style"]
        + runs["referee_style"] / runs["referee_style_of_content"]
    )
    np.testing.assert_allclose(runs["referee_total"], total, rtol=1e-9)


def test_pictures_that_were_never_judged_are_judged_by_the_next_sweep(tmp_path):
    before = nstbench.sweep(experiment("none"), tmp_path).runs
    assert before["referee_total"].isna().all()
    after = nstbench.sweep(experiment(), tmp_path).runs
    assert after["referee_total"].notna().all()
    assert list(after["wall_s"]) == list(before["wall_s"])  # nothing ran again


FIRST_FIGURES = ("total", "content", "style", "heldout", "tv", "ssim", "style_conv1_1")
NEW = ["referee_msssim", "referee_cfsd", "referee_colour", "referee_swd"]


@pytest.fixture
def by_an_older_ruler(swept, tmp_path):
    """Copy what was swept, and take away what the first ruler did not see."""
    folder = shutil.copytree(swept[0], tmp_path / "old")
    store = Store(folder)
    for record in store.records():
        seen = [{name: each.referee[name] for name in FIRST_FIGURES} for each in record.pictures]
        pictures = tuple(
            replace(picture, referee=figures) for picture, figures in zip(record.pictures, seen, strict=True)
        )
        reference = {name: value for name, value in record.reference.items() if "colour" not in name}
        store.write_record(replace(record, pictures=pictures, reference=reference, referee_ruler=None))
    return folder


def test_pictures_of_an_older_ruler_can_be_read_and_the_next_sweep_judges_them_anew(swept, by_an_older_ruler):
    old, before = nstbench.open_results(by_an_older_ruler), swept[1]
    assert old.runs[["referee_ruler", "referee_colour_of_content", *NEW]].isna().all(axis=None)
    assert old.images[NEW].isna().all(axis=None)
    assert list(old.runs["referee_total"]) == list(before.runs["referee_total"])
    after = nstbench.sweep(experiment(measure={"snapshot_every": 2}), by_an_older_ruler)
    pd.testing.assert_frame_equal(after.runs, before.runs)
    pd.testing.assert_frame_equal(after.images, before.images)
    assert set(after.runs["referee_ruler"]) == {RULER}


@pytest.mark.filterwarnings("ignore:.*judged by a referee with other weights")
def test_what_an_older_ruler_said_stays_where_its_weights_are_not_at_hand(swept, by_an_older_ruler):
    for referee in ("none", "random:1"):
        measure = {"snapshot_every": 2}
        after = nstbench.sweep(experiment(referee, measure=measure), by_an_older_ruler).runs
        assert list(after["referee_total"]) == list(swept[1].runs["referee_total"])
        assert after[["referee_ruler", "referee_colour"]].isna().all(axis=None)
        assert set(after["referee_weights"]) == {"random:0"}


@pytest.mark.parametrize(
    ("ruler", "by", "done"),
    [
        (None, "random:0", False),
        (RULER - 1, "random:0", False),
        (RULER, "random:0", True),
        (RULER + 1, "random:0", True),
        (None, "random:1", True),
    ],
)
def test_only_an_older_ruler_with_the_same_weights_is_to_be_judged_anew(by_an_older_ruler, ruler, by, done):
    store, source = Store(by_an_older_ruler), resolve_weights(by, by_an_older_ruler)
    judging = Judging(source, by_an_older_ruler)
    for record in store.records():
        store.write_record(replace(record, referee_ruler=ruler))
    records = store.records()
    assert [judging.is_done(record) for record in records] == [done, done]
    trials = [record.trial for record in records]
    standing = Standing.of(trials, nstbench.open_results(store.path))
    assert [standing.is_judged(trial, source.sha256) for trial in trials] == [done, done]


def test_every_column_that_judges_has_a_figure_and_what_marks_the_end_of_its_scale(swept):
    runs = swept[1].runs
    assert runs[[*JUDGED, *REFERENCES, "referee_tv"]].notna().all(axis=None)
    assert swept[1].images[[*JUDGED, "referee_tv"]].notna().all(axis=None)


def test_a_picture_that_is_gone_is_said_and_hides_no_measurement(tmp_path):
    runs = nstbench.sweep(experiment("none"), tmp_path).runs
    (tmp_path / runs["image"][0]).unlink()
    watch = Listening()
    after = nstbench.sweep(experiment(), tmp_path, watch=watch).runs
    assert any("not judged" in line and runs["trial_id"][0] in line for line in watch.said)
    assert list(after["status"]) == ["ok", "ok"]
    assert list(after["referee_total"].isna()) == [True, False]


def test_weights_asked_for_by_name_must_be_there(tmp_path):
    with pytest.raises(AssetError, match=r"measure\.referee: .*nowhere\.h5"):
        nstbench.sweep(experiment("nowhere.h5"), tmp_path)
    assert not (tmp_path / "plan.json").exists()


def test_a_shared_trajectory_is_judged_at_each_checkpoint(tmp_path):
    made = experiment(sweep={"iterations": [2, 4]}, backends=["fake"])
    runs = nstbench.sweep(made, tmp_path).runs
    assert runs["referee_ssim"][0] > runs["referee_ssim"][1]  # the fake walks away from the content
    assert all(picture.referee for record in Store(tmp_path).records() for picture in record.pictures)


def test_a_referee_whose_weights_overflow_judges_nothing_and_spoils_no_sweep(tmp_path):
    weights = load_weights(resolve_weights("random:0", tmp_path, print))
    arrays = {
        name: values
        for layer, (kernel, bias) in weights.items()
        for name, values in ((f"{layer}/kernel", kernel * np.float32(1e12)), (f"{layer}/bias", bias))
    }
    np.savez(tmp_path / "large.npz", **arrays)
    watch = Listening()
    for again in range(2):
        results = nstbench.sweep(experiment(str(tmp_path / "large.npz")), tmp_path / "out", watch=watch)
        assert set(results.runs["status"]) == {"ok"}
        assert results.runs["referee_total"].isna().all()
        said = [line for line in watch.said if "not judged: the referee's weights file:large.npz" in line]
        assert len(said) == 2 * (again + 1)
    assert nstbench.sweep(experiment(), tmp_path / "out").runs["referee_total"].notna().all()
