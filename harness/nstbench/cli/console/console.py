"""Where text goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from nstbench.api import printable
from nstbench.cli.console.defaults import is_quiet
from nstbench.cli.console.fitted import Fitted

NOT_A_TERMINAL_WIDTH = 10_000
"""Wider than any table: where nobody looks, each row is a line."""


class PlainConsole(Console):
    """A console to which text is text: no markup, no emoji, and nothing that commands a terminal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, emoji=False, markup=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Make a renderable of text that is printed."""
        return super().render_str(printable(text), **options)


def stdout() -> Console:
    """Return the console for results; very wide when piped, so that no cell is cut."""
    return PlainConsole(width=None if sys.stdout.isatty() else NOT_A_TERMINAL_WIDTH)


def stderr() -> Console:
    """Return the console for progress and remarks, which says nothing under `nstbench --quiet`."""
    return PlainConsole(stderr=True, soft_wrap=True, quiet=is_quiet())


def print_json(value: Any) -> None:
    """Print indented JSON on standard output."""
    print(json.dumps(value, indent=1, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], spare: Sequence[str] = ()) -> Fitted:
    """Make a table; `Fitted` says how its columns are named. Cells are text, never markup."""
    cells = [["" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    return Fitted(tuple(columns), cells, tuple(spare))


def counted(count: int, noun: str) -> str:
    """Say how many: `1 trial`, `2 trials`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def size(value: float | None) -> str:
    """Format bytes for people."""
    return (
        ""
        if value is None or math.isnan(value)
        else f"{value / 1e9:.2f} GB"
        if value >= 1e9
        else f"{value / 1e6:.0f} MB"
        if value >= 1e6
        else f"{value / 1e3:.0f} kB"
    )
