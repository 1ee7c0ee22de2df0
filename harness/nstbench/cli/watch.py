"""`nstbench watch`: a results folder in the browser, while sweeps fill it."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from nstbench.cli.console.arguments import ResultsFolder


def watch(
    results: ResultsFolder,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="Where to serve it [one that is free].")
    ] = 0,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Serve the report of a results folder as it grows.

    The page says what runs and how long it will take, and shows pictures and losses as they come.
    It is served to this machine alone, at an address that nobody can guess, until Ctrl-C.
    """
    from nstbench.cli.console.console import stderr
    from nstbench.run.installed import usual_options
    from nstbench.watch.server import WatchServer

    with WatchServer(results, port, usual_options) as server:
        if trouble := server.trouble:
            stderr().print(trouble)
        print(server.address, flush=True)
        if show:
            import webbrowser

            webbrowser.open(server.address)
        with suppress(KeyboardInterrupt):
            server.wait()
    stderr().print("no longer served")
