"""What was checked out when something was measured."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from nstbench.record.git import git
from nstbench.record.working_tree import changed_files

MOST_CHANGED = 10
"""Changed files that are named; a tree with more is no cleaner without one of them."""


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
    """Say what the repository that a folder lies in has checked out; nothing is written."""
    try:
        top = Path(git(folder, "rev-parse", "--show-toplevel"))
        commit = git(top, "rev-parse", "--verify", "HEAD")
        changed = changed_files(top, commit, tracked_contents_only=True)
    except (OSError, subprocess.CalledProcessError):
        return Checkout()
    return Checkout(commit, tuple(sorted(changed)[:MOST_CHANGED]))
