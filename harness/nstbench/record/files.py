"""Writing files so that a reader never meets half of one."""

from __future__ import annotations

import errno
import json
import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from nstbench.api import ResultsError, one_line
from nstbench.system.files import read_regular, write_into, write_whole

DAMAGE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError),
    *(BadZipFile, zlib.error, NotImplementedError),
)
"""What reading raises when a file is cut short, or holds other things than were written."""

MOST_BYTES = 2**29
"""The plan of a hundred thousand trials has half as many."""


def write_atomic(path: Path, content: bytes) -> None:
    """Write so that others see the file not at all or complete; make the folder if need be.

    A link stays one, and what it leads to is written. A device (`/dev/stdout`) or a pipe that somebody reads
    is written into.

    Raises:
        ResultsError: it cannot be written.
    """
    with writing(path):
        if path.exists() and not path.is_file():
            write_into(path, content)
        else:
            real = path.resolve()
            real.parent.mkdir(parents=True, exist_ok=True)
            write_whole(real, content)


def refuse_unwritable(path: Path) -> None:
    """Find out whether a file can be written, before what it is for is computed; its folder is made.

    Raises:
        ResultsError: it cannot.
    """
    with writing(path):
        if path.is_socket():
            raise OSError(errno.ENXIO, "it is a socket")
        if path.is_dir() or (path.exists() and not os.access(path, os.W_OK)):
            kind = errno.EISDIR if path.is_dir() else errno.EACCES
            raise OSError(kind, os.strerror(kind))
        if not path.exists():
            _try_to_write(path.resolve())


def refuse_unwritable_folder(folder: Path) -> None:
    """Do likewise for a folder that files are to be written into."""
    with writing(folder):
        _try_to_write(folder / f".{secrets.token_hex(6)}.tmp")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system says while a file is written into one line.

    Raises:
        ResultsError: it cannot be written.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:  # pathlib calls links in a circle a RuntimeError
        why = getattr(error, "strerror", None) or error
        raise ResultsError(f"{path}: cannot be written: {why}; choose another place") from error


def _try_to_write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    path.unlink()


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as indented JSON."""
    write_atomic(path, as_json(value))


def as_json(value: Any) -> bytes:
    """Return indented JSON; NaN and infinity are refused with a ValueError, as JSON has none."""
    return (json.dumps(value, indent=1, allow_nan=False) + "\n").encode()


def read_json(path: Path) -> Any:
    """Read a JSON file of up to `MOST_BYTES`."""
    return json.loads(read_regular(path, MOST_BYTES).decode("utf-8"))


@contextmanager
def reading(path: Path, remedy: str) -> Iterator[None]:
    """Turn whatever goes wrong while reading a file into one line that says what to do.

    Raises:
        ResultsError: it is not what nstbench wrote.
    """
    try:
        yield
    except DAMAGE as error:
        raise ResultsError(
            f"{path}: damaged, or not of this version ({one_line(error)}); {remedy}"
        ) from error
