"""Every setting can be an axis: it has a column, names, an axis of the report, and can be compared by."""

import json
import operator
import re
from dataclasses import replace

import pytest

import nstbench
from nstbench.api import SETTINGS
from nstbench.comparison.axes import axes
from nstbench.comparison.compare import compare, compare_folders
from nstbench.experiment import json_schema
from nstbench.experiment.overrides import target
from nstbench.export.exports import benchmark_entries
from nstbench.record import open_results
from nstbench.record.schema import RUNS
from nstbench.report.contact_sheet import arrange

from .scenes import a_folder, a_record, a_trial

BASE = {
    "name": "tiny",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "iterations": 4, "alpha": 1, "beta": 10, "tv_weight": 0.5},
    "backends": ["fake"],
    "measure": {"referee": "none", "isolation": "none"},
}
TWO_STYLES = {"style": ["sample:coffee", "sample:waves"], "style_layers": ["conv1_1", "conv2_1"]}
OF_A_NETWORK = ("pooling", "taps", "style_loss", "weights", "balanced_layers")
"""What only a network can do: the stand-in has none."""
VALUES = {
    "content": ["sample:cat", "sample:rocket"],
    "style": ["sample:coffee", "sample:waves"],
    "style_blend": [[1, 1], [3, 1]],
    "content_masks": ["sample:waves", "sample:mosaic"],
    "style_masks": ["sample:waves", "sample:mosaic"],
    "weights": ["random:0", "random:1"],
    "content_weights": [1, 2],
    "style_weights": [[1, 9], [9, 1]],
    "init": ["content", "noise"],
    "stages": [1, 2],
}
"""Two values of what the table of settings cannot tell two values of."""
BESIDE = {
    "style_blend": {"style": TWO_STYLES["style"]},
    "content_masks": {"content": "sample:hatching"},
    "style_masks": {"style": "sample:hatching"},
    "style_weights": {"style_layers": TWO_STYLES["style_layers"]},
    "min_delta": {"patience": 1},
    "stages": {"size": 64},
}
"""What a setting needs beside it to mean anything."""


def two_values(setting):
    """Return two different values that a setting allows, small ones if it is a count."""
    if setting.name in VALUES:
        return VALUES[setting.name]
    if setting.kind == "layers":
        return [["conv1_1"], ["conv2_1"]]
    if setting.kind == "switch":
        return [False, True]
    if setting.kind == "count":
        return [int(setting.least), int(setting.least) + 1]
    if setting.kind == "number":
        others = (2 * setting.default, setting.default + 1, setting.default / 2)
        allowed = [each for each in others if each != setting.default and allows(setting, each)]
        return list(setting.contrast or (setting.default, allowed[0]))
    return list(setting.choices[:2])


def allows(setting, value):
    limits = [
        (setting.least, operator.ge),
        (setting.above, operator.gt),
        (setting.most, operator.le),
        (setting.below, operator.lt),
    ]
    return all(keeps(value, limit) for limit, keeps in limits if limit is not None)


def swept(folder, sweep, fixed=(), **changes):
    """Sweep on the stand-in, without a process of its own."""
    kept = {name: value for name, value in (BASE["fixed"] | dict(fixed)).items() if name not in sweep}
    inputs = {name: value for name, value in BASE["inputs"].items() if name not in sweep}
    inputs |= {name: kept.pop(name) for name in ("content", "style") if name in kept}
    return nstbench.sweep(BASE | {"inputs": inputs, "fixed": kept, "sweep": sweep} | changes, folder)


def named(results, column):
    (axis,) = (axis for axis in axes(results.runs) if axis.column == column)
    return axis.values


def shows_the_axis(results, setting):
    """Check that an axis of two values is one everywhere that trials are told apart."""
    runs = results.runs
    assert len(runs) == runs["label"].nunique() == 2
    assert (runs["label"] != "").all()
    assert setting in runs
    assert runs["asked"].map(lambda text: str(json.loads(text).get(setting))).nunique() == 2
    assert [(axis.column, axis.title) for axis in axes(runs)][1:] == [(setting, SETTINGS[setting].title)]
    sheet = arrange(results, across=setting)
    assert (len(sheet.columns), len(sheet.rows), len(sheet.cells)) == (2, 1, 2)
    found = compare(results, by=setting)
    assert len(found.pairs) == 1
    assert found.unpaired.empty


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_known_everywhere(tmp_path, name, request):
    """It has a flag, a line in the guide and in the schema, a column and an axis, and can be compared by."""
    assert target(name)
    assert target(f"sweep.{name}") == ("sweep", name)
    schema = json_schema()
    assert schema["$defs"][f"setting_{name}"]["description"] == SETTINGS[name].says
    assert name in schema["properties"]["sweep"]["properties"]
    guide = (request.config.rootpath / "docs/experiment.md").read_text()
    assert re.search(rf"^\| `{name}` \|.*\S.*\|$", guide, re.MULTILINE)
    assert RUNS[name][1]
    few, of_a_network = {}, {}
    if name in OF_A_NETWORK:
        few = {"style_layers": ["conv1_1"], "content_layers": ["conv2_1"], "iterations": 1}
        few["weights"] = "random:0"
        of_a_network = {"backends": ["torch-vgg19"]}
    values = two_values(SETTINGS[name])
    shows_the_axis(swept(tmp_path, {name: values}, few | BESIDE.get(name, {}), **of_a_network), name)


