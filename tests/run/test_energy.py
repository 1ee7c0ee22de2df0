"""Energy: which stretches count, when a counter is too coarse for them, and that rows say so."""

import itertools
from pathlib import Path

import pytest

from nstbench.api import Device
from nstbench.experiment import experiment_from_mapping
from nstbench.plan.planner import plan_trials
from nstbench.record.tables import make_table
from nstbench.run.bench import Bench
from nstbench.run.energy import EnergyMeter, find_counter
from nstbench.run.job import Job, Recorded
from nstbench.run.look_up import AssetLookUp, facts
from nstbench.run.machine import gpu_names


def meter(joules, seconds):
    """Make a meter that reads these numbers one after the other."""
    return EnergyMeter(iter(joules).__next__, iter(seconds).__next__)


def measured(made, stretches):
    for _ in range(stretches):
        made.start()
        made.stop()
    return made.joules


def test_only_what_lies_within_a_stretch_counts():
    assert measured(meter([10.0, 15.0, 100.0, 107.0], [0, 2, 9, 11]), 2) == 12.0


@pytest.mark.parametrize(
    ("joules", "seconds"),
    [
        ([10.0, 15.0], [0, 0.9]),  # shorter than the counter is fine
        ([10.0, 15.0, 20.0, 25.0], [0, 1.1, 2, 2.5]),
        ([None, 15.0], [0, 2]),  # it did not answer
        ([10.0, None], [0, 2]),
        ([15.0, 3.0], [0, 2]),  # it was set back
        ([10.0, 15.0, 15.0, None], [0, 2, 3, 5]),  # a part would pass for the whole
    ],
)
def test_what_was_not_counted_well_is_unknown(joules, seconds):
    assert measured(meter(joules, seconds), len(seconds) // 2) is None


def test_without_a_counter_nothing_is_known():
    assert measured(EnergyMeter(), 1) is None


def test_a_processor_has_no_counter_and_a_gpu_only_where_its_driver_is():
    assert find_counter(Device("cpu", "")) is None
    assert gpu_names() or find_counter(Device("gpu", "any")) is None


def watts(power):
    """Return a counter as that of a card under constant load, which counts each time it is read."""
    return lambda: float(next(readings) * power)


readings = itertools.count()


def rows(tmp_path, counter, iterations, **measure):
    experiment = experiment_from_mapping(
        {
            "name": "tiny",
            "inputs": {"content": "sample:cat", "style": "sample:coffee"},
            "fixed": {"size": 32, "alpha": 1, "beta": 10},
            "sweep": {"iterations": iterations},
            "measure": {"referee": "none", "chunk": 2, **measure},
            "backends": [{"name": "fake", "options": {"step_s": 0.15}}],
        },
        tmp_path,
    )
    trials = plan_trials(experiment, facts, AssetLookUp(lambda _: None)).trials
    snapshots = measure.get("snapshot_every")
    job = Job(
        "tiny",
        trials,
        "",
        tmp_path,
        tmp_path,
        tmp_path,
        2,
        snapshots,
        1,
        "none",
        None,
        60,
        False,
        False,
        None,
    )
    found = Bench("fake", job.trials[0].options, counter_of=lambda device: counter).execute(job)
    records = [event.run_record() for event in found if isinstance(event, Recorded)]
    return make_table("runs", records, Path(), {})


def test_a_row_has_the_energy_of_its_steady_rounds(tmp_path):
    """The counter grows by 5 J from reading to reading: one before and one after the steady rounds."""
    (energy,) = rows(tmp_path, watts(5), [10])["energy_j"]
    assert energy == 5.0


def test_the_rows_of_a_shared_trajectory_have_what_it_took_until_then(tmp_path):
    table = rows(tmp_path, watts(5), [2, 10, 18])
    assert table["shared_trajectory"].all()
    assert table["energy_j"].isna().tolist() == [True, False, False]
    assert table["energy_j"].tolist()[1:] == [5.0, 10.0]


def test_a_row_without_a_counter_has_none(tmp_path):
    assert rows(tmp_path, None, [4])["energy_j"].isna().all()
