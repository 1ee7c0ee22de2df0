"""Ctrl-C and SIGTERM, where work is lost or kept."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def interruptible(hint: str) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end what is inside with 130 and a hint.

    Raises:
        typer.Exit: it was interrupted; whatever is inside has cleaned up by then.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        print(f"interrupted; {hint}", file=sys.stderr)
        raise typer.Exit(130) from None
