"""Claims, so that two sweeps of one folder do not run the same trial, and no two processes write one file.

A lock is the operating system's and ends with its process, so none can go stale. Where a file system has no
locks, `NSTBENCH_LOCKS=soft` makes do with files that are there while something is held.
"""

from __future__ import annotations

import errno
import fcntl
import os
import warnings
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from nstbench.api import ResultsError
from nstbench.record.files import writing
from nstbench.record.layout import SOFT
from nstbench.system.files import open_regular

VARIABLE = "NSTBENCH_LOCKS"
FOREVER = -1.0
"""To be patient until it can be held."""
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EIO, errno.EINVAL)
"""What the operating system says where it cannot lock a file."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is held against others, in this process and elsewhere, until it is released."""

    _locks: ExitStack

    def release(self) -> None:
        """Let others claim it; a second time does nothing."""
        self._locks.close()


def claim_all(paths: Iterable[Path], patience_s: float = 0.0) -> Claim | None:
    """Lock all of these files, whose folders are made, or none of them if another holds one for too long.

    Raises:
        ResultsError: one cannot be written, or its file system has no locks.
    """
    with ExitStack() as locks:
        for path in sorted(paths):
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                lock = _lock(path, patience_s)
                try:
                    _acquire(lock, path)
                except Timeout:
                    return None
                locks.callback(lock.release)
        return Claim(locks.pop_all())


def claim_to_read(path: Path) -> Claim | None:
    """Keep others from claiming what has this lock; None if another process holds it. Nothing is written.

    Where nobody ever claimed it, or nobody can, there is nothing to hold.
    """
    if os.environ.get(VARIABLE) == "soft":
        return None if os.path.lexists(_soft(path)) else Claim(ExitStack())
    with ExitStack() as locks:
        try:
            file = locks.enter_context(open_regular(path))
        except OSError:
            return Claim(locks.pop_all())
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                return None
        return Claim(locks.pop_all())


def _lock(path: Path, patience_s: float) -> BaseFileLock:
    kind = SoftFileLock if os.environ.get(VARIABLE) == "soft" else FileLock
    return kind(lock_file(path), timeout=patience_s)


def lock_file(path: Path) -> Path:
    """Return the file that is there while this lock is held."""
    return _soft(path) if os.environ.get(VARIABLE) == "soft" else path


def _soft(path: Path) -> Path:
    return path.with_name(f"{path.name}{SOFT}")


def _acquire(lock: BaseFileLock, path: Path) -> None:
    try:
        # Newer releases of filelock warn, and take what may go stale, where there are no locks.
        with warnings.catch_warnings(action="error"):
            lock.acquire()
    except (OSError, NotImplementedError, UserWarning) as error:
        if isinstance(error, OSError) and error.errno not in NO_LOCKS:
            raise
        why = getattr(error, "strerror", None) or "flock is missing"
        raise ResultsError(
            f"{path}: its file system has no locks ({why}), so two processes that write there could not be"
            f" kept apart; choose another folder, or set {VARIABLE}=soft (docs/cluster.md)"
        ) from error
