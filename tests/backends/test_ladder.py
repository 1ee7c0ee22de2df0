"""The parity ladder: the shipped backends stand on every rung, and each mistake falls off the right one."""

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nstbench.api import VGG_SETTINGS, Capabilities, OptimiserState
from nstbench.assets import load_weights, resolve_weights
from nstbench.parity.ladder import RUNGS, climb, passed
from nstbench.parity.scenarios import (
    FEW_LAYERS,
    SHALLOW,
    Scenario,
    averaged_scenario,
    biased,
    default_scenarios,
    pose,
    ramp,
)
from nstbench.referee import descend
from nstbench_torch.session import FirstOrderSession

from .wrong import MISTAKES, Iterations, Right, wrong

SHIPPED = {
    "jax-vgg19": ("nstbench_jax", "JaxVgg19", {}),
    "jax-vgg19, xla": ("nstbench_jax", "JaxVgg19", {"convolution": "xla"}),
    "tf-vgg19": ("nstbench_tensorflow", "TensorFlowVgg19", {}),
    "torch-vgg19": ("nstbench_torch", "TorchVgg19", {}),
}


@pytest.fixture(scope="module")
def weights():
    return biased(load_weights(resolve_weights("random:0", Path())))


@pytest.fixture(scope="module")
def started(weights):
    made = {}
    for name, (module, attribute, options) in SHIPPED.items():
        made[name] = getattr(importlib.import_module(module), attribute)(options)
        made[name].start("cpu")
        made[name].load(weights)
    return made


def more_scenarios(weights):
    """What the short list of `nstbench verify` leaves out."""
    scattered = {"conv5_1": 2.0, "conv2_1": 0.5, "conv3_4": 0.1}
    more = {"content_layers": {"conv1_2": 1.0}, "style_layers": scattered, "tv_form": "absolute"}
    name = "deep layers of no order, two styles, average"
    masks = ramp(33, 26), ramp(25, 35)[:, ::-1]
    parts = {"blend": (0.3, 0.7), "style_masks": masks, "style_loss": "wasserstein2", **FEW_LAYERS}
    return [
        Scenario(name, pose(weights, 37, 29, blend=(0.9, 0.1), pooling="avg", **more), steps=3),
        Scenario("Wasserstein-2 of parts of the styles", pose(weights, 18, 23, **parts), steps=1),
    ]


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_backend_agrees_with_the_referee_on_what_verify_leaves_out(started, weights, name):
    """What it does not leave out is climbed by both in tests of `nstbench verify`, in processes."""
    results = list(climb(name, started[name], weights, more_scenarios(weights)))
    for result in results:  # `pytest -s` shows the largest error of each rung
        print(f"{name:10} {result.name:18} {result.error:.1e} (limit {result.limit:.1e}) {result.detail}")
    assert results
    assert {result.name: result.detail for result in results if result.status != "ok"} == {}


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_half_precision_stays_within_its_own_limits_and_not_within_those_of_full(started, weights, name):
    half = default_scenarios(weights, "bf16")[1:2]
    results = {result.name: result for result in climb(name, started[name], weights, half)}
    assert {result.status for result in results.values()} == {"ok"}
    for rung in RUNGS[1:5]:
        assert rung.limits["highest"] < results[rung.name].error <= rung.limits["bf16"]


