"""What experiments may ask of every backend, from the file to the tables, with the shipped fake."""

import numpy as np
import pytest
from PIL import Image

import nstbench
from nstbench.api import Problem
from nstbench.assets import load_image, resize
from nstbench.experiment import experiment_from_mapping
from nstbench.run.colour import with_colour_of
from nstbench.run.problem import build_problem
from nstbench.run.sweep import prepare_sweep


def experiment(**fixed):
    return {
        "name": "tiny",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "iterations": 6, "alpha": 1, "beta": 10, **fixed},
        "measure": {"referee": "none"},
        "backends": ["fake"],
    }


def posed(tmp_path, **changes) -> Problem:
    """Plan one trial and build the problem its backend would get."""
    plain = experiment() | changes
    prepared = prepare_sweep(experiment_from_mapping(plain, tmp_path), tmp_path / "out")
    (trial,) = prepared.plan.trials
    assert trial.refusal is None
    return build_problem(trial, tmp_path)


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image, np.float32) / 255


def test_several_styles_are_blended_by_weights_that_add_up_to_one(tmp_path):
    styles = {"sample:coffee": 3, "sample:waves": 1}
    problem = posed(tmp_path, inputs={"content": "sample:cat", "style": styles})
    assert problem.style_blend == (0.75, 0.25)
    for ref, style in zip(styles, problem.styles, strict=True):
        np.testing.assert_array_equal(style, load_image(ref, 32, tmp_path).pixels)


def test_blends_can_be_an_axis_and_have_results_of_their_own(tmp_path):
    blends = [["sample:coffee", "sample:waves"], {"sample:coffee": 9, "sample:waves": 1}, "sample:waves"]
    asked = experiment() | {"inputs": {"content": "sample:cat"}, "sweep": {"style": blends}}
    runs = nstbench.sweep(asked, tmp_path).runs
    assert list(runs["style"]) == ["sample:coffee,sample:waves"] * 2 + ["sample:waves"]
    assert list(runs["style_blend"].fillna("")) == ["0.5,0.5", "0.9,0.1", ""]
    assert runs["trial_id"].is_unique


def test_the_style_can_be_scaled_with_the_pastiche(tmp_path):
    problem = posed(tmp_path, fixed={"size": 40, "style_scale": 1.5})
    assert max(problem.style.shape) == 60
    assert max(problem.content.shape) == 40


def test_the_pastiche_can_start_from_an_image_whatever_its_shape(tmp_path):
    start = load_image("sample:rocket", 40, tmp_path).pixels
    Image.fromarray(np.rint(start * 255).astype(np.uint8)).save(tmp_path / "start.png")
    problem = posed(tmp_path, fixed={"size": 32, "init": "start.png"})
    assert problem.init.shape == problem.content.shape != start.shape
    expected = resize(load_image("start.png", 32, tmp_path).pixels, *problem.content.shape[:2])
    np.testing.assert_array_equal(problem.init, expected)


def test_another_start_image_under_the_same_name_is_another_trial(tmp_path):
    ids = set()
    for shade in (60, 180):
        Image.new("RGB", (40, 30), (shade, 20, 90)).save(tmp_path / "start.png")
        made = experiment_from_mapping(experiment(init="start.png"), tmp_path)
        ids.add(prepare_sweep(made, tmp_path / "out").plan.trials[0].trial_id)
    assert len(ids) == 2


def test_colour_is_kept_by_taking_only_the_luminance(tmp_path):
    plain, kept = (
        nstbench.sweep(experiment(preserve_colour=wanted), tmp_path / str(wanted)).runs.iloc[0]
        for wanted in (False, True)
    )
    content = load_image("sample:cat", 32, tmp_path).pixels
    before, after = pixels(tmp_path / "False" / plain["image"]), pixels(tmp_path / "True" / kept["image"])
    yiq = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
    of = {name: image @ yiq.T for name, image in (("before", before), ("after", after), ("content", content))}
    unclipped = ((after > 0) & (after < 1)).all(axis=-1)
    assert unclipped.mean() > 0.9
    np.testing.assert_allclose(of["after"][unclipped][:, 0], of["before"][unclipped][:, 0], atol=0.006)
    np.testing.assert_allclose(of["after"][unclipped][:, 1:], of["content"][unclipped][:, 1:], atol=0.006)
    assert np.abs(of["before"] - of["content"])[..., 1:].max() > 0.05


