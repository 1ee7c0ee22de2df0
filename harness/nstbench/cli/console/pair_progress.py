"""Progress of measuring in pairs, on standard error."""

from __future__ import annotations

from collections.abc import Collection
from time import monotonic

from rich.console import Console

from nstbench.cli.console.bars import bars
from nstbench.cli.console.console import counted
from nstbench.gate.pairs import PairWatcher
from nstbench.record.words import seconds


class PairProgress(PairWatcher):
    """A bar for each stage on a terminal; elsewhere a line for each stage."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = bars(console)
        self._task = self._bars.add_task("", total=None, note="", visible=False)
        self._runs = self._done = 0
        self._last = monotonic()
        self._pace: float | None = None

    def __enter__(self) -> PairProgress:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def stage(self, name: str, runs: int) -> None:
        """Begin a bar, or say how long it will take."""
        self._runs, self._done, self._last = runs, 0, monotonic()
        about = f", about {seconds(runs * self._pace)}" if self._pace else ""
        self._console.print(f"{name}: {counted(runs, 'run')}{about}")
        self._bars.remove_task(self._task)
        self._task = self._bars.add_task(name, total=runs, note=f"0/{runs} runs")

    def ran(self, sides: Collection[str], backends: int) -> None:
        """Advance the bar."""
        now, runs = monotonic(), len(sides) * backends
        self._pace, self._last = (now - self._last) / runs, now
        self._done += runs
        self._bars.update(self._task, completed=self._done, note=f"{self._done}/{self._runs} runs")
