"""Tables read from a folder's own Parquet files are those that its records make, whatever has changed."""

import json
import os
import shutil

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from nstbench.record import Store, open_results

TABLES = ("runs", "losses", "timings", "images")


@pytest.fixture
def kept(trial, record, failed, folder, log_losses):
    """Make a folder of three trials, one of them failed, with its tables; returns its store and trials."""
    trials = [trial(), trial(style_layers=["conv1_1", "conv2_1"]), trial(beta=7.0)]
    store = folder(record(trials[0]), record(trials[1]), failed(trials[2]))
    log_losses(store, trials[0], 4, ["conv1_1"])
    log_losses(store, trials[1], 2, ["conv2_1", "conv1_1"])
    open_results(store.path).write_tables()
    return store, trials


@pytest.fixture
def records_read(monkeypatch):
    """List the trials whose records are read from now on."""
    read, whole = [], Store.records

    def reading(self, among=None):
        found = whole(self, among)
        read.extend(one.trial.trial_id for one in found)
        return found

    monkeypatch.setattr(Store, "records", reading)
    return read


def assert_as_from_records(folder):
    """Compare with what is read when the tables are away."""
    frames = [every_table(folder)]
    (folder / "tables").rename(folder / "away")
    frames.append(every_table(folder))
    (folder / "away").rename(folder / "tables")
    for mine, other in zip(*frames, strict=True):
        assert_frame_equal(mine, other)


def every_table(folder):
    results = open_results(folder)
    return [getattr(view, table) for view in (results, results.shown) for table in TABLES]


def test_no_record_is_read_of_a_folder_that_has_not_changed(kept, records_read):
    store, _ = kept
    assert_as_from_records(store.path)
    records_read.clear()
    results = open_results(store.path)
    assert [len(getattr(results, table)) for table in TABLES] == [3, 6, 8, 2]
    assert not records_read


def test_one_record_is_read_when_one_has_changed(kept, record, records_read):
    store, trials = kept
    store.write_record(record(trials[1], wall_s=77.0))
    assert list(open_results(store.path).runs["wall_s"].dropna()) == [77.0]
    assert records_read == [trials[1].trial_id]
    assert_as_from_records(store.path)


def test_tables_that_are_current_are_not_written_again(kept, record):
    store, trials = kept
    path = store.path / "tables" / "runs.parquet"
    before = path.stat().st_mtime_ns, path.stat().st_ino
    open_results(store.path).write_tables()
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    store.write_record(record(trials[2]))
    open_results(store.path).write_tables()
    assert path.stat().st_ino != before[1]
    assert list(pd.read_parquet(path)["status"]) == ["ok"] * 3


def relabelled(store, trials):
    plan = store.plan()
    plain = json.loads((store.path / "plan.json").read_text())
    plain["trials"] = [{**one.to_json(), "label": f"new {place}"} for place, one in enumerate(plan.trials)]
    (store.path / "plan.json").write_text(json.dumps(plain))


def planned_otherwise(store, trials):
    plain = json.loads((store.path / "plan.json").read_text())
    plain["trials"] = [trials[2].to_json(), trials[0].to_json()]
    (store.path / "plan.json").write_text(json.dumps(plain))


def without_a_result(store, trials):
    (store.trial_folder(trials[1].trial_id) / "result.json").unlink()


def without_losses(store, trials):
    (store.trial_folder(trials[1].trial_id) / "losses.npz").unlink()


def without_a_trial(store, trials):
    planned_otherwise(store, trials)
    shutil.rmtree(store.trial_folder(trials[1].trial_id))


def with_other_losses(store, trials):
    source = store.trial_folder(trials[0].trial_id) / "losses.npz"
    shutil.copy(source, store.trial_folder(trials[1].trial_id) / "losses.npz")


def with_damage(store, trials):
    (store.trial_folder(trials[0].trial_id) / "result.json").write_text("{")
    (store.trial_folder(trials[1].trial_id) / "losses.npz").write_bytes(b"PK")


def half_a_table(store, trials):
    path = store.path / "tables" / "losses.parquet"
    path.write_bytes(path.read_bytes()[:-50])


def rewritten(name, change):
    """Replace a table by something else, and have the stamps say that it was nstbench."""

    def maker(store, trials):
        path, stamps = store.path / "tables" / f"{name}.parquet", store.path / "tables" / "stamps.json"
        before = path.stat()
        change(pd.read_parquet(path)).to_parquet(path, index=False)
        os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
        said = json.loads(stamps.read_text())
        said["tables"] = [
            text.replace(f"+{before.st_size}", f"+{path.stat().st_size}") for text in said["tables"]
        ]
        stamps.write_text(json.dumps(said))

    return maker


CHANGES = {
    "relabelled": relabelled,
    "planned otherwise": planned_otherwise,
    "without a result": without_a_result,
    "without losses": without_losses,
    "without a trial": without_a_trial,
    "with other losses": with_other_losses,
    "with damage": with_damage,
    "half a table": half_a_table,
    "a column missing": rewritten("runs", lambda frame: frame.drop(columns="beta")),
    "a column more": rewritten("losses", lambda frame: frame.assign(more=1.0)),
    "text for numbers": rewritten("runs", lambda frame: frame.assign(beta="many")),
    "a picture elsewhere": rewritten("images", lambda frame: frame.assign(path="../../secret.png")),
    "an id elsewhere": rewritten("timings", lambda frame: frame.assign(trial_id="../up")),
    "stamps of nothing": lambda store, trials: (store.path / "tables" / "stamps.json").write_text("[1]"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_shows(kept, change):
    store, trials = kept
    CHANGES[change](store, trials)
    assert_as_from_records(store.path)
    open_results(store.path).write_tables()
    assert_as_from_records(store.path)


def test_what_is_damaged_is_said_every_time(kept):
    store, trials = kept
    with_damage(store, trials)
    for _ in range(2):
        results = open_results(store.path)
        results.write_tables()
        assert list(results.runs["status"]) == ["damaged", "ok", "failed"]
        assert [trials[1].trial_id in line for line in results.damaged] == [True]


def test_several_folders_at_once_leave_their_tables_alone(kept, folder, trial, record):
    store, _ = kept
    other = folder(record(trial(beta=3.0)), name="other")
    both = open_results(store.path, other.path)
    assert len(both.runs) == 4
    assert [len(one.runs.columns) for one in (open_results(store.path), both)] == [
        len(both.runs.columns) - 1,
        len(both.runs.columns),
    ]
    assert_as_from_records(store.path)
