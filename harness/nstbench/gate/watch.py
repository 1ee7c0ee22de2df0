"""Somebody who is told how a check goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nstbench.gate.pairs import PairWatcher

if TYPE_CHECKING:
    from nstbench import Watcher


class CheckWatcher:
    """Somebody who is told how a check goes; this one does not care. Override what you care for."""

    def says(self, message: str) -> None:
        """A remark worth reading: which versions are compared, and what is left out of them."""

    @contextmanager
    def sweeping(self, folder: Path) -> Iterator[Watcher | None]:
        """Surround the sweep whose figures are held against the baseline; its results go to `folder`.

        Yields:
            who is told how the sweep goes.
        """
        yield None

    @contextmanager
    def timing(self, folder: Path) -> Iterator[PairWatcher]:
        """Surround the installation and the timing of both versions; all runs go below `folder`.

        Yields:
            who is told how the pairs go.
        """
        yield PairWatcher()
