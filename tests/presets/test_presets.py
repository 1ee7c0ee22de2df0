"""Presets: each project's loss from its own definition against ours with its weights, and conversions."""

import math
import re

import numpy as np
import pytest

from nstbench.api import CHANNELS, GATYS_STYLE_LAYERS, LAYERS, SETTINGS, TV_FORMS, UnknownName, tap_shape
from nstbench.experiment.settings import WRITTEN
from nstbench.presets.conversion import convert, scaled_layer_weights, scaled_tv_weight
from nstbench.presets.presets import PRESETS, find_preset

from .foreign_losses import PROJECTS, foreign_losses, nine_points
from .scenes import (
    SIZES,
    canonical_content,
    canonical_style,
    canonical_tv,
    scene,
    some_image,
    some_taps,
    theirs,
)


def weights_of(name, kind):
    """The layer weights an experiment gets from this preset."""
    settings = WRITTEN(content="c", style="s", **PRESETS[name].defaults).complete()
    return settings.layer_weights(kind)


@pytest.mark.parametrize(
    ("name", "size"),
    # Roots of matrices take long; their size is that of the channels.
    [(name, size) for name in PRESETS for size in (SIZES if name != "crowsonkb" else SIZES[2:])],
)
def test_the_losses_are_those_of_the_project(name, size):
    x, content, style, image = scene(name, size)
    expected, settings = theirs(name, size), PRESETS[name].settings
    lc = canonical_content(
        x, content, scaled_layer_weights(name, "content", weights_of(name, "content"), *size)
    )
    style_weights = scaled_layer_weights(name, "style", weights_of(name, "style"), *size)
    ls = canonical_style(x, style, style_weights, settings.get("style_loss", "gram"))
    tv = canonical_tv(image, settings.get("tv_form", "squared"))
    tv_weight = scaled_tv_weight(name, settings.get("tv_weight", 0.0), math.prod(size))
    assert lc == pytest.approx(expected["content"], rel=1e-12)
    assert ls == pytest.approx(expected["style"], rel=1e-9)
    total = settings["alpha"] * lc + settings["beta"] * ls + tv_weight * tv
    assert total == pytest.approx(expected["total"], rel=1e-9)
    if tv_weight:
        assert tv * tv_weight == pytest.approx(settings["tv_weight"] * expected["tv"], rel=1e-12)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_settings(name):
    settings = WRITTEN(content="c", style="s", **PRESETS[name].defaults).complete()
    assert settings.loss_scale == name
    assert PRESETS[name].name == name and PRESETS[name].source.startswith("https://")


def test_every_project_has_its_losses_written_down_and_its_units_in_the_settings():
    assert set(PROJECTS) == set(PRESETS)
    assert set(SETTINGS["loss_scale"].choices) == set(PRESETS)


def test_the_example_with_the_unnormalised_gram_is_as_much_smaller_as_its_poolings_where_sides_divide():
    weights = scaled_layer_weights("keras-example", "style", dict.fromkeys(LAYERS, 1.0), 64, 96)
    for layer, weight in weights.items():
        poolings, channels = int(layer[4]) - 1, tap_shape(layer, 64, 96)[2]
        assert weight == pytest.approx(channels**2 / (9 * 16**poolings), rel=1e-12)


@pytest.mark.parametrize("kind", ["content", "style"])
def test_the_papers_units_leave_weights_as_they_are(kind):
    weights = {"conv1_1": 0.1, "conv5_4": 0.7}
    assert scaled_layer_weights("gatys", kind, weights, 53, 37) == weights
    assert scaled_layer_weights("gatys", kind, weights, 8, 8) == weights


@pytest.mark.parametrize("name", PRESETS)
def test_formulas_say_what_the_factors_do(name):
    preset, height, width = PRESETS[name], 53, 37
    for layer in ("conv1_1", "conv3_1", "conv5_2"):
        tall, wide, channels = tap_shape(layer, height, width)
        known = {"K": 2.0, "E": 1.0, "N": channels, "M": tall * wide, "H": height, "W": width}
        for kind, term in (("content", preset.content_term), ("style", preset.style_term)):
            (factor,) = scaled_layer_weights(name, kind, {layer: 1.0}, height, width).values()
            assert eval(term, {}, known) == pytest.approx(factor, rel=1e-12)
    tv = eval(preset.tv_term, {}, {"TV": 1.0, "H": height, "W": width})
    assert tv == pytest.approx(scaled_tv_weight(name, 1.0, height * width), rel=1e-12)


@pytest.mark.parametrize("form", TV_FORMS)
def test_another_form_of_total_variation_is_scaled_by_its_own_power_of_the_pixel_range(form):
    image = some_image(9, 7)
    scaled = scaled_tv_weight("keras-example", 3.0, 63, form) * canonical_tv(image, form)
    assert scaled == pytest.approx(3.0 * canonical_tv(255 * image, form), rel=1e-12)


def test_the_variation_of_neural_style_is_the_one_its_gradient_belongs_to_and_leaves_out_the_edge():
    image, direction = some_image(6, 5), np.random.default_rng(4).normal(size=(6, 5, 3))
    x = 255 * image
    gradient = np.zeros_like(x)
    right, below = x[:-1, :-1] - x[:-1, 1:], x[:-1, :-1] - x[1:, :-1]
    gradient[:-1, :-1] += right + below
    gradient[:-1, 1:] -= right
    gradient[1:, :-1] -= below
    taps = some_taps(0, 16, 16)

    def tv(image):
        return foreign_losses("neural-style", taps, taps, taps, image)["tv"]

    slope = (tv(image + direction / 255) - tv(image - direction / 255)) / 2
    assert slope == pytest.approx(np.sum(gradient * direction), rel=1e-9)
    edge = np.sum(np.diff(x[-1], axis=0) ** 2) + np.sum(np.diff(x[:, -1], axis=0) ** 2)
    ours = scaled_tv_weight("neural-style", 1.0, 30) * canonical_tv(image, "squared")
    assert ours == pytest.approx(tv(image) + edge / 2, rel=1e-12)


