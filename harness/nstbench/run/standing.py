"""How far a plan has come: which of its trials are done, as the tables of the folder say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nstbench.plan import Trial
from nstbench.record import Results

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Redo:
    """Which trials that are done to do again.

    Attributes:
        crowded: those that ran beside others, as `measure.exclusive` asks.
    """

    everything: bool = False
    failed: bool = False
    crowded: bool = False

    def wants(self, status: str, exclusive: bool | None) -> bool:
        """Whether to do a finished trial of this status again, which ran exclusively or beside others."""
        if self.everything or (self.crowded and exclusive is False):
            return True
        return self.failed and status not in ("ok", "refused")


@dataclass(frozen=True, slots=True)
class Standing:
    """The trials of a plan that have a result.

    Attributes:
        runs: their rows.
        unjudged: those with a picture that no referee has seen.
        rates: backend -> median GFLOP/s of all that was measured in the folder.
    """

    runs: pd.DataFrame
    unjudged: frozenset[str]
    rates: Mapping[str, float]

    @classmethod
    def of(cls, trials: Iterable[Trial], results: Results) -> Standing:
        """Look at opened results.

        Raises:
            ResultsError: the plan of their folder cannot be read.
        """
        runs, images = results.runs, results.images
        unjudged = images["trial_id"][images["referee_style"].isna()]
        done = runs["trial_id"].isin([trial.trial_id for trial in trials]) & (runs["status"] != "interrupted")
        rates = runs.dropna(subset=["gflop_per_s"]).groupby("backend")["gflop_per_s"].median()
        return cls(runs[done], frozenset(unjudged), {str(name): float(rate) for name, rate in rates.items()})

    def staying(self, redo: Redo) -> pd.DataFrame:
        """Return the rows of trials that are not done again."""
        again = {status for status in self.runs["status"].unique() if redo.wants(status, None)}
        stays = ~self.runs["status"].isin(again)
        if redo.crowded:
            stays &= self.runs["exclusive"].fillna(True)
        return self.runs[stays]
