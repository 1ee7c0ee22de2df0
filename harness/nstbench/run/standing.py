"""How far a plan has come: which of its trials are done, as the tables of the folder say."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nstbench.api import ResultsError
from nstbench.plan import Trial
from nstbench.record import Results, RunRecord, Store
from nstbench.record.tables import make_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Redo:
    """Which trials that are done to do again."""

    everything: bool = False
    failed: bool = False

    def wants(self, status: str) -> bool:
        """Whether to do a finished trial of this status again."""
        return self.everything or (self.failed and status not in ("ok", "refused"))


@dataclass(frozen=True, slots=True)
class Standing:
    """The trials of a plan that have a result.

    Attributes:
        runs: their rows.
        unjudged: those with a picture that no referee has seen.
    """

    runs: pd.DataFrame
    unjudged: frozenset[str]

    @classmethod
    def of(cls, store: Store, trials: Iterable[Trial]) -> Standing:
        """Look at a folder, which need not be there."""
        mine = [trial.trial_id for trial in trials]
        try:
            results = Results([store.path])
            runs, images = results.runs, results.images
        except ResultsError:  # no plan, or none that can be read
            records = [record for trial_id in mine if (record := _record(store, trial_id))]
            runs, images = (make_table(name, records, store.path, {}) for name in ("runs", "images"))
        unjudged = images["trial_id"][images["referee_style"].isna()]
        done = runs["trial_id"].isin(mine) & (runs["status"] != "interrupted")
        return cls(runs[done], frozenset(unjudged))

    def staying(self, redo: Redo) -> pd.DataFrame:
        """Return the rows of trials that are not done again."""
        again = {status for status in self.runs["status"].unique() if redo.wants(status)}
        return self.runs[~self.runs["status"].isin(again)]


def _record(store: Store, trial_id: str) -> RunRecord | None:
    with suppress(ResultsError):
        return store.record(trial_id)
    return None
