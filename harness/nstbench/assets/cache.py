"""Where nstbench keeps what it would otherwise make or fetch again."""

from __future__ import annotations

import os
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
