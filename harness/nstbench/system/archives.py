"""NumPy's archives: a few kilobytes may stand for gigabytes, so shapes are looked at before anything else."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from numpy.lib import format as npy
from numpy.typing import NDArray

from nstbench.system.files import open_regular

SUFFIX = ".npy"


def read_npz(path: Path, most_bytes: int, names: Iterable[str] | None = None) -> dict[str, NDArray[Any]]:
    """Read arrays of numbers from an archive, all of them or those of `names` that are there.

    Raises:
        OSError: as `open_regular`.
        ValueError, BadZipFile, EOFError, zlib.error: it is damaged, holds other things than numbers, or
            arrays that come to more than `most_bytes`.
    """
    with open_regular(path) as file, ZipFile(file) as archive:
        there = {entry.filename.removesuffix(SUFFIX): entry for entry in archive.infolist()}
        wanted = [name for name in (there if names is None else names) if name in there]
        if any(there[name].compress_type not in (ZIP_STORED, ZIP_DEFLATED) for name in wanted):
            raise BadZipFile("compressed in a way that NumPy does not write")
        left = most_bytes
        for name in wanted:
            with archive.open(there[name]) as member:
                left -= _declared_bytes(name, cast(BinaryIO, member))
            if left < 0:
                raise ValueError(f"with {name}, its arrays come to more than {most_bytes} bytes")
        found = {}
        for name in wanted:
            with archive.open(there[name]) as member:
                found[name] = npy.read_array(cast(BinaryIO, member), allow_pickle=False)
        return found


def npz_names(path: Path) -> list[str]:
    """Return the names of an archive's arrays.

    Raises:
        OSError, BadZipFile: as `read_npz`.
    """
    with open_regular(path) as file, ZipFile(file) as archive:
        return [name.removesuffix(SUFFIX) for name in archive.namelist()]


def _declared_bytes(name: str, member: BinaryIO) -> int:
    """Return the size of an array by its header alone."""
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(npy.read_magic(member))
    if read is None:
        raise ValueError("a version of NumPy's format that is not read")
    shape, _, dtype = read(member)
    if dtype.kind not in "iuf":
        raise ValueError(f"{name} is an array of {dtype}; expected one of numbers")
    return math.prod(shape) * dtype.itemsize
