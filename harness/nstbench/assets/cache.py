"""Where nstbench keeps what it would otherwise make or fetch again."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from pathlib import Path

from nstbench.api import AssetError


def cache_dir() -> Path:
    """Return the cache folder, made if need be.

    `$NSTBENCH_CACHE`, else `$XDG_CACHE_HOME/nstbench`, else `~/.cache/nstbench`.

    Raises:
        AssetError: the folder cannot be made.
    """
    folder = _chosen()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AssetError(
            f"{folder}: cannot make the cache folder ({error.strerror}); set NSTBENCH_CACHE to a writable one"
        ) from error
    return folder


def why_no_cache() -> str:
    """Say why nothing can be kept in the cache folder; empty if it can."""
    try:
        folder = cache_dir()
    except AssetError as error:
        return str(error)
    return (
        "" if os.access(folder, os.W_OK) else f"{folder}: cannot be written; set NSTBENCH_CACHE to a folder"
    )


def programs_dir(backend: str) -> Path | None:
    """Return the folder for the compiled programs of a backend on processors like this one, made if need be.

    None where there can be none, or where others could put programs into it: to load one is to run it.
    """
    try:
        folder = cache_dir() / "programs" / f"{backend}-{_processor()}"
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        found = folder.stat()
    except (AssetError, OSError):
        return None
    is_private = found.st_uid == os.getuid() and not found.st_mode & 0o022
    return folder if is_private and os.access(folder, os.W_OK) else None


def _processor() -> str:
    """Return eight digits for what the processor can do: a program may use all of it."""
    try:
        said = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        said = platform.processor()
    can = re.findall(r"^(?:flags|Features|model name)\s*:.*$", said, re.MULTILINE) or [said]
    return hashlib.sha256("\n".join([platform.machine(), *sorted(set(can))]).encode()).hexdigest()[:8]


def expanded(path: str) -> Path:
    """Put a user's home for `~` or `~user`; where there is no such user it is a name like any other."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - that of pathlib raises


def _chosen() -> Path:
    if own := os.environ.get("NSTBENCH_CACHE"):
        return expanded(own).absolute()
    # The XDG specification says that a relative path is to be ignored.
    xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
    parent = xdg if xdg.is_absolute() else expanded("~/.cache")
    if not parent.is_absolute():
        raise AssetError("there is no home folder to keep a cache in; set NSTBENCH_CACHE to a folder")
    return parent / "nstbench"
