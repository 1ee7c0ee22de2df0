"""Where the time went: what is on record adds up to the clock on the wall, or it is said that it does not."""

import json
from datetime import UTC, datetime, timedelta

import pytest

import nstbench
from nstbench.record import Round
from nstbench.record.layout import SWEEPS
from nstbench.record.sweep_times import SweepTimes, read_times, write_times
from nstbench.report.page_times import times

from .made import made_record, made_results, made_trial

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(second):
    return (NOON + timedelta(seconds=second)).isoformat()


def worked(beta, begun, wall_s=5.0, **more):
    """Make the record of a trial: 2 s to import, half a second to prepare, 2 s in the loop."""
    rounds = Round(10, 1.0 + beta / 100, True), Round(30, 1.0 - beta / 100, False)
    own = {"rounds": rounds, "started_at": at(begun), "wall_s": wall_s} | more
    return made_record(made_trial(beta=beta), **own)


def swept(folder, ended, wall_s, start_s=1.0, **parts):
    write_times(folder, SweepTimes(at(ended), wall_s, {"one": start_s}, parts))


def test_parts_add_up_to_the_clock_of_two_sweeps(tmp_path):
    results = made_results(tmp_path, [worked(1.0, 4), worked(2.0, 104)])
    swept(tmp_path, 20, 20.0, planning=3.0, referee=2.0)
    swept(tmp_path, 120, 20.0, planning=3.0, referee=2.0)
    swept(tmp_path, 220, 20.0, planning=3.0)  # of trials that are no longer there
    found = times(results, page_s=0.5)
    (row,) = found.rows
    assert dict(zip(found.phases, row[1:], strict=True)) == pytest.approx(
        {"start": 2, "import": 4, "load": 0, "prepare": 1, "compile": 0, "warm-up": 2.03, "steady": 1.97}
        | {"pictures": 1}
    )
    assert found.wall_s == pytest.approx(40.5)
    assert dict(found.parts) == pytest.approx({"planning": 6, "referee": 4, "this page": 0.5, "other": 18})
    assert not found.at_once


def test_trials_of_one_trajectory_count_its_clock_once(tmp_path):
    trials = [made_trial(beta=1.0, iterations=count) for count in (10, 40)]
    shared = {"started_at": at(4), "shared_trajectory": True}
    short = made_record(trials[0], rounds=(Round(10, 1.0, True),), wall_s=4.0, **shared)
    long = made_record(
        trials[1], rounds=(Round(10, 1.0, True), Round(30, 1.5, False)), wall_s=6.0, **shared, phases={}
    )
    (row,) = times(made_results(tmp_path, [short, long])).rows
    assert sum(row[1:]) == pytest.approx(6.0)


def test_sweeps_that_ran_at_once_share_the_clock(tmp_path):
    results = made_results(tmp_path, [worked(1.0, 1, 9.0), worked(2.0, 1, 9.0)])
    swept(tmp_path, 10, 10.0)
    swept(tmp_path, 12, 11.0)
    found = times(results)
    assert found.wall_s == pytest.approx(12)
    assert found.at_once
    assert found.parts[-1] == ("other", 0.0)


def test_without_the_clock_of_every_trial_none_is_claimed(tmp_path):
    results = made_results(tmp_path, [worked(1.0, 4), worked(2.0, 1000)])
    swept(tmp_path, 20, 20.0)
    assert times(results).wall_s is None
    assert times(results).parts == []


def test_damaged_files_of_the_clock_are_left_out(tmp_path):
    swept(tmp_path, 20, 20.0)
    (good,) = (tmp_path / SWEEPS).iterdir()
    fine = json.loads(good.read_text())
    bad = [
        {},
        fine | {"wall_s": -1},
        fine | {"wall_s": "x"},
        fine | {"ended_at": "soon"},
        fine | {"wall_s": 1e300},
    ]
    for place, content in enumerate(bad):
        (tmp_path / SWEEPS / f"{place}.json").write_text(json.dumps(content))
    (tmp_path / SWEEPS / "cut.json").write_bytes(good.read_bytes()[:20])
    assert [one.ended_at for one in read_times(tmp_path)] == [fine["ended_at"]]


def test_only_a_sweep_that_did_something_writes_down_what_it_took(tmp_path):
    experiment = {
        "name": "tiny",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "iterations": 2, "alpha": 1, "beta": 10},
        "backends": ["fake"],
        "measure": {"referee": "none"},
    }
    for _ in range(2):
        results = nstbench.sweep(experiment, tmp_path)
        (one,) = read_times(tmp_path)
    assert 0 < one.starts["fake"] < one.wall_s
    assert set(one.parts) == {"planning", "tables"}
    assert times(results).wall_s == pytest.approx(one.wall_s)
