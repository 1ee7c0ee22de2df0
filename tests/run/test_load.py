"""What kept a worker from its cores: which counters say so, and that rows and sweeps take notice."""

import subprocess
import sys
from dataclasses import replace

import pytest

import nstbench
from nstbench.record import Store
from nstbench.run import load
from nstbench.run.load import Counters, LoadMeter, read_counters
from nstbench.run.logbook import Logbook

from .test_sweep import experiment, fake

BURN = "import time\nwhile time.process_time() < 0.4: pass"


def measured(*readings):
    """Return the shares of stretches whose counters are given, before and after each."""
    made = LoadMeter(iter(readings).__next__)
    for _ in range(len(readings) // 2):
        made.start()
        made.stop()
    return made.shares()


def test_what_the_cores_did_beyond_the_worker_was_for_others():
    before, after = Counters(100.0, 50.0, 10.0), Counters(104.0, 53.0, 12.0)
    assert measured(before, after) == {"others_share": pytest.approx(1 / 4)}


def test_only_what_lies_within_a_stretch_counts():
    readings = [Counters(0, 0, 0), Counters(4, 4, 3), Counters(100, 100, 50), Counters(104, 101, 51)]
    assert measured(*readings) == {"others_share": pytest.approx(1 / 8)}


def test_quota_and_heat_are_shares_of_the_same_time():
    before, after = Counters(0, 0, 0, 1.0, 2.0), Counters(10, 5, 5, 3.0, 3.0)
    assert measured(before, after) == {"others_share": 0, "quota_share": 0.2, "heat_share": 0.1}


@pytest.mark.parametrize(
    "readings",
    [
        [],
        [Counters(0, 0, 0), Counters(0.9, 0.9, 0)],  # ten milliseconds would be a percent
        [Counters(0, 0, 0), Counters(9, 0, 8)],  # the system's counters stand still
    ],
)
def test_what_was_not_counted_well_is_unknown(readings):
    assert measured(*readings) == {}


def test_the_turns_of_others_are_in_no_stretch():
    log = Logbook("now", load=LoadMeter(iter([Counters(at, at, at) for at in range(8)]).__next__))
    log.begin_stretch()
    with log.resting():
        pass
    log.end_stretch()
    with log.resting():  # outside a stretch it begins none
        pass
    assert log.load.shares() == {"others_share": 0}
    assert len(log.load._stretches) == 2


def grown_by(command):
    """Return by how much the counters grow while a command runs that takes 0.4 seconds of a core."""
    before = read_counters()
    subprocess.run(command, check=True, stdout=subprocess.PIPE)
    after = read_counters()
    return Counters(*(b - a for a, b in zip(before[:3], after[:3], strict=True)))


def test_processes_that_it_started_are_its_own_and_others_are_not():
    mine = grown_by([sys.executable, "-c", BURN])
    assert mine.own > 0.35
    theirs = grown_by(["sh", "-c", f"{sys.executable} -c '{BURN}' & exit"])  # its parent is gone at once
    assert theirs.own < 0.2
    assert theirs.busy > 0.35


GROUPS = {
    "2": ("0::/user/job", "user/job", "usage_usec 9\nthrottled_usec 1500000\n", 1.5),
    "1": (
        "5:memory:/m\n4:cpu,cpuacct:/job",
        "cpu,cpuacct/job",
        "nr_throttled 7\nthrottled_time 2000000000\n",
        2,
    ),
    "1 within a container": ("4:cpu:/docker/abc", "cpu", "throttled_time 3000000000\n", 3),
    "none": ("0::/", "", "usage_usec 9\n", None),
}


@pytest.mark.parametrize("version", GROUPS)
def test_quotas_are_those_of_both_versions_of_control_groups(tmp_path, monkeypatch, version):
    membership, folder, stat, seconds = GROUPS[version]
    (tmp_path / "cgroup").write_text(membership)
    (tmp_path / "groups" / folder).mkdir(parents=True)
    (tmp_path / "groups" / folder / "cpu.stat").write_text(stat)
    monkeypatch.setattr(load, "MEMBERSHIP", tmp_path / "cgroup")
    monkeypatch.setattr(load, "GROUPS", tmp_path / "groups")
    assert read_counters().quota == seconds


def test_heat_is_what_each_core_says_of_its_processor(tmp_path, monkeypatch):
    for core in range(256):
        folder = tmp_path / f"cpu{core}" / "thermal_throttle"
        folder.mkdir(parents=True)
        (folder / "package_throttle_total_time_ms").write_text("1500\n")
    monkeypatch.setattr(load, "CORES", tmp_path)
    monkeypatch.setattr(load, "cores_of_this_process", lambda: (0,))
    assert read_counters().heat == 1.5


def test_a_sweep_records_the_load_and_does_disturbed_trials_again(tmp_path):
    made = experiment(
        fixed={"size": 32, "iterations": 24},
        sweep={"beta": [1, 2]},
        measure={"isolation": "none", "referee": "none", "chunk": 2},
        backends=[fake(step_s=0.05)],
    )
    first = nstbench.sweep(made, tmp_path).runs
    assert first["others_share"].between(0, 1).all()
    store = Store(tmp_path)
    quiet, busy = (store.record(trial_id) for trial_id in first["trial_id"])
    store.write_record(replace(quiet, others_share=0.0, quota_share=None))
    store.write_record(replace(busy, others_share=0.43))
    again = nstbench.sweep(made, tmp_path, redo=nstbench.Redo(disturbed=True)).runs
    assert again["wall_s"][0] == first["wall_s"][0]
    assert again["wall_s"][1] != first["wall_s"][1]
