"""What the report's page shows of the history of its experiment."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from nstbench.api import ResultsError
from nstbench.record import Results
from nstbench.record.history import HistoryRow
from nstbench.record.history_file import read_history
from nstbench.report.history import Series, series_and_note

FILE = "history.jsonl"
"""Where a history is looked for: beside the results folder."""


def history_data(results: Results, experiment: str) -> dict[str, Any] | None:
    """Return what the page draws of the history, in JSON types, or None if there is none of this experiment.

    A damaged history, or a missing library, does not keep the page from being made: `note` says so.

    Args:
        results: a single folder.
    """
    (store,) = results.stores
    path = store.path.absolute().parent / FILE
    if not path.is_file():
        return None
    try:
        rows = [row for row in read_history(path) if row.experiment == experiment]
    except ResultsError as error:
        return {"commits": [], "series": [], "note": str(error)}
    if not rows:
        return None
    return _drawn(*series_and_note(rows))


def _drawn(series: list[Series], note: str) -> dict[str, Any]:
    """Number the commits by date; series point to them."""
    by_date = sorted(
        (row for one in series for row in one.rows), key=lambda row: datetime.fromisoformat(row.committed_at)
    )
    commits = {row.commit: row for row in by_date}
    place = {sha: at for at, sha in enumerate(commits)}
    names = _names(series)
    return {
        "note": note,
        "commits": [
            {"sha": row.commit[:7], "date": row.committed_at[:10], "subject": row.subject}
            for row in commits.values()
        ],
        "series": [_line(one, name, place) for one, name in zip(series, names, strict=True)],
    }


def _line(one: Series, name: str, place: dict[str, int]) -> dict[str, Any]:
    return {
        "name": name,
        "machine": one.rows[-1].machine_name,
        "unit": "pass" if one.rows[-1].iterations is None else "iteration",
        "at": [place[row.commit] for row in one.rows],
        "seconds": [row.step_median_s for row in one.rows],
        "dirty": [row.dirty for row in one.rows],
        "steps": [[step.at, step.ratio] for step in one.steps],
        "levels": list(one.levels),
    }


def _names(series: list[Series]) -> list[str]:
    """Name each series by what tells it from the others: trial, then machine, then problem."""
    trials, machines, problems = (
        [say(one.rows[-1]) for one in series] for say in (_trial, _machine, lambda row: row.problem[:4])
    )
    whole = list(zip(trials, machines, problems, strict=True))
    for length in (1, 2):
        names = [parts[:length] for parts in whole]
        if max(Counter(names).values(), default=0) <= 1:
            return [" · ".join(parts) for parts in names]
    return [" · ".join(parts) for parts in whole]


def _trial(row: HistoryRow) -> str:
    return " · ".join(filter(None, (row.backend_label, row.label)))


def _machine(row: HistoryRow) -> str:
    return row.machine_name
