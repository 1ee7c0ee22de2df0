"""The section `search`: what it may say, and what is said about mistakes in it."""

import jsonschema
import pytest
import yaml

from nstbench.api import ExperimentError
from nstbench.experiment import Range, json_schema

SEARCH = """\
inputs: {content: sample:cat, style: sample:strokes}
fixed: {size: 64, alpha: 1}
search:
  beta: {low: 1, high: 1.0e+5, log: true}
  style_layers: {shallow: [conv1_1], deep: [conv4_1]}
  trials: 12
backends: [fake]
"""
RANGE = "beta: {low: 1, high: 1.0e+5, log: true}"

MISTAKES = [
    (RANGE, "alpha: {low: 1, high: 2}", "exp.yaml:2:19: 'alpha' is fixed here and an axis in search"),
    (RANGE, "bta: {low: 1, high: 2}", "exp.yaml:4:3: unknown key 'bta' in search; allowed: "),
    (RANGE, "beta: {low: 3, high: 2}", "exp.yaml:4:24: must be above low, 3, found 2"),
    (RANGE, "beta: {low: 0, high: 2, log: true}", "exp.yaml:4:15: with log: true the range begins above 0"),
    (RANGE, "beta: {low: -1, high: 2}", "exp.yaml:4:15: must be at least 0, found -1"),
    (RANGE, "beta: {low: 1}", "exp.yaml:4:9: 'high' is missing"),
    (RANGE, "beta: {low: 1, high: .nan}", "exp.yaml:4:24: must be a finite number, found nan"),
    (
        RANGE,
        "beta: {low: 1, high: 2, step: 1}",
        "exp.yaml:4:27: unknown key 'step' in search.beta; allowed: ",
    ),
    (
        RANGE,
        "beta: 7",
        "exp.yaml:4:9: an axis of a search is a list of values or {low: ..., high: ...}, found 7",
    ),
    (RANGE, "iterations: {low: 1.5, high: 9}", "exp.yaml:4:21: must be a whole number, found 1.5"),
    ("trials: 12", "for: referee_ssim", "exp.yaml:4:3: 'trials' is missing"),
    ("trials: 12", "trials: 0", "exp.yaml:6:11: must be at least 1, found 0"),
    ("trials: 12", "trials: 5\n  for: referee", "exp.yaml:7:8: must be 'referee_total', 'referee_content', "),
    ("trials: 12", "trials: 5\n  within_s: 0", "exp.yaml:7:13: must be above 0, found 0"),
    (
        "  trials: 12",
        "  trials: 5\nsweep: {tv_weight: [1]}",
        "exp.yaml:7:1: a search has no sweep beside it; ",
    ),
    ("  trials: 12", "  trials: 5\nmeasure: {referee: none}", "exp.yaml:7:20: a search needs the referee"),
    ("  trials: 12", "  trials: 5\ntrials: 5", "exp.yaml:7:1: unknown key 'trials' at the top level"),
    ("conv1_1", "conv9_1", "exp.yaml:5:28: unknown layer 'conv9_1'; "),
    (
        "size: 64",
        "size: 64, content_layers: [conv5_4], content_weights: [1, 2]",
        "exp.yaml:2:63: 2 content_w",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES)
def test_a_mistake_is_one_line_with_its_place(load, old, new, said):
    changed = SEARCH.replace(old, new)
    assert changed != SEARCH
    with pytest.raises(ExperimentError) as caught:
        load(changed)
    (line,) = caught.value.problems
    assert line.startswith(said)


def test_an_editor_knows_what_a_search_may_say():
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.validate(yaml.safe_load(SEARCH))
    for wrong in ("beta: {low: 1}", "bta: [1]", "size: {low: 1, high: 2, step: 1}", "beta: 7"):
        assert not validator.is_valid(yaml.safe_load(SEARCH.replace(RANGE, wrong))), wrong


def test_a_search_without_axes_says_how_one_looks(load):
    with pytest.raises(ExperimentError, match=r"names no axis, as in beta: \{low: 1, "):
        load("inputs: {content: a, style: b}\nsearch: {trials: 3}\nbackends: [fake]\n")


def test_the_command_line_fixes_axes_opens_others_and_changes_the_rest(load):
    made = load(
        SEARCH, ["beta=7", "search.alpha={low: 1, high: 2}", "search.trials=3", "search.within_s=2.5"]
    )
    assert made.axes == ("style_layers", "alpha")
    assert (made.search.trials, made.search.within_s) == (3, 2.5)
    assert {point.settings.beta for point in made.points()} == {7}


@pytest.mark.parametrize(
    ("within", "value", "short"),
    [
        (Range(1, 1e5, log=True, whole=False), 31415.9, 31400),
        (Range(1, 1e5, log=True, whole=False), 3.14159, 3.14),
        (Range(1000, 1001, log=False, whole=False), 1000.3333, 1000.33),
        (Range(0, 1, log=False, whole=False), 0.0, 0),
        (Range(1.23456, 2, log=False, whole=False), 1.23412, 1.23456),
        (Range(10, 5000, log=True, whole=True), 1234, 1230),
    ],
)
def test_values_have_as_many_digits_as_people_read_and_stay_in_their_range(within, value, short):
    assert within.rounded(value) == short
    assert within.holds(within.rounded(value))
