"""Conditions on trials, as in `status=ok`: what meets all of them is looked at, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pandas as pd

from nstbench.api import UnknownName, UsageError, did_you_mean
from nstbench.comparison.values import Points, said
from nstbench.record import Results
from nstbench.record.schema import RUNS

MOST_NAMED = 10


def where(results: Results, conditions: Sequence[str]) -> Results:
    """Return results with the trials that meet every condition.

    Args:
        conditions: `COLUMN=VALUE`: a column of `runs`, and a value as tables show it, by its name if the
            experiment gave it one. `backend` is also the label of a backend.

    Raises:
        UsageError: one is of another form, or no trial meets it. UnknownName: there is no such column.
    """
    for condition in conditions:
        column, equals, value = (part.strip() for part in condition.partition("="))
        if not equals:
            raise UsageError(f"--where {condition}: must be COLUMN=VALUE, as in status=ok")
        if column not in RUNS:
            raise UnknownName("column", column, RUNS)
        results = _only(results, column, value)
    return results


def _only(results: Results, column: str, value: str) -> Results:
    known: dict[str, None] = {}

    def chosen(runs: pd.DataFrame) -> pd.Series:
        points = Points(runs)
        meets = pd.Series(False, runs.index)
        for values in map(points.values, _columns(column)):
            known.update(dict.fromkeys(values.names.values()))
            keys = {key for key, each in values.of.items() if _same(value, values.names[key], said(each))}
            meets |= values.keys.isin(keys)
        return meets

    found = results.shown.only(chosen)
    if found.runs.empty:
        some = ", ".join([*known][:MOST_NAMED]) or "nothing"
        more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
        hint = did_you_mean(value, known)
        raise UsageError(f"--where {column}={value}: no trial has it; {column} is {some}{more}.{hint}")
    return found


def _columns(column: str) -> tuple[str, ...]:
    return ("backend", "backend_label") if column == "backend" else (column,)


def _same(value: str, *ways: str) -> bool:
    """Whether a value is written in one of these ways, or is the same number."""
    for way in ways:
        with suppress(ValueError):
            if way == value or float(way) == float(value):
                return True
    return False
