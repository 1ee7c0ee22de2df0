"""Whether anything else of nstbench has run on this machine meanwhile: another sweep's, another user's.

All that measure or judge on a machine meet at one file. Each holds a shared lock of it, which ends with its
process, and has added a byte; who finds the file unlocked empties it first. So a file of one byte says that
nobody else has come since, and that nobody was there before.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

VARIABLE = "NSTBENCH_AT_WORK"
USUAL, NAME = "/tmp", "nstbench-at-work"
"""The folder is the machine's and all its users': a cache is a user's own, and machines may share it."""

TRIES, PAUSE_S = 100, 0.01
"""For how long to wait for one that is emptying the file, which takes microseconds."""


class AtWork:
    """One that measures or judges, until it is closed."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._was_alone = True
        self._begin()

    @property
    def alone(self) -> bool:
        """Whether nobody else has been at work while this one was; also where that cannot be known."""
        return self._was_alone and (self._file is None or os.fstat(self._file).st_size <= 1)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Be at work no more, and then again."""
        self._was_alone = self.alone
        self.close()
        yield
        self._begin()

    def _begin(self) -> None:
        with suppress(OSError):  # then only the sweep's own trials are known
            self._file = _opened(Path(os.environ.get(VARIABLE) or USUAL) / NAME)
            _enter(self._file)
            return
        self.close()

    def close(self) -> None:
        """Be at work no more; a second time does nothing."""
        if self._file is not None:
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)  # a process forked from this one may have it too
            os.close(self._file)
            self._file = None


def _opened(path: Path) -> int:
    """Open the file for everybody; what is no file of our kind is left alone.

    Raises:
        OSError: it cannot be made or written.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        # Without O_CREAT, with which Linux refuses the files of others in a folder like /tmp.
        file = os.open(path, flags)
    except FileNotFoundError:
        file = os.open(path, flags | os.O_CREAT)
        with suppress(OSError):
            os.fchmod(file, 0o666)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(f"{path} is no regular file")
    return file


def _enter(file: int) -> None:
    """Take part: empty the file if nobody is there, then add a byte.

    Raises:
        OSError: there are no locks, no space, or somebody keeps others out.
    """
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(file, 0)
    # To turn one lock into the other gives it up in between, and another may empty the file there. It then
    # has one byte when this one adds the second, so neither takes itself to be alone.
    for left in reversed(range(TRIES)):
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if not left:
                raise
            sleep(PAUSE_S)
    os.write(file, b".")
