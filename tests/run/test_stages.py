"""Sweeps from coarse to fine with the shipped fake, in real worker processes."""

import json

import numpy as np
import pytest
from scipy.ndimage import zoom

import nstbench
from nstbench.api import OptimiserState
from nstbench.assets import load_image, resize
from nstbench.run.staging import carried
from nstbench.testing.fakes import RATE, FakeBackend, FakeSession

from .test_sweep import experiment, pixels

STAGES = [{"size": 32, "iterations": 4}, {"size": 64, "iterations": 6}]


def staged(**changes):
    return experiment(fixed={"beta": 10, "tv_weight": 0, "stages": STAGES}, **changes)


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("staged")
    return nstbench.sweep(staged(measure={"snapshot_every": 2}), folder)


def test_losses_timings_and_pictures_say_their_stage(swept):
    assert list(swept.losses["stage"]) == [1] * 4 + [2] * 6
    timings = swept.timings
    rounds = timings[timings["phase"] == "round"]
    assert rounds.groupby("stage")["iterations"].sum().to_dict() == {1: 4, 2: 6}
    assert rounds.groupby("stage")["warmup"].sum().to_dict() == {1: 1, 2: 1}
    for phase in ("prepare", "compile"):
        assert list(timings[timings["phase"] == phase]["stage"]) == [1, 2]
    assert timings[timings["phase"] == "import"]["stage"].isna().all()
    assert dict(zip(swept.images["iteration"], swept.images["stage"], strict=True)) == {
        2: 1,
        4: 1,
        6: 2,
        8: 2,
        10: 2,
    }


def test_a_row_sums_its_phases_and_has_the_pace_of_its_last_stage(swept):
    run, timings = swept.runs.iloc[0], swept.timings
    assert (run["stages"], run["size"], run["iterations"], run["iterations_done"]) == (
        "32:4,64:6",
        64,
        10,
        10,
    )
    assert run["compile_s"] == pytest.approx(timings[timings["phase"] == "compile"]["seconds"].sum())
    steady = timings[(timings["phase"] == "round") & (timings["stage"] == 2) & ~timings["warmup"]]
    assert run["step_median_s"] == pytest.approx((steady["seconds"] / steady["iterations"]).median())
    every = timings[timings["phase"] == "round"]["seconds"]
    assert run["optimise_s"] == pytest.approx(every.sum())


def test_every_picture_has_the_size_of_the_last(swept):
    folder = swept.stores[0].path
    for path in swept.images["path"]:
        assert pixels(folder / path).shape == (43, 64, 3)


def test_the_second_stage_goes_on_from_the_first(swept, tmp_path):
    """The fake pulls every pixel towards a mean colour, by a tenth in each step.

    Stretched without the harness, by SciPy's cubic splines, which are nearly what Lanczos makes.
    """
    run = swept.runs.iloc[0]
    content, style = (load_image(run[name], 64, tmp_path).pixels for name in ("content", "style"))
    small, means = resize(content, 22, 32), [resize(style, 32, 32).mean(axis=(0, 1)), style.mean(axis=(0, 1))]
    first = means[0] + (small - means[0]) * (1 - RATE) ** 4
    stretched = zoom(first, (43 / 22, 2, 1), order=3, grid_mode=True, mode="nearest")
    expected = means[1] + (stretched - means[1]) * (1 - RATE) ** 6
    error = np.abs(pixels(swept.stores[0].path / run["image"]) - expected)
    assert error.mean() < 0.5 / 255
    anew = means[1] + (content - means[1]) * (1 - RATE) ** 6
    assert np.abs(anew - expected).mean() > 5 / 255


def test_picture_and_moments_are_stretched_as_scipy_does_and_moments_shrink_as_gradients_do():
    rng = np.random.default_rng(0)
    picture, first, second = (rng.random((9, 12, 3), np.float32) for _ in range(3))
    image, state = carried(picture, OptimiserState(7, (first - 0.5, second)), 18, 36)
    how = {"zoom": (2, 3, 1), "grid_mode": True, "mode": "nearest"}
    smooth = zoom(picture, order=3, **how).clip(0, 1)
    assert np.abs(image - smooth).mean() < 0.05
    assert (image.min(), image.max()) == (0, 1)  # what Lanczos overshoots is clipped
    assert state.steps == 7
    for power, (seen, moment) in enumerate(zip(state.moments, (first - 0.5, second), strict=True), start=1):
        np.testing.assert_allclose(seen, zoom(moment, order=1, **how) / 6**power, atol=1e-6)


def test_noise_is_drawn_at_the_size_of_the_first_stage(tmp_path):
    """Shrunk noise would be grey: a quarter of its variance would be left."""
    noise = {"beta": 10, "tv_weight": 0, "init": "noise"}
    small = nstbench.sweep(experiment(fixed=noise | {"size": 32, "iterations": 4}), tmp_path / "small")
    both = nstbench.sweep(experiment(fixed=noise | {"stages": STAGES}), tmp_path / "both")
    rows = 22 / 21  # that the larger picture has, shrunk
    assert both.losses["tv"][0] / small.losses["tv"][0] == pytest.approx(rows, rel=0.05)


def test_patience_ends_a_stage_and_the_next_one_runs(tmp_path):
    fixed = {"beta": 10, "tv_weight": 0, "patience": 2, "min_delta": 0.9, "stages": STAGES}
    results = nstbench.sweep(experiment(fixed=fixed), tmp_path)
    assert results.losses["stage"].value_counts().to_dict() == {1: 4, 2: 4}


def test_a_trial_goes_on_after_a_stage_elsewhere(tmp_path):
    """A record says in JSON what its stages were, and is read again."""
    results = nstbench.sweep(staged(), tmp_path)
    record = json.loads(next(tmp_path.glob("trials/*/result.json")).read_text())
    assert record["trial"]["settings"]["stages"] == [[32, 4], [64, 6]]
    assert nstbench.open_results(tmp_path).runs["stages"].equals(results.runs["stages"])
    again = nstbench.sweep(staged(), tmp_path)
    assert list(again.runs["started_at"]) == list(results.runs["started_at"])


def test_a_stage_that_is_too_large_costs_its_trial_and_closes_what_was_open_once(tmp_path, monkeypatch):
    closed, prepare = [], FakeBackend.prepare

    def prepare_once(self, problem):
        if closed:
            raise MemoryError("too large")
        return prepare(self, problem)

    def close(session):
        closed.append(session)

    monkeypatch.setattr(FakeBackend, "prepare", prepare_once)
    monkeypatch.setattr(FakeSession, "close", close)
    row = nstbench.sweep(staged(measure={"isolation": "none"}), tmp_path).runs.iloc[0]
    assert (row["status"], len(closed)) == ("oom", 1)
    assert row["error_message"].startswith("MemoryError: too large")
