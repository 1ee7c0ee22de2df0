"""The section `gate` of an experiment."""

import json

import jsonschema
import pytest
import yaml

from nstbench.api import ExperimentError
from nstbench.experiment import Gate, experiment_from_mapping, json_schema
from nstbench.plan.planner import plan_trials

GATE = "gate: {step_min_s: 0.1, compile_s: 0.5, losses: null, pairs: 20, confidence: 0.99}\n"
POLICY = ("screening_pairs", "pairs", "confidence")


def refused(load, text, **options):
    with pytest.raises(ExperimentError) as caught:
        load(text, **options)
    return list(caught.value.problems)


@pytest.fixture(scope="module")
def validator():
    return jsonschema.Draft202012Validator(json_schema())


def test_a_file_without_the_section_is_held_to_the_defaults(load, layers):
    assert load(layers).gate == load(f"{layers}gate:\n").gate == Gate()
    assert Gate().allowances(timed=True) == {"step_min_s": 0.05}


def test_what_is_written_counts_and_null_is_not_judged(load, layers):
    gate = load(layers + GATE).gate
    assert gate.allowances(timed=True) == {"step_min_s": 0.1, "compile_s": 0.5}
    assert gate.allowances(timed=False) == {
        name: value for name, value in Gate().allowances(timed=False).items() if name != "losses"
    }
    assert (gate.screening_pairs, gate.pairs, gate.confidence) == (5, 20, 0.99)


def test_every_metric_is_judged_with_time_or_without_never_both():
    everything = Gate(**{name: 0.0 for name, value in Gate() if name not in POLICY})
    timed, noise_free = (everything.allowances(timed=each) for each in (True, False))
    assert set(timed) | set(noise_free) == set(Gate.model_fields) - set(POLICY)
    assert not set(timed) & set(noise_free)
    assert "step_min_s" in timed, "an allowance of 0 is an allowance"


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("gate: {step_median: 0.1}", "exp.yaml:17:8: unknown key 'step_median' in gate; allowed: "),
        ("gate: {losses: -0.1}", "exp.yaml:17:16: must be at least 0, found -0.1"),
        ("gate: {losses: x}", "exp.yaml:17:16: must be a number, found the text 'x'"),
        ("gate: {losses: true}", "exp.yaml:17:16: must be a number, found true"),
        ("gate: {losses: .inf}", "exp.yaml:17:16: must be a finite number, found inf"),
        ("gate: {pairs: 1}", "exp.yaml:17:15: must be at least 2, found 1"),
        ("gate: {pairs: 2000}", "exp.yaml:17:15: must be at most 1,000, found 2000"),
        ("gate: {pairs: null}", "exp.yaml:17:15: must be a whole number, found nothing"),
        ("gate: {confidence: 0.5}", "exp.yaml:17:20: must be above 0.5, found 0.5"),
        ("gate: {confidence: 1}", "exp.yaml:17:20: must be below 1, found 1"),
        ("gate: 3", "exp.yaml:17:7: must be a mapping, found 3"),
    ],
)
def test_a_mistake_is_named_where_it_stands_and_an_editor_underlines_it(
    load, layers, validator, section, said
):
    (line,) = refused(load, f"{layers}{section}\n")
    assert line.startswith(said)
    text = f"{layers}{section}\n"
    assert ".inf" in text or not validator.is_valid(yaml.safe_load(text)), "JSON has no infinity to refuse"


def test_the_nearest_key_is_offered(load, layers):
    (line,) = refused(load, f"{layers}gate: {{step_median: 0.1}}\n")
    assert line.endswith("Did you mean 'step_min_s'?")
    (line,) = refused(load, layers, overrides=["gate.step_median=0.1"])
    assert line.endswith("Did you mean 'gate.step_min_s'?")


def test_mistakes_of_the_gate_come_with_the_others(load, layers):
    lines = refused(load, layers.replace("rounds: 5", "rounds: 0") + "gate: {pairs: 1}\n")
    assert [line.split(": ")[0] for line in lines] == ["exp.yaml:16:19", "exp.yaml:17:15"]


def test_it_can_be_set_on_the_command_line(load, layers):
    gate = load(layers + GATE, overrides=["gate.step_min_s=0.2", "gate.compile_s=null", "gate.pairs=7"]).gate
    assert gate.allowances(timed=True) == {"step_min_s": 0.2}
    assert (gate.pairs, gate.confidence) == (7, 0.99)
    assert load(layers, overrides=["gate.step_min_s=0"]).gate.step_min_s == 0
    (line,) = refused(load, layers, overrides=["gate.losses=-1"])
    assert line == "--set 'gate.losses=-1': must be at least 0, found -1"


def test_an_editor_offers_every_key_with_its_description(validator, layers):
    validator.validate(yaml.safe_load(layers + GATE))
    validator.validate(yaml.safe_load(f"{layers}gate:\n"))
    offered = validator.schema["properties"]["gate"]["properties"]
    assert {name: each["description"] for name, each in offered.items()} == {
        name: field.description for name, field in Gate.model_fields.items()
    }


def test_the_gate_changes_no_trial(load, layers, facts, shelf):
    assert plan_trials(load(layers), facts, shelf) == plan_trials(load(layers + GATE), facts, shelf)


TWICE = "[jax-vgg19, {name: tf-vgg19, options: {xla: true}}, {name: tf-vgg19, label: plain}]"


@pytest.fixture
def twice(layers):
    """An experiment with one backend in two ways, and a gate."""
    return layers.replace("[jax-vgg19, {name: tf-vgg19, options: {xla: true}}]", TWICE) + GATE


@pytest.mark.parametrize("overrides", [[], ["size=64"], ["name=n", "seed=4", "measure.rounds=3"]])
def test_what_the_sides_of_a_comparison_get_is_the_same_experiment(load, twice, facts, shelf, overrides):
    whole = load(twice, overrides)
    given = whole.without_gate({choice.label for choice in whole.backends})
    assert "gate" not in given
    again = experiment_from_mapping(given, whole.base)
    assert (again.name, again.measure) == (whole.name, whole.measure)
    assert plan_trials(again, facts, shelf).trials == plan_trials(whole, facts, shelf).trials
    assert again.gate == Gate()
    assert "gate" in whole.data, "taken out of a copy"


def test_it_is_named_after_its_file_if_it_has_no_name(load, layers):
    assert load(layers.replace("name: layers\n", "")).without_gate({"jax-vgg19"})["name"] == "exp"


@pytest.mark.parametrize("label", ["jax-vgg19", "tf-vgg19", "plain"])
def test_backends_are_chosen_by_label_with_their_options(load, twice, facts, shelf, label):
    whole = load(twice)
    assert label in {choice.label for choice in whole.backends}
    given = whole.without_gate([label])
    assert [(each["label"], each["options"]) for each in given["backends"]] == [
        (label, {"xla": True} if label == "tf-vgg19" else {})
    ]
    chosen = plan_trials(experiment_from_mapping(given, whole.base), facts, shelf).trials
    everything = plan_trials(whole, facts, shelf).trials
    assert chosen == tuple(trial for trial in everything if trial.backend_label == label) != ()


def test_the_mapping_survives_json(load, twice):
    given = load(twice).without_gate(["plain"])
    assert json.loads(json.dumps(given)) == given
