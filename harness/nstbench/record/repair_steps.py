"""The steps that a repair takes, each with the line that tells of it."""

from __future__ import annotations

import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nstbench.record.inside import copy_aside, inside, set_aside, write_inside
from nstbench.record.layout import ASIDE
from nstbench.system.files import open_regular

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIECE = 2**20


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do, and what is said of it."""

    says: str
    does: Callable[[], object]


def aside(folder: Path, relative: Path, why: str) -> Step:
    """Move something aside."""
    return Step(f"{relative}: {why}; moved to {ASIDE}/", lambda: set_aside(folder, relative))


def rewritten(folder: Path, relative: Path, content: bytes, why: str) -> Step:
    """Write a file anew; a damaged one in its place is kept aside first."""

    def do() -> None:
        if os.path.lexists(folder / relative):
            copy_aside(folder, relative)
        write_inside(folder, relative, content)

    return Step(f"{relative}: {why}", do)


def misplaced(folder: Path, relative: Path, is_folder: bool = False) -> Iterator[Step]:
    """Move aside what has the name of a file, or of a folder, and is none of its own."""
    if what := out_of_place(folder / relative, is_folder):
        yield aside(folder, relative, f"is {what}, no {'folder' if is_folder else 'file'} of its own")


def out_of_place(path: Path, is_folder: bool = False) -> str:
    """Say what is in a place instead of a folder, or a file; empty if it is one, or nothing is there.

    A link to a file is as good as the file, as it is replaced when the file is written.
    """
    if not os.path.lexists(path):
        return ""
    kind = path.lstat().st_mode
    if stat.S_ISLNK(kind):
        return "" if not is_folder and path.is_file() else "a link"
    if is_folder:
        return "" if stat.S_ISDIR(kind) else "a file"
    return "" if stat.S_ISREG(kind) else "a folder" if stat.S_ISDIR(kind) else "a pipe, socket or device"


def temporary_files(folder: Path, below: Path) -> Iterator[tuple[Path, Step]]:
    """Find what killed writers left: see `nstbench.system.files.write_whole`."""
    if out_of_place(folder / below, is_folder=True) or not (folder / below).exists():
        return
    for path in sorted((folder / below).glob(".*.tmp")):
        name = path.relative_to(folder)
        yield from ((name, step) for step in temporary_file(folder, name))


def temporary_file(folder: Path, name: Path) -> Iterator[Step]:
    """Remove one such file, if it is one."""
    path = folder / name
    if re.fullmatch(r"\..{1,40}\.[0-9a-f]{12}\.tmp", name.name) and not out_of_place(path):
        yield Step(f"{name}: left by a writer that was killed; removed", inside(folder, name).unlink)


def is_whole_png(path: Path) -> bool:
    """Whether a PNG's chunks are all there, and undamaged; what they hold is not decoded."""
    try:
        with open_regular(path) as file:
            if file.read(8) != SIGNATURE:
                return False
            while len(head := file.read(8)) == 8:
                left, check = int.from_bytes(head[:4]), zlib.crc32(head[4:])
                while left > 0 and (piece := file.read(min(left, PIECE))):
                    left, check = left - len(piece), zlib.crc32(piece, check)
                if int.from_bytes(file.read(4)) != check:
                    return False
                if head[4:] == b"IEND":
                    return True
    except OSError:
        pass
    return False
