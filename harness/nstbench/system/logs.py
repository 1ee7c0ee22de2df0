"""What child processes print: kept within bounds, and asked for the last thing that was said."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

MOST_BYTES, HELD_BYTES = 16 * 2**20, 2**19
"""How long a log may become, and how much of its beginning and of its end stay if it does."""


def cut(log: Path) -> None:
    """Take the middle out of a log that has become too long; who appends to it meanwhile goes on behind."""
    with suppress(OSError), log.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size > MOST_BYTES:
            file.seek(size - HELD_BYTES)
            end = file.read()
            file.truncate(HELD_BYTES)
            file.seek(0, os.SEEK_END)
            file.write(b"\n... %d bytes are left out here ...\n" % (size - 2 * HELD_BYTES) + end)


def last_line(log: Path, since: int = 0) -> str:
    """Return the last line that is not empty, 200 characters of it at most; empty if there is none.

    Args:
        since: bytes at the beginning that do not count, as somebody else wrote them.
    """
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 4096, since if since <= size else 0))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")
