"""The worker process: `python -P -m nstbench.run.worker BACKEND CORES FD`; jobs come in, events go out.

Both are JSON lines, see `nstbench.system.child`. Standard output and error go to the log of the trial at
hand, as frameworks write there what they please.
"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path

from nstbench.run.machine import restrict_to_cores
from nstbench.system.parent import Parent


def main() -> None:
    """Serve one backend until the parent is gone."""
    backend, cores, descriptor = sys.argv[1], sys.argv[2], int(sys.argv[3])
    restrict_to_cores([int(core) for core in cores.split(",")] if cores else None)
    # Only now, as NumPy starts its threads when it is imported.
    from nstbench.run.bench import Bench
    from nstbench.run.job import Job, event_to_json

    parent = Parent(descriptor)
    bench: Bench | None = None
    while True:
        job = Job.from_json(parent.hear())
        bench = bench or Bench(backend, job.trials[0].options, job.origin)
        _log_to(job.log)
        for event in bench.execute(job):
            waits = job.waits_after(event)
            # It rests before it says so, as who hears of it lets the next one be at work.
            with bench.resting() if waits and job.interleave else nullcontext():
                parent.send(event_to_json(event))
                if waits:
                    parent.hear()  # that it is kept: no file is written while the clock runs


def _log_to(path: Path) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    with path.open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


if __name__ == "__main__":
    main()
