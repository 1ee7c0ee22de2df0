"""The two versions of a check: found before anything runs, then made ready to be timed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nstbench.api import UsageError
from nstbench.gate.checkout import WORKING_TREE, Version, find_project, version
from nstbench.gate.environments import Recipe, installed
from nstbench.gate.side import BASE, CANDIDATE, Side


@dataclass(frozen=True, slots=True)
class Versions:
    """What is timed against what: two git references of a project, or two environments that are ready.

    Attributes:
        base, candidate: git references, or `.` for the working tree, which is the candidate if none is named.
        base_python, candidate_python: interpreters of environments; the candidate is this process's own if
            none is named.
        project: the folder to install; by default the nearest one with a pyproject.toml.
        own_dependencies: whether to install what each version depends on, rather than share this
            environment's packages.
        extras: of the project, comma separated; only with dependencies of its own.

    Raises:
        UsageError: some of these do not go together; says which, and what to do.
    """

    base: str | None = None
    candidate: str | None = None
    base_python: str | Path | None = None
    candidate_python: str | Path | None = None
    project: str | Path | None = None
    own_dependencies: bool = False
    extras: str = ""

    def __post_init__(self) -> None:
        of_a_project = self.project or self.own_dependencies or self.extras
        refused = {
            "--base names a version, --base-python an environment; give one of them": self.base
            and self.base_python,
            "--candidate-python goes with --base-python": self.candidate_python and not self.base_python,
            "--candidate goes with --base, or with --pytest-json": self.candidate and not self.base,
            "--project, --own-dependencies and --extras go with --base": of_a_project and not self.base,
            "--extras goes with --own-dependencies": self.extras and not self.own_dependencies,
        }
        for text, holds in refused.items():
            if holds:
                raise UsageError(f"check: {text}")

    @property
    def given(self) -> bool:
        """Whether there is a base, so that two versions are to be timed."""
        return self.base is not None or self.base_python is not None


def find_sides(versions: Versions) -> list[Side] | list[Version]:
    """Find the base and the candidate, before anything is installed or run; empty if there is no base.

    Raises:
        UsageError: a reference, a project or a Python that is not there.
    """
    if not versions.given:
        return []
    if versions.base_python:
        pythons = versions.base_python, versions.candidate_python or sys.executable
        return [_ready(name, Path(python)) for name, python in zip((BASE, CANDIDATE), pythons, strict=True)]
    project = find_project(Path(versions.project or Path.cwd()))
    refs = versions.base or "", versions.candidate or WORKING_TREE
    return [version(project, ref) for ref in refs]


def ready_sides(
    found: Sequence[Side | Version], recipe: Recipe, say: Callable[[str], None]
) -> dict[str, Side]:
    """Install what is not ready yet.

    Args:
        found: base and candidate.
        say: told what each of them is.

    Raises:
        SideBroken: a version does not install.
    """
    sides = {}
    for name, each in zip((BASE, CANDIDATE), found, strict=True):
        say(f"{name}: {each.what}")
        if isinstance(each, Version) and each.left_out:
            names = ", ".join(each.left_out)
            say(f"left out of it, as git ignores them, unless its build makes them: {names}")
        sides[name] = each if isinstance(each, Side) else installed(name, each, recipe)
    return sides


def _ready(name: str, python: Path) -> Side:
    if not (python.is_file() and os.access(python, os.X_OK)):
        raise UsageError(f"--{name}-python {python}: no such program; give an environment's bin/python")
    return Side(name, python, str(python))
