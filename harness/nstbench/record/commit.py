"""Which commit a measurement belongs to, asked of git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nstbench.api import UsageError
from nstbench.record.git import message_of, told
from nstbench.record.working_tree import changed_files

_FIELDS = "--format=%H%x00%ct%x00%s"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit.

    Attributes:
        sha: all of its digits.
        committed_at: UTC, ISO 8601.
        subject: first line of its message.
        dirty: whether the content of tracked files in the working tree differed from it; only ever true for
            HEAD.
    """

    sha: str
    committed_at: str
    subject: str
    dirty: bool = False


def find_commit(rev: str = "HEAD", folder: Path | None = None, apart: Sequence[Path] = ()) -> Commit:
    """Return the commit that `rev` names.

    Args:
        folder: anywhere in the repository; default the working directory.
        apart: files whose changes do not make the tree dirty. Untracked files never do.

    Raises:
        UsageError: there is no git, no repository or no such commit.
    """
    folder = folder or Path.cwd()
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        raise UsageError(
            f"{folder}: not in a git repository, or git refuses it, so there is no commit to note;"
            " change to one: --commit needs a repository too"
        )
    sha = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
    if sha is None:
        raise UsageError(f"no commit {rev!r} in {top}; name one that `git log` shows")
    said = _git(folder, "show", "-s", "--no-show-signature", _FIELDS, sha) or ""
    found, seconds, subject = said.split("\0", 2)
    dirty = sha == _git(folder, "rev-parse", "--verify", "HEAD") and _is_dirty(Path(top), sha, apart)
    return Commit(found, datetime.fromtimestamp(int(seconds), UTC).isoformat(), subject, dirty)


def _is_dirty(top: Path, commit: str, apart: Sequence[Path]) -> bool:
    inside = [path.resolve() for path in apart if path.resolve().is_relative_to(top.resolve())]
    but = {path.relative_to(top.resolve()).as_posix() for path in inside}
    try:
        return bool(changed_files(top, commit, tracked_contents_only=True) - but)
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{top}: git cannot list the working tree: {message_of(error)}") from error


def _git(folder: Path, *words: str) -> str | None:
    """Return what git prints, or None if it says no."""
    try:
        return told(folder, *words)
    except subprocess.CalledProcessError:
        return None
    except OSError as error:
        raise UsageError(
            f"git cannot be started ({error.strerror}), so there is no commit to note; install git:"
            " --commit needs it too"
        ) from error
