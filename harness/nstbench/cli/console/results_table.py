"""The tables of results folders as text: the columns people look at first, or everything as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nstbench.api import short_layer
from nstbench.cli.console.console import counted, print_json, stderr, stdout, table
from nstbench.record.words import compiling, number, seconds

if TYPE_CHECKING:
    import pandas as pd

    from nstbench.record import Results

IMAGE_COLUMNS = (
    *("trial_id", "iteration", "snapshot", "elapsed_s"),
    *("referee_total", "referee_content", "referee_style", "referee_ssim", "path"),
)
"""Those a person looks at first; `--json` has the others."""


def print_left_out(results: Results) -> None:
    """Say on standard error how many rows are not shown, and which files could not be read."""
    if count := results.shown.left_out:
        text = f"{counted(count, 'older row')} outside the present plan: --outside-plan takes older rows in"
        stderr().print(text)
    for line in results.shown.damaged:
        stderr().print(line, soft_wrap=True)


def print_table(results: Results, name: str, as_json: bool, most: int) -> None:
    """Print a table: the columns people look at first, or everything as JSON.

    Args:
        most: rows for people; more are counted on standard error.
    """
    results = results.shown
    frame: pd.DataFrame = getattr(results, name)
    if as_json:
        print_json(json.loads(frame.to_json(orient="records", double_precision=15)))
        return
    stdout().print(_runs(results, most) if name == "runs" else _plain(frame.head(most), name))
    if (left := len(frame) - most) > 0:
        folders = " ".join(str(store.path) for store in results.stores)
        text = f"{counted(left, 'more row')}: nstbench show {folders} --table {name} --rows {len(frame)}"
        stderr().print(text, soft_wrap=True)


def _plain(frame: pd.DataFrame, name: str) -> object:
    if name == "images":
        frame = frame[[column for column in frame if column in ("results", *IMAGE_COLUMNS)]]
    text = frame.astype(object).where(frame.notna(), None)
    rows = [[_cell(value) for value in row] for row in text.itertuples(index=False)]
    return table(None, list(frame.columns), rows)


def _picture(row: Any, folder: str) -> str | None:
    """Say where the picture is and what is strange about it, or why there is none."""
    if row.status != "ok":
        reason: str | None = row.error_message
        return reason
    return f"{folder}/{row.image}" + (f" ({row.caution})" if row.caution else "")


def _cell(value: Any) -> object:
    return number(value, 5) if isinstance(value, float) else value


def _runs(results: Results, most: int) -> object:
    columns = [
        *("backend", "trial", "style layers", "status", ">s/iteration", ">± mad", ">compile"),
        *(">total loss", ">referee", ">SSIM", "picture"),
    ]
    (only, *others) = [str(store.path) for store in results.stores]
    first = results.runs.head(most)
    rows: list[Any] = list(first.astype(object).where(first.notna(), None).itertuples())
    cells = [
        [
            row.backend_label,
            row.label,
            " ".join(map(short_layer, (row.style_layers or "").split(","))),
            row.status,
            seconds(row.step_median_s),
            seconds(row.step_mad_s),
            compiling(row.compile_s, row.compile_cached_s),
            number(row.final_total),
            number(row.referee_total, 3),
            number(row.referee_ssim, 3),
            _picture(row, row.results if others else only),
        ]
        for row in rows
    ]
    if results.runs["style_layers"].nunique() < 2:  # it would tell no row from another
        for line in (columns, *cells):
            del line[2]
    if not results.runs["planned"].all():
        columns.insert(2, "plan")
        for line, row in zip(cells, rows, strict=True):
            line.insert(2, "" if row.planned else f"outside ({row.experiment})")
    return table(None, columns, cells)
