"""The two sides of a comparison: each a Python that has its own version of what is compared."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from nstbench.gate import side_script
from nstbench.system.child import Child, ChildEnded, run_to_its_end
from nstbench.system.logs import last_line

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
        self._child: Child | None = None

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
        request = {"experiment": experiment, "base": base.absolute()}
        request |= {"folder": folder.absolute(), "log": log.absolute(), "cores": cores and [*cores]}
        try:
            child = self._child = self._child or self._started(log)
            child.send(request)
            child.hear()
        except ChildEnded:
            self.close()
            raise SideBroken(self.name, f"{self.what}: {last_line(log) or 'no output'} (see {log})") from None
        except BaseException:
            self.close()
            raise

    def stop(self) -> None:
        """End its Python while another thread waits for its sweep, which then breaks."""
        if child := self._child:
            child.end()

    def close(self) -> None:
        """End its Python and what that started; another sweep starts it anew."""
        if self._child:
            self._child.close()
        self._child = None

    def _started(self, log: Path) -> Child:
        command = [str(self.python.absolute()), "-P", side_script.__file__]
        with log.open("w") as output:
            return Child(command, output, _outer_environment())


def run_together(command: Sequence[str], output: IO[str]) -> int:
    """Run a command without variables that leak, and return its exit code; see `run_to_its_end`."""
    return run_to_its_end(command, output, _outer_environment())


def _outer_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in LEAKING}
