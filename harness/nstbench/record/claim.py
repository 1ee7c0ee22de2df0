"""Claims on trials, so that two sweeps of one folder do not run the same one.

A lock is the operating system's and ends with its process, so none can go stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout


@dataclass(frozen=True, slots=True)
class Claim:
    """What is held against others, in this process and elsewhere, until it is released."""

    _locks: ExitStack

    def release(self) -> None:
        """Let others claim it; a second time does nothing."""
        self._locks.close()


def claim_all(paths: Iterable[Path]) -> Claim | None:
    """Lock all of these files, whose folders are made, or none of them if another holds one."""
    with ExitStack() as locks:
        for path in sorted(paths):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                locks.enter_context(FileLock(path, timeout=0))
            except Timeout:
                return None
        return Claim(locks.pop_all())
