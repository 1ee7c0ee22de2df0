"""The look of progress bars."""

from __future__ import annotations

from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from nstbench.api import printable


class _PlainColumn(TextColumn):
    """Text that is no markup and commands no terminal."""

    def render(self, task: Task) -> Text:
        return Text(printable(self.text_format.format(task=task)))


class _LeftColumn(TimeRemainingColumn):
    """What still remains: the field `left` knows it, else the speed up to here."""

    def render(self, task: Task) -> Text:
        if left := task.fields.get("left"):
            return Text(str(timedelta(seconds=round(left()))), style="progress.remaining")
        return super().render(task)


def bars(console: Console) -> Progress:
    """Make bars with a description, the field `note` and an ETA; where there is no terminal nothing moves.

    A field `left`, a function, returns the seconds that remain, where more is known than the speed.
    """
    return Progress(
        _PlainColumn("{task.description}"),
        BarColumn(bar_width=30),
        _PlainColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        _LeftColumn(),
        console=console,
        # Twice a second: what is being measured needs the processor more than the bar does.
        refresh_per_second=2,
        speed_estimate_period=3600,
        disable=not console.is_terminal,
    )
