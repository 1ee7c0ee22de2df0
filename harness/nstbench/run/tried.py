"""What the trials of a search came to, and how good that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nstbench.api.judged import JUDGED, figure
from nstbench.experiment import Search, Values
from nstbench.plan import Trial
from nstbench.record import RunRecord
from nstbench.record.words import number, seconds


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial of a search came to.

    Attributes:
        quality: the column that the search is for; figure: the referee's, None if there is no picture.
        seconds: of preparing and iterating. What is paid once depends on which trial came first.
    """

    trial: Trial
    values: Values
    quality: str
    figure: float | None
    seconds: float

    @classmethod
    def of(cls, record: RunRecord, values: Values, quality: str) -> Tried:
        """Read a record."""
        figures = (record.pastiche and record.pastiche.referee) or {}
        spent = record.phases.get("prepare", 0.0) + (record.optimise_s or 0.0)
        return cls(record.trial, values, quality, figures.get(figure(quality)), spent)

    @property
    def told(self) -> str:
        """What people read."""
        backend, point = self.trial.backend_label, self.trial.label or "the only point"
        return f"{self.quality} {number(self.figure)} in {seconds(self.seconds)}, {backend} with {point}"


def best_of(tried: Iterable[Tried], search: Search) -> Tried | None:
    """Return the best within the limit of the search; of equals the first."""
    judged = JUDGED[search.quality]
    within = [each for each in tried if each.figure is not None and not _over(each, search)]
    return min(within, key=lambda each: judged.as_loss(each.figure or 0.0), default=None)


def losses_of(tried: Sequence[Tried], search: Search) -> list[float]:
    """Return a loss for each, by which all within the limit are better than those over it.

    Those over it have the worst loss of the others, and up to the spread of these more by how much they are
    over it; those without a picture have that spread more.
    """
    judged = JUDGED[search.quality]
    known = [
        None if each.figure is None or _over(each, search) else judged.as_loss(each.figure) for each in tried
    ]
    within = [loss for loss in known if loss is not None] or [0.0]
    worst, spread = max(within), (max(within) - min(within)) or abs(max(within)) or 1.0
    return [
        worst + spread * (1.0 if each.figure is None else min(1.0, _over(each, search)))
        if loss is None
        else loss
        for each, loss in zip(tried, known, strict=True)
    ]


def _over(tried: Tried, search: Search) -> float:
    """Return by what share of the limit a trial took longer; 0 within it."""
    return max(0.0, tried.seconds / search.within_s - 1) if search.within_s else 0.0
