"""What `stylize` says of its pictures, and asks before it replaces any."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import typer

from nstbench.api import UsageError
from nstbench.cli.console.console import counted, stderr
from nstbench.record.files import writing
from nstbench.record.words import seconds
from nstbench.run.pastiches import Pastiche
from nstbench.run.stylize import Made

MANY = 10_000
"""Of how many pictures the time is told beforehand."""


def allowed(wanted: Sequence[Pastiche], force: bool, missing: bool) -> Sequence[Pastiche]:
    """Return the pictures that may be made: all of them, if the user agrees to replace those that are there.

    Raises:
        UsageError: nobody can be asked.
        typer.Exit: there is nothing to do, or the user does not agree.
    """
    there = [each for each in wanted if _is_there(each.out)]
    if missing:
        found = {*there}
        wanted = [each for each in wanted if each not in found]
        if not wanted:
            print(f"{counted(len(there), 'picture')}: all there")
            raise typer.Exit
    elif there and not force:
        what = str(there[0].out) + (f" and {len(there) - 1} more" if there[1:] else "")
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError(f"{what}: there already; --force replaces, --missing makes only the others")
        typer.confirm(f"Replace {what}?", abort=True, err=True)
    return wanted


def _is_there(path: Path) -> bool:
    with writing(path):
        return path.exists()


def print_made(made: Made, since: float, written_at: Sequence[float]) -> None:
    """Print a line for each picture, and of several how fast they came.

    Args:
        since: when the command began; `written_at`: when each picture was written, on the same clock.
    """
    for each, record in made.records.items():
        if record.image is None:
            stderr().print(f"{each.out}: {record.trial.backend}: {record.status}: {record.error_message}")
            continue
        trial = record.trial
        weights = f", weights {trial.weights}" if trial.weights else ""
        waited = f", {seconds(monotonic() - since)} in all" if len(made.records) == 1 else ""
        print(
            f"{each.out}: {trial.backend}{weights}, {trial.width} x {trial.height} pixels, "
            f"{seconds(record.optimise_s)} in the loop{waited}"
        )
    if len(written_at) > 1:
        pace = (written_at[-1] - written_at[0]) / (len(written_at) - 1)
        first, all_of_them = written_at[0] - since, written_at[0] - since + pace * (MANY - 1)
        print(
            f"{counted(len(written_at), 'picture')} in {seconds(monotonic() - since)}: the first after "
            f"{seconds(first)}, then {3600 / pace:,.0f} an hour; {MANY:,} would take {seconds(all_of_them)}"
        )
