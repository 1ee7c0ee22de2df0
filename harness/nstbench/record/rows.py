"""What the four tables say of one trial, brought together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nstbench.record import Results


@dataclass(frozen=True, slots=True)
class TrialRows:
    """One trial as the tables have it.

    Attributes:
        run: its row of `runs`; what is missing is None.
        losses, images: its rows of these tables.
        folder: the results folder it lies in.
    """

    run: dict[str, Any]
    losses: pd.DataFrame
    images: pd.DataFrame
    folder: Path

    @property
    def name(self) -> str:
        """What people call it: the backend and the point on the swept axes."""
        return " · ".join(filter(None, (self.run["backend_label"], self.run["label"], plan_note(self.run))))

    @property
    def picture(self) -> Path | None:
        """Where its pastiche lies."""
        return self.folder / self.run["image"] if self.run["image"] else None


def plan_note(run: Mapping[str, Any]) -> str:
    """Mark a row that the present plan has no longer, so that no two of an experiment read the same."""
    return "" if run["planned"] else f"outside the plan, {run['trial_id'][:8]}"


def trials(results: Results) -> Iterator[TrialRows]:
    """Yield the trials in the order of `runs`."""
    several = "results" in results.runs
    keys = ["results", "trial_id"] if several else ["trial_id"]
    losses, images = (dict(iter(table.groupby(keys))) for table in (results.losses, results.images))
    for run in results.runs.astype(object).where(results.runs.notna(), None).to_dict("records"):
        key = tuple(run[name] for name in keys)
        folder = Path(run["results"]) if several else results.stores[0].path
        yield TrialRows(
            {str(name): value for name, value in run.items()},
            losses.get(key, results.losses.iloc[:0]),
            images.get(key, results.images.iloc[:0]),
            folder,
        )
