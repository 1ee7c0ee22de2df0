"""Executors: they take jobs and give back events, nothing else.

The other kind that an entry point may lead to, `nstbench.run.launcher.Launcher`, starts whole sweeps.
"""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import ClassVar

from nstbench.plan.trial import canonical_json
from nstbench.run.bench import Bench
from nstbench.run.job import Event, Finished, Job, Lost
from nstbench.run.limits import OutOfTime
from nstbench.run.slots import Parallel, Slot

Sharing = tuple[str, ...]


class Offered:
    """What an entry point of `nstbench.executors` leads to."""

    requires: ClassVar[str] = ""
    """The module without which it cannot run."""
    install: ClassVar[str] = ""
    """The line that installs that."""
    options: ClassVar[tuple[str, ...]] = ()
    """The names of its options."""


class Executor(Offered, ABC):
    """Something that runs jobs. Who asks for the next event has written down what the last one brought."""

    @classmethod
    @abstractmethod
    def open(cls, parallel: Parallel, exclusive: bool, say: Callable[[str], None]) -> Executor:
        """Get ready to run jobs.

        Args:
            parallel: what to use.
            exclusive: whether no job may run beside another in one place.
            say: is told what is worth reading.

        Raises:
            UsageError: what is to be used is not there.
        """

    @property
    @abstractmethod
    def slots(self) -> Sequence[Slot]:
        """Every slot there is."""

    @abstractmethod
    def free(self, until: float = math.inf) -> Sequence[Slot]:
        """Return the slots that a job may begin in now; while nothing runs, wait until there is one.

        Args:
            until: as for `next_event`.

        Raises:
            Stopped: none will be, or none was by then.
        """

    @abstractmethod
    def submit(self, job: Job, slot: Slot) -> None:
        """Take a job into a slot that is free."""

    @abstractmethod
    def next_event(self, until: float = math.inf) -> tuple[Job, Event]:
        """Return what happens next, asleep until it does; `Finished` or `Lost` is the last event of a job.

        A job that is `Lost` with the status `interrupted` has lost its place: it may be done elsewhere.
        Only while a job is running.

        Args:
            until: when the time of the sweep is over, on the clock of `time.monotonic`.

        Raises:
            OutOfTime: nothing has happened by then.
        """

    @abstractmethod
    def close(self) -> None:
        """End whatever runs, and all that it started."""


class InProcess(Executor):
    """Runs one job after the other within this very process, for debugging."""

    slots = (Slot(),)

    def __init__(self) -> None:
        self._bench: Bench | None = None
        self._sharing: Sharing | None = None
        self._running: tuple[Job, Iterator[Event]] | None = None

    @classmethod
    def open(cls, parallel: Parallel, exclusive: bool, say: Callable[[str], None]) -> InProcess:
        """Use this process."""
        return cls()

    def free(self, until: float = math.inf) -> Sequence[Slot]:
        """Return the only slot, unless a job is running."""
        return () if self._running else self.slots

    def submit(self, job: Job, slot: Slot) -> None:
        """Begin a job with the backend of the last one, if they may share it."""
        if self._bench is None or self._sharing != may_share(job):
            bench = Bench(job.backend, job.trials[0].options)
            self._bench, self._sharing = bench, may_share(job)
        self._running = job, self._bench.execute(job)

    def next_event(self, until: float = math.inf) -> tuple[Job, Event]:
        """Go on with the job until it has something to tell."""
        assert self._running, "no job is running"
        if monotonic() >= until:
            raise OutOfTime
        job, events = self._running
        here = Path.cwd()
        event = next(events)
        if Path.cwd() != here:  # paths of results are relative
            os.chdir(here)
        if isinstance(event, Finished | Lost):
            self._running = None
        return job, event

    def close(self) -> None:
        """Leave a job that is still running."""
        self._running = None


def may_share(job: Job) -> Sharing:
    """Return a key: jobs with equal ones may share a backend that has been started."""
    first = job.trials[0]
    own = first.trial_id if job.isolation == "trial" else ""
    options, device = canonical_json(first.options), first.settings.device
    return job.isolation, job.backend, options, device, str(job.deterministic), own