def test_the_variation_of_crowsonkb_is_ours_where_a_picture_is_smooth():
    y, x = np.mgrid[:60, :80] / 20
    image = np.stack([np.sin(y + x), np.cos(y - 2 * x), np.sin(2 * y)], axis=-1)
    ours = scaled_tv_weight("crowsonkb", 1.0, 60 * 80) * canonical_tv(image, "squared")
    assert ours == pytest.approx(nine_points(image), rel=0.03)


def adam(x, gradient, rate, epsilon):
    """Kingma and Ba 2015, algorithm 1, ten steps."""
    m = v = 0.0
    for t in range(1, 11):
        g = gradient(x)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        x = x - rate * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + epsilon)
    return x


@pytest.mark.parametrize(
    ("name", "rate"), [("coursera", 2.0), ("neural-style", 10.0), ("neural-style-pt", 1.0)]
)
def test_adam_on_pixels_to_1_takes_the_steps_that_the_project_takes_on_pixels_to_255(name, rate):
    settings, start = PRESETS[name].settings, np.array([0.1, 0.5, 0.9])

    def gradient(y):
        return 1e-8 * (y - 100) ** 3 / 1e5  # so small that epsilon tells

    theirs = adam(255 * start, gradient, rate, 1e-8)
    ours = adam(start, lambda x: 255 * gradient(255 * x), settings["learning_rate"], settings["adam_epsilon"])
    wrong = adam(start, lambda x: 255 * gradient(255 * x), settings["learning_rate"], 1e-8)
    assert 255 * ours == pytest.approx(theirs, rel=1e-9)
    assert 255 * wrong != pytest.approx(theirs, rel=1e-3)


def test_gradient_descent_on_pixels_to_1_takes_the_steps_that_the_example_takes_on_pixels_to_255():
    settings, ours, theirs = PRESETS["keras-example"].settings, 0.3, 0.3 * 255
    for step in range(250):
        theirs -= 100.0 * 0.96 ** (step / 100) * 1e-5 * (theirs - 100)
        rate = settings["learning_rate"] * settings["learning_rate_decay"] ** (step / 100)
        ours -= rate * 255 * 1e-5 * (255 * ours - 100)
    assert 255 * ours == pytest.approx(theirs, rel=1e-9)


def test_what_is_said_of_adams_epsilon_is_so():
    roots = [math.sqrt(1 - 0.999**step) for step in (1, 1000)]
    said = " ".join(PRESETS["tf-tutorial"].departures)
    assert f"{0.1 / roots[0]:.2g} at step 1 and {0.1 / roots[1]:.2g} at step 1000" in said
    assert f"weighs {1 / roots[0]:.0f} times" in " ".join(PRESETS["coursera"].departures)


def test_unknown_presets_are_refused_with_a_suggestion():
    for call in (
        lambda: find_preset("tf-tutorials"),
        lambda: convert("gatys", "tf-tutorials", {}, 64, 64),
        lambda: scaled_tv_weight("tf-tutorials", 1.0, 1),
    ):
        with pytest.raises(UnknownName, match="Did you mean 'tf-tutorial'"):
            call()


@pytest.fixture(scope="module")
def page(request):
    return (request.config.rootpath / "docs" / "presets.md").read_text()


PER_MEAN = tuple(1 / CHANNELS[layer] ** 2 for layer in GATYS_STYLE_LAYERS)

FALLING = tuple(share / 341 for share in (256, 64, 16, 4, 1))


def table_of(page, heading):
    """Rows by their first cell, of the table whose first column has this heading."""
    (block,) = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    return {row[0]: row[1:] for line in block.splitlines() for row in [line.strip("| ").split(" | ")]}


def test_the_page_gives_every_default(page):
    rows = table_of(page, "setting")
    assert {name.strip("`") for name in rows} | {"style_layers"} == {
        name for preset in PRESETS.values() for name in preset.settings
    }
    for name, cells in rows.items():
        for preset, cell in zip(PRESETS.values(), cells, strict=True):
            value = preset.settings.get(name.strip("`"))
            if isinstance(value, float):
                assert float(cell) == pytest.approx(value, rel=1e-5)
            else:
                special = {None: "-", (1.0,) * 5: "1 each", PER_MEAN: "1/N^2", FALLING: "256/341 to 1/341"}
                assert cell == special.get(value, value[0] if isinstance(value, tuple) else str(value))
    others = [name for name, each in PRESETS.items() if each.settings["style_layers"] != GATYS_STYLE_LAYERS]
    assert others == ["pytorch-tutorial"]


def test_the_page_gives_every_formula_source_and_departure(page):
    rows, text = table_of(page, "preset"), " ".join(page.split())
    for preset in PRESETS.values():
        terms = (preset.content_term, preset.style_term, preset.tv_term)
        assert rows[f"[{preset.name}](#{preset.name})"] == [f"`{term}`" for term in terms]
        assert f"\n## {preset.name}\n" in page
        assert preset.source in page
        assert all(departure in text for departure in preset.departures)
