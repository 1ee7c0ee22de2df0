"""The tables of results folders as text: the columns people look at first, or everything as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nstbench.api import SETTINGS, UnknownName
from nstbench.cli.console.console import counted, print_json, stderr, stdout, table
from nstbench.cli.console.reasons import print_reasons
from nstbench.comparison.values import names_of
from nstbench.record.words import compiling, number, seconds, short_ids

if TYPE_CHECKING:
    import pandas as pd

    from nstbench.cli.console.fitted import Fitted
    from nstbench.record import Results

IMAGE_COLUMNS = (
    *("trial_id", "iteration", "snapshot", "elapsed_s"),
    *("referee_total", "referee_content", "referee_style", "referee_ssim", "path"),
)
"""Those a person looks at first; `--json` has the others."""

SPARE_OF_IMAGES = ("snapshot", "elapsed_s", "referee_content", "referee_style", "referee_ssim")
SPARE = ("± mad", "compile", "SSIM", "picture", "referee", "total loss")
"""Columns of runs that narrow terminals do without, in this order."""


@dataclass(frozen=True, slots=True)
class View:
    """What of a table is shown.

    Attributes:
        columns: of the table; none: those that people look at first.
        sort: a column; with a minus before it the largest stands first.
        most: rows for people; more are counted on standard error.
    """

    table: str = "runs"
    columns: Sequence[str] = ()
    sort: str | None = None
    most: int = 1000


def print_left_out(results: Results) -> None:
    """Say on standard error how many rows are not shown, and which files could not be read."""
    if count := results.shown.left_out:
        text = f"{counted(count, 'older row')} outside the present plan: --outside-plan takes older rows in"
        stderr().print(text)
    for line in results.shown.damaged:
        stderr().print(line, soft_wrap=True)


def print_table(results: Results, view: View, as_json: bool) -> None:
    """Print a table: the columns people look at first, or everything as JSON.

    Raises:
        UnknownName: it has no such column.
    """
    results = results.shown
    frame = _sorted(getattr(results, view.table), view.sort)
    for column in view.columns:
        if column not in frame:
            raise UnknownName("column", column, frame.columns)
    if as_json:
        chosen = frame[list(view.columns)] if view.columns else frame
        print_json(json.loads(chosen.to_json(orient="records", double_precision=15)))
        return
    first, usual = frame.head(view.most), view.table == "runs" and not view.columns
    stdout().print(_runs(results, first) if usual else _plain(first, view))
    if usual:
        print_reasons(results, first)
    if (left := len(frame) - view.most) > 0:
        folders = " ".join(str(store.path) for store in results.stores)
        text = (
            f"{counted(left, 'more row')}: nstbench show {folders} --table {view.table} --rows {len(frame)}"
        )
        stderr().print(text, soft_wrap=True)


def _sorted(frame: pd.DataFrame, by: str | None) -> pd.DataFrame:
    if by is None:
        return frame
    column = by.removeprefix("-")
    if column not in frame:
        raise UnknownName("column", column, frame.columns)
    return frame.sort_values(column, ascending=column == by, kind="stable")


def _plain(frame: pd.DataFrame, view: View) -> Fitted:
    """Show columns under their own names, the trial's before all others."""
    columns = list(view.columns) or [*(IMAGE_COLUMNS if view.table == "images" else frame.columns)]
    first = [column for column in ("trial_id", "results") if column in frame]
    columns = list(dict.fromkeys([*first, *(column for column in columns if column in frame)]))
    cells = [_cells(frame, column) for column in columns]
    named = [_heading(frame, column) for column in columns]
    return table(named, zip(*cells, strict=True), SPARE_OF_IMAGES)


def _heading(frame: pd.DataFrame, column: str) -> str:
    mark = "/" if column in ("path", "image") else ">" if frame[column].dtype.kind in "if" else ""
    return mark + column


def _cells(frame: pd.DataFrame, column: str) -> Sequence[object]:
    if column == "trial_id":
        return short_ids(frame[column])
    # What the experiment named goes by its name, also where the cell has something longer.
    shown = names_of(frame, column) if column in SETTINGS and "axes" in frame else frame[column]
    values = shown.astype(object).where(shown.notna(), None)
    return [number(value, 5) if isinstance(value, float) else value for value in values]


def _runs(results: Results, frame: pd.DataFrame) -> Fitted:
    columns = [
        *("trial", "backend", "point", "status", ">s/iteration", ">± mad", ">compile"),
        *(">total loss", ">referee", ">SSIM", "/picture"),
    ]
    (only, *others) = [str(store.path) for store in results.stores]
    rows: list[Any] = list(frame.astype(object).where(frame.notna(), None).itertuples())
    cells = [
        [
            trial_id,
            row.backend_label,
            row.label,
            row.status,
            seconds(row.step_median_s),
            seconds(row.step_mad_s),
            compiling(row.compile_s, row.compile_cached_s),
            number(row.final_total),
            number(row.referee_total, 3),
            number(row.referee_ssim, 3),
            row.image and f"{row.results if others else only}/{row.image}",
        ]
        for row, trial_id in zip(rows, short_ids(frame["trial_id"]), strict=True)
    ]
    if not results.runs["planned"].all():
        columns.insert(3, "plan")
        for line, row in zip(cells, rows, strict=True):
            line.insert(3, "" if row.planned else f"outside ({row.experiment})")
    if others:
        columns.insert(1, "results")
        for line, row in zip(cells, rows, strict=True):
            line.insert(1, row.results)
    return table(columns, cells, SPARE)
