"""Tables that fit the terminal: columns go before a word is broken, and the last line says which went."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

GAP = 2
"""Characters between two columns."""
MOST_OF_A_WORD, LEAST_OF_A_PATH = 20, 16
"""Text wraps between words; longer words and paths than these give way."""
ENOUGH = 28
"""Columns that can be spared go before others have less than this for their text."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A table that chooses its columns once it knows how wide it may be.

    Attributes:
        columns: their names: with `>` before it that of a right-aligned column, whose cells never wrap; with
            `/` that of a column of paths, which are shortened.
        rows: cells as text, as many in each row as there are columns.
        spare: names of the columns that go first, in this order; after these go the others from the right.
            The first column always stays.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    spare: tuple[str, ...] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        least, gone = self._chosen(options.max_width)
        widths = self._widths(least, options.max_width)
        made = Table(box=None, pad_edge=False, header_style="bold")
        for at, width in widths.items():
            name, right = _name(self.columns[at]), self.columns[at].startswith(">")
            made.add_column(name, justify="right" if right else "left", width=width, overflow="fold")
        for row in self.rows:
            made.add_row(*(Text(self._cell(row, at, width)) for at, width in widths.items()))
        yield made
        if gone:
            named = ", ".join(_name(self.columns[at]) for at in sorted(gone))
            yield Text(f"left out at this width: {named}", style="dim")

    def _chosen(self, width: int) -> tuple[dict[int, int], list[int]]:
        """Return the columns that stay, each with the width that it needs, and those that have no room."""
        told = [at for at in range(len(self.columns)) if not self.rows or any(row[at] for row in self.rows)]
        kept = {at: self._least(at) for at in told}
        spare = [at for name in self.spare for at in told if _name(self.columns[at]) == name]
        wanted = {at: max(least, min(self._natural(at), ENOUGH)) for at, least in kept.items()}
        gone = []
        for at in (*spare, *(at for at in reversed(told[1:]) if at not in spare)):
            needs = wanted if at in spare else kept
            if _total([needs[one] for one in kept]) > width:
                del kept[at]
                gone.append(at)
        return kept, gone

    def _widths(self, least: Mapping[int, int], width: int) -> dict[int, int]:
        """Give each column what its words need, and what is left to those that want least more."""
        left = width - _total(least.values())
        wishes = {at: self._natural(at) - needed for at, needed in least.items()}
        widths = dict(least)
        for position, at in enumerate(sorted(least, key=wishes.__getitem__)):
            given = max(0, min(wishes[at], left // (len(least) - position)))
            widths[at] += given
            left -= given
        return widths

    def _natural(self, at: int) -> int:
        return max(map(cell_len, (_name(self.columns[at]), *(row[at] for row in self.rows))))

    def _least(self, at: int) -> int:
        heading = max(map(cell_len, _name(self.columns[at]).split()), default=0)
        cells = [row[at] for row in self.rows]
        if self.columns[at].startswith("/"):
            return max(heading, min(LEAST_OF_A_PATH, self._natural(at)))
        if self.columns[at].startswith(">"):
            return max([heading, *map(cell_len, cells)])
        words = max((cell_len(word) for cell in cells for word in cell.split()), default=0)
        return max(heading, min(words, MOST_OF_A_WORD))

    def _cell(self, row: Sequence[str], at: int, width: int) -> str:
        return _shortened(row[at], width) if self.columns[at].startswith("/") else row[at]


def _name(column: str) -> str:
    return column.lstrip(">/")


def _total(widths: Collection[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _shortened(path: str, width: int) -> str:
    """Keep the end of a path, from a whole name on if one fits."""
    if len(path) <= width:
        return path
    end = path[len(path) - width + 1 :]
    return "…" + (end[end.index("/") :] if "/" in end else end)
