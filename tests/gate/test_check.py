"""`nstbench.check` and `nstbench.noise` as Python code calls them; what the verbs add is in tests/cli."""

import json
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

import nstbench
from nstbench.api import ExperimentError, UsageError
from nstbench.experiment import experiment_from_mapping, load_experiment
from nstbench.gate.check import update_baseline
from nstbench.gate.side import Side, SideBroken
from nstbench.gate.watch import CheckWatcher
from nstbench.run.api import sweep

from .here import EXPERIMENT, FAST, SLOW, Notes

BROKEN = {"name": "fake", "label": "broken", "options": {"fault": "raise"}}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Work in an empty folder; returns it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def steps(monkeypatch):
    """Have sides run in this process, with the options of `steps[side]`."""
    options = {"base": FAST, "candidate": FAST}

    def here(side, experiment, base, folder, cores=None):
        backends = [
            {**each, "options": {**options[side.name], **each["options"]}} for each in experiment["backends"]
        ]
        sweep({**experiment, "backends": backends}, folder)

    monkeypatch.setattr(Side, "sweep", here)
    return options


class Told(CheckWatcher):
    """Writes down what it is told."""

    def __init__(self):
        self.said, self.folders, self.pairs = [], [], Notes()

    def says(self, message):
        self.said.append(message)

    @contextmanager
    def sweeping(self, folder):
        self.folders.append(folder)
        yield nstbench.Watcher()

    @contextmanager
    def timing(self, folder):
        self.folders.append(folder)
        yield self.pairs


def test_without_a_base_a_sweep_is_held_against_the_baseline(here):
    (verdict,) = nstbench.check(EXPERIMENT)
    assert verdict.outcome == "inconclusive"
    assert "no baseline at results/baselines/tiny.json" in verdict.findings[0].reason

    path = update_baseline(experiment_from_mapping(EXPERIMENT), "the first")
    assert json.loads(path.read_text())["reason"] == "the first"
    (verdict,) = nstbench.check(EXPERIMENT)
    assert verdict.outcome == "pass"
    assert {"losses", "compile_count"} <= {each.metric for each in verdict.findings}

    path.write_text(path.read_text().replace('"compile_count": 1', '"compile_count": 0'))
    (verdict,) = nstbench.check(EXPERIMENT)
    (found,) = [each for each in verdict.findings if each.outcome == "regression"]
    assert (found.metric, found.base, found.candidate) == ("compile_count", 0, 1)
    assert len(list(here.glob("results/check/tiny/*/sweep/plan.json"))) == 3
    assert {each.read_text() for each in here.glob("results/check/tiny/*/.gitignore")} == {"*\n"}
    records = [json.loads(each.read_text()) for each in here.glob("results/**/trials/*/result.json")]
    assert [each["measure"]["compile_cache"] for each in records] == [False] * 3, "compiling takes memory"


def test_a_baseline_is_of_what_works_and_has_a_reason(here):
    with pytest.raises(UsageError, match="--reason"):
        update_baseline(experiment_from_mapping(EXPERIMENT), " ")
    assert not list(here.iterdir())
    with pytest.raises(UsageError, match="not ok: broken"):
        update_baseline(experiment_from_mapping(EXPERIMENT | {"backends": ["fake", BROKEN]}), "why not")
    assert not list(here.glob("results/baselines/*"))


@pytest.mark.thorough
def test_two_environments_are_timed_in_pairs_and_the_watcher_is_told(steps):
    steps["candidate"] = SLOW
    watch = Told()
    (verdict,) = nstbench.check(EXPERIMENT, base_python=sys.executable, out="out", watch=watch)
    assert verdict.outcome == "regression"
    (found,) = verdict.findings
    assert found.metric == "step_min_s" and found.estimate.low > 1.5
    assert watch.said == [f"base: {sys.executable}", f"candidate: {sys.executable}"]
    assert watch.folders == [Path("out")]
    assert watch.pairs.said[0] == ("rehearsal", 2)


@pytest.mark.thorough
def test_a_named_baseline_is_consulted_beside_a_base(steps, here):
    path = update_baseline(experiment_from_mapping(EXPERIMENT), "the first", here / "own.json")
    watch = Told()
    options = {"baseline": path, "base_python": sys.executable, "out": here / "out", "watch": watch}
    still, timed = nstbench.check(EXPERIMENT, overrides=["gate.step_min_s=5"], **options)
    assert "against the baseline" in still.title and sys.executable in timed.title
    assert (still.outcome, timed.outcome) == ("pass", "pass")
    assert watch.folders == [here / "out/sweep", here / "out"]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"base": "HEAD", "base_python": "python"}, UsageError, "give one of them"),
        ({"base_python": "nowhere"}, UsageError, "--base-python nowhere: no such program"),
        (
            {"base_python": sys.executable, "overrides": ["inputs.content=gone.png"]},
            ExperimentError,
            "gone.png",
        ),
        ({"out": "/"}, UsageError, "not an empty folder"),
    ],
)
def test_mistakes_are_errors_before_anything_runs(here, options, error, said):
    with pytest.raises(error, match=said):
        nstbench.check(EXPERIMENT, **options)
    assert not list(here.iterdir())


@pytest.mark.thorough
def test_noise_says_what_can_be_seen_and_what_is_broken(steps):
    watch = Notes()
    broken = EXPERIMENT | {"backends": ["fake", BROKEN]}
    found = nstbench.noise(broken, pairs=3, wanted=0.6, watch=watch)
    (figure,) = found.figures
    assert (figure.subject, figure.metric) == ("fake", "step_min_s")
    assert figure.detectable >= 0.5
    assert "told to fail" in found.broken["broken"]
    assert ("measuring", 6) in watch.said
    assert not list(Path().iterdir())


def test_noise_of_what_does_not_run_is_an_error_with_the_experiment_s_name(monkeypatch):
    def dies(side, *_):
        raise SideBroken(side.name, "died")

    monkeypatch.setattr(Side, "sweep", dies)
    with pytest.raises(SideBroken, match="tiny: died"):
        nstbench.noise(EXPERIMENT, wanted=0.6)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"pairs": 2}, "--pairs 2"), ({"wanted": 0.1}, "--wanted 0.1: the experiment allows 0.5")],
)
def test_noise_that_could_show_nothing_is_refused(options, said):
    with pytest.raises(UsageError, match=said):
        nstbench.noise(EXPERIMENT, **{"wanted": 0.6} | options)


def test_a_plan_has_the_trials_of_an_experiment_in_any_form(here):
    (here / "tiny.yaml").write_text(json.dumps(EXPERIMENT))
    loaded = load_experiment("tiny.yaml", ["iterations=3"])
    (other,) = nstbench.plan_trials(loaded).trials
    ways = EXPERIMENT, "tiny.yaml", here / "tiny.yaml"
    plans = [nstbench.plan_trials(way, overrides=["iterations=3"]) for way in ways]
    assert {trial.trial_id for plan in plans for trial in plan.trials} == {other.trial_id}
    assert nstbench.sweep(loaded, "out").runs["trial_id"].tolist() == [other.trial_id]
    with pytest.raises(UsageError, match="'tiny' is loaded already"):
        nstbench.sweep(loaded, overrides=["iterations=4"])
