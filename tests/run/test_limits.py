"""When a sweep gives up, and how much a worker may print."""

import pytest

import nstbench as front
from nstbench.system.logs import HELD_BYTES, MOST_BYTES, cut

from ..conftest import EXPERIMENT as TINY

SOUND = {
    "name": "limits",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "iterations": 4, "alpha": 1},
    "measure": {"referee": "none", "chunk": 2},
}


def with_faults(*faults, **more):
    named = [{"name": "faulty", "label": fault, "options": {"wrong": fault}} for fault in faults]
    return SOUND | {"backends": named} | more


class Listener(front.Watcher):
    def __init__(self):
        self.said = []

    def says(self, message):
        self.said.append(message)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    (tmp_path / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "down")


@pytest.mark.thorough
def test_a_worker_that_dies_is_replaced_as_often_as_asked(tmp_path):
    listener = Listener()
    dies_once = with_faults("dies once", "half a line")
    runs = front.sweep(dies_once, "out", limits=front.Limits(retries=2), watch=listener).runs
    assert list(runs["status"]) == ["ok", "failed"]
    tries = [line for line in listener.said if "the worker process exited" in line]
    assert [line[-10:] for line in tries] == ["try 2 of 3", "try 2 of 3", "try 3 of 3"]


def test_without_retries_a_worker_that_dies_costs_its_trial():
    assert list(front.sweep(with_faults("dies once", "none"), "out").runs["status"]) == ["failed", "ok"]


def test_checkpoints_that_are_reached_are_not_run_again(tmp_path):
    several = with_faults("dies once", fixed={"size": 32, "alpha": 1}, sweep={"iterations": [2, 4]})
    runs = front.sweep(several, "out", limits=front.Limits(retries=1)).runs
    assert list(runs["status"]) == ["ok", "ok"]
    assert list(runs["iterations_done"]) == [2, 4]


@pytest.mark.thorough
def test_fail_fast_begins_nothing_after_a_failure(nstbench, write, tmp_path):
    failing = "[{name: fake, label: bad, options: {fault: raise}}, {name: fake, label: good}]"
    path = write(TINY.replace("[fake]", failing))
    done = nstbench("sweep", path, "-o", tmp_path / "out", "--fail-fast", check=False)
    assert done.returncode == 3
    assert "1 trial not done, as a trial has failed" in done.stderr
    again = nstbench("sweep", path, "-o", tmp_path / "out", check=False)
    assert "1 ok" in again.stderr and "1 run now" in again.stderr


def test_a_sweep_that_is_out_of_time_keeps_what_is_done(nstbench, write, tmp_path):
    slow = "[{name: fake, label: quick}, {name: fake, label: slow, options: {step_s: 60}}]"
    path = write(TINY.replace("[fake]", slow))
    done = nstbench("sweep", path, "-o", tmp_path / "out", "--time-limit", "2", check=False)
    assert done.returncode == 130
    assert "1 trial not done, as the time was over" in done.stderr
    assert "1 ok" in done.stderr


@pytest.mark.parametrize("isolation", ["backend", "none"])
def test_a_backend_that_goes_into_another_folder_takes_nothing_along(isolation, tmp_path):
    elsewhere = with_faults("goes elsewhere", "none", measure=SOUND["measure"] | {"isolation": isolation})
    results = front.sweep(elsewhere, "out")
    assert list(results.runs["status"]) == ["ok", "ok"]
    assert {path.parent for path in tmp_path.rglob("out")} == {tmp_path / "deep" / "down"}
    assert len(list((tmp_path / "deep/down/out").glob("trials/*/images/*.png"))) == 2


def test_what_is_printed_is_kept_within_bounds():
    front.sweep(with_faults("prints much"), "out")
    (log,) = front.open_results("out").stores[0].path.glob("trials/*/log.txt")
    assert log.stat().st_size < MOST_BYTES
    assert b"bytes are left out here" in log.read_bytes()


def test_a_log_that_is_cut_keeps_its_ends_and_who_writes_goes_on_behind(tmp_path):
    path = tmp_path / "log.txt"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"first" + b"." * MOST_BYTES + b"last")
        cut(path)
        cut(path)
        writer.write(b" more")
    kept = path.read_bytes()
    assert kept.startswith(b"first.") and kept.endswith(b".last more")
    assert 2 * HELD_BYTES < len(kept) < 2 * HELD_BYTES + 100
    assert str(MOST_BYTES + 9 - 2 * HELD_BYTES).encode() in kept
