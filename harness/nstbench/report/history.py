"""A history as series over commits, with the steps in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nstbench.api import UnknownName, UsageError
from nstbench.record.history import HistoryRow
from nstbench.report.history_steps import find_steps, levels


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the level.

    Attributes:
        at: index of the first row of the new level.
        ratio: new level over old one; above 1 is slower.
    """

    at: int
    ratio: float

    @property
    def direction(self) -> str:
        """What it means for whoever waits."""
        return "slower" if self.ratio > 1 else "quicker"


@dataclass(frozen=True, slots=True)
class Series:
    """One trial on one machine over commits.

    Attributes:
        rows: one for each commit, by date of the commit.
        steps: where the level changes.
        levels: seconds per iteration of each stretch between steps, so one more than steps.
    """

    rows: tuple[HistoryRow, ...]
    steps: tuple[Step, ...]
    levels: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        last = self.rows[-1]
        same = ("experiment", "backend", "backend_label", "label", "problem", "machine", "machine_name")
        each = ("commit", "committed_at", "subject", "dirty", "step_median_s", "step_mad_s")
        steps = [
            {"commit": self.rows[one.at].commit, "ratio": one.ratio, "direction": one.direction}
            for one in self.steps
        ]
        return {name: getattr(last, name) for name in same} | {
            "commits": [{name: getattr(row, name) for name in each} for row in self.rows],
            "steps": steps,
            "levels_s": list(self.levels),
        }


def series_of(rows: Iterable[HistoryRow], search: bool = True) -> list[Series]:
    """Return the series of a history.

    Args:
        rows: as `read_history` gives them.
        search: look for steps, for which a library is needed; else there are none.

    Raises:
        UsageError: the library is not installed; says what to type.
    """
    together: defaultdict[tuple[str, ...], list[HistoryRow]] = defaultdict(list)
    for row in rows:
        together[row.series].append(row)
    return [_series(tuple(mine), search) for mine in together.values()]


def series_and_note(rows: Sequence[HistoryRow]) -> tuple[list[Series], str]:
    """Return the series of a history, and why no steps are marked in them; empty if they are."""
    try:
        return series_of(rows), ""
    except UsageError as error:
        return series_of(rows, search=False), f"Steps are not marked: {error}."


def of_experiment(rows: Iterable[HistoryRow], name: str) -> list[HistoryRow]:
    """Return the rows of one experiment.

    Raises:
        UnknownName: there are none.
    """
    rows = list(rows)
    if not (found := [row for row in rows if row.experiment == name]):
        raise UnknownName("experiment", name, {row.experiment for row in rows})
    return found


def _series(rows: tuple[HistoryRow, ...], search: bool) -> Series:
    seconds = [row.step_median_s for row in rows]
    places = find_steps(seconds) if search else ()
    level = levels(seconds, places)
    steps = [Step(at, level[place + 1] / level[place]) for place, at in enumerate(places)]
    return Series(rows, tuple(steps), level)
