"""`nstbench doctor`: is this machine ready, and if not, what to type."""

from __future__ import annotations

import typer


def doctor() -> None:
    """Check Python, packages, backends and their devices, executors, weights, cache and threads.

    Ends in 6 if a backend cannot be used here, else in 0: the rest is advice.
    """
    from nstbench.cli.console.console import stdout
    from nstbench.run.doctor import examine_machine

    console, usable = stdout(), True
    for found in examine_machine():
        usable = usable and found.usable
        console.print(f"{'ok' if found.fine else 'look':5}", style="green" if found.fine else "red", end="")
        console.print(found.line, soft_wrap=True)
    raise typer.Exit(0 if usable else 6)
