"""A results folder as a sweep of the fake backend leaves it: four trials, two optimisations."""

import shutil

from nstbench.experiment import experiment_from_mapping
from nstbench.run.sweep import prepare_sweep

EXPERIMENT = {
    "name": "tiny",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "alpha": 1},
    "sweep": {"beta": [1, 2], "iterations": [2, 4]},
    "measure": {"referee": "none", "isolation": "none"},
    "backends": ["fake"],
}


def sweep_into(folder):
    """Run what is missing there; returns how it ended."""
    return prepare_sweep(experiment_from_mapping(EXPERIMENT, folder.parent), folder).run()


def copied(original, folder):
    """Make a folder anew as a copy of another; links and pipes are made, too."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder, symlinks=True)
    return folder


def state(folder):
    """Return every name below a folder with its content, times and locks aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if not path.name.startswith(".lock")
    }
