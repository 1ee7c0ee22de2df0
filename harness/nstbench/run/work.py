"""The loop of a sweep: claim, submit, hear, judge, release."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from time import monotonic

from nstbench.plan import Trajectory, Trial
from nstbench.record.claim import Claim
from nstbench.run.executor import Executor
from nstbench.run.job import Entered, Finished, Job, Lost
from nstbench.run.keeper import Keeper
from nstbench.run.limits import Limits, Stopped
from nstbench.run.queue import Queue
from nstbench.run.slots import Slot

MOST_MOVES = 2
"""How often a job whose machine is gone is done elsewhere: it may be the job that takes machines down."""


@dataclass(slots=True)
class Running:
    """A trajectory that is held against other sweeps, and where it runs; `alone` until another one does.

    Attributes:
        since: when it was submitted, on the clock of `time.monotonic`.
    """

    trajectory: Trajectory
    claim: Claim
    slot: Slot
    alone: bool
    since: float = field(default_factory=monotonic)


@dataclass(slots=True)
class Work:
    """Trajectories on their way: first they wait, then they are claimed and run, at last they are judged.

    Attributes:
        pending: says which of some trials are still to do.
        job_of: makes the job of trials that are to run.
        until: when the time is over, on the clock of `time.monotonic`.
        more: asked for trajectories once all others are done and judged; none: that is all.
    """

    waiting: Queue
    executor: Executor
    keeper: Keeper
    pending: Callable[[Iterable[Trial]], list[Trial]]
    job_of: Callable[[tuple[Trial, ...]], Job]
    limits: Limits = field(default_factory=Limits)
    until: float = math.inf
    more: Callable[[], Iterable[Trajectory]] = tuple
    _running: dict[str, Running] = field(default_factory=dict)
    _unjudged: deque[tuple[Trial, ...]] = field(default_factory=deque)
    _tries: Counter[str] = field(default_factory=Counter)
    _moves: Counter[str] = field(default_factory=Counter)

    def do_all(self) -> None:
        """Take one step after the other until nothing is left. Nothing stays running or claimed.

        Raises:
            Stopped: the time of the sweep is over, or there is no place left to run in.
        """
        try:
            while self.waiting or self._running or self._unjudged or self._ask_for_more():
                if self.limits.fail_fast and self.keeper.failed:
                    self.waiting.clear()
                if self._unjudged and not self._measuring_here():  # the referee would disturb a clock
                    self._judge(self._unjudged.popleft())
                elif not self._begin():
                    if not self._running:
                        raise Stopped("what is left has nowhere to run any more")
                    self._hear()
        finally:
            self.executor.close()
            for each in self._running.values():
                each.claim.release()

    def _ask_for_more(self) -> bool:
        if not (self.limits.fail_fast and self.keeper.failed):
            self.waiting.add(self.more())
        return bool(self.waiting)

    def _measuring_here(self) -> bool:
        return any(not each.slot.place for each in self._running.values())

    def _begin(self) -> bool:
        """Begin the next trajectory, if there is one and room for it."""
        for slot in self.executor.free(self.until) if self.waiting else ():
            if trajectory := self.waiting.take(slot):
                self._claim_and_submit(trajectory, slot)
                return True
        return False

    def _claim_and_submit(self, trajectory: Trajectory, slot: Slot) -> None:
        claim = self.keeper.store.claim(trial.trial_id for trial in trajectory.trials)
        if claim is None:
            return
        # Asked again under the claim: another sweep may have finished the trials meanwhile.
        pending = self.pending(trajectory.trials)
        for trial in pending:
            if trial.refusal:
                self.keeper.refuse(trial)
        if runnable := tuple(trial for trial in pending if not trial.refusal):
            job = self.job_of(runnable)
            beside = [each for each in self._running.values() if each.slot.disturbs(slot)]
            for other in beside:
                other.alone = False
            self._running[job.key] = Running(trajectory, claim, slot, not beside)
            self.keeper.watch.submitted(job, slot)
            self.executor.submit(job, slot)
        else:
            claim.release()
            self._unjudged.append(trajectory.trials)

    def _hear(self) -> None:
        job, event = self.executor.next_event(self.until)
        running = self._running[job.key]
        if isinstance(event, Lost):
            if event.status == "failed" and self._tries[job.key] < self.limits.retries:
                self._try_again(job, event, running.slot)
                return
            if event.status == "interrupted":
                if self._moves[job.key] < MOST_MOVES:
                    self._do_elsewhere(job, event)
                    return
                event = replace(event, status="failed")
        if isinstance(event, Entered) and event.phase == "import":  # the first thing that a process says
            self.keeper.clock.started(job.trials[0].backend_label, monotonic() - running.since)
        self.keeper.keep(job, event, running.alone)
        if isinstance(event, Finished | Lost):
            del self._running[job.key]
            running.claim.release()
            self._unjudged.append(running.trajectory.trials)

    def _try_again(self, job: Job, lost: Lost, slot: Slot) -> None:
        left = self.job_of(tuple(t for t in job.trials if t.trial_id not in self.keeper.recorded))
        self._tries[job.key] += 1
        count = f"try {self._tries[job.key] + 1} of {self.limits.retries + 1}"
        self.keeper.watch.says(f"{left.trials[0].trial_id}: {lost.error_message}; {count}")
        self.executor.submit(left, slot)

    def _do_elsewhere(self, job: Job, lost: Lost) -> None:
        """Put a job back whose machine is gone; what it has recorded is found when it begins anew."""
        self._moves[job.key] += 1
        self.keeper.watch.says(f"{job.trials[0].trial_id}: {lost.error_message}; it will run elsewhere")
        self.keeper.watch.event(job, lost)
        running = self._running.pop(job.key)
        running.claim.release()
        self.waiting.put_back(running.trajectory)

    def _judge(self, trials: tuple[Trial, ...]) -> None:
        """Have pictures judged, unless another sweep does it."""
        if claim := self.keeper.store.claim(trial.trial_id for trial in trials):
            try:
                self.keeper.judge(trials)
            finally:
                claim.release()
