"""What `nstbench check --base` compares: two git references, or two environments that are there already."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nstbench.api import UsageError
from nstbench.gate.checkout import WORKING_TREE, Version, find_project, version
from nstbench.gate.environments import Recipe, installed
from nstbench.gate.side import BASE, CANDIDATE, Side

if TYPE_CHECKING:
    from nstbench.cli.check_run import Wanted
    from nstbench.experiment import Experiment


def find_sides(wanted: Wanted) -> list[Side] | list[Version]:
    """Find the base and the candidate, before anything is installed or run.

    Raises:
        UsageError: a reference, a project or a Python that is not there.
    """
    if wanted.base_python:
        pythons = wanted.base_python, wanted.candidate_python or Path(sys.executable)
        return [_ready(name, python) for name, python in zip((BASE, CANDIDATE), pythons, strict=True)]
    project = find_project(wanted.project or Path.cwd())
    return [version(project, ref) for ref in (wanted.base or "", *(wanted.candidate or (WORKING_TREE,)))]


def refuse_missing_pictures(experiment: Experiment) -> None:
    """Look at what does not depend on a version; backends may be known to the sides only.

    Raises:
        ExperimentError: names every picture that cannot be read.
    """
    from nstbench.plan import plan_trials
    from nstbench.run.look_up import AssetLookUp
    from nstbench.run.registry import facts

    plan_trials(replace(experiment, backends=()), facts, AssetLookUp(lambda _: None))


def ready_sides(wanted: Wanted, compared: Sequence[Side | Version]) -> dict[str, Side]:
    """Install what is not ready yet.

    Raises:
        SideBroken: a version does not install.
    """
    from nstbench.assets import cache_dir

    recipe = Recipe(cache_dir() / "environments", wanted.own_dependencies, wanted.extras)
    sides = {}
    for name, each in zip((BASE, CANDIDATE), compared, strict=True):
        print(f"{name}: {each.what}", file=sys.stderr)
        _say_what_is_left_out(each)
        sides[name] = each if isinstance(each, Side) else installed(name, each, recipe)
    return sides


def _say_what_is_left_out(version: Side | Version) -> None:
    if isinstance(version, Version) and version.left_out:
        names = ", ".join(version.left_out)
        print(f"left out of it, as git ignores them, unless its build makes them: {names}", file=sys.stderr)


def _ready(name: str, python: Path) -> Side:
    if not (python.is_file() and os.access(python, os.X_OK)):
        raise UsageError(f"--{name}-python {python}: no such program; give an environment's bin/python")
    return Side(name, python, str(python))
