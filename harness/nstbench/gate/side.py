"""The two sides of a comparison: each a Python that has its own version of what is compared."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from nstbench.gate import side_script

BASE, CANDIDATE = "base", "candidate"

LEAKING = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
"""Variables through which one side would import the other's code."""


class SideBroken(Exception):
    """A side cannot measure; the message is one line."""

    def __init__(self, side: str, message: str) -> None:
        super().__init__(message)
        self.side = side


class Side:
    """A version, and its Python, which stays between sweeps; the processes that measure are fresh each time.

    Attributes:
        name: `base` or `candidate`.
        python: its interpreter.
        what: what it is a version of, for people.
    """

    def __init__(self, name: str, python: Path, what: str) -> None:
        self.name, self.python, self.what = name, python, what
        self._process: subprocess.Popen[str] | None = None
        self._answers: IO[str] | None = None

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sweep(
        self, experiment: Mapping[str, Any], base: Path, folder: Path, cores: Collection[int] | None = None
    ) -> None:
        """Run an experiment; what is printed meanwhile goes to a file beside the results, `FOLDER-log.txt`.

        Args:
            experiment: as a mapping; base: what its image paths are relative to.
            cores: what measures stays on these; None leaves it as it is.

        Raises:
            SideBroken: it did not come to an end.
        """
        folder.parent.mkdir(parents=True, exist_ok=True)
        log = folder.with_name(f"{folder.name}-log.txt")  # a sweep wants its folder for itself
        try:
            if self._process is None:
                self._start(log)
            if cores is not None and self._process:
                os.sched_setaffinity(self._process.pid, cores)  # the sweep's workers inherit it
            request = {"experiment": experiment, "base": str(base.absolute())}
            places = {"folder": str(folder.absolute()), "log": str(log.absolute())}
            answer = self._ask(request | places)
        except BaseException:
            self.close()
            raise
        if not answer:
            self.close()
            raise SideBroken(self.name, f"{self.what}: {_last_line(log)} (see {log})")

    def stop(self) -> None:
        """End its Python while another thread waits for its sweep, which then breaks."""
        if process := self._process:
            _end(process)

    def close(self) -> None:
        """End its Python and what that started; another sweep starts it anew."""
        if self._process and self._answers:
            _end(self._process)
            self._answers.close()
            self._process.wait()
            if self._process.stdin:
                with suppress(BrokenPipeError):  # a request it did not live to read
                    self._process.stdin.close()
        self._process = self._answers = None

    def _start(self, log: Path) -> None:
        receive, send = os.pipe()
        self._answers = os.fdopen(receive)
        command = [str(self.python.absolute()), "-P", side_script.__file__, str(send)]
        try:
            with log.open("w") as output:
                self._process = _started(command, output, passed=[send])
        finally:
            os.close(send)

    def _ask(self, request: Mapping[str, Any]) -> str:
        """Send a request and wait, asleep; the answer is empty if the process ended first."""
        assert self._process and self._process.stdin and self._answers
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(request, default=str) + "\n")
            self._process.stdin.flush()
        if not (answer := self._answers.readline()):
            self._process.wait()  # what it died of is in the log only then
        return answer


def run_together(command: Sequence[str], output: IO[str]) -> int:
    """Run a command, without variables that leak; whatever ends this ends all that it started.

    Args:
        output: for what it prints.

    Returns:
        The exit code.
    """
    with _started(command, output) as process:
        try:
            process.communicate("")
        except BaseException:
            _end(process)
            raise
    return process.returncode


def _started(command: Sequence[str], output: IO[str], passed: Sequence[int] = ()) -> subprocess.Popen[str]:
    """Start a command in a group of its own, with file descriptors that it is to inherit."""
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        text=True,
        env={name: value for name, value in os.environ.items() if name not in LEAKING},
        pass_fds=passed,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no output")
