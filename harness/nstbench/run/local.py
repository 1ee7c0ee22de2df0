"""The executor of this machine: a worker process in each slot."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from time import monotonic

from nstbench.run.desk import Desk
from nstbench.run.executor import Executor
from nstbench.run.job import Event, Job
from nstbench.run.limits import OutOfTime
from nstbench.run.slots import Parallel, Slot, free_slots
from nstbench.system.child import wait_for_any

LOOK_S = 5.0
"""How often the lengths of logs are looked at while nothing happens."""


class LocalWorkers(Executor):
    """As many workers at once as there are slots.

    Args:
        slots: each takes one job at a time.
    """

    def __init__(self, slots: Sequence[Slot] = (Slot(),)) -> None:
        self._slots = tuple(slots)
        self._desks = [Desk(slot) for slot in slots]

    @classmethod
    def open(cls, parallel: Parallel, exclusive: bool, say: Callable[[str], None]) -> LocalWorkers:
        """Look for the devices and cores to use."""
        return cls(parallel.slots(exclusive))

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every slot, in the order that they were given in."""
        return self._slots

    def free(self, until: float = math.inf) -> list[Slot]:
        """Return the slots without a job, as far as one may begin beside what runs."""
        return free_slots(self._slots, [desk.slot for desk in self._running()])

    def submit(self, job: Job, slot: Slot) -> None:
        """Give a job to the worker of a slot, or to a fresh one."""
        next(desk for desk in self._desks if desk.slot == slot).submit(job)

    def next_event(self, until: float = math.inf) -> tuple[Job, Event]:
        """Let workers go on, and return what one of them tells next."""
        running = self._at_work()
        assert running, "no job is running"
        for desk in running:
            desk.go_on()
        while True:
            for desk in running:
                job = desk.job
                if job and (event := desk.event()):
                    self._pass_on(desk)
                    return job, event
            now = monotonic()
            if now >= until:
                raise OutOfTime
            for desk in running:
                desk.cut_log()
            deadline = min(until, now + LOOK_S, *(desk.deadline for desk in running))
            wait_for_any([desk.worker for desk in running if desk.worker], deadline)

    def close(self) -> None:
        """End all workers."""
        for desk in self._desks:
            desk.close()

    def _at_work(self) -> list[Desk]:
        """Return those that may go on now."""
        return self._running()

    def _pass_on(self, desk: Desk) -> None:
        """Have those that were not heard be heard before this one is again."""
        self._desks.remove(desk)
        self._desks.append(desk)

    def _running(self) -> list[Desk]:
        return [desk for desk in self._desks if desk.job]
