"""The loop of a sweep: claim, submit, hear, judge, release."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from nstbench.plan import Trajectory, Trial
from nstbench.record.claim import Claim
from nstbench.run.executor import Executor
from nstbench.run.job import Finished, Job, Lost
from nstbench.run.keeper import Keeper


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
    """

    waiting: deque[Trajectory]
    executor: Executor
    keeper: Keeper
    pending: Callable[[Iterable[Trial]], list[Trial]]
    job_of: Callable[[tuple[Trial, ...]], Job]
    _claimed: deque[Claimed] = field(default_factory=deque)
    _running: int = 0

    def do_all(self) -> None:
        """Take one step after the other until nothing is left. Nothing stays running or claimed."""
        try:
            while self.waiting or self._claimed:
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
        job, event = self.executor.next_event()
        self.keeper.keep(job, event)
        if isinstance(event, Finished | Lost):
            self._running -= 1

    def _judge_and_release(self) -> None:
        self.keeper.judge(self._claimed[0].trials)
        self._claimed.popleft().claim.release()
