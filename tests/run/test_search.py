"""Searches with the shipped fake: what they find, how they go on, and what they refuse."""

import math
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import nstbench
from nstbench import Parallel
from nstbench.api import UsageError
from nstbench.experiment import Range, Search, experiment_from_mapping
from nstbench.record import Store
from nstbench.run.job import Finished
from nstbench.run.sampler import FIRST, ask
from nstbench.run.sweep import Watcher, prepare_sweep
from nstbench.run.tried import Tried, best_of, losses_of

from .test_sweep import fake

BETA1 = {"low": 0.1, "high": 0.99}


def experiment(search, **changes):
    fixed = {"size": 32, "iterations": 3, "init": "noise", "alpha": 2, "beta": 1}
    plain = {
        "name": "tiny",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": fixed | changes.pop("fixed", {}),
        "search": {"for": "referee_ssim", "trials": 4} | search,
        "measure": {"referee": "random:0", "isolation": "none"} | changes.pop("measure", {}),
        "backends": ["fake"],
    }
    return plain | changes


class Said(Watcher):
    def __init__(self):
        self.lines, self.happened = [], []

    def says(self, message):
        self.lines.append(message)

    def event(self, job, event):
        self.happened.append(type(event))

    def judged(self, record):
        self.happened.append("judged")


def searched(function, search, count):
    """Return the points that a search tries, and what the function is there."""
    told = []
    while len(told) < count:
        (values,) = ask(search, told, 1)
        told.append((values, function(**values)))
    return told


def valley(beta, optimiser):
    """Is least at beta = 316 with sgd, and far too high where optimisations diverge."""
    return (math.log10(beta) - 2.5) ** 2 + (optimiser == "adam") + 1e4 * (beta > 1e4)