HEAVY = {
    "one": ["conv3_1", "conv4_1"],
    "b-heavy": {"conv3_1": 1, "conv4_1": 50},
    "a-heavy": {"conv3_1": 50, "conv4_1": 1},
}


def test_layers_with_other_weights_are_other_layers(tmp_path):
    results = swept(tmp_path, {"style_layers": HEAVY, "beta": [1, 10]})
    assert {axis.column: axis.values for axis in axes(results.runs)} == {
        "backend_label": ("fake",),
        "style_layers": tuple(HEAVY),
        "beta": ("1", "10"),
    }
    found = compare(results, by="style_layers", base="b-heavy")
    assert list(found.groups["group"]) == ["b-heavy", "one", "a-heavy"]
    assert list(found.groups["paired"]) == [2, 2, 2]
    assert found.unpaired.empty
    assert len(compare(results, by="beta").pairs) == 3


def test_layers_without_names_are_written_with_the_weights_that_tell_them_apart(tmp_path):
    results = swept(tmp_path, {"style_layers": list(HEAVY.values())})
    assert named(results, "style_layers") == ("0.5*3_1 0.5*4_1", "1*3_1 50*4_1", "50*3_1 1*4_1")
    plain = swept(tmp_path / "plain", {"style_layers": [["conv1_1"], ["conv1_1", "conv2_1"]]})
    assert named(plain, "style_layers") == ("1_1", "1_1 2_1")


def test_layers_and_weights_that_multiply_are_two_axes(tmp_path):
    results = swept(
        tmp_path,
        {
            "style_layers": {"low": TWO_STYLES["style_layers"], "high": ["conv3_1", "conv4_1"]},
            "style_weights": {"flat": [1, 1], "steep": [1, 9]},
        },
    )
    assert named(results, "style_layers") == ("low", "high")
    assert named(results, "style_weights") == ("flat", "steep")
    for by in ("style_layers", "style_weights"):
        found = compare(results, by=by)
        assert len(found.pairs) == 2
        assert found.unpaired.empty


def test_layers_and_weights_that_advance_together_are_one_axis(tmp_path):
    layers = [TWO_STYLES["style_layers"], ["conv3_1", "conv4_1"], ["conv3_1", "conv4_1"]]
    results = swept(tmp_path, {"zip": {"style_layers": layers, "style_weights": [[1, 1], [1, 9], [9, 1]]}})
    assert named(results, "style_layers") == ("1*1_1 1*2_1", "1*3_1 9*4_1", "9*3_1 1*4_1")
    assert len(compare(results, by="style_layers").pairs) == 2


def test_styles_with_other_shares_are_other_styles(tmp_path):
    one, two = TWO_STYLES["style"]
    blends = {"more coffee": {one: 3, two: 1}, "more waves": {one: 1, two: 3}, "coffee": one}
    results = swept(tmp_path, {"style": blends, "beta": [1, 10]})
    assert named(results, "style") == tuple(blends)
    found = compare(results, by="style")
    assert list(found.groups["paired"]) == [2, 2, 2]
    unnamed = swept(tmp_path / "unnamed", {"style": list(blends.values())[:2]})
    assert unnamed.runs["label"].is_unique
    assert named(unnamed, "style") == (f"0.75*{one} 0.25*{two}", f"0.25*{one} 0.75*{two}")


def test_numbers_that_agree_in_six_digits_stay_apart(tmp_path):
    results = swept(tmp_path, {"beta": [1000000, 1000001, 2000000], "seed": [0, 1]}, {"init": "noise"})
    assert named(results, "beta") == ("1000000", "1000001", "2000000")
    found = compare(results, by="beta")
    assert list(found.groups["group"]) == ["1000000", "1000001", "2000000"]
    assert list(found.groups["paired"]) == [2, 2, 2]


