"""Backends in turns: who is at work when, what the rows say of it, and what is refused."""

import pytest

import nstbench
from nstbench import Parallel
from nstbench.api import ExperimentError, UsageError
from nstbench.run.job import Advanced, Entered, Finished
from nstbench.run.sweep import Watcher

from .test_sweep import experiment, fake

TURNS = {"interleave": True, "chunk": 1}


class Log(Watcher):
    """Keeps what happened, in order, by the label of its backend."""

    def __init__(self):
        self.happened = []

    def event(self, job, event):
        self.happened.append((job.trials[0].backend_label, event))

    def of(self, kind):
        return [label for label, event in self.happened if isinstance(event, kind)]


def named(label, **options):
    return fake(**options) | {"label": label}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    watch = Log()
    made = experiment(sweep={"beta": [1, 2]}, backends=[named("a"), named("b", step_s=0.002)], measure=TURNS)
    return watch, nstbench.sweep(made, tmp_path_factory.mktemp("turns"), watch=watch)


def test_calls_alternate_between_the_backends_of_a_point(swept):
    watch, _ = swept
    assert watch.of(Advanced) == ["a", "b"] * 12


def test_one_starts_while_the_other_has_not_or_waits(swept):
    watch, _ = swept
    phases = [(label, event.phase) for label, event in watch.happened if isinstance(event, Entered)]
    alone = {label: [phase for who, phase in phases if who == label] for label in "ab"}
    assert alone["a"] == alone["b"]
    at = phases.index(("a", "prepare"))
    assert phases[at : at + 3] == [("a", "prepare"), ("a", "compile"), ("a", "rounds")]


def test_a_point_is_done_before_the_next_one_begins(swept):
    watch, _ = swept
    kinds = [type(event) for _, event in watch.happened]
    first = [at for at, kind in enumerate(kinds) if kind is Finished][:2]
    assert kinds[: first[1]].count(Advanced) == 12


def test_rows_say_that_nothing_else_was_at_work(swept):
    _, results = swept
    assert list(results.runs["status"]) == ["ok"] * 4
    assert results.runs["exclusive"].all()


def test_what_is_left_of_a_point_runs_alone(swept, tmp_path):
    made = experiment(backends=[named("a")], measure=TURNS)
    nstbench.sweep(made, tmp_path)
    watch = Log()
    both = experiment(backends=[named("a"), named("b", step_s=0.002)], measure=TURNS)
    runs = nstbench.sweep(both, tmp_path, watch=watch, join=True).runs
    assert watch.of(Advanced) == ["b"] * 6
    assert list(runs["status"]) == ["ok"] * 2


def test_a_backend_that_is_lost_leaves_the_turns_to_the_others(tmp_path):
    watch = Log()
    made = experiment(backends=[named("a", fault="exit", at=3), named("b")], measure=TURNS)
    runs = nstbench.sweep(made, tmp_path, watch=watch).runs.set_index("backend_label")
    assert runs["status"].to_dict() == {"a": "failed", "b": "ok"}
    assert watch.of(Advanced)[-4:] == ["b"] * 4


def test_turns_are_refused_where_trials_run_beside_one_another(tmp_path):
    with pytest.raises(UsageError, match="one trial at work"):
        nstbench.sweep(experiment(measure=TURNS), tmp_path, parallel=Parallel(jobs=2))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"measure": TURNS | {"isolation": "none"}}, "processes of their own"),
        ({"measure": TURNS, "search": {"beta": {"low": 1, "high": 10}, "trials": 3}}, "one trial at a time"),
    ],
)
def test_turns_that_nobody_could_take_are_a_mistake(changes, words):
    with pytest.raises(ExperimentError, match=f"measure.interleave: .*{words}"):
        nstbench.plan_trials(experiment(**changes))
