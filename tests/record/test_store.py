"""The results folder: what it says when it is damaged, in which order it tells, who may write."""

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest

from nstbench.api import ResultsError
from nstbench.record import STATUSES, Store, open_results

HOLDER = """
import sys
from pathlib import Path
from nstbench.record import Store

mine = Store(Path(sys.argv[1])).claim(sys.argv[2:])
print("held" if mine else "refused", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process_claims(store, *trial_ids):
    """Start a process that claims trials; yields it and its answer, and ends it."""
    command = [sys.executable, "-c", HOLDER, store.path, *trial_ids]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_a_folder_without_a_plan_is_refused(tmp_path, make):
    make(tmp_path / "out")
    with pytest.raises(ResultsError) as refusal:
        open_results(tmp_path / "out")
    assert str(tmp_path / "out") in str(refusal.value)
    assert "`nstbench sweep` makes one" in str(refusal.value)


GARBAGE = {
    "truncated": b'{"trial": {"trial_id": "',
    "empty": b"",
    "not text": b"\xff\xfe\x00\x01",
    "a list": b"[1, 2]",
    "null": b"null",
    "a string": b'"done"',
    "an empty object": b"{}",
    "unknown fields": b'{"trial": {}, "speed": 3}',
}


@pytest.fixture
def two(trial, record, folder):
    """Make a folder of two trials; returns it, and the files of the first."""
    one, other = trial(beta=1.0), trial(beta=2.0)
    store = folder(record(one), record(other))
    return store, store.trial_folder(one.trial_id)


def edited(path, **values):
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE)
def test_a_damaged_result_costs_its_trial_alone_and_is_named_with_what_to_do(two, content):
    store, mine = two
    (mine / "result.json").write_bytes(content)
    runs = open_results(store.path).runs
    assert list(runs["status"]) == ["damaged", "ok"]
    assert runs["error_message"][0].startswith(f"{mine / 'result.json'}: damaged")
    assert "--retry-failed" in runs["error_message"][0]
    assert "\n" not in runs["error_message"][0]


@pytest.mark.parametrize(
    "values",
    [
        {"wall_s": "fast"},
        {"peak_rss_bytes": 5.5},
        {"peak_device_bytes": 10**30},
        {"compile_count": "many"},
        {"verified": "yes"},
        {"phases": {"import": None}},
        {"rounds": [{"iterations": "two", "seconds": 1.0, "warmup": False}]},
        {"pictures": [{"iteration": 1.5, "path": "trials/a/images/b.png", "sha256": "a"}]},
        {"error_message": ["a"]},
        {"changed": [7]},
    ],
    ids=lambda values: next(iter(values)),
)
def test_so_does_a_value_of_another_type(two, values):
    store, mine = two
    edited(mine / "result.json", **values)
    results = open_results(store.path)
    assert list(results.runs["status"]) == ["damaged", "ok"]
    assert len(results.timings) and len(results.images)


def test_a_trial_of_which_nothing_can_be_read_is_damaged_while_it_is_planned(two, folder):
    store, mine = two
    for name in ("result.json", "trial.json"):
        (mine / name).write_text("{")
    assert list(open_results(store.path).runs["status"]) == ["damaged", "ok"]
    with pytest.raises(ResultsError, match=r"trial\.json: damaged"):
        store.record(mine.name)
    left = store.records()[1].trial
    assert [each.trial for each in folder(planned=[left]).records()] == [left]


def test_what_could_not_be_read_is_kept_when_the_trial_is_done_again(two, record):
    store, mine = two
    again = record(store.records()[0].trial)
    (mine / "result.json").write_text("{")
    store.write_record(again)
    assert store.record(mine.name).status == "ok"
    assert (store.path / f"damaged/trials/{mine.name}/result.json").read_text() == "{"


@pytest.mark.parametrize(
    "content", [b'{"trials": [', b"", b"{}", b"[]", b'{"trials": [{}], "experiment": "x"}']
)
def test_a_damaged_plan_is_named(record, folder, content):
    store = folder(record())
    (store.path / "plan.json").write_bytes(content)
    with pytest.raises(ResultsError) as refusal:
        open_results(store.path).runs  # noqa: B018
    assert str(store.path / "plan.json") in str(refusal.value)


@pytest.mark.parametrize(
    "damage", [lambda npz: b"PK but no archive", lambda npz: npz[:200] + b"?" + npz[201:]]
)
def test_damaged_losses_cost_their_trial_alone_and_are_named(two, log_losses, damage):
    store, mine = two
    for one in (each.trial for each in store.records()):
        log_losses(store, one, 50, ["conv1_1"])
    path = mine / "losses.npz"
    path.write_bytes(damage(path.read_bytes()))
    results = open_results(store.path)
    assert set(results.losses["trial_id"]) == {store.records()[1].trial.trial_id}
    (line,) = results.damaged
    assert str(path) in line


def test_records_stand_in_the_order_of_the_plan_then_older_ones(trial, record, folder):
    trials = [trial(beta=float(beta)) for beta in range(6)]
    store = folder(*(record(one) for one in trials))
    latest = [trials[4], trials[1]]
    folder(planned=latest)
    older = sorted((one for one in trials if one not in latest), key=lambda one: one.trial_id)
    assert [each.trial for each in store.records()] == [*latest, *older]


def test_a_planned_trial_without_a_result_is_interrupted(trial, record, folder):
    done, pending = trial(beta=1.0), trial(beta=2.0)
    store = folder(record(done), planned=[pending, done])
    assert [each.status for each in store.records()] == ["interrupted", "ok"]
    assert store.records()[0].trial == pending


def test_an_older_trial_that_was_never_run_is_forgotten_with_its_plan(trial, folder):
    first, second = trial(beta=1.0), trial(beta=2.0)
    folder(planned=[first])
    store = folder(planned=[second])
    assert [each.trial for each in store.records()] == [second]


def test_planned_is_the_sum_of_all_statuses(trial, failed, folder):
    trials = [trial(beta=float(beta)) for beta in range(len(STATUSES) + 1)]
    done = zip(STATUSES, trials[:-1], strict=True)
    store = folder(*(failed(one, status) for status, one in done), planned=trials)
    counts = open_results(store.path).runs["status"].value_counts().to_dict()
    assert counts == dict.fromkeys(STATUSES, 1) | {"interrupted": 2}
    assert sum(counts.values()) == len(trials)


def test_a_trial_done_earlier_wears_the_label_of_the_latest_plan(record, trial, folder):
    folder(record(trial=trial()), planned=[trial()])
    renamed = replace(trial(), label="another name", backend_label="mine")
    (shown,) = folder(planned=[renamed]).records()
    assert shown.status == "ok"
    assert (shown.trial.label, shown.trial.backend_label) == ("another name", "mine")


def test_facts_about_a_machine_are_kept_once(folder):
    store = folder()
    store.write_environment("e1", {"cores": 2})
    store.write_environment("e1", {"cores": 4})
    assert json.loads((store.path / "environment" / "e1.json").read_text()) == {"cores": 2}


def test_a_trial_held_by_another_process_cannot_be_claimed(tmp_path):
    store = Store(tmp_path)
    with another_process_claims(store, "a", "b") as (_, answer):
        assert answer == "held"
        assert store.claim(["b", "c"]) is None
        with another_process_claims(store, "b", "c") as (_, second):
            assert second == "refused"


def test_a_claim_holds_within_its_own_process_too(tmp_path):
    store = Store(tmp_path)
    mine = store.claim(["a"])
    assert mine and Store(tmp_path).claim(["a"]) is None
    mine.release()
    assert store.claim(["a"])


def test_who_gets_not_all_trials_holds_none(tmp_path):
    store = Store(tmp_path)
    with another_process_claims(store, "b"):
        assert store.claim(["a", "b"]) is None
        with another_process_claims(store, "a") as (_, answer):
            assert answer == "held"


def test_trials_are_free_once_released(tmp_path):
    store = Store(tmp_path)
    mine = store.claim(["a", "b"])
    with another_process_claims(store, "b", "a") as (_, answer):
        assert answer == "refused"
    mine.release()
    with another_process_claims(store, "b", "a") as (_, answer):
        assert answer == "held"


def test_a_killed_holder_leaves_no_stale_claim(tmp_path):
    store = Store(tmp_path)
    with another_process_claims(store, "a") as (process, answer):
        assert answer == "held"
        process.kill()
        process.wait()
        assert (store.trial_folder("a") / ".lock").exists(), "nothing stale to get over"
        assert store.claim(["a"])
