"""How long a plugin may keep planning waiting."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nstbench.api.errors import UsageError

LIMIT = "NSTBENCH_PLUGIN_TIMEOUT_S"
LIMIT_S = 20.0
"""How long a plugin may take to be imported, or to answer; the variable LIMIT says otherwise."""


class TookTooLong(BaseException):
    """A plugin has not answered in time. It is no `Exception`, which a plugin may catch and go on."""


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


def _has_alarm() -> bool:
    in_main_thread = threading.current_thread() is threading.main_thread()
    return hasattr(signal, "setitimer") and in_main_thread and not any(signal.getitimer(signal.ITIMER_REAL))
