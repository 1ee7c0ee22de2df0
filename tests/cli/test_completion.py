"""What a shell completes, asked of the functions themselves, and once in the words of each shell."""

import os
import subprocess

import pytest

from nstbench.cli.console import completion
from tests.command import NSTBENCH
from tests.report.scenes import a_folder, a_record, a_trial


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with results, an experiment and a picture."""
    trial = a_trial()
    a_folder(tmp_path / "results" / "made", a_record(trial))
    (tmp_path / "exp.yaml").touch()
    (tmp_path / "photo.png").touch()
    monkeypatch.chdir(tmp_path)
    return trial.trial_id


@pytest.mark.parametrize(
    ("complete", "incomplete", "expected"),
    [
        (completion.backends, "fak", ["fake"]),
        (completion.presets, "cour", ["coursera"]),
        (completion.images, "sample:ca", ["sample:cat"]),
        (completion.images, "pho", ["photo.png"]),
        (completion.settings, "optim", ["optimiser="]),
        (completion.settings, "sweep.adam_e", ["sweep.adam_epsilon="]),
        (completion.settings, "pooling=", ["pooling=max", "pooling=avg"]),
        (completion.settings, "deterministic=t", ["deterministic=true"]),
        (completion.settings, "nothing=", []),
        (completion.formats, "par", ["parquet"]),
        (completion.executors, "sl", ["slurm"]),
        (completion.columns, "beta,final_t", ["beta,final_total"]),
        (completion.conditions, "stat", ["status="]),
        (completion.tables, "lo", ["losses"]),
        (completion.devices, "g", ["gpu"]),
        (completion.results, "", ["results/made"]),
        (completion.experiments, "e", ["exp.yaml"]),
        (completion.experiments, "p", []),
    ],
)
def test_a_beginning_is_completed_to_what_there_is(here, complete, incomplete, expected):
    assert complete(incomplete) == expected


def test_trials_are_completed_by_the_ids_that_tables_show(here):
    assert completion.trials(here[:3]) == [here[:8]]


PROTOCOLS = {
    "bash": {"COMP_WORDS": "nstbench backends check fak", "COMP_CWORD": "3"},
    "zsh": {"_TYPER_COMPLETE_ARGS": "nstbench backends check fak"},
    "fish": {
        "_TYPER_COMPLETE_ARGS": "nstbench backends check fak",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    },
}


@pytest.mark.parametrize("shell", PROTOCOLS)
def test_shells_get_what_they_ask_for(shell):
    environment = os.environ | {"_NSTBENCH_COMPLETE": f"complete_{shell}"} | PROTOCOLS[shell]
    done = subprocess.run([NSTBENCH], env=environment, capture_output=True, text=True, check=False)
    assert "fake" in done.stdout
