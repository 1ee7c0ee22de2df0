"""From what a session counts to the table: each trial has it, and nonsense is a failed row."""

import numpy as np
import pytest

import nstbench
from nstbench.testing.fakes import FakeSession


def experiment(**changes):
    return {
        "name": "tiny",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "alpha": 1, "beta": 10},
        "sweep": {"iterations": [2, 4]},
        "measure": {"referee": "none", "isolation": "none"},
        "backends": ["fake"],
    } | changes


def test_every_trial_of_a_trajectory_has_the_count_of_one_iteration(tmp_path):
    runs = nstbench.sweep(experiment(), tmp_path).runs
    assert list(runs["shared_trajectory"]) == [True, True]
    expected = 3 * 3 * runs["height"] * runs["width"] / 1e9  # three operations on each of three channels
    np.testing.assert_allclose(runs["counted_gflop"].astype(float), expected.astype(float))


def test_where_a_backend_does_not_tell_the_column_is_empty(tmp_path):
    runs = nstbench.sweep(experiment(backends=["fake", "colour-transfer"]), tmp_path).runs
    assert list(runs["status"]) == ["ok"] * 3
    empty = runs.set_index("backend")["counted_gflop"].isna()
    assert empty["colour-transfer"]
    assert not empty["fake"].any()


@pytest.mark.parametrize("flop", [-1, 0, float("nan"), float("inf")])
def test_a_count_that_is_no_number_of_operations_fails_the_trial_by_name(tmp_path, monkeypatch, flop):
    monkeypatch.setattr(FakeSession, "flop", lambda self: flop)
    runs = nstbench.sweep(experiment(), tmp_path).runs
    assert list(runs["status"]) == ["failed"] * 2
    assert all(f"Session.flop: found {flop!r}" in message for message in runs["error_message"])
    assert runs["counted_gflop"].isna().all()


def test_a_count_that_breaks_fails_the_trial_and_the_next_starts_without_one(tmp_path, monkeypatch):
    counts = iter([6.0])
    monkeypatch.setattr(FakeSession, "flop", lambda self: next(counts))
    runs = nstbench.sweep(experiment(fixed={"size": 32}, sweep={"beta": [1, 2]}), tmp_path).runs
    assert list(runs["status"]) == ["ok", "failed"]
    assert list(runs["error_type"].fillna("")) == ["", "StopIteration"]
    assert list(runs["counted_gflop"].isna()) == [False, True]


def test_a_count_of_numpy_survives_the_record(tmp_path, monkeypatch):
    monkeypatch.setattr(FakeSession, "flop", lambda self: np.float32(2e9))
    assert list(nstbench.sweep(experiment(), tmp_path).runs["counted_gflop"]) == [2.0, 2.0]
