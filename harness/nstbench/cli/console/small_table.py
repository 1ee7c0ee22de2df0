"""Small tables of text that read well on a terminal and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from nstbench.api import printable


@dataclass(frozen=True, slots=True)
class Small:
    """A table of cells; a column whose name starts with `>` is right-aligned."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def to_markdown(self) -> str:
        """Return it as GitHub's Markdown, without the title."""
        head = [name.lstrip(">") for name in self.columns]
        rule = ["---:" if name.startswith(">") else "---" for name in self.columns]
        rows = [[escaped(cell) for cell in row] for row in self.rows]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def escaped(text: str) -> str:
    """Keep names from being read as Markdown or HTML, and a cell on its line."""
    text = " ".join(map(printable, text.split("\n")))
    entities = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    return "".join(entities.get(mark, f"\\{mark}" if mark in "\\|*_`[]" else mark) for mark in text)
