"""What is remembered of how fast backends were here."""

import pytest

from nstbench.plan import predict
from nstbench.plan.forecast import JUDGING_S
from nstbench.run import paces

from ..report.scenes import a_record, a_trial


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NSTBENCH_CACHE", str(tmp_path))


def test_the_nearest_size_counts_and_the_start_stays_from_who_paid_for_it():
    small, large = (a_trial({}, height=side, width=side) for side in (64, 256))
    assert paces.pace_of(small) is None
    paces.learn(
        a_record(small, phases={"import": 4.0, "load": 1.0, "prepare": 0.5, "compile": 2.0}, optimise_s=2.0)
    )
    paces.learn(a_record(large, phases={"prepare": 0.25, "compile_cached": 0.5}, optimise_s=20.0))
    near = paces.pace_of(a_trial({}, height=72, width=64))
    assert (near.start_s, near.ready_s) == (5.0, 2.5)
    assert near.gflop_per_s == pytest.approx(predict(small).gflop / 2)
    far = paces.pace_of(a_trial({}, height=512, width=256))
    assert (far.start_s, far.ready_s) == (5.0, 0.75)
    assert far.gflop_per_s == pytest.approx(predict(large).gflop / 20)
    assert far.pass_s == pytest.approx(2 * 20 / large.checkpoint)


def test_a_trial_that_failed_and_a_damaged_file_teach_nothing(tmp_path):
    trial = a_trial({})
    paces.learn(a_record(trial, status="failed", optimise_s=2.0))
    assert paces.pace_of(trial) is None
    paces.learn(a_record(trial, optimise_s=2.0))
    (kept,) = (tmp_path / "paces").iterdir()
    for text in ("", "[]", '{"a b c": {}}', '{"highest 12": {"speed": 1}}', '{"highest 12": 3}'):
        kept.write_text(text)
        assert paces.pace_of(trial) is None


def test_the_referee_has_a_pace_of_its_own():
    assert paces.judging_pace() == JUDGING_S
    paces.learn_judging(1000, 0.5)
    paces.learn_judging(0, 3.0)
    assert paces.judging_pace() == 5e-4