def test_a_search_finds_the_least_of_a_valley_and_is_the_same_once_more():
    axes = {"beta": Range(1, 1e5, log=True, whole=False), "optimiser": {"adam": None, "sgd": None}}
    search = Search(axes, 14, "referee_total", None)
    found = searched(valley, search, 14)
    best = min(found, key=lambda each: each[1])[0]
    assert best["optimiser"] == "sgd"
    assert 200 < best["beta"] < 500
    assert searched(valley, search, FIRST + 2) == found[: FIRST + 2]
    assert ask(replace(search, seed=1), [], 1) != ask(search, [], 1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A search that nothing disturbed, and the experiment."""
    folder = tmp_path_factory.mktemp("whole")
    path = folder / "tiny.yaml"
    slow = experiment({"adam_beta1": BETA1}, measure={"isolation": "backend"}, backends=[fake(step_s=0.05)])
    path.write_text(yaml.safe_dump(slow))
    return path, folder / "out", nstbench.sweep(path, folder / "out").runs


@pytest.mark.thorough
def test_a_finished_search_runs_nothing_twice_and_says_what_was_best(whole, nstbench):
    path, out, runs = whole
    said = nstbench("sweep", path, "-o", out).stderr
    assert "a search of 4 trials, 4 of them already done" in said
    assert "4 ok; 0 run now" in said
    row = runs.loc[runs["referee_ssim"].idxmax()]
    assert f"best: referee_ssim {row['referee_ssim']:.4g} in " in said
    assert f"fake with {row['label']}\nmake such a picture: nstbench stylize " in said
    assert f"--set adam_beta1={row['adam_beta1']}" in said


@pytest.mark.thorough
def test_a_search_that_was_killed_goes_on_to_what_it_would_have_come_to(whole, tmp_path):
    path, _, runs = whole
    command = [Path(sys.executable).with_name("nstbench"), "sweep", path, "-o", tmp_path]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(list(tmp_path.glob("trials/*/result.json"))) < 2:
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = Store(tmp_path).records()
    done = {each.trial.trial_id: each.started_at for each in before if each.status == "ok"}
    assert len(done) < 4
    after = nstbench.sweep(path, tmp_path).runs
    assert done.items() <= dict(zip(after["trial_id"], after["started_at"], strict=True)).items()
    assert list(after["label"]) == list(runs["label"])


@pytest.mark.usefixtures("every_core")
def test_two_at_once_are_judged_before_the_next_two_are_asked_for(tmp_path):
    said = Said()
    made = experiment({"adam_beta1": BETA1, "trials": 4}, measure={"isolation": "backend"})
    both = nstbench.sweep(made, tmp_path, watch=said, parallel=Parallel(jobs=2)).runs
    assert list(both["status"]) == ["ok"] * 4
    order = [each for each in said.happened if each in (Finished, "judged")]
    assert order == [Finished, Finished, "judged", "judged"] * 2
    more = made | {"search": made["search"] | {"trials": 5}}
    assert list(nstbench.sweep(more, tmp_path).runs["label"])[:4] == list(both["label"])


def test_a_search_with_too_few_points_ends_when_it_has_tried_them(tmp_path):
    said = Said()
    runs = nstbench.sweep(experiment({"optimiser": ["adam", "sgd"]}), tmp_path, watch=said).runs
    assert set(runs["optimiser"]) == {"adam", "sgd"}
    assert "fake: there is nothing left to try after 2 trials" in said.lines


def test_each_backend_has_a_search_of_its_own(tmp_path):
    backends = [fake(), fake(fault="raise") | {"label": "broken"}]
    made = experiment_from_mapping(experiment({"adam_beta1": BETA1, "trials": 2}, backends=backends))
    outcome = prepare_sweep(made, tmp_path).run()
    assert dict(outcome.counts) == {"ok": 2, "failed": 2}
    assert [best.trial.backend_label for best in outcome.best] == ["fake"]


def tried(figure, seconds=1.0):
    return Tried(None, {}, "referee_total", figure, seconds)


def test_what_takes_too_long_or_fails_is_worse_than_all_that_does_not():
    search = Search({"beta": Range(1, 9, log=False, whole=False)}, 9, "referee_total", within_s=2.0)
    good, bad, slow, slower, failed = losses_of(
        [tried(0.2), tried(0.9), tried(0.1, 2.2), tried(0.1, 3.0), tried(None)], search
    )
    assert (good, bad) == (0.2, 0.9)
    assert bad < slow < slower < failed
    assert best_of([tried(0.1, 2.2), tried(0.9), tried(0.2)], search) == tried(0.2)
    assert best_of([tried(0.1, 2.2), tried(None)], search) is None


def test_without_optuna_one_line_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r"no module optuna; pip install 'nstbench\[search\]' brings it"):
        nstbench.sweep(experiment({"adam_beta1": BETA1, "trials": FIRST + 1}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_who_needs_to_know_the_trials_beforehand_refuses_a_search(tmp_path, write):
    made = experiment({"adam_beta1": BETA1}, measure={"isolation": "backend"})
    with pytest.raises(UsageError, match="a search has no plan before it is run"):
        nstbench.plan_trials(made)
    with pytest.raises(UsageError, match="a search has no fixed trials to compare"):
        nstbench.check(made)
    with pytest.raises(UsageError, match="a search asks for one trial after the other"):
        nstbench.sweep(made, tmp_path / "out", parallel=Parallel(executor="slurm"))
    assert not (tmp_path / "out").exists()


def test_a_dry_run_says_what_would_be_searched_and_runs_nothing(nstbench, write, tmp_path):
    text = "inputs: {content: sample:cat, style: sample:coffee}\nfixed: {size: 32}\nbackends: [fake]\n"
    path = write(text + "search: {beta: {low: 1, high: 90, log: true}, trials: 7, within_s: 2}\n")
    said = nstbench("sweep", path, "--dry-run").stdout
    assert "a search for the best referee_total within 2 s: 7 trials, 0 done" in said
    assert "beta: 1 to 90, logarithmic" in said
    assert not (tmp_path / "results").exists()
