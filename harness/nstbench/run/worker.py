"""The worker process: `python -P -m nstbench.run.worker BACKEND CORES FD`; jobs come in, events go out.

Jobs are JSON lines on standard input; events are JSON lines on file descriptor FD. Standard output and
error go to the log of the trial at hand, as frameworks write there what they please.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from pathlib import Path

from nstbench.run.job import Event, Job, event_to_line
from nstbench.run.machine import restrict_to_cores


def main() -> None:
    """Serve one backend until standard input closes."""
    backend, cores, descriptor = sys.argv[1], sys.argv[2], int(sys.argv[3])
    restrict_to_cores(None if cores == "all" else int(cores))
    from nstbench.run.bench import Bench  # only now, as NumPy starts its threads when imported

    jobs: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    with os.fdopen(descriptor, "w", encoding="utf-8", buffering=1) as events:

        def emit(event: Event) -> None:
            events.write(event_to_line(event))
            events.flush()

        bench: Bench | None = None
        while True:
            job = Job.from_line(jobs.get())
            _log_to(job.trial_folder(job.trials[0]) / "log.txt")
            bench = bench or Bench(backend, job.trials[0].options)  # equal in all jobs of a worker
            bench.execute(job, emit)


def _listen(jobs: queue.SimpleQueue[str]) -> None:
    """Pass jobs on; when the sweep closes the pipe, or is gone, end at once, even amid a computation."""
    for line in sys.stdin:
        jobs.put(line)
    os._exit(0)


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    with path.open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


if __name__ == "__main__":
    main()
