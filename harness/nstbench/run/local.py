"""The executor of this machine: a worker process that jobs share as long as they may, asleep meanwhile."""

from __future__ import annotations

import math
import sys
from time import monotonic
from typing import Any

from nstbench.api import printable
from nstbench.record.layout import log_path
from nstbench.run.arrival import Garbled, read_event
from nstbench.run.executor import Executor, Sharing, may_share
from nstbench.run.job import TO_BE_KEPT, Event, Finished, Job, Lost, Recorded
from nstbench.run.limits import OutOfTime
from nstbench.system.child import Child, ChildEnded
from nstbench.system.logs import cut, last_line

LOOK_S = 5.0
"""How often the length of a log is looked at while nothing happens."""

KEPT = "kept"
"""What a worker hears, and goes on, when an event has been written down."""


class LocalWorkers(Executor):
    """One worker at a time; one that is lost, or that the next job may not share, is replaced."""

    def __init__(self) -> None:
        self._worker: Child | None = None
        self._sharing: Sharing | None = None
        self._job: Job | None = None
        self._last: Event | None = None
        self._left_s, self._unrecorded, self._said_before = 0.0, 0, 0

    def has_room(self) -> bool:
        """Whether no job is running."""
        return self._job is None

    def submit(self, job: Job) -> None:
        """Give a job to the worker of the last one, or a fresh one."""
        if self._sharing != may_share(job):
            self.close()
        if self._worker is None:
            self._worker, self._sharing = _started(job), may_share(job)
        self._said_before = job.log.stat().st_size if job.log.exists() else 0
        self._worker.send(job.to_json())
        self._job, self._last, self._left_s, self._unrecorded = job, None, job.timeout_s, len(job.trials)

    def next_event(self, until: float = math.inf) -> tuple[Job, Event]:
        """Let the worker go on, if it waits, and return what it tells next."""
        assert self._worker and self._job, "no job is running"
        job = self._job
        if isinstance(self._last, TO_BE_KEPT):
            self._worker.send(KEPT)
        began = monotonic()  # what it takes to write an event down is not the worker's time
        self._last = self._heard(self._worker, job, began + self._left_s, until)
        self._left_s -= monotonic() - began
        if isinstance(self._last, Recorded):
            self._left_s = job.timeout_s
            self._unrecorded -= 1
        if isinstance(self._last, Finished | Lost):
            self._job = None
        return job, self._last

    def close(self) -> None:
        """End the worker."""
        if self._worker:
            self._worker.close()
        self._worker = self._sharing = self._job = None

    def _heard(self, worker: Child, job: Job, deadline: float, until: float) -> Event:
        try:
            event = read_event(_answer(worker, job, min(deadline, until)), job)
            if isinstance(event, Finished) and self._unrecorded:
                raise Garbled("that it had finished, without a record")
            return event
        except ValueError as error:
            what = error if isinstance(error, Garbled) else "what is no JSON"
            lost = Lost("failed", "WorkerGarbled", f"the worker process sent {what}{_see(job)}")
        except TimeoutError:
            if until < deadline:
                raise OutOfTime from None
            reason = f"not done within timeout_s = {job.timeout_s:g} seconds"
            lost = Lost("timeout", "Timeout", reason)
        except ChildEnded as end:
            lost = _lost(job, end, last_line(job.log, self._said_before))
        self.close()
        return lost


def _answer(worker: Child, job: Job, deadline: float) -> Any:
    """Wait for it, with an eye on the log meanwhile."""
    while True:
        cut(job.log)
        try:
            return worker.hear(min(deadline, monotonic() + LOOK_S))
        except TimeoutError:
            if monotonic() >= deadline:
                raise


def _started(job: Job) -> Child:
    cores = "all" if job.threads is None else str(job.threads)
    command = [sys.executable, "-P", "-m", "nstbench.run.worker", job.backend, cores]
    with job.log.open("a") as log:
        return Child(command, log)


def _lost(job: Job, end: ChildEnded, said: str) -> Lost:
    kind = "WorkerKilled" if end.signal else "WorkerExited"
    hint = ", perhaps for lack of memory" if end.signal == "SIGKILL" else ""
    words = f", having said last: {printable(said)}" if said else ""
    return Lost("failed", kind, f"the worker process {end}{hint}{words}{_see(job)}")


def _see(job: Job) -> str:
    return f"; see {log_path(job.trials[0].trial_id)}"
