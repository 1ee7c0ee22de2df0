"""`nstbench show`: the tables of a results folder in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nstbench.api import UnknownName

OutsidePlanOption = Annotated[
    bool, typer.Option("--outside-plan", help="Also rows that the folder's present plan has no longer.")
]

TABLES = ("runs", "losses", "timings", "images")


def show(
    results: Annotated[list[Path], typer.Argument(help="One or more results folders.")],
    table: Annotated[str, typer.Option(help="runs, losses, timings or images.")] = "runs",
    outside_plan: OutsidePlanOption = False,
    rows: Annotated[int, typer.Option(min=1, help="Print at most so many rows.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print every column as JSON.")] = False,
) -> None:
    """Show what a sweep measured."""
    from nstbench.cli.console.results_table import print_left_out, print_table
    from nstbench.record import open_results

    if table not in TABLES:
        raise UnknownName("table", table, TABLES)
    found = open_results(*results, outside_plan=outside_plan)
    print_table(found, table, as_json, rows)
    print_left_out(found)
