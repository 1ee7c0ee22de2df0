"""Whose folder it is, and which of its rows the experiment still plans: as users meet it."""

import json
import re
import shutil
from pathlib import Path

import pytest

import nstbench as python
from nstbench.api import UsageError
from nstbench.assets import load_image, save_png
from nstbench.experiment import load_experiment
from nstbench.run.sweep import prepare_sweep

EXPERIMENT = """
inputs: {content: sample:cat, style: sample:coffee}
fixed: {size: 32, iterations: 6}
measure: {referee: none}
backends: [fake]
"""
LONGER = EXPERIMENT.replace("iterations: 6", "iterations: 8")


def files(folder):
    """Return every file below a folder with its bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(nstbench, *arguments):
    return json.loads(nstbench("show", *arguments, "--json").stdout)


@pytest.fixture
def two(tmp_path):
    """Two experiments of one name, in folders of their own."""
    for name, text in (("a", EXPERIMENT), ("b", LONGER)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "exp.yaml").write_text(text)


def test_another_experiment_of_the_same_name_is_refused_and_nothing_is_written(two, nstbench, tmp_path):
    nstbench("sweep", "a/exp.yaml")
    before = files(tmp_path)
    for more in ([], ["--dry-run"], ["--force"]):
        refused = nstbench("sweep", "b/exp.yaml", *more, check=False)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
        assert f"results/exp: holds the results of another experiment, 'exp' ({tmp_path}/a/exp.yaml)" in (
            refused.stderr
        )
        assert "-o" in refused.stderr and "--join" in refused.stderr
    assert files(tmp_path) == before
    assert [row["iterations"] for row in rows(nstbench, "results/exp")] == [6]


def test_an_experiment_that_joins_takes_the_folder_over_and_the_other_ones_rows_are_marked(two, nstbench):
    nstbench("sweep", "a/exp.yaml")
    said = nstbench("sweep", "b/exp.yaml", "--join").stderr
    assert "1 older row outside the present plan: --outside-plan takes older rows in" in said
    assert [row["iterations"] for row in rows(nstbench, "results/exp")] == [8]
    both = {row["iterations"]: row["planned"] for row in rows(nstbench, "results/exp", "--outside-plan")}
    assert both == {8: True, 6: False}
    assert "outside (exp)" in nstbench("show", "results/exp", "--outside-plan").stdout


def test_an_experiment_from_python_is_known_by_its_name(tmp_path, write):
    plain = {
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "iterations": 2},
        "measure": {"referee": "none"},
        "backends": ["fake"],
    }
    python.sweep(plain | {"name": "mine"}, tmp_path / "out")
    python.sweep(plain | {"name": "mine", "fixed": {"size": 32, "iterations": 3}}, tmp_path / "out")
    with pytest.raises(
        UsageError, match=r"holds the results of another experiment, 'mine' \(given in Python\)"
    ):
        python.sweep(plain | {"name": "yours"}, tmp_path / "out")
    with pytest.raises(UsageError, match="'mine'"):
        python.sweep(write(), tmp_path / "out", overrides=["name=mine"])
    results = python.sweep(plain | {"name": "yours"}, tmp_path / "out", join=True)
    assert list(results.runs["planned"]) == [True, False]
    assert list(results.runs["experiment"]) == ["yours", "mine"]


def test_a_new_folder_is_taken_where_files_stand_for_locks(tmp_path, write, monkeypatch):
    monkeypatch.setenv("NSTBENCH_LOCKS", "soft")
    prepare_sweep(load_experiment(write(EXPERIMENT)), tmp_path / "out").run()
    assert list(python.open_results(tmp_path / "out").runs["status"]) == ["ok"]


def test_of_two_experiments_that_begin_at_once_one_gets_the_folder(two, tmp_path):
    first, second = (
        prepare_sweep(load_experiment(tmp_path / name / "exp.yaml"), tmp_path / "out") for name in "ab"
    )
    first.run()
    with pytest.raises(UsageError, match="another experiment"):
        second.run()
    assert list(python.open_results(tmp_path / "out").runs["iterations"]) == [6]


@pytest.mark.thorough
def test_a_project_or_its_results_may_move(two, nstbench, tmp_path):
    nstbench("sweep", "a/exp.yaml", "-o", "a/out")
    shutil.move(tmp_path / "a", tmp_path / "c")
    assert "0 run now" in nstbench("sweep", "c/exp.yaml", "-o", "c/out").stderr
    shutil.move(tmp_path / "c/out", tmp_path / "archive")
    assert "0 run now" in nstbench("sweep", "c/exp.yaml", "-o", "archive").stderr


@pytest.fixture
def edited(nstbench, tmp_path):
    """A folder after two more iterations were written into its experiment."""
    for text in (EXPERIMENT, LONGER):
        (tmp_path / "exp.yaml").write_text(text)
        nstbench("sweep", "exp.yaml")
    return tmp_path / "results/exp"


@pytest.mark.thorough
def test_what_is_made_from_results_leaves_out_rows_that_are_no_longer_planned(edited, nstbench, tmp_path):
    assert [row["iterations"] for row in rows(nstbench, "results/exp")] == [8]
    for table, count in (("losses", 8), ("images", 1)):
        assert len(rows(nstbench, "results/exp", "--table", table)) == count
    figures = nstbench("export", "results/exp", "--to", "github-action-benchmark")
    names = [entry["name"] for entry in json.loads((tmp_path / figures.stdout.strip()).read_text())]
    assert len(set(names)) == len(names) == 3
    assert "1 older row outside the present plan" in figures.stderr
    page = (edited / "report.html").read_text()
    gone, kept = python.open_results(edited).runs.sort_values("iterations")["trial_id"]
    assert kept in page and gone not in page
    assert "1 trial is not in the present plan and left out" in page
    results = python.open_results(edited)
    assert len(re.findall("<tr>", results._repr_html_())) == 2
    assert len(results.plot_losses().data) == 1
    assert nstbench("compare", "results/exp", "--by", "iterations", check=False).returncode == 2


def test_nothing_disappears_and_all_is_there_on_request(edited, nstbench, tmp_path):
    results = python.open_results(edited)
    assert list(zip(results.runs["iterations"], results.runs["planned"], strict=True)) == [
        (8, True),
        (6, False),
    ]
    assert results.losses["trial_id"].nunique() == 2
    whole = ("--outside-plan", "--to", "github-action-benchmark", "-o", "figures.json")
    nstbench("export", "results/exp", *whole)
    names = [entry["name"] for entry in json.loads((tmp_path / "figures.json").read_text())]
    assert len(set(names)) == len(names) == 6, "each figure has a name of its own"
    assert sum("outside the plan" in name for name in names) == 3
    compared = nstbench("compare", "results/exp", "--by", "iterations", "--outside-plan", "--json").stdout
    assert {group["group"] for group in json.loads(compared)["groups"]} == {"6", "8"}
    nstbench("report", "results/exp", "--outside-plan")
    assert all(trial_id in (edited / "report.html").read_text() for trial_id in results.runs["trial_id"])
    view = python.open_results(edited, outside_plan=True)
    assert len(re.findall("<tr>", view._repr_html_())) == 3


def test_a_sweep_of_some_backends_leaves_the_others_in_the_plan(nstbench, tmp_path):
    (tmp_path / "exp.yaml").write_text(EXPERIMENT.replace("[fake]", "[fake, colour-transfer]"))
    nstbench("sweep", "exp.yaml")
    nstbench("sweep", "exp.yaml", "--backend", "fake")
    assert {row["backend"] for row in rows(nstbench, "results/exp")} == {"fake", "colour-transfer"}


@pytest.mark.parametrize("text", ["the user's own: {}\n", '{"experiment": "mine"}', ""])
def test_a_folder_with_other_things_in_it_is_refused_and_they_stay_as_they_are(nstbench, tmp_path, text):
    (tmp_path / "quick.yaml").write_text(EXPERIMENT)
    for name in ("experiment.yaml", "plan.json", "report.html"):
        (tmp_path / name).write_text(text)
    (tmp_path / "results/quick").mkdir(parents=True)
    (tmp_path / "results/quick/notes.txt").write_text("mine")
    before = files(tmp_path)
    for more in (["-o", "."], [], ["-o", ".", "--join"], ["-o", ".", "--dry-run"]):
        refused = nstbench("sweep", "quick.yaml", *more, check=False)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
        assert "holds what nstbench did not make" in refused.stderr
        assert "choose a new or an empty folder with -o" in refused.stderr
    assert files(tmp_path) == before


def test_an_empty_folder_and_one_whose_sweep_was_killed_at_once_will_do(nstbench, tmp_path):
    (tmp_path / "quick.yaml").write_text(EXPERIMENT)
    (tmp_path / "empty").mkdir()
    nstbench("sweep", "quick.yaml", "-o", "empty")
    (tmp_path / "killed").mkdir()
    for name in (".lock", ".plan.json.0123456789ab.tmp"):
        (tmp_path / "killed" / name).touch()
    nstbench("sweep", "quick.yaml", "-o", "killed")
    assert rows(nstbench, "empty") and len(rows(nstbench, "killed")) == len(rows(nstbench, "empty"))


def test_a_folder_whose_plan_is_damaged_is_known_by_its_trials(nstbench, tmp_path):
    (tmp_path / "quick.yaml").write_text(EXPERIMENT)
    nstbench("sweep", "quick.yaml")
    (tmp_path / "results/quick/plan.json").write_text('{"trials": [')
    assert "0 run now" in nstbench("sweep", "quick.yaml").stderr


def test_an_export_goes_into_a_folder_of_its_own(nstbench, tmp_path):
    (tmp_path / "quick.yaml").write_text(EXPERIMENT)
    nstbench("sweep", "quick.yaml")
    (tmp_path / "runs.csv").write_text("mine")
    refused = nstbench("export", "results/quick", "--to", "csv", "-o", ".", check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "holds what nstbench did not make" in refused.stderr
    assert (tmp_path / "runs.csv").read_text() == "mine"
    for _ in range(2):
        nstbench("export", "results/quick", "--to", "csv", "-o", "out")
    assert nstbench("export", "results/quick", "--to", "parquet", "-o", "out", check=False).returncode == 2


def test_a_check_hides_nothing_of_the_users_from_git(nstbench, write, tmp_path):
    (tmp_path / "results/check").mkdir(parents=True)
    (tmp_path / "results/check/notes.txt").write_text("mine")
    nstbench("check", write(), check=False)
    assert not (tmp_path / "results/check/.gitignore").exists()
    assert list(tmp_path.glob("results/check/tiny/*/.gitignore"))


def test_stylize_does_not_replace_the_picture_it_is_made_from(nstbench, tmp_path):
    photo = tmp_path / "photo.png"
    save_png(load_image("sample:cat", 48, Path()).pixels, photo)
    before = photo.read_bytes()
    done = nstbench(
        "stylize", "photo.png", "sample:coffee", "-o", "./photo.png", "--backend", "fake", check=False
    )
    assert (done.returncode, "photo.png itself" in done.stderr) == (2, True)
    assert photo.read_bytes() == before


@pytest.mark.thorough
def test_a_damaged_trial_is_told_by_every_verb_and_done_again_when_asked(nstbench, tmp_path):
    (tmp_path / "quick.yaml").write_text(EXPERIMENT)
    nstbench("sweep", "quick.yaml")
    mine = next((tmp_path / "results/quick/trials").iterdir())
    whole = (mine / "losses.npz").read_bytes()
    (mine / "losses.npz").write_bytes(whole[:-20])
    for verb in ("sweep quick.yaml", "report results/quick", "show results/quick --table losses"):
        done = nstbench(*verb.split())
        assert f"trials/{mine.name}/losses.npz: damaged" in done.stderr
        assert "Traceback" not in done.stderr
    (mine / "result.json").write_text("{")
    done = nstbench("sweep", "quick.yaml", check=False)
    assert (done.returncode, "1 damaged; 0 run now" in done.stderr) == (3, True)
    assert "1 ok; 1 run now" in nstbench("sweep", "quick.yaml", "--retry-failed").stderr
    assert (mine / "losses.npz").read_bytes()[:4] == whole[:4]
