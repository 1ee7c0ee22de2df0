"""How far a plan has come: which of its trials are done, as the tables of the folder say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nstbench.plan import Trial
from nstbench.record import Results
from nstbench.referee import RULER

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Redo:
    """Which trials that are done to do again.

    Attributes:
        disturbed: those that lost so much of their cores that their seconds are in doubt.
        crowded: those that ran beside others, as `measure.exclusive` asks.
    """

    everything: bool = False
    failed: bool = False
    disturbed: bool = False
    crowded: bool = False

    def wants(self, status: str, exclusive: bool | None, disturbed: bool | None) -> bool:
        """Whether to do a finished trial of this status again, which ran in this way; None if unknown."""
        if self.everything or (self.crowded and exclusive is False) or (self.disturbed and disturbed):
            return True
        return self.failed and status not in ("ok", "refused")


@dataclass(frozen=True, slots=True)
class Standing:
    """The trials of a plan that have a result.

    Attributes:
        runs: their rows.
        unjudged: those with a picture that no referee has seen.
        outdated: those judged by an older ruler -> hash of the referee's weights.
        rates: backend -> median GFLOP/s of all that was measured in the folder.
    """

    runs: pd.DataFrame
    unjudged: frozenset[str]
    outdated: Mapping[str, str]
    rates: Mapping[str, float]

    @classmethod
    def of(cls, trials: Iterable[Trial], results: Results) -> Standing:
        """Look at opened results.

        Raises:
            ResultsError: the plan of their folder cannot be read.
        """
        runs, images = results.runs, results.images
        unjudged = frozenset(images["trial_id"][images["referee_style"].isna()])
        judged = runs.dropna(subset=["referee_weights_sha256"]).set_index("trial_id")
        old = judged.loc[judged["referee_ruler"].fillna(1) < RULER, "referee_weights_sha256"]
        done = runs["trial_id"].isin([trial.trial_id for trial in trials]) & (runs["status"] != "interrupted")
        rates = runs.dropna(subset=["gflop_per_s"]).groupby("backend")["gflop_per_s"].median()
        return cls(
            runs[done],
            unjudged,
            {str(trial_id): sha256 for trial_id, sha256 in old.items()},
            {str(name): float(rate) for name, rate in rates.items()},
        )

    def is_judged(self, trial: Trial, weights_sha256: str) -> bool:
        """Whether a referee with these weights has nothing to add to what a trial's pictures were judged."""
        return not (trial.trial_id in self.unjudged or self.outdated.get(trial.trial_id) == weights_sha256)

    def staying(self, redo: Redo) -> pd.DataFrame:
        """Return the rows of trials that are not done again."""
        again = {status for status in self.runs["status"].unique() if redo.wants(status, None, None)}
        stays = ~self.runs["status"].isin(again)
        if redo.crowded:
            stays &= self.runs["exclusive"].fillna(True)
        if redo.disturbed:
            stays &= ~self.runs["disturbed"].fillna(False)
        return self.runs[stays]
