"""A slot of this machine with its worker process, which jobs share as long as they may, asleep meanwhile."""

from __future__ import annotations

import os
import sys
from time import monotonic

from nstbench.api import printable
from nstbench.record.layout import log_path
from nstbench.run.arrival import Garbled, read_event
from nstbench.run.executor import Sharing, may_share
from nstbench.run.job import Event, Finished, Job, Lost, Recorded
from nstbench.run.machine import cores_of_this_process
from nstbench.run.slots import Slot
from nstbench.system.child import Child, ChildEnded
from nstbench.system.logs import cut, last_line

KEPT = "kept"
"""What a worker hears, and goes on, when an event has been written down."""


class Desk:
    """One worker at a time; one that is lost, or that the next job may not share, is replaced.

    Attributes:
        waits: whether the job at hand has yet to begin, or its worker waits to be told to go on.
    """

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.job: Job | None = None
        self.worker: Child | None = None
        self._sharing: Sharing | None = None
        self.waits = False
        self._begun = False
        self._since, self._left_s, self._unrecorded, self._said_before = 0.0, 0.0, 0, 0

    @property
    def deadline(self) -> float:
        """When the job at hand has taken too long, on the clock of `time.monotonic`."""
        return self._since + self._left_s

    def submit(self, job: Job) -> None:
        """Take a job for the worker of the last one, or a fresh one."""
        if self._sharing != may_share(job):
            self.close()
        self.job, self._begun, self.waits = job, False, True
        self._unrecorded, self._left_s = len(job.trials), job.timeout_s

    def go_on(self) -> None:
        """Let the worker begin, or go on if it waits until what it told last has been written down."""
        if not (self.waits and self.job):
            return
        if self.worker is None:
            self.worker, self._sharing = _started(self.job, self.slot), may_share(self.job)
        if not self._begun:
            log = self.job.log
            self._said_before = log.stat().st_size if log.exists() else 0
        self.worker.send(KEPT if self._begun else self.job.to_json())
        self._begun, self.waits, self._since = (
            True,
            False,
            monotonic(),
        )  # what the writing took is not the worker's time

    def event(self) -> Event | None:
        """Return what the worker has told, or what became of it; None if there is nothing new."""
        assert self.worker and self.job, "no job is running"
        job = self.job
        try:
            if not self.worker.has_message():
                self.worker.listen()
            if not self.worker.has_message():
                if monotonic() < self.deadline:
                    return None
                reason = f"not done within timeout_s = {job.timeout_s:g} seconds"
                return self._lost(Lost("timeout", "Timeout", reason))
            event = read_event(self.worker.message(), job)
            if isinstance(event, Finished) and self._unrecorded:
                raise Garbled("that it had finished, without a record")
        except ValueError as error:
            what = error if isinstance(error, Garbled) else "what is no JSON"
            text = f"the worker process sent {what}{_see(job)}"
            return self._lost(Lost("failed", "WorkerGarbled", text))
        except ChildEnded as end:
            return self._lost(_reason(job, end, last_line(job.log, self._said_before)))
        self._heard(event, job)
        return event

    def cut_log(self) -> None:
        """Keep the log of the job at hand within its limit."""
        if self.job:
            cut(self.job.log)

    def close(self) -> None:
        """End the worker."""
        if self.worker:
            self.worker.close()
        self.worker = self._sharing = self.job = None

    def _heard(self, event: Event, job: Job) -> None:
        now = monotonic()
        self._since, self._left_s = now, self._left_s - (now - self._since)
        self.waits = job.waits_after(event)
        if isinstance(event, Recorded):
            self._left_s = job.timeout_s
            self._unrecorded -= 1
        if isinstance(event, Finished):
            self.job = None

    def _lost(self, lost: Lost) -> Lost:
        self.close()
        return lost


def _started(job: Job, slot: Slot) -> Child:
    environment = None if slot.gpu is None else os.environ | {"CUDA_VISIBLE_DEVICES": slot.gpu}
    command = [sys.executable, "-P", "-m", "nstbench.run.worker", job.backend, _cores(job, slot)]
    with job.log.open("a") as log:
        return Child(command, log, environment)


def _cores(job: Job, slot: Slot) -> str:
    """Return the numbers of the cores for a worker; empty where it is left alone."""
    cores = slot.cores or (() if job.threads is None else cores_of_this_process())
    return ",".join(map(str, cores[: job.threads]))


def _reason(job: Job, end: ChildEnded, said: str) -> Lost:
    kind = "WorkerKilled" if end.signal else "WorkerExited"
    hint = ", perhaps for lack of memory" if end.signal == "SIGKILL" else ""
    words = f", having said last: {printable(said)}" if said else ""
    return Lost("failed", kind, f"the worker process {end}{hint}{words}{_see(job)}")


def _see(job: Job) -> str:
    return f"; see {log_path(job.trials[0].trial_id)}"