def test_weights_of_layers_that_agree_in_six_digits_stay_apart(tmp_path):
    weights = [{"conv1_1": 1, "conv2_1": 1.0000001}, {"conv1_1": 1, "conv2_1": 1.0000002}]
    results = swept(tmp_path, {"style_layers": weights, "beta": [1, 10]})
    assert len(set(named(results, "style_layers"))) == 2
    assert list(compare(results, by="beta").groups["paired"]) == [2, 2]


OTHERS = {
    "style_size": [32, 64],
    "tv_weight": [0, 1],
    "style_layers": HEAVY,
    "content_weights": [1, 2],
}


@pytest.mark.parametrize("scale", ["gatys", "keras-example"])
@pytest.mark.parametrize("other", OTHERS)
def test_sizes_are_compared_at_equal_values_of_every_other_axis(tmp_path, other, scale):
    """Another size has other converted weights, and a style of another size if that was not given."""
    results = swept(tmp_path, {"size": [32, 48], other: OTHERS[other]}, {"loss_scale": scale})
    found = compare(results, by="size")
    assert len(found.pairs) == len(OTHERS[other])
    assert found.unpaired.empty
    pairs = zip(found.pairs["base_label"], found.pairs["other_label"], strict=True)
    assert all(one.removeprefix("size=32, ") == two.removeprefix("size=48, ") for one, two in pairs)
    assert [axis.column for axis in axes(results.runs)] == ["backend_label", "size", other]


def test_units_of_the_loss_are_compared_at_equal_weights_and_weights_in_equal_units(tmp_path):
    sweep = {"loss_scale": ["gatys", "neural-style"], "tv_weight": [1, 2], "content_weights": [1, 3]}
    results = swept(tmp_path, sweep)
    for by in sweep:
        found = compare(results, by=by)
        assert len(found.pairs) == 4
        assert found.unpaired.empty


def test_what_the_harness_does_is_in_the_name_of_a_point(tmp_path):
    sweep = {"preserve_colour": [False, True], "patience": {"never": 0, "soon": 2}}
    results = swept(tmp_path, sweep, backends=["fake", "colour-transfer"])
    assert list(results.runs["label"]) == [
        "preserve_colour=false, never",
        "preserve_colour=false, soon",
        "preserve_colour=true, never",
        "preserve_colour=true, soon",
        "preserve_colour=false",
        "preserve_colour=true",
    ]
    assert named(results, "patience") == ("never", "soon", "not used")
    exported = [entry["name"] for entry in benchmark_entries(results)]
    assert len(set(exported)) == len(exported)
    sheet = arrange(results, across="preserve_colour")
    assert sheet.columns == ("preserve colour false", "preserve colour true")


def test_a_seed_that_nothing_depends_on_makes_one_trial(tmp_path):
    sweep, noise = {"seed": [3, 4]}, {"init": "noise"}
    results = swept(tmp_path, sweep, noise, backends=["fake", "colour-transfer"])
    assert results.runs["label"].tolist() == ["seed=3", "seed=4", ""]
    assert results.runs["seed"].fillna(-1).tolist() == [3, 4, -1]
    assert named(results, "seed") == ("3", "4", "not used")
    first, second = results.images["sha256"][:2]
    assert first != second, "the noise is another"


def labelled(trial, name, **asked):
    return replace(trial, axes={"beta": name}, asked=trial.noticed_settings() | asked)


def test_names_that_folders_do_not_agree_on_give_way_to_values(tmp_path):
    one, ten, hundred = (a_trial({"beta": beta}) for beta in (1.0, 10.0, 100.0))
    named_here = [labelled(one, "low"), labelled(ten, "high"), labelled(hundred, "top")]
    named_there = [labelled(one, "low"), labelled(ten, "middle"), labelled(hundred, "high")]
    for name, trials in (("a", named_here), ("b", named_there)):
        a_folder(tmp_path / name, *map(a_record, trials))
    both = open_results(tmp_path / "a", tmp_path / "b")
    assert named(both, "beta") == ("low", "10", "100")
    found = compare(both, by="beta")
    assert list(found.groups["group"]) == ["low", "10", "100"]
    assert list(found.groups["trials"]) == [2, 2, 2]


def test_a_value_that_is_fixed_in_one_folder_belongs_to_its_name_in_the_other(tmp_path):
    swept(tmp_path / "a", {"beta": {"weak": 1, "strong": 10}})
    swept(tmp_path / "b", {}, {"beta": 10})
    found = compare_folders(tmp_path / "a", tmp_path / "b", by="beta")
    assert dict(zip(found.groups["group"], found.groups["trials"], strict=True)) == {"weak": 1, "strong": 2}
