"""A version of the user's project as files: a git reference, or the working tree as it stands."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from nstbench.api import UsageError
from nstbench.record.git import git, message_of, told
from nstbench.record.working_tree import (
    REPOSITORY,
    changed_files,
    committed,
    digest,
    ignored_modules,
    is_repository,
    working_files,
)

WORKING_TREE = "."


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a project.

    Attributes:
        project: the folder with its pyproject.toml, in the working tree.
        commit: full hash; of the working tree the commit it started from.
        changes: hash over every file of the working tree, if any differs from its commit; else, and for a git
            reference, empty.
        what: how people call it.
        left_out: modules of the working tree that git ignores, so that no version has them.
    """

    project: Path
    commit: str
    changes: str
    what: str
    left_out: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Equal only for equal bytes."""
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
    try:
        changes = digest(root, working_files(root)) if changed_files(root, head) else ""
        left_out = tuple(ignored_modules(root))
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{root}: git cannot list the working tree: {message_of(error)}") from error
    what = f"the working tree ({head[:8]}{' and changes' if changes else ''})"
    return Version(project, head, changes, what, left_out)


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
        raise UsageError(f"{folder}: not in a git repository: {message_of(error)}") from error


@contextmanager
def checked_out(wanted: Version, place: Path) -> Iterator[Path]:
    """Have the files of a version for a while, in a git worktree, so that tools which ask git are answered.

    Yields:
        the project's folder in it.

    Raises:
        UsageError: the working tree is no longer what `version` saw.
    """
    root = repository(wanted.project)
    shutil.rmtree(place, ignore_errors=True)
    with _worktree(root, wanted.commit, place), ExitStack() as submodules:
        if wanted.changes:
            _bring_changes(root, place, wanted)
        else:
            _check_out_submodules(root, wanted.commit, place, submodules)
        yield place / wanted.project.resolve().relative_to(root.resolve())


@contextmanager
def _worktree(root: Path, commit: str, place: Path) -> Iterator[None]:
    try:
        git(root, "worktree", "add", "--force", "--detach", str(place), commit)
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{root}: git cannot check out {commit[:8]}: {message_of(error)}") from error
    try:
        yield
    finally:
        with suppress(subprocess.CalledProcessError):
            git(root, "worktree", "remove", "--force", str(place))


def _check_out_submodules(root: Path, commit: str, place: Path, worktrees: ExitStack) -> None:
    """Check out those submodules of a commit that the working tree has, and theirs."""
    for name, entry in committed(root, commit).items():
        if entry.mode == REPOSITORY and is_repository(root / name):
            worktrees.enter_context(_worktree(root / name, entry.sha, place / name))
            _check_out_submodules(root / name, entry.sha, place / name, worktrees)


def _commit(root: Path, ref: str) -> str:
    try:
        return git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except subprocess.CalledProcessError as error:
        raise UsageError(
            f"{root}: no git reference {ref!r} here. A shallow clone lacks branches and history: fetch them,"
            " or name a commit that is there"
        ) from error


def _subject(root: Path, commit: str) -> str:
    return told(root, "show", "--no-patch", "--no-show-signature", "--format=%s", commit)


def _bring_changes(root: Path, place: Path, wanted: Version) -> None:
    """Put the files of the working tree in the place of the commit's."""
    _empty(place)
    names = working_files(root)
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, place / name, follow_symlinks=False)
    if digest(place, names) != wanted.changes:
        raise UsageError(f"{root}: the working tree changed while it was copied; start again")


def _empty(place: Path) -> None:
    """Remove everything from a worktree but what git needs to know it."""
    for path in place.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != ".git":
            path.unlink()
