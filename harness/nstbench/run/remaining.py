"""How long it still takes: work counts in the seconds that were foretold, corrected by those it took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from nstbench.plan.forecast import Forecast

TRUST = 0.05
"""How much the foretold pace counts at the beginning: as if this share of all work had kept to it."""

SEEMS_DONE = 0.95
"""Of a trial at hand, whatever it seems: the rest is writing and judging."""


@dataclass(slots=True)
class AtHand:
    """A trial in progress.

    Attributes:
        trial: its id.
        since: when it began.
        fraction: of its iterations; None before the first.
    """

    trial: str
    since: float
    fraction: float | None = None


class Remaining:
    """Adds up what trials have taken of what they were expected to take.

    Args:
        clock: seconds, from wherever.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._forecast = Forecast({}, frozenset())
        self._trials = 0
        self._done: dict[str, float] = {}
        self._at_hand: dict[str, AtHand] = {}

    def foretold(self, forecast: Forecast) -> None:
        """Take what trials are expected to take, besides those known."""
        self._forecast |= forecast

    def expect(self, trials: int) -> None:
        """Take how many trials there are; those not foretold are taken for as much work as the others."""
        self._trials = trials
        if self._began is None:
            self._began = self._clock()

    @property
    def total_s(self) -> float:
        """What all trials were expected to take."""
        known = self._forecast.seconds
        return sum(known.values()) / max(1, len(known)) * max(self._trials, len(known))

    @property
    def done_s(self) -> float:
        """What those that are done were expected to take, and those at hand up to here."""
        return sum(self._done.values()) + sum(map(self._credit, self._at_hand.values()))

    def enter(self, job: str, trial: str) -> None:
        """A job is at this trial, and has not iterated yet."""
        self._at_hand[job] = AtHand(trial, self._clock())

    def advance(self, job: str, trial: str, fraction: float) -> None:
        """A job has done so much of this trial's iterations."""
        since = self._at_hand[job].since if job in self._at_hand else self._clock()
        self._at_hand[job] = AtHand(trial, since, fraction)

    def finish(self, trial: str) -> None:
        """A trial is done, whatever became of it."""
        self._done[trial] = self._forecast.seconds.get(trial, 0.0)
        self._at_hand = {job: each for job, each in self._at_hand.items() if each.trial != trial}

    def leave(self, job: str) -> None:
        """A job is over."""
        self._at_hand.pop(job, None)

    def seconds(self) -> float:
        """Return how long it still takes, at the pace up to here."""
        total, done = self.total_s, self.done_s
        if self._began is None or not total:
            return 0.0
        trusted = TRUST * total
        pace = (self._clock() - self._began + trusted) / (done + trusted)
        return max(0.0, total - done) * pace

    def _credit(self, at_hand: AtHand) -> float:
        """Return what is done of a trial: before its iterations, and in a single pass, the clock says."""
        work = self._forecast.seconds.get(at_hand.trial, 0.0)
        before = self._forecast.ready_s.get(at_hand.trial, 0.0)
        if at_hand.fraction is None:
            return min(self._clock() - at_hand.since, SEEMS_DONE * before)
        return before + min(at_hand.fraction, SEEMS_DONE) * (work - before)
