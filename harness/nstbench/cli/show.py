"""`nstbench show`: the tables of a results folder in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nstbench.api import UnknownName
from nstbench.cli.console import completion
from nstbench.cli.console.arguments import Columns, Sort

OutsidePlanOption = Annotated[
    bool, typer.Option("--outside-plan", help="Also rows that the folder's present plan has no longer.")
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="COLUMN=VALUE",
        help="Only trials with this value; may be repeated.",
        autocompletion=completion.conditions,
    ),
]

TABLES = ("runs", "losses", "timings", "images")


def show(
    results: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Results folders [the newest here].",
            autocompletion=completion.results,
        ),
    ] = None,
    table: Annotated[
        str,
        typer.Option(
            metavar="TABLE", help="runs, losses, timings or images.", autocompletion=completion.tables
        ),
    ] = "runs",
    columns: Columns = None,
    sort: Sort = None,
    where: WhereOption = None,
    outside_plan: OutsidePlanOption = False,
    rows: Annotated[int, typer.Option(min=1, metavar="N", help="Print at most so many rows.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print every column as JSON.")] = False,
) -> None:
    """Show what a sweep measured."""
    from nstbench.cli.console.opened import opened
    from nstbench.cli.console.results_table import View, print_left_out, print_table

    if table not in TABLES:
        raise UnknownName("table", table, TABLES)
    found = opened(results or [_newest()], outside_plan, where)
    names = [name.strip() for name in columns.split(",")] if columns else ()
    print_table(found, View(table, names, sort, rows), as_json)
    print_left_out(found)


def _newest() -> Path:
    """Find the folder that changed last, and say which it is."""
    from nstbench.cli.console.console import stderr
    from nstbench.cli.console.defaults import results_home
    from nstbench.record.folders import latest_results

    path = latest_results(results_home("."))
    stderr().print(f"{path}:")
    return path
