"""A results folder as a sweep of the fake backend leaves it: four trials, two optimisations."""

import shutil
import subprocess
import sys

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


KILLED = """
import os, signal, sys
from pathlib import Path
from {module} import {name} as function
import nstbench.record.tables

def killed_at(step, call):
    def counted(function):
        def call(*arguments, **options):
            nonlocal step
            step -= 1
            if step < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)
        return call

    for name in ("rename", "replace"):
        setattr(Path, name, counted(getattr(Path, name)))
    call()

for step, folder in enumerate(map(Path, sys.argv[1:])):
    if not (child := os.fork()):
        killed_at(step, lambda: function({arguments}))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def killed_at_each_step(function, arguments, folders):
    """Call a function for each `folder` and kill it as it is to rename a file: the first, the second ...

    Args:
        arguments: as Python has them; `folder` is one of them.

    Returns:
        How each ended, as exit codes of processes.
    """
    code = KILLED.format(module=function.__module__, name=function.__name__, arguments=arguments)
    command = [sys.executable, "-W", "ignore", "-c", code, *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]
