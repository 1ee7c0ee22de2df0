"""`nstbench doctor`: is this machine ready, and if not, what to type."""

from __future__ import annotations

from typing import Annotated

import typer

COLOURS = {"ok": "green", "look": "red", "off": "dim"}


def doctor(
    start: Annotated[
        bool, typer.Option("--start", help="Start every backend, to see the device that it takes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether this machine is ready, and if not, what to type.

    Looks at Python, packages, backends, executors, weights, cache, threads and the user's defaults.
    Ends in 6 if a backend that is installed cannot be used, or if there is none, else in 0. What is not
    installed is no fault.
    """
    from dataclasses import asdict
    from itertools import chain

    from nstbench.cli.console.console import print_json, stdout
    from nstbench.cli.console.defaults import diagnosed
    from nstbench.run.doctor import examine_machine, is_usable

    console, found = stdout(), []
    for each in chain(examine_machine(start), diagnosed()):
        found.append(each)
        if not as_json:
            console.print(f"{each.state:5}", style=COLOURS[each.state], end="")
            console.print(each.line, soft_wrap=True)
    if as_json:
        print_json([asdict(each) for each in found])
    raise typer.Exit(0 if is_usable(found) else 6)
