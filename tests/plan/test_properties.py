"""Whatever stands in an experiment: it is refused with an error of nstbench's own, or planned for good."""

import copy

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nstbench.api import SETTINGS, NstbenchError
from nstbench.experiment import experiment_from_mapping, load_experiment
from nstbench.experiment.yaml12 import parse
from nstbench.plan.planner import plan_trials

from ..experiment.conftest import LAYERS
from .conftest import KNOWN, Shelf

BOUNDED = settings(
    derandomize=True,
    database=None,
    deadline=2000,
    max_examples=120,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
BASE = {
    "name": "base",
    "inputs": {"content": "sample:cat", "style": ["sample:waves", "b.png"]},
    "fixed": {"size": 192, "alpha": 1, "tv_weight": 100.0, "style_layers": {"conv1_1": 0.7, "conv2_1": 0.3}},
    "sweep": {
        "iterations": [20, 40],
        "beta": {"low": 1, "high": 1e4},
        "zip": [{"learning_rate": [0.1, 0.2], "seed": [1, 2]}],
        "include": [{"size": 256, "iterations": 10}],
        "exclude": [{"beta": "low", "iterations": 40}],
    },
    "backends": ["jax-vgg19", {"name": "fast", "options": {"rate": 1, "mode": "exact"}, "label": "quick"}],
    "measure": {"rounds": 5, "chunk": "auto", "timeout_s": 900, "threads": 2, "snapshot_every": 5},
    "gate": {"losses": 0.1, "pairs": 9},
}
PIECES = [
    "1e4",
    "0o7",
    "yes",
    "~",
    "<<",
    "null",
    "",
    "1_000",
    "0x1F",
    "2024-01-01",
    "12:30",
    "=",
    ".nan",
    "a: b",
    "#",
]
ODD_TEXT = [
    "a\0b",
    "\x1b[2J",
    "x" * 300,
    "../..",
    "a/b",
    "\ud800",
    "﻿",
    "\u2028",
    "\x85",
    "[bold]",
    "'\"",
    "!!python/none",
]
NAMES = st.sampled_from(
    [*SETTINGS, *BASE, "zip", "include", "exclude", "name", "options", "label", *KNOWN, "rate"]
)
TEXTS = st.sampled_from(
    [*PIECES, *ODD_TEXT, "auto", "noise", "none", "conv1_1", "gatys", "coursera", "low"]
) | st.text(max_size=8)
NUMBERS = (
    st.sampled_from([0, 1, -1, 32, 2**31, 2**63, 10**399, -(10**399), 1e-320, 1e30, 1e308, -0.0])
    | st.floats()
)
ODD = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXTS, inner, max_size=3),
    max_leaves=6,
)


def places(value, path=()):
    """Yield every path in nested mappings and lists."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from places(each, (*path, key))


PLACES = [path for path in places(BASE) if path]


@st.composite
def mutated(draw):
    """Change a valid experiment in a few places: other values, other keys, none at all."""
    data = copy.deepcopy(BASE)
    for path in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)):
        inside = data
        for part in path[:-1]:
            inside = inside[part] if _has(inside, part) else None
        if not isinstance(inside, dict | list) or not _has(inside, path[-1]):
            continue
        kind = draw(st.sampled_from(["value", "value", "key", "gone"]))
        if kind == "value" or isinstance(inside, list):
            inside[path[-1]] = draw(ODD)
        elif kind == "key":
            inside[draw(NAMES | TEXTS)] = draw(ODD)
        else:
            del inside[path[-1]]
    return data


def _has(inside, part):
    return (
        part in inside
        if isinstance(inside, dict)
        else isinstance(inside, list) and part in range(len(inside))
    )


def planned(experiment, facts):
    return [trial.trial_id for trial in plan_trials(experiment, facts, Shelf()).trials]


def is_told_well(error):
    lines = str(error).split("\n")
    return len(lines) <= 51 and all(0 < len(line) < 1500 for line in lines)


@BOUNDED
@given(mutated())
def test_a_mapping_is_refused_or_planned_and_what_is_kept_of_it_is_the_same(tmp_path, facts, data):
    try:
        experiment = experiment_from_mapping(data, tmp_path)
        ids = planned(experiment, facts)
    except NstbenchError as error:
        assert is_told_well(error)
        return
    kept = tmp_path / "kept.yaml"
    kept.write_bytes(experiment.source)
    again = load_experiment(kept)
    assert planned(again, facts) == ids
    assert (again.measure, again.gate, again.backends) == (
        experiment.measure,
        experiment.gate,
        experiment.backends,
    )


@st.composite
def scribbled(draw):
    """Put odd pieces into the text of a valid file."""
    text = LAYERS
    for piece in draw(
        st.lists(st.sampled_from([*PIECES, *ODD_TEXT[:-3], *"[]{},:&*!|>%@`-?\t\n"]), max_size=4)
    ):
        begin = draw(st.integers(0, len(text)))
        text = text[:begin] + piece + text[begin + draw(st.integers(0, 6)) :]
    return text.encode("utf-8", "surrogatepass")


@BOUNDED
@given(scribbled() | st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_a_file_is_refused_or_planned(tmp_path, facts, text):
    path = tmp_path / "file.yaml"
    path.write_bytes(text)
    try:
        experiment = load_experiment(path)
        assert planned(experiment, facts) == planned(load_experiment(path), facts)
    except NstbenchError as error:
        assert is_told_well(error)


@BOUNDED
@given(
    st.lists(st.tuples(NAMES | st.just("sweep.alpha"), TEXTS | NUMBERS.map(repr)).map("=".join), max_size=3)
)
def test_overrides_are_refused_or_planned(tmp_path, facts, overrides):
    try:
        planned(experiment_from_mapping(BASE, tmp_path, overrides), facts)
    except NstbenchError as error:
        assert is_told_well(error)


@BOUNDED
@given(ODD)
@example({"a": PIECES})
def test_what_yaml_can_hold_is_written_and_read_as_the_same(value):
    from nstbench.experiment.sources import plain, written

    try:
        text = written(plain(value))
    except NstbenchError as error:
        assert is_told_well(error)
        return
    assert repr(parse(text, "x").value) == repr(plain(value))
