"""What a worker prints, kept within bounds."""

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
