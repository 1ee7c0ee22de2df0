"""The two sides of a comparison: each a Python that has its own version of what is compared."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
            done = subprocess.run(
                command,
                input=json.dumps(experiment, default=str),
                text=True,
                cwd=base,
                env={name: value for name, value in os.environ.items() if name not in LEAKING},
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode:
            raise SideBroken(self.name, f"{self.what}: {_last_line(log)} (see {log})")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "no output")
