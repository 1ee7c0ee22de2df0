"""Which code a backend is made of: its version may stay the same while its files change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

from nstbench.api import Plugin

SUFFIXES = (".py", *EXTENSION_SUFFIXES)


def code_of(plugin: Plugin) -> str | None:
    """Return twelve digits for the source files of the package that a backend lies in, or of its module.

    Nothing is imported. Other packages that it uses have versions of their own in the environment of a row.

    Returns:
        None where there are no files to read.
    """
    digest, found = hashlib.sha256(), False
    try:
        for name, path in _files(plugin.entry_point.module.partition(".")[0]):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{name}\0{content}\n".encode())
            found = True
    except (ImportError, ValueError, OSError):
        return None
    return digest.hexdigest()[:12] if found else None


def _files(module: str) -> Iterator[tuple[str, Path]]:
    """Yield each source file with its name within the package, in one order everywhere."""
    spec = find_spec(module)
    for folder in map(Path, (spec and spec.submodule_search_locations) or ()):
        inside = (path for path in folder.rglob("*") if path.name.endswith(SUFFIXES) and path.is_file())
        yield from sorted((path.relative_to(folder).as_posix(), path) for path in inside)
    if spec and spec.origin and not spec.submodule_search_locations and Path(spec.origin).is_file():
        yield Path(spec.origin).name, Path(spec.origin)
