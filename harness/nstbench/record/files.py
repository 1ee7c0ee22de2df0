"""Writing files so that a reader never meets half of one."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from nstbench.api import ResultsError, one_line

DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, BadZipFile)
"""What reading raises when a file is cut short, or holds other things than were written."""


def write_atomic(path: Path, content: bytes) -> None:
    """Write through a temporary file in the same folder, fsync, rename; make the folder if need be.

    Raises:
        ResultsError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ResultsError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as indented JSON; NaN and infinity are refused, as JSON has none."""
    write_atomic(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


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
