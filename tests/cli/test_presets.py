"""`nstbench presets`: the list, one preset as an experiment to paste, and conversions."""

import json

import pytest
from typer.testing import CliRunner

from nstbench.api import UnknownName, UsageError
from nstbench.cli.presets import presets_app
from nstbench.experiment import load_experiment
from nstbench.experiment.settings import WRITTEN
from nstbench.experiment.yaml12 import parse
from nstbench.presets.conversion import convert
from nstbench.presets.presets import PRESETS


def run(*arguments):
    result = CliRunner().invoke(presets_app, arguments)
    if result.exception:
        raise result.exception
    return result.stdout


def experiment(text):
    return parse(text, "printed").value


def test_alone_it_lists_every_preset_with_one_line():
    lines = run().splitlines()
    for preset in PRESETS.values():
        assert any(preset.name in line and preset.summary in line for line in lines)
    listed = json.loads(run("--json"))
    assert {row["name"]: row["source"] for row in listed} == {p.name: p.source for p in PRESETS.values()}


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_shown_is_an_experiment_with_the_presets_own_settings(name, write):
    text = run("show", name)
    made = experiment(text)
    assert made["preset"] == name
    inputs = "inputs: {content: sample:cat, style: sample:coffee}\nbackends: [fake]\n"
    (shown,) = load_experiment(write(f"name: shown\n{inputs}{text}")).points()
    (plain,) = load_experiment(write(f"name: shown\n{inputs}preset: {name}\n")).points()
    assert shown.settings == plain.settings
    assert PRESETS[name].content_term in text
    assert all(departure in text for departure in PRESETS[name].departures)


def test_the_canonical_settings_shown_are_those_of_the_size_asked_for():
    text = run("show", "tf-tutorial", "--size", "300x400")
    commented = text.partition("# The same loss in canonical units, at 300x400:\n")[2]
    made = experiment("\n".join(line.removeprefix("# ") for line in commented.splitlines()))["fixed"]
    assert made["loss_scale"] == "gatys"
    assert made["alpha"] == pytest.approx(1e4 * 2 / (512 * 18 * 25), rel=1e-9)
    assert made["beta"] == pytest.approx(0.04)
    as_json = json.loads(run("show", "tf-tutorial", "--size", "300x400", "--json"))["canonical"]
    assert (as_json["height"], as_json["width"]) == (300, 400)
    assert as_json["settings"]["alpha"] == pytest.approx(made["alpha"])


def test_a_conversion_prints_settings_that_validate():
    arguments = ("--from", "coursera", "--to", "keras-example", "--size", "128x96", "alpha=1e1", "beta=40")
    text = run("convert", *arguments)
    fixed = experiment(text)["fixed"]
    wanted = convert("coursera", "keras-example", {"alpha": 10, "beta": 40}, 128, 96)
    settings = WRITTEN(content="c", style="s", **fixed).complete()
    assert settings.loss_scale == "keras-example"
    assert settings.alpha == pytest.approx(wanted.settings["alpha"], rel=1e-9)
    assert settings.layer_weights("style") == pytest.approx(wanted.settings["style_layers"], rel=1e-9)
    assert all(f"# {note}" in text for note in wanted.notes)
    as_json = json.loads(run("convert", *arguments, "--json"))
    assert as_json["settings"] == wanted.settings
    assert as_json["notes"] == list(wanted.notes)


def test_layers_can_be_given_as_in_an_experiment():
    given = "style_layers={relu1_1: 1, block3_conv1: 3}"
    made = json.loads(run("convert", "--from", "gatys", "--to", "pystiche", given, "--json"))["settings"]
    assert made["style_layers"] == pytest.approx({"conv1_1": 1, "conv3_1": 3})
    assert made["beta"] == pytest.approx(250)


@pytest.mark.parametrize("text", ["", "big", "0x", "3x4x5", "-64", "1e3", "64 x 64"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match=r"is no size; give 256, or HEIGHTxWIDTH"):
        run("show", "gatys", f"--size={text}")


@pytest.mark.parametrize(
    "arguments", [("show", "courser"), ("convert", "--from", "courser", "--to", "gatys")]
)
def test_an_unknown_preset_is_refused_with_a_suggestion(arguments):
    with pytest.raises(UnknownName, match="Did you mean 'coursera'"):
        run(*arguments)


def test_a_value_without_a_key_is_refused():
    with pytest.raises(UsageError, match="'10' must be key=value"):
        run("convert", "--from", "coursera", "--to", "gatys", "10")


def test_a_pastiche_of_no_size_is_refused():
    with pytest.raises(UsageError, match="0x64 is too small for the content layers"):
        run("show", "gatys", "--size", "0x64")
