"""What was checked out when something was measured."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from nstbench.record.git import told

MOST_CHANGED = 10
"""Changed files that are named; a tree with more is no cleaner without one of them."""

_STATUS = ("status", "--porcelain=v2", "--branch", "--untracked-files=no", "--no-renames", "-z")
_FIELDS_BEFORE_PATH = {"1": 7, "u": 9}
"""What that prints of a changed and of an unmerged file before its path."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """What a repository had checked out at some moment.

    Attributes:
        commit: all digits of the hash; None where there is no git, no repository, or no commit in it yet.
        changed: the first few tracked files that differed from it, relative to the top of the repository.
    """

    commit: str | None = None
    changed: tuple[str, ...] = ()


def checkout_of(folder: Path) -> Checkout:
    """Ask git, once, what the repository that a folder lies in has checked out; nothing is written."""
    try:
        said = told(folder, "--no-optional-locks", *_STATUS)
    except (OSError, subprocess.CalledProcessError):
        return Checkout()
    commit, changed = "", []
    for entry in said.split("\0"):
        kind, _, rest = entry.partition(" ")
        if kind == "#" and rest.startswith("branch.oid "):
            commit = rest.removeprefix("branch.oid ")
        elif kind in _FIELDS_BEFORE_PATH:
            changed.append(rest.split(" ", _FIELDS_BEFORE_PATH[kind])[-1])
    return Checkout() if commit in ("", "(initial)") else Checkout(commit, tuple(changed[:MOST_CHANGED]))
