"""The loop of a sweep: claim, submit, hear, judge, release."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from nstbench.plan import Trajectory, Trial
from nstbench.record.claim import Claim
from nstbench.run.executor import Executor
from nstbench.run.job import Finished, Job, Lost
from nstbench.run.keeper import Keeper
from nstbench.run.limits import Limits


@dataclass(frozen=True, slots=True)
class Claimed:
    """The trials of a trajectory, held against other sweeps."""

    trials: tuple[Trial, ...]
    claim: Claim


@dataclass(slots=True)
class Work:
    """Trajectories on their way: first they wait, then they are claimed and run, at last judged and released.

    Attributes:
        pending: says which of some trials are still to do.
        job_of: makes the job of trials that are to run.
        until: when the time is over, on the clock of `time.monotonic`.
    """

    waiting: deque[Trajectory]
    executor: Executor
    keeper: Keeper
    pending: Callable[[Iterable[Trial]], list[Trial]]
    job_of: Callable[[tuple[Trial, ...]], Job]
    limits: Limits = field(default_factory=Limits)
    until: float = math.inf
    _claimed: deque[Claimed] = field(default_factory=deque)
    _running: int = 0
    _tries: Counter[str] = field(default_factory=Counter)

    def do_all(self) -> None:
        """Take one step after the other until nothing is left. Nothing stays running or claimed.

        Raises:
            OutOfTime: the time of the sweep is over.
        """
        try:
            while self.waiting or self._claimed:
                if self.limits.fail_fast and self.keeper.failed:
                    self.waiting.clear()
                if self._claimed and not self._running:  # the referee would disturb a clock
                    self._judge_and_release()
                elif self.waiting and self.executor.has_room():
                    self._claim_and_submit(self.waiting.popleft())
                else:
                    self._hear()
        finally:
            self.executor.close()
            for each in self._claimed:
                each.claim.release()

    def _claim_and_submit(self, trajectory: Trajectory) -> None:
        claim = self.keeper.store.claim(trial.trial_id for trial in trajectory.trials)
        if claim is None:
            return
        self._claimed.append(Claimed(trajectory.trials, claim))
        # Asked again under the claim: another sweep may have finished the trials meanwhile.
        pending = self.pending(trajectory.trials)
        for trial in pending:
            if trial.refusal:
                self.keeper.refuse(trial)
        if runnable := tuple(trial for trial in pending if not trial.refusal):
            self.executor.submit(self.job_of(runnable))
            self._running += 1

    def _hear(self) -> None:
        job, event = self.executor.next_event(self.until)
        if (
            isinstance(event, Lost)
            and event.status == "failed"
            and self._tries[_key(job)] < self.limits.retries
        ):
            self._try_again(job, event)
            return
        self.keeper.keep(job, event)
        if isinstance(event, Finished | Lost):
            self._running -= 1

    def _try_again(self, job: Job, lost: Lost) -> None:
        left = self.job_of(tuple(t for t in job.trials if t.trial_id not in self.keeper.recorded))
        self._tries[_key(job)] += 1
        count = f"try {self._tries[_key(job)] + 1} of {self.limits.retries + 1}"
        self.keeper.watch.says(f"{left.trials[0].trial_id}: {lost.error_message}; {count}")
        self.executor.submit(left)

    def _judge_and_release(self) -> None:
        self.keeper.judge(self._claimed[0].trials)
        self._claimed.popleft().claim.release()


def _key(job: Job) -> str:
    """Name a trajectory, also when its first trials are done."""
    return job.trials[-1].trial_id
