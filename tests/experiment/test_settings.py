"""What one trial's settings may be, and what they become."""

from dataclasses import FrozenInstanceError

import pytest
from pydantic import ValidationError

from nstbench.api import SETTINGS
from nstbench.experiment import Measure
from nstbench.experiment.settings import WRITTEN


def settings(**given):
    return WRITTEN(content="a", style="b", **given).complete()


def test_defaults_are_those_of_gatys():
    made = settings()
    assert made.style_layers == ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    assert made.layer_weights("style") == dict.fromkeys(made.style_layers, 0.2)
    assert made.layer_weights("content") == {"conv4_2": 1.0}


@pytest.mark.parametrize(("optimiser", "rate"), [("adam", 0.05), ("sgd", 1e-7)])
def test_a_learning_rate_that_is_not_given_goes_with_the_optimiser(optimiser, rate):
    assert settings(optimiser=optimiser).learning_rate == rate
    assert settings(optimiser=optimiser, learning_rate=rate) == settings(optimiser=optimiser)
    assert settings(optimiser=optimiser, learning_rate=0.1).learning_rate == 0.1


def test_what_is_not_given_suits_the_default_units_alone():
    ours, coursera = settings(size=128), settings(size=128, loss_scale="coursera", alpha=10)
    assert (ours.beta, ours.tv_weight) == (2048, 10_000)
    assert (coursera.beta, coursera.tv_weight) == (3000, 0)
    given = {"beta": 7, "tv_weight": 2}
    for scale in ("gatys", "coursera"):
        made = settings(loss_scale=scale, **given)
        assert {name: getattr(made, name) for name in given} == given


def test_the_style_keeps_its_share_from_size_to_size():
    stages = [{"size": 64, "iterations": 2}, {"size": 96, "iterations": 2}]
    assert settings(stages=stages).beta == settings(size=96).beta == 96**2 / 8
    assert settings(size=96, style_loss="wasserstein2").beta == 200 * settings(size=96).beta


def test_layers_come_in_network_order_with_their_weights():
    made = settings(style_layers=["conv5_1", "conv1_1", "conv3_1"], style_weights=[5, 1, 3])
    assert made.layer_weights("style") == {"conv1_1": 1.0, "conv3_1": 3.0, "conv5_1": 5.0}
    assert list(made.layer_weights("style")) == ["conv1_1", "conv3_1", "conv5_1"]


def test_a_mapping_of_layers_gives_weights_too():
    assert settings(style_layers={"conv5_1": 5, "conv1_1": 1}) == settings(
        style_layers=["conv1_1", "conv5_1"], style_weights=[1.0, 5.0]
    )


def test_other_names_of_a_layer_are_understood():
    assert settings(content_layers=["block4_conv2"], style_layers=["relu1_1"]) == settings(
        content_layers=["conv4_2"], style_layers=["conv1_1"]
    )


def test_one_layer_needs_no_list():
    assert settings(style_layers="conv3_1", style_weights=2).layer_weights("style") == {"conv3_1": 2.0}


def test_whole_numbers_do_for_floats_and_equal_them():
    assert settings(alpha=1) == settings(alpha=1.0)
    assert hash(settings(alpha=1)) == hash(settings(alpha=1.0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"alpha": "1"},
        {"alpha": True},
        {"alpha": float("inf")},
        {"iterations": 10.0},
        {"iterations": 0},
        {"iterations": 1_000_001},
        {"size": 31},
        {"style_layers": []},
        {"style_layers": ["conv1_1", "block1_conv1"]},
        {"style_weights": [1, 2]},
        {"content_weights": [-1]},
        {"style_layers": ["conv1_1"], "style_weights": [0]},
        {"alpha": 0, "beta": 0, "tv_weight": 0},
        {"alpha": 0, "beta": 0},
        {"unknown": 1},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_alpha_and_beta_may_be_0_if_something_is_left_to_minimise():
    assert settings(alpha=0, beta=0, tv_weight=1).tv_weight == 1


def test_nothing_can_be_changed_afterwards():
    with pytest.raises(FrozenInstanceError):
        settings().alpha = 2
    with pytest.raises(ValidationError):
        Measure().rounds = 3


def test_every_setting_is_described():
    assert all(setting.says for setting in SETTINGS.values())
    assert all(field.description for field in Measure.model_fields.values())
