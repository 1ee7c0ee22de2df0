"""Progress of a check on standard error, and what Ctrl-C leaves of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nstbench.cli.console.console import stderr
from nstbench.cli.console.interruption import interruptible
from nstbench.cli.console.pair_progress import PairProgress
from nstbench.cli.console.progress import ProgressWatcher
from nstbench.gate.pairs import PairWatcher
from nstbench.gate.watch import CheckWatcher
from nstbench.run.sweep import Watcher


class CheckProgress(CheckWatcher):
    """Draws the bars of a sweep, then those of pairs; an interruption ends the verb with 130 and a hint."""

    def says(self, message: str) -> None:
        """Print a remark."""
        stderr().print(message)

    @contextmanager
    def sweeping(self, folder: Path) -> Iterator[Watcher]:
        """Draw the bars of the sweep."""
        with interruptible(f"what is done is in {folder}"), ProgressWatcher(stderr()) as watch:
            yield watch

    @contextmanager
    def timing(self, folder: Path) -> Iterator[PairWatcher]:
        """Draw the bars of the pairs."""
        with interruptible(f"what was measured is in {folder}"), PairProgress(stderr()) as watch:
            yield watch
