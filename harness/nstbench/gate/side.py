"""The two sides of a comparison: each a Python that has its own version of what is compared."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Side:
    """A version, ready to run.

    Attributes:
        name: `base` or `candidate`.
        python: its interpreter.
        what: what it is a version of, for people.
    """

    name: str
    python: Path
    what: str

    def sweep(self, experiment: Mapping[str, Any], base: Path, folder: Path) -> None:
        """Run an experiment in fresh processes; what they print goes to `log.txt` beside the results.

        Args:
            experiment: as a mapping; base: what its image paths are relative to.

        Raises:
            SideBroken: it did not come to an end.
        """
        folder.mkdir(parents=True, exist_ok=True)
        command = [str(self.python.absolute()), "-P", side_script.__file__, str(folder.absolute())]
        log = folder / "log.txt"
        with log.open("w") as output:
            code = run_together(command, output, json.dumps(experiment, default=str), cwd=base)
        if code:
            raise SideBroken(self.name, f"{self.what}: {_last_line(log)} (see {log})")


def run_together(command: Sequence[str], output: IO[str], said: str = "", cwd: Path | None = None) -> int:
    """Run a command, without variables that leak; whatever ends this ends all that it started.

    Args:
        output: for what it prints.
        said: to its standard input.

    Returns:
        The exit code.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=output,
        text=True,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name not in LEAKING},
        start_new_session=True,
    ) as process:
        try:
            process.communicate(said)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no output")
