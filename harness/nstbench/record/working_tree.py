"""The files of a working tree as they lie on the disk, and which of them differ from a commit.

git is asked for names and for what is committed, and never for what has changed: that answer depends on what
the user has told it (`status.showUntrackedFiles`, `core.fileMode`, files marked as unchanged, a list of files
to ignore everywhere ...). Names are relative to the top of the repository.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nstbench.record.git import git_bytes

OWN_RULES = "--exclude-per-directory=.gitignore"
"""The repository's own rules of what to ignore: the user's would hide files that the code imports."""

LINK, PROGRAM, FILE, REPOSITORY = "120000", "100755", "100644", "160000"
"""What git calls kinds of entries."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a commit: its kind, and the hash of its content (of a repository within: its commit)."""

    mode: str
    sha: str


def working_files(root: Path, *, untracked: bool = True) -> set[str]:
    """Return the files and links that are there and not ignored, those of repositories within included.

    Virtual environments and Python's compiled files are left out, unless they are committed.

    Raises:
        CalledProcessError: git does not read the repository.
    """
    found = _listed(root, "--cached")
    if untracked:
        found |= _without_products(root, _listed(root, "--others", OWN_RULES))
    nested = {name for name in found if is_repository(root / name)}
    inner = {
        f"{name.rstrip('/')}/{each}"
        for name in nested
        for each in working_files(root / name, untracked=untracked)
    }
    here = {name for name in found - nested if (root / name).is_symlink() or (root / name).is_file()}
    links = {folder for folder in _folders(here) if (root / folder).is_symlink()}
    return {name for name in here if not _is_below(name, links)} | inner


def ignored_modules(root: Path) -> list[str]:
    """Return the ignored files that Python could import from among those that are not ignored."""
    ignored = _listed(root, "--others", "--ignored", OWN_RULES, "--directory")
    return sorted(name for name in ignored if name.endswith((".py", ".so")))


def committed(root: Path, commit: str) -> dict[str, Entry]:
    """Return the entries of a commit by name.

    Raises:
        CalledProcessError: there is no such commit.
    """
    lines = _split(git_bytes(root, "ls-tree", "-r", "-z", "--full-tree", commit))
    halves = (line.split("\t", 1) for line in lines)
    return {name: Entry(facts.split()[0], facts.split()[2]) for facts, name in halves}


def changed_files(root: Path, commit: str, *, tracked_contents_only: bool = False) -> set[str]:
    """Return the files that differ between the working tree and what a checkout of a commit would write.

    Args:
        tracked_contents_only: leave out untracked files, and whether a file may be executed.

    Raises:
        CalledProcessError: git does not read the repository.
    """
    here, there = working_files(root, untracked=not tracked_contents_only), committed(root, commit)
    within = {name: entry for name, entry in there.items() if entry.mode == REPOSITORY}
    inner: set[str] = set()
    for name, entry in within.items():
        inner |= _changed_within(root, name, entry, tracked_contents_only)
        here -= {each for each in here if each.startswith(f"{name}/")}
    own = there.keys() - within.keys()
    equal = {name for name in own & here if _is_equal(root, name, there[name], tracked_contents_only)}
    return ((own | here) - equal) | inner


def digest(folder: Path, names: Iterable[str]) -> str:
    """Return a SHA-256 over the names, kinds and bytes of files below a folder."""
    made = hashlib.sha256()
    for name in sorted(names):
        content = hashlib.sha256(_content(folder / name)).digest()
        made.update(os.fsencode(name) + b"\0" + _mode(folder / name).encode() + content)
    return made.hexdigest()


def is_repository(folder: Path) -> bool:
    """Say whether a folder is the top of a repository: a submodule, or another one inside."""
    return folder.is_dir() and not folder.is_symlink() and os.path.lexists(folder / ".git")


def _changed_within(root: Path, name: str, entry: Entry, tracked_contents_only: bool) -> set[str]:
    """Look into a submodule; one that was not fetched has nothing in it on either side."""
    if not is_repository(root / name):
        return set()
    try:
        inner = changed_files(root / name, entry.sha, tracked_contents_only=tracked_contents_only)
    except subprocess.CalledProcessError:  # it lacks that commit, so it is at another one
        return {name}
    return {f"{name}/{each}" for each in inner}


def _is_equal(root: Path, name: str, entry: Entry, content_only: bool) -> bool:
    mode, content = _mode(root / name), _content(root / name)
    kinds = {PROGRAM: FILE} if content_only else {}
    if kinds.get(mode, mode) != kinds.get(entry.mode, entry.mode):
        return False
    hashed = hashlib.new("sha1" if len(entry.sha) == 40 else "sha256", b"blob %d\0" % len(content))
    hashed.update(content)
    if hashed.hexdigest() == entry.sha:
        return True
    # A checkout may write other bytes than are committed: ends of lines, large files kept elsewhere.
    return mode != LINK and git_bytes(root, "cat-file", "--filters", f"--path={name}", entry.sha) == content


def _mode(path: Path) -> str:
    if path.is_symlink():
        return LINK
    return PROGRAM if path.stat().st_mode & 0o100 else FILE


def _content(path: Path) -> bytes:
    return os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()


def _without_products(root: Path, names: set[str]) -> set[str]:
    products = {
        folder
        for folder in _folders(names)
        if folder.name == "__pycache__" or (root / folder / "pyvenv.cfg").is_file()
    }
    return {name for name in names if not _is_below(name, products)}


def _folders(names: Iterable[str]) -> set[PurePosixPath]:
    """Return every folder above the names, but for the top."""
    return {folder for name in names for folder in PurePosixPath(name).parents if folder.name}


def _is_below(name: str, folders: set[PurePosixPath]) -> bool:
    return bool(folders) and not folders.isdisjoint(PurePosixPath(name).parents)


def _listed(root: Path, *options: str) -> set[str]:
    return set(_split(git_bytes(root, "ls-files", "-z", *options))) - {"./"}


def _split(output: bytes) -> list[str]:
    return [os.fsdecode(name) for name in output.split(b"\0") if name]
