"""How long it still takes: work counts in the seconds that were foretold, corrected by those it took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from nstbench.plan.forecast import Forecast

TRUST = 0.05
"""How much what was foretold counts at the beginning: as if this share of all work had come true."""

SEEMS_DONE = 0.95
"""Of a trial at hand, whatever it seems: the rest is writing and judging."""


@dataclass(slots=True)
class AtHand:
    """What a job does.

    Attributes:
        trial: id of the trial that it is at.
        since: when it began with it.
        fraction: of its iterations; None before the first.
    """

    trial: str
    since: float
    fraction: float | None = None


@dataclass(slots=True)
class Account:
    """Seconds of a backend's trials: foretold of all, foretold of what is done, and what that took.

    Attributes:
        finished: how many of them are done: a single part of one says little of the others.
    """

    total: float = 0.0
    done: float = 0.0
    took: float = 0.0
    finished: int = 0

    @property
    def pace(self) -> float:
        """Seconds for one that was foretold."""
        trusted = TRUST * self.total
        return (self.took + trusted) / (self.done + trusted) if self.total else 1.0


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
        self._took: dict[str, float] = {}
        self._settled: defaultdict[str, Account] = defaultdict(Account)
        self._at_hand: dict[str, AtHand] = {}

    def foretold(self, forecast: Forecast) -> None:
        """Take what trials are expected to take, besides those known."""
        self._forecast |= forecast
        self._settled.clear()
        for trial, seconds in self._forecast.seconds.items():
            self._settled[self._backend(trial)].total += seconds
        for trial in self._took:
            self._settle(trial)

    def expect(self, trials: int) -> None:
        """Take how many trials there are; those not foretold are taken for as much work as the others."""
        self._trials = trials
        if self._began is None:
            self._began = self._clock()

    @property
    def total_s(self) -> float:
        """What all trials were expected to take."""
        known = len(self._forecast.seconds)
        total = sum(account.total for account in self._settled.values())
        return total / max(1, known) * max(self._trials, known)

    @property
    def done_s(self) -> float:
        """What those that are done were expected to take, and those at hand up to here."""
        return sum(account.done for account in self._accounts().values())

    def enter(self, job: str, trial: str) -> None:
        """A job begins with this trial."""
        self._at_hand[job] = AtHand(trial, self._clock())

    def advance(self, job: str, trial: str, fraction: float) -> None:
        """A job has done so much of this trial's iterations."""
        at_hand = self._at_hand.setdefault(job, AtHand(trial, self._clock()))
        at_hand.trial, at_hand.fraction = trial, fraction

    def finish(self, trial: str) -> None:
        """A trial is done, whatever became of it; its job may go on to the next."""
        now, took = self._clock(), 0.0
        for at_hand in self._at_hand.values():
            if at_hand.trial == trial:
                took, at_hand.since = now - at_hand.since, now
        if trial not in self._took:
            self._took[trial] = took
            self._settle(trial)

    def leave(self, job: str) -> None:
        """A job is over."""
        self._at_hand.pop(job, None)

    def seconds(self) -> float:
        """Return how long it still takes, if each backend keeps to its pace, and as much goes on at once."""
        if self._began is None or not self.total_s:
            return 0.0
        accounts = self._accounts()
        every = Account(
            *(sum(getattr(each, name) for each in accounts.values()) for name in Account.__slots__)
        )
        left = sum((a.total - a.done) * (a if a.finished else every).pace for a in accounts.values())
        left += (self.total_s - every.total) * every.pace  # of trials that a search will ask for
        trusted = TRUST * self.total_s
        at_once = (every.took + trusted) / (self._clock() - self._began + trusted)
        return max(0.0, left / at_once)

    def _accounts(self) -> dict[str, Account]:
        """Return the accounts of all backends as they are now; it is asked for at each event of a sweep."""
        accounts = defaultdict(Account, {name: replace(each) for name, each in self._settled.items()})
        for at_hand in self._at_hand.values():
            if at_hand.trial not in self._took:
                account = accounts[self._backend(at_hand.trial)]
                account.done += self._credit(at_hand)
                account.took += self._clock() - at_hand.since
        return accounts

    def _settle(self, trial: str) -> None:
        if trial in self._forecast.seconds:
            account = self._settled[self._backend(trial)]
            account.done += self._forecast.seconds[trial]
            account.took += self._took[trial]
            account.finished += 1

    def _backend(self, trial: str) -> str:
        return self._forecast.backends.get(trial, "")

    def _credit(self, at_hand: AtHand) -> float:
        """Return what is done of a trial: before its iterations, and in a single pass, the clock says."""
        work = self._forecast.seconds.get(at_hand.trial, 0.0)
        before = self._forecast.ready_s.get(at_hand.trial, 0.0)
        if at_hand.fraction is None:
            return min(self._clock() - at_hand.since, SEEMS_DONE * before)
        return before + min(at_hand.fraction, SEEMS_DONE) * (work - before)
