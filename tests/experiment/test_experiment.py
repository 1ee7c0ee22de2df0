"""From a file or a mapping to points."""

from pathlib import Path

import pytest

from nstbench.api import ExperimentError
from nstbench.experiment import experiment_from_mapping, load_experiment

BASE = {"inputs": {"content": "a.png", "style": "b.png"}, "backends": ["x"]}


def sweep(axes, **more):
    return experiment_from_mapping({**BASE, "sweep": axes, **more})


def values(experiment, *names):
    return [tuple(getattr(point.settings, name) for name in names) for point in experiment.points()]


def test_a_whole_file_is_read(load, layers):
    experiment = load()
    assert experiment.name == "layers"
    assert experiment.description == "Which layers represent the style?"
    assert experiment.source == layers.encode()
    assert experiment.base == Path()
    assert experiment.measure.timeout_s == 900
    assert experiment.axes == ("style_layers", "iterations", "alpha", "beta", "size")
    assert [(each.name, each.label, each.options) for each in experiment.backends] == [
        ("jax-vgg19", "jax-vgg19", {}),
        ("tf-vgg19", "tf-vgg19", {"xla": True}),
    ]


def test_the_product_is_in_file_order_less_exclusions_plus_inclusions(load):
    expected = [
        (layers, iterations, *pair, 192)
        for layers in (("conv1_1", "conv2_1"), ("conv4_1", "conv5_1"))
        for iterations in (20, 40, 80)
        for pair in ((1, 100), (10, 1000))
        if not (layers[0] == "conv4_1" and iterations == 80)
    ]
    gatys = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    expected.append((gatys, 10, 1, 256**2 / 8, 256))
    assert values(load(), "style_layers", "iterations", "alpha", "beta", "size") == expected


def test_points_have_labels(load):
    first, *_, last = load().points()
    assert first.labels == {
        "style_layers": "shallow",
        "iterations": "iterations=20",
        "alpha": "alpha=1",
        "beta": "beta=100",
    }
    assert last.labels == {"size": "size=256", "iterations": "iterations=10"}


def test_labels_are_made_for_values_without():
    axes = {
        "style_layers": [["relu2_1", "conv1_1"], {"conv5_1": 2, "conv4_1": 0.5}],
        "style_size": [None, 64],
        "alpha": [1e-3, 2.0],
        "pooling": ["avg"],
    }
    labels = [list(point.labels.values()) for point in sweep(axes).points()]
    assert labels[0] == ["conv1_1+conv2_1", "style_size=none", "alpha=0.001", "pooling=avg"]
    assert labels[-1] == ["0.5*conv4_1+2*conv5_1", "style_size=64", "alpha=2", "pooling=avg"]


def test_a_weighted_axis_value_brings_its_weights_and_a_plain_one_does_not(load):
    weights = {point.labels.get("style_layers"): point.settings.style_weights for point in load().points()}
    assert weights == {"shallow": None, "deep": (0.7, 0.3), None: None}


def test_equal_points_collapse_and_the_first_label_stays():
    experiment = sweep({"style_layers": {"a": ["conv1_1"], "b": ["block1_conv1"], "c": "conv2_1"}})
    assert [point.labels["style_layers"] for point in experiment.points()] == ["a", "c"]


def test_without_a_sweep_there_is_one_point():
    (point,) = sweep({}).points()
    assert point.labels == {}


def test_included_points_alone_are_a_list_of_points():
    experiment = sweep(
        {"include": [{"size": 64}, {}, {"size": 96, "iterations": 5}]}, fixed={"iterations": 9}
    )
    assert values(experiment, "size", "iterations") == [(64, 9), (256, 9), (96, 5)]


def test_exclusion_does_not_touch_included_points():
    experiment = sweep({"alpha": [1, 2], "exclude": {"alpha": 2}, "include": {"alpha": 2}})
    assert values(experiment, "alpha") == [(1.0,), (2.0,)]


def test_an_exclusion_finds_a_value_however_it_is_spelt():
    axes = {"style_layers": [["conv1_1"], ["conv2_1"]], "alpha": [1, 2]}
    rules = [
        {"style_layers": ["relu1_1"], "alpha": 1.0},
        {"style_layers": "block2_conv1", "alpha": "alpha=2"},
    ]
    experiment = sweep({**axes, "exclude": rules})
    assert values(experiment, "style_layers", "alpha") == [(("conv1_1",), 2.0), (("conv2_1",), 1.0)]


def test_images_may_be_axes():
    experiment = experiment_from_mapping(
        {"inputs": {"content": "a"}, "sweep": {"style": {"one": "s1", "two": "s2"}}, "backends": ["x"]}
    )
    assert values(experiment, "content", "style") == [("a", ("s1",)), ("a", ("s2",))]


def test_several_groups_advance_together_and_multiply():
    groups = [{"alpha": [1, 2], "beta": {"low": 10, "high": 20}}, {"size": [64, 96], "style_size": [32, 48]}]
    experiment = sweep({"zip": groups})
    assert values(experiment, "alpha", "beta", "size", "style_size") == [
        (1, 10, 64, 32),
        (1, 10, 96, 48),
        (2, 20, 64, 32),
        (2, 20, 96, 48),
    ]


def test_a_name_comes_from_the_file(tmp_path):
    path = tmp_path / "My first try.yaml"
    path.write_text("inputs: {content: a, style: b}\nbackends: [x]\n")
    assert load_experiment(path).name == "My-first-try"
    assert load_experiment(path).base == tmp_path


def test_empty_sections_are_no_mistake(load):
    assert load("inputs: {content: a, style: b}\nfixed:\nsweep:\nmeasure:\nbackends: [x]\n").points()


def test_a_file_and_its_mapping_make_the_same_points(load):
    mapping = {
        "inputs": {"content": "a", "style": "b"},
        "sweep": {"alpha": (1, 2), "style_layers": {"x": ("conv1_1",)}},
        "backends": ["x"],
    }
    text = "inputs: {content: a, style: b}\nbackends: [x]\n"
    text += "sweep: {alpha: [1, 2], style_layers: {x: [conv1_1]}}\n"
    assert experiment_from_mapping(mapping).points() == load(text).points()
    assert load(experiment_from_mapping(mapping).source.decode()).points() == load(text).points()


def test_one_backend_twice_is_told_apart_by_its_options():
    entries = ["x", {"name": "x", "options": {"xla": True}}, {"name": "x", "label": "mine"}]
    labels = [each.label for each in experiment_from_mapping({**BASE, "backends": entries}).backends]
    assert labels == ["x", "x[xla=true]", "mine"]


def test_asked_for_backends_replace_the_list_and_keep_their_options(load):
    chosen = load(backends=["tf-vgg19", "other"]).backends
    assert [(each.name, each.options) for each in chosen] == [("tf-vgg19", {"xla": True}), ("other", {})]


def test_asked_for_backends_do_for_a_file_without_any(load):
    assert load("inputs: {content: a, style: b}\n", backends=["x"]).backends[0].name == "x"


def test_ten_thousand_points_are_made_and_one_more_is_not():
    axes = {"alpha": list(range(1, 101)), "beta": list(range(1, 101))}
    assert len(sweep(axes).points()) == 10_000
    with pytest.raises(ExperimentError, match="10,001 trials"):
        sweep({**axes, "include": [{"size": 64}]})
