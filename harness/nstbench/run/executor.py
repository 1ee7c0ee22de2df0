"""Running jobs on this machine: in a worker process per backend, or in this very process for debugging."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from time import monotonic

from nstbench.run.bench import Bench
from nstbench.run.job import Event, Finished, Job, Recorded, event_from_line

Handle = Callable[[Job, Event], None]


class WorkerLost(Exception):
    """The worker ended before its job did; the status is that of the trials it leaves behind."""

    def __init__(self, status: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


class Worker:
    """A process in a group of its own, so that it can be ended with all that it started."""

    def __init__(self, job: Job) -> None:
        receive, send = os.pipe()
        log_path = job.trial_folder(job.trials[0]) / "log.txt"
        log_path.parent.mkdir(parents=True, exist_ok=True)
        cores = "all" if job.threads is None else str(job.threads)
        with log_path.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "nstbench.run.worker", job.backend, cores, str(send)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(send,),
                start_new_session=True,
                text=True,
            )
        os.close(send)
        self._receive, self._unread = receive, b""

    def run(self, job: Job) -> Iterator[Event]:
        """Send a job and yield its events up to `Finished`.

        Raises:
            WorkerLost: it crashed, was killed, or was silent about a trial for longer than `timeout_s`.
        """
        assert self._process.stdin
        try:
            self._process.stdin.write(job.to_line())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._lost(job) from None
        deadline = monotonic() + job.timeout_s
        while True:
            event = event_from_line(self._line(job, deadline))
            yield event
            if isinstance(event, Finished):
                return
            if isinstance(event, Recorded):
                deadline = monotonic() + job.timeout_s

    def close(self) -> None:
        """End the process and everything it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin:
            with suppress(BrokenPipeError):  # a job it did not live to read
                self._process.stdin.close()
        os.close(self._receive)

    def _line(self, job: Job, deadline: float) -> str:
        """Wait for a whole line, asleep."""
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self._receive], [], [], max(0.0, deadline - monotonic()))
            if not ready:
                raise WorkerLost(
                    "timeout", "Timeout", f"not done within timeout_s = {job.timeout_s:g} seconds"
                )
            received = os.read(self._receive, 65536)
            if not received:
                raise self._lost(job)
            self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def _lost(self, job: Job) -> WorkerLost:
        code = self._process.wait()
        log = (job.trial_folder(job.trials[0]) / "log.txt").relative_to(job.folder)
        if code >= 0:
            return WorkerLost("failed", "WorkerExited", f"the worker process exited with {code}; see {log}")
        name = signal.Signals(-code).name
        hint = ", perhaps for lack of memory" if name == "SIGKILL" else ""
        return WorkerLost(
            "failed", "WorkerKilled", f"the worker process was ended by {name}{hint}; see {log}"
        )


def execute(jobs: Iterable[Job], handle: Handle, lost: Callable[[Job, WorkerLost], None]) -> None:
    """Run jobs in order; jobs that may share a process do when they follow one another.

    Args:
        jobs: may be lazy; the next is asked for when the last is done.
        handle: called with every event, in this thread.
        lost: called when a worker ended before its job; the next job gets a fresh worker.
    """
    for (isolation, *_), group in groupby(jobs, key=_sharing):
        if isolation == "none":
            _execute_here(group, handle)
        else:
            _execute_in_workers(group, handle, lost)


def _sharing(job: Job) -> tuple[str, ...]:
    """Jobs with equal keys may share a worker: one backend, options, device and mode, if isolation allows."""
    own = job.trials[0].trial_id if job.isolation == "trial" else ""
    device = job.trials[0].settings.get("device", "auto")
    options = json.dumps(job.trials[0].options, sort_keys=True)
    return job.isolation, job.backend, options, device, str(job.deterministic), own


def _execute_here(jobs: Iterable[Job], handle: Handle) -> None:
    bench: Bench | None = None
    for job in jobs:
        bench = bench or Bench(job.backend, job.trials[0].options)
        bench.execute(job, lambda event, job=job: handle(job, event))  # type: ignore[misc]


def _execute_in_workers(jobs: Iterable[Job], handle: Handle, lost: Callable[[Job, WorkerLost], None]) -> None:
    worker: Worker | None = None
    try:
        for job in jobs:
            worker = worker or Worker(job)
            try:
                for event in worker.run(job):
                    handle(job, event)
            except WorkerLost as reason:
                worker.close()
                worker = None
                lost(job, reason)
    finally:
        if worker:
            worker.close()
