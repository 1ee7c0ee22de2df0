"""What runs in a side's own Python: `python -P side_script.py FD`; experiments come in, answers go out.

It stays while it is asked, so that imports are paid for once; the processes that measure are the sweep's own,
fresh each time. A request is a JSON line on standard input, {experiment, base, folder, log, cores}; the
answer is a JSON line on file descriptor FD, as `nstbench.system.child` has it. It must work with whatever
version of nstbench that side has, so it uses nothing but `nstbench.sweep`.
"""

import json
import os
import sys
import traceback
from pathlib import Path

import nstbench


def main() -> None:
    """Sweep one experiment after the other; image paths in them are relative to their base."""
    with os.fdopen(int(sys.argv[1]), "w") as answers:
        for line in sys.stdin:
            asked = json.loads(line)
            _log_to(asked["log"])
            os.chdir(asked["base"])
            if asked["cores"]:
                os.sched_setaffinity(0, asked["cores"])  # the sweep's workers inherit it
            try:
                nstbench.sweep(asked["experiment"], asked["folder"])
            except Exception as error:
                traceback.print_exc()
                sys.exit(": ".join(filter(None, [type(error).__name__, " ".join(str(error).split())])))
            answers.write(json.dumps("done") + "\n")
            answers.flush()


def _log_to(path: str) -> None:
    """Send what is printed from now on to the log of this run."""
    with Path(path).open("a") as log:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(log.fileno(), stream.fileno())


if __name__ == "__main__":
    main()
