"""Conversions between projects' units: the same total loss, there and back, and what is said of it."""

import math
import re
from itertools import permutations

import pytest

from nstbench.api import UsageError
from nstbench.presets.conversion import convert
from nstbench.presets.presets import PRESETS

from .scenes import SIZES, canonical_content, canonical_style, canonical_tv, scene, theirs

PAIRS = list(permutations(PRESETS, 2))


@pytest.mark.parametrize("name", PRESETS)
def test_converting_to_the_papers_units_keeps_the_total_loss(name):
    size = SIZES[2]
    x, content, style, image = scene(name, size)
    made = convert(name, "gatys", {}, *size).settings
    total = (
        made["alpha"] * canonical_content(x, content, made["content_layers"])
        + made["beta"] * canonical_style(x, style, made["style_layers"], made["style_loss"])
        + made["tv_weight"] * canonical_tv(image, made["tv_form"])
    )
    assert total == pytest.approx(theirs(name, size)["total"], rel=1e-9)


CUSTOM = {
    "alpha": 0.3,
    "beta": 70.0,
    "tv_weight": 2.0,
    "tv_form": "absolute",
    "content_layers": {"conv4_2": 3.0, "conv5_2": 1.0},
    "style_layers": {"conv1_2": 0.0, "conv3_1": 5.0, "conv4_3": 2.0},
}


def flat(settings):
    """The numbers alone, by name and layer."""
    made = {name: value for name, value in settings.items() if isinstance(value, float)}
    for kind in ("content", "style"):
        made |= {f"{kind} {layer}": weight for layer, weight in settings[f"{kind}_layers"].items()}
    return made


@pytest.mark.parametrize("given", [{}, CUSTOM], ids=["defaults", "custom"])
@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_there_and_back_is_where_one_started(here, there, given):
    start = flat(convert(here, here, given, 53, 37).settings)
    away = convert(here, there, given, 53, 37).settings
    back = convert(there, here, {key: away[key] for key in away if key != "loss_scale"}, 53, 37)
    assert flat(back.settings) == pytest.approx(start, rel=1e-12, abs=0)
    assert back.settings["taps"] == PRESETS[here].settings.get("taps", "relu")
    assert back.settings["tv_form"] == away["tv_form"] == given.get("tv_form", PRESETS[here].tv_form)
    if given:
        assert start == pytest.approx(flat(CUSTOM), rel=1e-12, abs=0)


@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_any_way_to_the_papers_units_is_the_same(here, there):
    away = convert(here, there, {}, 64, 48).settings
    round_about = convert(there, "gatys", {key: away[key] for key in away if key != "loss_scale"}, 64, 48)
    straight = convert(here, "gatys", {}, 64, 48)
    assert flat(round_about.settings) == pytest.approx(flat(straight.settings), rel=1e-12, abs=0)


def test_a_conversion_in_numbers_worked_out_by_hand():
    made = convert("coursera", "gatys", {"alpha": 10, "beta": 40}, 256, 256)
    assert made.settings["alpha"] == pytest.approx(10 * 2 / (4 * 512 * 32 * 32))
    assert made.settings["beta"] == pytest.approx(40)
    assert made.settings["style_layers"] == pytest.approx(
        dict.fromkeys(PRESETS["gatys"].settings["style_layers"], 0.2)
    )
    assert convert("tf-tutorial", "pystiche", {}, 256, 256).settings["beta"] == pytest.approx(1e-2)


def test_layers_weighed_differently_are_said_and_get_weights_with_the_usual_sum():
    made = convert("keras-example", "gatys", {}, 256, 256)
    assert sum(made.settings["style_layers"].values()) == pytest.approx(1)
    assert made.settings["style_layers"]["conv1_1"] == pytest.approx(
        4 * made.settings["style_layers"]["conv2_1"]
    )
    assert any("weigh style layers differently" in note for note in made.notes)
    to_sum = convert("gatys", "neural-style", {}, 256, 256).settings["style_layers"]
    assert sum(to_sum.values()) == pytest.approx(5)
    alike = convert("tf-tutorial", "pystiche", {"tv_weight": 0}, 256, 256)
    assert alike.notes == ()


def test_a_style_that_is_compared_otherwise_stays_so_and_that_is_said():
    made = convert("crowsonkb", "gatys", {}, 64, 48)
    assert made.settings["style_loss"] == "wasserstein2"
    assert "the style stays wasserstein2; that of gatys is gram" in " ".join(made.notes)
    assert "tv_weight holds at 64x48" in " ".join(made.notes)
    with pytest.raises(UsageError, match="unknown taps 'before'"):
        convert("gatys", "pystiche", {"taps": "before"}, 64, 48)


def test_an_alpha_that_depends_on_the_size_and_another_total_variation_are_said():
    notes = " ".join(convert("tf-tutorial", "keras-example", {}, 300, 400).notes)
    assert "alpha holds at 300x400" in notes
    assert "total variation stays absolute" in notes
    assert not convert("coursera", "pystiche", {}, 256, 256).notes


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"gamma": 1}, "unknown setting that can be converted 'gamma'"),
        ({"alpha": "x"}, "alpha must be a number of at least 0, found 'x'"),
        ({"beta": -1}, "beta must be a number of at least 0"),
        ({"tv_weight": math.inf}, "tv_weight must be a number"),
        ({"tv_form": "cubed"}, "unknown tv_form 'cubed'"),
        ({"style_layers": ["conv1_1", "relu1_1"]}, "for 1 different style_layers; give one for each"),
        ({"style_weights": [1, 2]}, "2 style_weights for 5 different style_layers"),
        ({"style_layers": {"conv1_1": 1}, "style_weights": [1]}, "remove style_weights"),
        ({"content_layers": {"conv1_1": 0}}, "content_weights are all 0"),
        ({"content_layers": "conv6_1"}, "unknown layer 'conv6_1'"),
    ],
)
def test_what_cannot_be_converted_is_refused(settings, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        convert("coursera", "gatys", settings, 256, 256)


def test_a_pastiche_too_small_for_a_layer_is_refused():
    with pytest.raises(UsageError, match=r"15x400 is too small for the style layers; .* at least 16"):
        convert("coursera", "gatys", {}, 15, 400)
