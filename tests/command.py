"""The command line in processes of its own, forked from one that has imported it: a start costs milliseconds.

`python -P tests/command.py` is that process. A request is a line, with "argv", "cwd", "out", "err" and
"variables"; it is answered with the exit code of the command once that has ended.
"""

import gc
import json
import os
import subprocess
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path

NSTBENCH = Path(sys.executable).with_name("nstbench")


@dataclass
class CommandServer:
    """The process that forks, started when it is first needed."""

    environment: dict
    _process: subprocess.Popen | None = field(default=None, init=False)

    def differs(self, environment):
        """Return the variables of an environment that this process was not started with."""
        return {name: value for name, value in environment.items() if self.environment.get(name) != value}

    def serves(self, environment):
        """Whether all that differs is what a test's own plugin reads: Python reads others as it starts."""
        known = self.environment.keys() <= environment.keys()
        return known and all(name.startswith("SLOWABLE_") for name in self.differs(environment))

    def run(self, argv, folder, scratch, environment):
        """Run a command in `folder` to its end; returns what `subprocess.run` does."""
        if self._process is None:
            command = [sys.executable, "-P", __file__]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            self._process = subprocess.Popen(command, env=self.environment, **pipes)
        out, err = scratch / "out.txt", scratch / "err.txt"
        request = {"argv": argv, "cwd": str(folder), "out": str(out), "err": str(err)}
        request["variables"] = self.differs(environment)
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return subprocess.CompletedProcess(argv, code, out.read_text(), err.read_text())

    def close(self):
        """End the process."""
        if self._process:
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()


def serve():
    """Fork a process for each request until standard input closes."""
    # What verbs import when they are called: now, once.
    import nstbench.assets.decode
    import nstbench.cli.console.plan_table
    import nstbench.cli.console.progress
    import nstbench.cli.console.results_table
    import nstbench.cli.sweep
    import nstbench.comparison.compare
    import nstbench.gate.check
    import nstbench.record.kept_rows
    import nstbench.report.html
    import nstbench.run.sweep  # noqa: F401
    from nstbench.cli import main

    gc.freeze()  # else a child's garbage collector writes to, and so copies, every page
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        if not (child := os.fork()):
            os._exit(run(request, main))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def run(request, main):
    """Be the command: its folder, its variables, its arguments, its streams."""
    os.chdir(request["cwd"])
    os.environ.update(request["variables"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    sys.argv = [str(NSTBENCH), *request["argv"]]
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    serve()
