"""Where the time went, by the clock on the wall."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from nstbench.record import Results
from nstbench.record.sweep_times import SweepTimes, read_times
from nstbench.report.figures import PHASES, seconds_by_phase

ALL = ("start", *PHASES, "pictures")
"""What a worker does: its process starts; phases and rounds; taking, encoding and handing over pictures."""

SLACK = timedelta(seconds=2)
"""The beginnings of trials are on record in whole seconds."""


@dataclass(frozen=True, slots=True)
class Times:
    """Where the time went.

    Attributes:
        phases: columns of `rows`, which begin with the label of a backend; seconds.
        parts: seconds of what belongs to no backend, `other` last: waiting, and trials that are not shown,
            were lost or have been done again.
        wall_s: seconds that the sweeps and this page took; None if not on record for all trials.
        at_once: whether workers ran beside one another, so that all together come to more than `wall_s`.
    """

    phases: tuple[str, ...]
    rows: list[list[str | float]]
    parts: list[tuple[str, float]]
    wall_s: float | None
    at_once: bool


def times(results: Results, page_s: float = 0.0) -> Times:
    """Add up what the trials of a single folder and the sweeps that made them have on record.

    Args:
        page_s: seconds that the page has taken so far.
    """
    runs, timings = results.runs, results.timings
    sweeps = _sweeps_of(results)
    table = seconds_by_phase(runs, timings)
    starts = {label: sum(one.starts.get(label, 0.0) for one in sweeps or ()) for label in table.index}
    table.insert(0, "start", pd.Series(starts, dtype=float))
    table["pictures"] = (_walls(runs, timings) - table[list(PHASES)].sum(axis=1)).clip(lower=0)
    table = table.reindex(columns=ALL).fillna(0.0)
    rows: list[list[str | float]] = [[str(label), *map(float, row)] for label, *row in table.itertuples()]
    if not sweeps:
        return Times(ALL, rows, [], None, at_once=False)
    wall_s = _seconds_of_all(one.span for one in sweeps) + page_s
    names = dict.fromkeys(name for one in sweeps for name in one.parts)
    parts = [(name, sum(one.parts.get(name, 0.0) for one in sweeps)) for name in names]
    parts.append(("this page", page_s))
    rest = wall_s - float(table.to_numpy().sum()) - sum(seconds for _, seconds in parts)
    return Times(
        ALL, rows, [*parts, ("other", max(0.0, rest))], wall_s, at_once=rest < -SLACK.total_seconds()
    )


def _sweeps_of(results: Results) -> list[SweepTimes] | None:
    """Return the calls of sweeps in which these trials began; None if one began in none of them."""
    (store,) = results.stores
    sweeps = read_times(store.path)
    begun = pd.to_datetime(results.runs["started_at"], format="ISO8601", utc=True, errors="coerce").dropna()
    spans = {place: (one.span[0] - SLACK, one.span[1] + SLACK) for place, one in enumerate(sweeps)}
    made_in = {place: [at for at in begun if start <= at <= end] for place, (start, end) in spans.items()}
    if {at for trials in made_in.values() for at in trials} != set(begun):
        return None
    return [sweeps[place] for place, trials in made_in.items() if trials]


def _walls(runs: pd.DataFrame, timings: pd.DataFrame) -> pd.Series:
    """Return the seconds between beginning and end of all trajectories, by backend.

    Trials that share one have begun together and have its first round on record.
    """
    first = timings[timings["phase"].eq("round") & timings["round"].eq(1)].set_index("trial_id")["seconds"]
    both = runs.assign(first=runs["trial_id"].map(first))
    whole = both.groupby(["backend_label", "started_at", "first"], dropna=False)["wall_s"].max()
    return whole.groupby("backend_label").sum()


def _seconds_of_all(spans: Iterable[tuple[datetime, datetime]]) -> float:
    """Return the length of stretches of time of which some may lie over one another."""
    total, reached = timedelta(), datetime.min.replace(tzinfo=UTC)
    for start, end in sorted(spans):
        total += max(end - max(start, reached), timedelta())
        reached = max(end, reached)
    return total.total_seconds()
