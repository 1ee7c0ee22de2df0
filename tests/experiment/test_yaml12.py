"""YAML 1.2's core schema, with places; expectations are the tables of the specification, chapter 10.3."""

import math

import pytest

from nstbench.api import ExperimentError
from nstbench.experiment.places import Mark
from nstbench.experiment.yaml12 import MOST_BYTES, parse


def value(text):
    return parse(text, "x.yaml").value


def problems(text):
    with pytest.raises(ExperimentError) as caught:
        parse(text, "x.yaml")
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e4", 10000.0),
        ("12e-3", 0.012),
        (".5", 0.5),
        ("1.", 1.0),
        ("-7", -7),
        ("+7", 7),
        ("010", 10),
        ("0o17", 15),
        ("0xFf", 255),
        ("10:30", "10:30"),
        ("1_000", "1_000"),
        ("2026-11-22", "2026-11-22"),
        ("yes", "yes"),
        ("on", "on"),
        ("n", "n"),
        ("True", True),
        ("false", False),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ('"true"', "true"),
        ("=", "="),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("| \n 12\n", "12\n"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text, expected):
    found = value(f"k: {text}")["k"]
    assert found == expected
    assert type(found) is type(expected)


def test_not_a_number_is_recognised():
    assert math.isnan(value("k: .nan")["k"])


def test_keys_stay_text():
    assert value("{20: a, true: b, 1e3: c}") == {"20": "a", "true": "b", "1e3": "c"}


def test_every_value_and_key_has_its_place():
    places = parse("a: 1\nb:\n  - x\n  - {c: 2}\n", "x.yaml").places
    assert places.keys["b",] == Mark(2, 1)
    assert places.values["a",] == Mark(1, 4)
    assert places.values["b", 1, "c"] == Mark(4, 9)
    assert places.where(("b", 1, "c"), at_key=True) == "x.yaml:4:6"


def test_anchors_and_aliases_repeat_a_value():
    assert value("a: &here [1, 2]\nb: *here\n") == {"a": [1, 2], "b": [1, 2]}


def test_a_byte_order_mark_does_not_matter():
    assert value(b"\xef\xbb\xbfa: 1\n") == {"a": 1}


def test_an_empty_document_is_nothing():
    assert value("# only a comment\n") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3:1: key 'a' stands here twice"),
        ("a: {b: 1, b: 2}\n", "x.yaml:1:11: key 'b' stands here twice"),
        ("a:\n\tb: 1\n", "x.yaml:2:1: a tab"),
        ("a: !!python/object:os.system x\n", "x.yaml:1:4: tag '!!python/object:os.system'"),
        ("a: !!str 5\n", "x.yaml:1:4: tag '!!str'"),
        ("a: !mine {b: 1}\n", "x.yaml:1:4: tag '!mine'"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n", "x.yaml:3:3: a merge key (<<)"),
        ("[a]: 1\n", "x.yaml:1:1: a list or mapping as a key"),
        ("a: &a [*a]\n", "x.yaml:1:4: an alias (*) here contains itself"),
        ("a: [1, 2\nb: 3\n", "x.yaml:2:2: "),
        ("a: b: c\n", "x.yaml:1:5: a second ':' in one line"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2:1: a second document"),
        ("a: *.jpg\n", "x.yaml:1:5: text begins with *"),
        ("a: *nowhere\n", "x.yaml:1:4: not valid YAML: found undefined alias"),
        ("a: 'open\n", "x.yaml:2:1: not valid YAML: found unexpected end of stream"),
        ('a: "\\ud800"\n', "x.yaml:1:4: text with half a surrogate pair"),
        ('a: "\\UFFFFFFFF"\n', "x.yaml: not valid YAML: an escape"),
        ("a: 1\nb: \x07\n", "x.yaml:2:4: a control character"),
        (b"a: 1\nb: caf\xe9\n", "x.yaml:2:7: byte 0xe9 is not UTF-8"),
        ("a: 1\n".encode("utf-16"), "x.yaml:1:1: byte 0xff is not UTF-8"),
        ("[" * 5000, "x.yaml: nested too deeply"),
        ("#" * (MOST_BYTES + 1), "x.yaml: larger than"),
    ],
)
def test_what_yaml_allows_and_an_experiment_does_not_is_one_clear_line(text, expected):
    (problem,) = problems(text)
    assert problem.startswith(expected)
    assert "\n" not in problem


def test_all_refusals_of_a_file_are_listed_in_order():
    found = problems("b: !!int 1\na: 1\na: 2\n")
    assert [line.split(": ")[0] for line in found] == ["x.yaml:1:4", "x.yaml:3:1"]


def test_aliases_that_multiply_are_stopped_early():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "grows past 40,000 values" in problems("\n".join(lines))[0]
