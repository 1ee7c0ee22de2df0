"""Files that are made to do harm are refused in a few lines, at once, and nothing of them is run."""
# ruff: noqa: E501 - a file is a line

import time

import pytest

from nstbench.api import ExperimentError
from nstbench.experiment import load_experiment
from nstbench.experiment.places import MOST_SHOWN

HEAD = "inputs: {content: sample:cat, style: sample:coffee}\nbackends: [fake]\n"


def numbers(count):
    return ",".join(map(str, range(1, count + 1)))


GRID = f"sweep: {{alpha: [{numbers(100)}], beta: [{numbers(100)}]"
HOSTILE = {
    "many unknown keys": (HEAD + "".join(f"k{i}: 1\n" for i in range(9000)), "and 8,950 more mistakes like these"),
    "many keys": ("".join(f"k{i}: 1\n" for i in range(60_000)), "more than 40,000 keys and values; give axes"),
    "long list": (HEAD + f"sweep: {{alpha: [{'1,' * 450_000}]}}", "more than 40,000 keys and values; give axes"),
    "aliases": ("a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40)), "an alias (*) here grows"),
    "deep list": ("a: " + "[" * 100_000, "nested too deeply"),
    "deep mapping": ("".join(" " * i + "a:\n" for i in range(1000)), "nested too deeply"),
    "a tag of Python": ("a: !!python/object/apply:os.system [exit]", "tags are not used here"),
    "a long key": (HEAD + f"{'k' * 1000}: 1\n", "unknown key 'kkk"),
    "a huge number": (HEAD + f"fixed: {{alpha: {'9' * 399}}}", "must be"),
    "a huge number for counts": (HEAD + "fixed: {patience: 9223372036854775808}", "must be at most 1,000,000"),
    "a huge number beside a scale": (HEAD + "fixed: {tv_weight: 1e308, loss_scale: keras-example}", "at most 1e+30"),
    "eternity": (HEAD + "measure: {timeout_s: 1e10}", "must be at most 31,536,000, found"),
    "many backends": (HEAD.replace("[fake]", f"[{'fake,' * 20_000}]"), "is listed twice"),
    "escapes in a label": (HEAD.replace("fake", '{name: fake, label: "\\e[2J"}'), "must be printable text in one line"),
    "escapes in a name": (HEAD + 'sweep: {alpha: {"\\e[2J": 1}}', r"the name '\x1b[2J' is no printable text"),
    "a long name of a backend": (HEAD.replace("fake", "f" * 300), "must have at most 100 characters"),
    "many points": (HEAD + GRID + f", seed: [{numbers(2)}]}}", "20,000 trials (20,000 points, 1 backends); at most"),
    "many millions": (HEAD + GRID + f", seed: [{numbers(9000)}]}}", "allow so many: --max-trials 90000000"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_at_once(tmp_path, name):
    text, said = HOSTILE[name]
    path = tmp_path / "e.yaml"
    path.write_text(text)
    begun = time.process_time()
    with pytest.raises(ExperimentError) as refused:
        load_experiment(path)
    assert time.process_time() - begun < 2
    lines = refused.value.problems
    assert len(lines) <= MOST_SHOWN + 1 and any(said in line for line in lines), lines
    assert all(line.isprintable() and len(line) < 1500 for line in lines)


def test_a_large_grid_is_planned_when_asked_for_and_excluded_points_are_looked_up(tmp_path):
    path = tmp_path / "e.yaml"
    rules = ", ".join(f"{{alpha: {i % 100 + 1}, beta: {i // 100 + 1}}}" for i in range(2000))
    path.write_text(f"{HEAD}{GRID}, exclude: [{rules}]}}\n")
    begun = time.process_time()
    assert len(load_experiment(path).points()) == 8000
    assert time.process_time() - begun < 5
    with pytest.raises(ExperimentError, match="--max-trials 10000"):
        load_experiment(path, most_trials=9999)


def test_points_are_held_at_once_against_exclusions_of_values_that_have_several_names(tmp_path):
    path = tmp_path / "e.yaml"
    axis = ", ".join(f"{name}{value}: {value}" for value in range(1, 51) for name in "ab")
    rules = ", ".join(f"{{alpha: {i % 50 + 1}, beta: {i // 50 + 1}}}" for i in range(2000))
    path.write_text(f"{HEAD}sweep: {{alpha: {{{axis}}}, beta: {{{axis}}}, exclude: [{rules}]}}\n")
    begun = time.process_time()
    assert {point.settings.beta for point in load_experiment(path).points()} == set(range(41, 51))
    assert time.process_time() - begun < 2
