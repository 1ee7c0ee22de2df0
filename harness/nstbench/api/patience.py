"""How long a plugin may keep planning waiting; and it may not end the process that plans."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from nstbench.api.errors import UsageError

LIMIT = "NSTBENCH_PLUGIN_TIMEOUT_S"
LIMIT_S = 20.0
"""How long a plugin may take to be imported, or to answer; the variable LIMIT says otherwise."""


class TookTooLong(BaseException):
    """A plugin has not answered in time. It is no `Exception`, which a plugin may catch and go on."""


class EndsProcess(BaseException):
    """A plugin has called `os._exit` in the process that plans."""


def limit_s() -> float:
    """Return the limit in seconds.

    Raises:
        UsageError: the variable is no such number.
    """
    said = os.environ.get(LIMIT) or str(LIMIT_S)
    try:
        limit = float(said)
    except ValueError:
        limit = -1
    if not 0 < limit <= 3600:
        raise UsageError(f"{LIMIT}={said!r}: it is a number of seconds above 0, and at most 3600")
    return limit


@contextmanager
def within_limit() -> Iterator[None]:
    """Interrupt what is inside once it takes longer than the limit.

    Only the main thread can be interrupted, by the one alarm of the process: where that is somebody else's,
    or there is none, what is inside may take as long as it likes.

    Raises:
        TookTooLong: it did.
    """
    if not _has_alarm():
        yield
        return
    limit = limit_s()

    def late(*_: object) -> None:
        raise TookTooLong(f"more than {limit:g} s ({LIMIT})")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def not_to_be_ended() -> Iterator[None]:
    """Raise where what is inside calls `os._exit`, and let Python say where it is if a signal ends it.

    Raises:
        EndsProcess: it does.
    """
    leave, own, is_inside = os._exit, os.getpid(), True

    def raises(status: int) -> NoReturn:
        if is_inside and os.getpid() == own:  # a fork of this process may
            raise EndsProcess(f"it ends the process by os._exit({status})")
        leave(status)

    says = _says_signals()
    os._exit = raises
    try:
        yield
    finally:
        os._exit, is_inside = leave, False
        if says:
            faulthandler.disable()


def _says_signals() -> bool:
    """Have signals such as SIGSEGV told with the place, on the true standard error; whether that is new."""
    if faulthandler.is_enabled():
        return False
    try:
        faulthandler.enable(2)
    except (OSError, ValueError, RuntimeError):  # it is closed
        return False
    return True


def _has_alarm() -> bool:
    in_main_thread = threading.current_thread() is threading.main_thread()
    return hasattr(signal, "setitimer") and in_main_thread and not any(signal.getitimer(signal.ITIMER_REAL))
