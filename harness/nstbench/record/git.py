"""Running git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
"""What git tells its hooks, and would take for an answer about a worktree too."""

SETTLED = (
    *("-c", "core.fsmonitor=false"),  # a monitor says which files to look at
    *("-c", "core.untrackedCache=false"),
    *("-c", f"core.hooksPath={os.devnull}"),  # a hook may change what was checked out
    *("-c", "submodule.recurse=false"),
    *("-c", "i18n.logOutputEncoding=utf-8"),
)
"""Settings of the user's that would change an answer."""


def git(folder: Path, *words: str) -> str:
    """Run git in a folder and return what it prints, without white space around it.

    Raises:
        CalledProcessError: it failed; its message is in `stderr`.
    """
    return git_bytes(folder, *words).decode("utf-8", "surrogateescape").strip()


def git_bytes(folder: Path, *words: str) -> bytes:
    """Do as `git` does, for what need not be text; the message of an error is text."""
    command = ["git", *SETTLED, "-C", str(folder), *words]
    environment = {name: value for name, value in os.environ.items() if name not in OF_A_HOOK}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace")
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, said)
    return done.stdout


def told(folder: Path, *words: str) -> str:
    """Do as `git` does, for people to read: what is no UTF-8 becomes a replacement character."""
    return git(folder, *words).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def message_of(error: subprocess.CalledProcessError) -> str:
    """Return the last line of what git said when it failed."""
    return (str(error.stderr).strip().splitlines() or ["no message"])[-1]
