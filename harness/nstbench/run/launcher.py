"""Launchers: executors that take no jobs, but start ordinary sweeps of the same experiment elsewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nstbench.run.executor import Offered
from nstbench.run.slots import Parallel


@dataclass(frozen=True, slots=True)
class SweepCommand:
    """A sweep that any machine can run that shares the files of this one.

    Attributes:
        words: the command; more options may follow.
        file: the experiment that it reads.
        sha256: of what that says now.
    """

    words: tuple[str, ...]
    file: Path
    sha256: str


class Launcher(Offered, ABC):
    """Something that starts sweeps, which claim trials in the shared results folder, and sees to them."""

    @classmethod
    @abstractmethod
    def open(cls, parallel: Parallel, say: Callable[[str], None]) -> Launcher:
        """Get ready.

        Args:
            parallel: `jobs` is how many sweeps to start; `devices` is for each of them.
            say: is told what is worth reading.

        Raises:
            UsageError: what is asked for cannot be.
        """

    @abstractmethod
    def launch(self, sweep: SweepCommand, most: int, folder: Path) -> None:
        """Start the sweeps.

        Args:
            most: more have nothing to do.
            folder: a new one, which they share, for whatever is to be kept of them.

        Raises:
            UsageError: none was started.
        """

    @abstractmethod
    def look(self) -> bool:
        """Say what has become of them; return whether one has not ended yet."""

    @abstractmethod
    def close(self) -> None:
        """End those that have not ended, and wait until they have."""
