"""What is here: the list of results folders, the newest of them, and what no plan has any longer."""

import json
import os

import pytest

from nstbench.api import ResultsError, UsageError
from nstbench.cli.list import list as list_results
from nstbench.cli.prune import prune
from nstbench.experiment import experiment_from_mapping
from nstbench.plan import Plan
from nstbench.record import Store, open_results
from nstbench.record.folders import latest_results, look_at, results_folders
from tests.report.scenes import a_failure, a_folder, a_record, a_trial

TRIALS = [a_trial({"beta": beta}) for beta in (1.0, 2.0, 3.0)]


def plan(folder, trials):
    inputs = {"content": "sample:cat", "style": "sample:coffee"}
    plain = {"name": "made", "inputs": inputs, "backends": ["fake"]}
    Store(folder).write_plan(experiment_from_mapping(plain, folder), Plan("made", tuple(trials)))


@pytest.fixture
def two(tmp_path):
    """An older folder with a trial to do, and a newer one with a failure."""
    a_folder(tmp_path / "results" / "old", *map(a_record, TRIALS[:2]))
    plan(tmp_path / "results" / "old", TRIALS)
    a_folder(tmp_path / "results" / "new", a_record(TRIALS[0]), a_failure(TRIALS[1]))
    for name, changed_at in (("old", 1000), ("new", 2000)):
        for part in ("plan.json", "trials"):
            os.utime(tmp_path / "results" / name / part, (changed_at, changed_at))
    return tmp_path / "results"


def test_the_newest_folder_comes_first_and_says_how_far_it_is(two, capsys):
    list_results(two.parent, as_json=True)
    new, old = json.loads(capsys.readouterr().out)
    assert (new["path"], new["planned"], new["done"]) == (str(two / "new"), 2, 2)
    assert new["counts"] == {"ok": 1, "failed": 1}
    assert (old["planned"], old["done"]) == (3, 2)
    files = [each for each in (two / "new").rglob("*") if each.is_file()]
    assert new["size_bytes"] == sum(each.stat().st_size for each in files)
    list_results(two.parent)
    assert "2 ok, 1 to do" in capsys.readouterr().out


def test_the_newest_is_what_is_shown_where_none_is_named(two, tmp_path):
    assert latest_results(two.parent) == two / "new"
    (tmp_path / "empty").mkdir()
    with pytest.raises(ResultsError, match="no results folder in "):
        latest_results(tmp_path / "empty")


def test_a_folder_that_holds_results_names_them(two):
    with pytest.raises(ResultsError, match=r"holds .*results/new, .*results/old; name one"):
        open_results(two)


def test_a_folder_with_a_damaged_plan_is_listed_with_what_is_wrong(two):
    (two / "old" / "plan.json").write_text("{")
    assert len(results_folders(two)) == 2
    assert "plan.json" in look_at(two / "old").damage


def test_pruning_removes_what_is_not_planned_and_nothing_else(two, capsys):
    folder = two / "old"
    plan(folder, TRIALS[1:])
    gone, kept = (folder / "trials" / trial.trial_id for trial in TRIALS[:2])
    prune(folder, dry_run=True)
    assert gone.exists()
    assert TRIALS[0].trial_id in capsys.readouterr().out
    with pytest.raises(UsageError, match="--yes"):
        prune(folder)
    prune(folder, yes=True)
    assert not gone.exists()
    assert kept.exists()
    assert set(open_results(folder).runs["trial_id"]) == {trial.trial_id for trial in TRIALS[1:]}
    prune(folder)
    assert "nothing to remove" in capsys.readouterr().err


def test_pruning_leaves_alone_what_a_sweep_has_claimed(two):
    folder = two / "old"
    plan(folder, TRIALS[1:])
    held = Store(folder).claim([TRIALS[0].trial_id])
    prune(folder, yes=True)
    held.release()
    assert (folder / "trials" / TRIALS[0].trial_id / "result.json").exists()
