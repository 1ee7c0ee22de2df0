"""A version of the user's project as files: a git reference, or the working tree as it stands."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nstbench.api import UsageError
from nstbench.record.git import git, told

WORKING_TREE = "."


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a project.

    Attributes:
        project: the folder with its pyproject.toml, in the working tree.
        commit: full hash; of the working tree the commit it started from.
        changes: hash over what the working tree has changed since; empty for a git reference.
        what: how people call it.
    """

    project: Path
    commit: str
    changes: str
    what: str

    @property
    def fingerprint(self) -> str:
        """Equal for equal content."""
        return f"{self.commit[:12]}-{self.changes[:12]}" if self.changes else self.commit[:12]


def find_project(start: Path) -> Path:
    """Return the nearest folder, from here upwards, that has a pyproject.toml or setup.py.

    Raises:
        UsageError: there is none, or no such folder.
    """
    if not start.is_dir():
        raise UsageError(f"{start}: no such folder; give --project the one with pyproject.toml")
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / "pyproject.toml").is_file() or (folder / "setup.py").is_file():
            return folder
    raise UsageError(
        f"{start}: no pyproject.toml here or above, so there is nothing to install; give --project FOLDER, or"
        " two ready environments with --base-python and --candidate-python"
    )


def version(project: Path, ref: str) -> Version:
    """Look up a git reference, or the working tree (`.`).

    Raises:
        UsageError: no git repository, or no such reference in it.
    """
    root = repository(project)
    if ref != WORKING_TREE:
        commit = _commit(root, ref)
        return Version(project, commit, "", f"{ref} ({commit[:8]} {_subject(root, commit)})")
    head = _commit(root, "HEAD")
    changed = _changes(root)
    return Version(
        project, head, changed, f"the working tree ({head[:8]}{' and changes' if changed else ''})"
    )


def repository(folder: Path) -> Path:
    """Return the top of the git repository that a folder lies in.

    Raises:
        UsageError: git is missing, or it is in none.
    """
    try:
        return Path(git(folder, "rev-parse", "--show-toplevel"))
    except FileNotFoundError:
        raise UsageError(
            "git is not installed; install it, or give two environments' --base-python"
        ) from None
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{folder}: not in a git repository: {_said(error)}") from error


@contextmanager
def checked_out(wanted: Version, place: Path) -> Iterator[Path]:
    """Have the files of a version for a while, in a git worktree, so that tools which ask git are answered.

    Yields:
        the project's folder in it.
    """
    root = repository(wanted.project)
    shutil.rmtree(place, ignore_errors=True)
    git(root, "worktree", "add", "--force", "--detach", str(place), wanted.commit)
    try:
        if wanted.changes:
            _bring_changes(root, place)
        yield place / wanted.project.resolve().relative_to(root.resolve())
    finally:
        with suppress(subprocess.CalledProcessError):
            git(root, "worktree", "remove", "--force", str(place))


def _commit(root: Path, ref: str) -> str:
    try:
        return git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except subprocess.CalledProcessError as error:
        raise UsageError(
            f"{root}: no git reference {ref!r} here. A shallow clone lacks branches and history: fetch them,"
            " or name a commit that is there"
        ) from error


def _subject(root: Path, commit: str) -> str:
    return told(root, "show", "--no-patch", "--format=%s", commit)


def _changes(root: Path) -> str:
    """Hash what the working tree holds beyond its commit; empty if that is nothing."""
    if not git(root, "status", "--porcelain"):
        return ""
    digest = hashlib.sha256(os.fsencode(git(root, "diff", "HEAD", "--binary")))
    for name in sorted(_listed(root, "--modified", "--others", "--exclude-standard")):
        content = (root / name).read_bytes() if (root / name).is_file() else b""
        digest.update(os.fsencode(name) + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()


def _bring_changes(root: Path, place: Path) -> None:
    """Put the files of the working tree, staged or not, in the place of the commit's."""
    for path in place.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != ".git":
            path.unlink()
    for name in _listed(root, "--cached", "--others", "--exclude-standard"):
        if (root / name).is_symlink() or (root / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, place / name, follow_symlinks=False)


def _listed(folder: Path, *options: str) -> set[str]:
    return {name for name in git(folder, "ls-files", "-z", *options).split("\0") if name}


def _said(error: subprocess.CalledProcessError) -> str:
    return (str(error.stderr).strip().splitlines() or ["no message"])[-1]