def test_colour_of_the_same_picture_changes_nothing():
    image = np.random.default_rng(0).random((5, 7, 3), np.float32)
    np.testing.assert_allclose(with_colour_of(image, image), image, atol=1e-6)


def test_content_and_styles_lie_beside_the_results_as_the_backends_got_them(tmp_path):
    plain = experiment() | {"inputs": {"content": "sample:cat", "style": ["sample:coffee", "sample:waves"]}}
    results = nstbench.sweep(plain, tmp_path)
    run = results.runs.iloc[0]
    hashes = [run["content_sha256"], *run["style_sha256"].split(",")]
    for ref, sha256 in zip(("sample:cat", "sample:coffee", "sample:waves"), hashes, strict=True):
        expected = load_image(ref, 32, tmp_path).pixels
        np.testing.assert_array_equal(pixels(tmp_path / "inputs" / f"{sha256[:12]}.png"), expected)


def test_snapshots_are_kept_every_so_many_iterations(tmp_path):
    asked = experiment(iterations=9) | {"measure": {"referee": "none", "snapshot_every": 2}}
    results = nstbench.sweep(asked, tmp_path)
    images = results.images
    assert list(images["iteration"]) == [2, 4, 6, 8, 9]
    assert list(images["snapshot"]) == [True] * 4 + [False]
    assert images["elapsed_s"].is_monotonic_increasing
    assert results.runs["compile_count"][0] == 1
    alone = nstbench.sweep(experiment(iterations=4), tmp_path / "alone").images
    assert alone["sha256"][0] == images["sha256"][1]


def test_a_longer_trial_of_a_shared_trajectory_has_the_pictures_of_the_shorter_one(tmp_path):
    asked = experiment() | {"sweep": {"iterations": [4, 8]}}
    del asked["fixed"]["iterations"]
    asked["measure"] = {"referee": "none", "snapshot_every": 2}
    images = nstbench.sweep(asked, tmp_path).images
    seen = [list(group["iteration"]) for _, group in images.groupby("trial_id", sort=False)]
    assert seen == [[2, 4], [2, 4, 6, 8]]
    assert all((tmp_path / path).exists() for path in images["path"])


def test_a_trial_stops_once_its_loss_no_longer_falls(tmp_path):
    # The fake's style loss falls to 0.81 of itself in an iteration; its content loss rises to a bound.
    asked = experiment(iterations=60, patience=5, min_delta=0.15, alpha=0.4, beta=100, tv_weight=0)
    results = nstbench.sweep(asked, tmp_path)
    (run,) = results.runs.to_dict("records")
    losses = results.losses["total"].to_numpy()
    assert run["status"] == "ok"
    assert run["iterations"] == 60
    assert run["iterations_done"] == len(losses) < 60
    assert losses[-5:].min() >= 0.85 * losses[:-5].min()
    assert losses[-15:].min() < 0.85 * losses[:-15].min()  # ten iterations a call: it could not stop earlier
    assert results.images["iteration"][0] == len(losses)


def test_without_patience_it_goes_on_to_the_end(tmp_path):
    results = nstbench.sweep(experiment(iterations=60, alpha=0.01, beta=100), tmp_path)
    assert results.runs["iterations_done"][0] == 60


@pytest.mark.parametrize(
    ("fixed", "inputs", "backend", "said"),
    [
        ({}, ["sample:coffee", "sample:waves"], "colour-transfer", "takes one style image, not 2"),
        ({"deterministic": True}, "sample:coffee", "colour-transfer", "has no setting 'deterministic'"),
    ],
)
def test_what_a_backend_cannot_promise_is_refused_by_name(tmp_path, fixed, inputs, backend, said):
    plain = experiment(**fixed) | {
        "inputs": {"content": "sample:cat", "style": inputs},
        "backends": [backend],
    }
    run = nstbench.sweep(plain, tmp_path).runs.iloc[0]
    assert run["status"] == "refused"
    assert f"{backend} {said}" in run["error_message"]


def test_settings_that_change_nothing_make_no_further_trials(tmp_path):
    swept = {"optimiser": ["lbfgs", "sgd"], "learning_rate": [0.1, 0.2], "adam_beta1": [0.5, 0.9]}
    made = experiment_from_mapping(experiment() | {"sweep": swept}, tmp_path)
    trials = prepare_sweep(made, tmp_path / "out").plan.trials
    seen = [(t.settings.optimiser, t.noticed_settings().get("learning_rate")) for t in trials]
    assert seen == [("lbfgs", None), ("sgd", 0.1), ("sgd", 0.2)]
