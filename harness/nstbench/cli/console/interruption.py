"""Ctrl-C, SIGTERM and a terminal that hangs up, where work is lost or kept."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def interruptible(hint: str | Callable[[], str]) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP end what is inside with 130 and a hint, which may be found out then.

    Not SIGHUP where it is ignored, as under nohup.

    Raises:
        typer.Exit: it was interrupted; whatever is inside has cleaned up by then.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        print(f"interrupted; {hint if isinstance(hint, str) else hint()}", file=sys.stderr)
        raise typer.Exit(130) from None
