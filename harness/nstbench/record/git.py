"""Running git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What git tells its hooks, and would take for an answer about a worktree too."""


def git(folder: Path, *words: str) -> str:
    """Run git in a folder and return what it prints.

    Raises:
        CalledProcessError: it failed; its message is in `stderr`.
    """
    command = ["git", "-C", str(folder), *words]
    done = subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",  # names and contents need not be UTF-8
        env={name: value for name, value in os.environ.items() if name not in OF_A_HOOK},
        check=True,
    )
    return done.stdout.strip()


def told(folder: Path, *words: str) -> str:
    """Do as `git` does, for people to read: what is no UTF-8 becomes a replacement character."""
    return git(folder, *words).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
