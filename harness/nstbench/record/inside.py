"""A results folder may be somebody else's: what is written into it stays there, what is damaged is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from nstbench.api import ResultsError
from nstbench.record.files import writing
from nstbench.record.layout import ASIDE
from nstbench.system.files import read_regular, write_whole


def inside(folder: Path, relative: Path) -> Path:
    """Return where a file of a results folder lies; the folder itself may be a link that its user gave.

    Raises:
        ResultsError: a folder on the way is a link, which may lead anywhere, or no folder.
    """
    place = folder
    for part in relative.parent.parts:
        place /= part
        what = "is a link" if place.is_symlink() else "is no folder" if _is_no_folder(place) else ""
        if what:
            raise ResultsError(
                f"{place}: {what}, and results stay inside their folder; `nstbench repair {folder}` moves it"
                " aside"
            )
    return folder / relative


def own_file(folder: Path, relative: Path) -> Path:
    """Return where a file lies that is to be copied to another folder: what a link leads to may be private.

    Raises:
        ResultsError: as for `inside`, or the file is a link itself.
    """
    path = inside(folder, relative)
    if path.is_symlink():
        raise ResultsError(f"{path}: is a link, and only files of the folder itself are copied")
    return path


def write_inside(folder: Path, relative: Path, content: bytes) -> None:
    """Write a file of a results folder whole or not at all; its own folder is made, a link is replaced.

    Raises:
        ResultsError: as for `inside`, or it cannot be written.
    """
    path = inside(folder, relative)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)


def set_aside(folder: Path, relative: Path) -> Path:
    """Move a file or folder of a results folder into `damaged/` within it; returns where it is then.

    Raises:
        ResultsError: it cannot be moved.
    """
    kept = next(each for each in _names(folder, relative) if not os.path.lexists(each))
    with writing(kept):
        kept.parent.mkdir(parents=True, exist_ok=True)
        (folder / relative).rename(kept)
    return kept


def copy_aside(folder: Path, relative: Path) -> None:
    """Keep a copy in `damaged/` of a file that is about to be written anew; a second time does nothing.

    Raises:
        ResultsError: it cannot be written.
    """
    path = folder / relative
    if path.is_symlink() or not path.is_file():
        set_aside(folder, relative)
        return None
    content = read_regular(path)
    for kept in _names(folder, relative):
        if kept.is_file() and read_regular(kept) == content:
            return None
        if not os.path.lexists(kept):
            return write_inside(folder, kept.relative_to(folder), content)
    return None


def _names(folder: Path, relative: Path) -> Iterator[Path]:
    first = inside(folder, ASIDE / relative)
    yield first
    yield from (first.with_name(f"{first.name}.{number}") for number in count(2))


def _is_no_folder(place: Path) -> bool:
    return place.exists() and not place.is_dir()
