"""The key `preset` of an experiment: another project's defaults, in its own units."""

import numpy as np
import pytest

from nstbench.api import SETTINGS, ExperimentError
from nstbench.experiment import experiment_from_mapping
from nstbench.plan.planner import plan_trials
from nstbench.presets.presets import PRESETS

BASE = {"inputs": {"content": "a.png", "style": "b.png"}, "backends": ["jax-vgg19"]}


def only(**changes):
    (point,) = experiment_from_mapping({**BASE, **changes}).points()
    return point.settings


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fills_every_setting_that_is_not_given(name):
    settings = only(preset=name)
    for setting, value in PRESETS[name].defaults.items():
        assert getattr(settings, setting) == value, setting
    given = only(preset=name, fixed={"iterations": 7, "beta": 3})
    assert (given.iterations, given.beta, given.loss_scale) == (7, 3, name)


def test_layers_of_ones_own_do_not_meet_weights_for_others():
    settings = only(preset="neural-style", fixed={"style_layers": ["conv1_1", "conv2_1"]})
    assert settings.layer_weights("style") == {"conv1_1": 0.5, "conv2_1": 0.5}
    swept = experiment_from_mapping(
        {**BASE, "preset": "neural-style", "sweep": {"style_layers": [["conv1_1"], ["conv2_1", "conv3_1"]]}}
    )
    assert [point.settings.style_weights for point in swept.points()] == [None, None]


def test_a_list_of_stages_brings_its_own_iterations():
    stages = [{"size": 64, "iterations": 5}, {"size": 96, "iterations": 3}]
    settings = only(preset="crowsonkb", fixed={"stages": stages})
    assert (settings.size, settings.iterations, settings.averaging) == (96, 8, 0.99)


def test_an_axis_goes_before_the_preset():
    points = experiment_from_mapping({**BASE, "preset": "coursera", "sweep": {"beta": [1, 2]}}).points()
    assert [(point.settings.alpha, point.settings.beta) for point in points] == [(10, 1), (10, 2)]


def test_an_unknown_preset_is_named_with_the_nearest():
    with pytest.raises(
        ExperimentError, match=r"preset: unknown preset 'courser'.* Did you mean 'coursera'\?"
    ):
        only(preset="courser")


def test_a_preset_can_be_set_on_the_command_line():
    (point,) = experiment_from_mapping(BASE, overrides=["preset=gatys"]).points()
    assert (point.settings.optimiser, point.settings.init) == ("lbfgs", "noise")


def test_the_units_are_worked_into_the_layers_weights_of_a_trial(facts, shelf):
    made = experiment_from_mapping({**BASE, "preset": "coursera", "fixed": {"size": 64}})
    (trial,) = plan_trials(made, facts, shelf).trials
    positions = (trial.height // 8) * (trial.width // 8)  # of conv4_2, which has 512 channels
    assert (trial.settings.alpha, trial.settings.beta) == (10, 40)
    np.testing.assert_allclose(trial.settings.content_weights, [2 / (4 * 512 * positions)])
    assert trial.settings.style_weights == (0.2,) * 5


def test_the_same_loss_in_other_words_is_the_same_trial(facts, shelf):
    plain = {"size": 64, "alpha": 10, "beta": 40, "iterations": 5}
    (one,) = plan_trials(
        experiment_from_mapping({**BASE, "fixed": plain | {"loss_scale": "coursera"}}), facts, shelf
    ).trials
    other_words = plain | {"content_layers": one.settings.layer_weights("content"), "tv_weight": 0}
    (other,) = plan_trials(experiment_from_mapping({**BASE, "fixed": other_words}), facts, shelf).trials
    assert (one.trial_id, one.settings.loss_scale) == (other.trial_id, "coursera")


def test_every_preset_is_a_loss_scale_and_the_other_way_round():
    allowed = SETTINGS["loss_scale"].choices
    assert set(allowed) == set(PRESETS)