@pytest.mark.parametrize("wrong_one", ["none", "moments", "steps", "start"])
def test_a_state_that_is_not_handed_over_or_not_taken_up_falls_off(started, weights, wrong_one, monkeypatch):
    backend = started["torch-vgg19"]
    state, prepare = FirstOrderSession.state, type(backend).prepare
    changes = {
        "moments": lambda own: OptimiserState(own.steps, tuple(1.01 * each for each in own.moments)),
        "steps": lambda own: OptimiserState(0, own.moments),
    }
    if wrong_one in changes:
        monkeypatch.setattr(FirstOrderSession, "state", lambda self: changes[wrong_one](state(self)))
    if wrong_one == "start":
        monkeypatch.setattr(
            type(backend), "prepare", lambda self, problem: prepare(self, replace(problem, state=None))
        )
    posed = pose(weights, 12, 15, **FEW_LAYERS)
    (result,) = (
        result
        for result in climb(
            "torch-vgg19", backend, weights, [Scenario("small", posed, 3, next_size=(16, 19))]
        )
        if result.name == "next stage"
    )
    assert result.status == ("ok" if wrong_one == "none" else "failed")


@pytest.mark.thorough
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_loss_curves_agree_after_1_10_and_100_iterations(started, weights, optimiser):
    posed = pose(weights, 12, 15, optimiser=optimiser, **FEW_LAYERS)
    _, expected = descend({layer: weights[layer] for layer in list(weights)[:6]}, posed, 100)
    assert expected[99] < 0.8 * expected[9] < 0.8 * expected[0]
    for backend in started.values():
        session = backend.prepare(posed)
        session.compile(100)
        seen = session.run(100).total
        session.close()
        for k in (1, 10, 100):
            assert seen[k - 1] == pytest.approx(expected[k - 1], rel=1e-2)


@pytest.fixture(scope="module")
def quick(weights):
    """Small scenarios that hold every mistake of `MISTAKES`."""
    layers = {
        "content_layers": {"conv2_2": 0.25, "conv3_3": 0.75},
        "style_layers": {"conv1_1": 0.4, "conv1_2": 0.3, "conv2_1": 0.2, "conv3_2": 0.1},
    }
    other = {"pooling": "avg", "tv_form": "absolute", "blend": (0.3, 0.7), "optimiser": "sgd"}
    shallow = pose(weights, 13, 12, content_layers={"conv2_1": 1.0}, style_layers={"conv1_1": 1.0})
    descent = replace(
        shallow,
        adam_beta1=0.2,
        adam_epsilon=1e-8,
        learning_rate=0.2,
        learning_rate_decay=1e-9,
    )
    return [
        Scenario("max", pose(weights, 19, 15, **layers), steps=1),
        Scenario("average", pose(weights, 15, 18, **other, **layers), steps=1),
        Scenario("descent", descent, steps=4, smooth=False),
        Scenario("lbfgs", replace(shallow, optimiser="lbfgs"), steps=4, smooth=False),
        averaged_scenario(weights),
        Scenario("Wasserstein-2", replace(shallow, style_loss="wasserstein2"), steps=1),
        Scenario("before ReLU", replace(shallow, taps="conv"), steps=1),
    ]


@pytest.fixture(scope="module")
def many_rows(weights):
    return [Scenario("many rows", pose(weights, 183, 181, **SHALLOW), steps=1)]


def up_the_ladder(backend, weights, scenarios):
    backend.load(weights)
    return list(climb("numpy", backend, weights, scenarios))


def test_the_backend_without_a_mistake_passes(weights, quick, many_rows):
    results = up_the_ladder(Right(), weights, quick + many_rows)
    assert {result.name: result for result in results if result.status != "ok"} == {}
    assert passed(results)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_caught_at_the_rung_that_names_it(weights, quick, many_rows, mistake):
    kind, rung = MISTAKES[mistake]
    backend = kind()
    backend.load(weights)
    results = climb("numpy", backend, weights, many_rows if rung == RUNGS[0].name else quick)
    assert next(result.name for result in results if result.status == "failed") == rung


def test_every_rung_catches_some_mistake():
    caught = {rung for _, rung in MISTAKES.values()}
    beside = {"gradient direction", "next stage", "L-BFGS: rise", "L-BFGS: left"}
    assert caught | beside == {rung.name for rung in RUNGS}


def failing(results):
    return {result.name for result in results if result.status == "failed"}


