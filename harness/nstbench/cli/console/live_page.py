"""The live page of a sweep: served while it runs and, where somebody sits at the terminal, until Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def live_page(folder: Path, wanted: bool) -> Iterator[None]:
    """Serve a results folder, if that is wanted, and say where.

    Raises:
        UsageError: it cannot be served.
    """
    if not wanted:
        yield
        return
    from nstbench.run.installed import usual_options
    from nstbench.watch.server import WatchServer

    with WatchServer(folder, defaults=usual_options) as server:
        print(f"watch    {server.address}", file=sys.stderr, flush=True)
        yield
        if sys.stderr.isatty():
            print(f"watch    {server.address}   (until Ctrl-C)", file=sys.stderr, flush=True)
            with suppress(KeyboardInterrupt):
                server.wait()
