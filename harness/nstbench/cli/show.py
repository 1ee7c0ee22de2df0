"""`nstbench show`: the tables of a results folder in the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nstbench.api import UnknownName

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("runs", "losses", "timings", "images")


def show(
    results: Annotated[list[Path], typer.Argument(help="One or more results folders.")],
    table: Annotated[str, typer.Option(help="runs, losses, timings or images.")] = "runs",
    as_json: Annotated[bool, typer.Option("--json", help="Print every column as JSON.")] = False,
) -> None:
    """Show what a sweep measured."""
    from nstbench.record import open_results

    if table not in TABLES:
        raise UnknownName("table", table, TABLES)
    print_table(getattr(open_results(*results), table), table, as_json)


def print_table(frame: pd.DataFrame, name: str, as_json: bool) -> None:
    """Print a frame: the columns people look at first, or everything as JSON."""
    from nstbench.cli.console import print_json, stdout, table

    if as_json:
        print_json(json.loads(frame.to_json(orient="records")))
        return
    console = stdout()
    if name == "runs":
        console.print(_runs(frame))
        return
    text = frame.astype(object).where(frame.notna(), None)
    console.print(table(None, list(frame.columns), text.itertuples(index=False)))


def _runs(frame: pd.DataFrame) -> object:
    from nstbench.cli.console import number, seconds, table

    columns = (
        "backend",
        "trial",
        "status",
        ">s/iteration",
        ">± mad",
        ">compile",
        ">total",
        ">content",
        ">style",
        "picture",
    )
    rows: list[Any] = list(frame.astype(object).where(frame.notna(), None).itertuples())
    cells = [
        (
            row.backend_label,
            row.label,
            row.status,
            seconds(row.step_median_s),
            seconds(row.step_mad_s),
            seconds(row.compile_s),
            number(row.final_total),
            number(row.final_content),
            number(row.final_style),
            row.image if row.status == "ok" else row.error_message,
        )
        for row in rows
    ]
    return table(None, columns, cells)