def test_a_gradient_that_points_elsewhere_fails_the_direction_and_one_too_long_does_not(weights, quick):
    turned, _ = MISTAKES["gradient in BGR"]
    short, _ = MISTAKES["gradient of the mean"]
    assert "gradient direction" in failing(up_the_ladder(turned(), weights, quick[:1]))
    assert "gradient direction" not in failing(up_the_ladder(short(), weights, quick[:1]))


def test_losses_that_lag_behind_the_image_fail_the_last(weights, quick):
    """Right at the start, and never looked at again."""
    first = {}

    def stale_losses(self, problem, targets):
        return first.setdefault(problem.optimiser, Right.losses(self, problem, targets))

    stale = wrong(losses=stale_losses)
    assert failing(up_the_ladder(stale(), weights, quick[2:3])) == {"last loss", "loss curve"}


def test_an_lbfgs_that_rises_or_stands_still_fails(weights, quick):
    class Session(Iterations):
        def search(self, total, slope):
            return self.problem.init + self.sign * 0.001 * slope / np.abs(slope).max()

    for sign, rungs in ((1, {"L-BFGS: rise", "L-BFGS: left"}), (0, {"L-BFGS: left"})):
        moving = type("Moving", (Session,), {"sign": sign})
        kind = wrong(prepare=lambda self, problem, moving=moving: moving(self, problem))
        assert failing(up_the_ladder(kind(), weights, quick[3:4])) == rungs


def test_what_is_not_shown_is_not_passed(weights, quick):
    hidden = up_the_ladder(wrong(evaluate=lambda self, problem: None)(), weights, quick[2:3])
    states = {result.name: result.status for result in hidden}
    assert {states[name] for name in ("convolution", "taps", "Gram matrices", "gradient")} == {"not offered"}
    assert states["loss curve"] == "ok"
    assert not passed(hidden)


def test_a_backend_that_shows_no_sums_is_verified_without(weights, many_rows):
    results = up_the_ladder(wrong(reduce=lambda self, *given: None)(), weights, many_rows)
    assert RUNGS[0].name not in {result.name for result in results}


def test_scenarios_that_a_backend_refuses_are_left_out(weights, quick):
    def refuse(self, settings):
        return "no L-BFGS here" if settings.optimiser == "lbfgs" else None

    results = up_the_ladder(wrong(refuse=refuse)(), weights, [quick[2], quick[3]])
    refused = {result.name: result.detail for result in results if result.status == "refused"}
    assert refused == dict.fromkeys(("L-BFGS: rise", "L-BFGS: left"), "no L-BFGS here")
    assert passed(results)
    assert not passed([result for result in results if result.status == "refused"])


def test_scenarios_with_a_setting_it_does_not_consume_are_left_out(weights, quick):
    simple = wrong(capabilities=Capabilities("squared variation only", VGG_SETTINGS - {"tv_form"}))
    results = up_the_ladder(simple(), weights, quick[1:2])
    assert {result.status for result in results} == {"refused"}
    assert "no setting 'tv_form'" in results[0].detail


def test_a_backend_that_breaks_or_answers_in_another_shape_fails_and_the_ladder_goes_on(weights, quick):
    def raising(self, problem):
        raise RuntimeError("out of\nluck")

    broken = up_the_ladder(wrong(evaluate=raising)(), weights, quick[2:3])
    assert broken[0].status == "failed"
    assert broken[0].error is None
    assert "RuntimeError: out of luck" in broken[0].detail
    assert {result.name: result.status for result in broken}["loss curve"] == "ok"
    cut = up_the_ladder(wrong(gradient=lambda self, problem: np.zeros((2, 2, 3)))(), weights, quick[:1])
    assert "gradient" in failing(cut)
    nan = wrong(gradient=lambda self, problem: np.nan * problem.init)
    assert {"gradient", "gradient direction"} <= failing(up_the_ladder(nan(), weights, quick[:1]))
