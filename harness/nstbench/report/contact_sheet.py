"""A contact sheet: the pastiches of a sweep side by side, one axis across, the others down."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from nstbench.api import UnknownName, UsageError
from nstbench.comparison.axes import BACKEND, Axis, axes
from nstbench.comparison.values import UNUSED
from nstbench.record import Results
from nstbench.record.rows import trials
from nstbench.report.thumbnails import small_picture

GAP, TEXT_SIZE, LINE = 6, 12, 16
PAPER, INK, PALE = "white", "#222222", "#888888"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands where.

    Attributes:
        columns, rows: their headings.
        cells: (row, column) -> the file of a pastiche, or the status of a trial that has none. Not every
            combination need have been planned.
    """

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: Mapping[tuple[int, int], Path | str]


def arrange(results: Results, across: str | None = None, down: str | None = None) -> Sheet:
    """Choose the place of every trial; none is left out.

    Args:
        across: column of `runs` whose values stand side by side; default the last axis that was swept.
        down: the one that stands below each other; axes not named go down too.

    Raises:
        UnknownName: `across` or `down` is no axis of these results.
        UsageError: there is no trial at all.
    """
    results = results.shown
    if results.runs.empty:
        raise UsageError("a contact sheet of no trials: nothing was planned in these results")
    found = _axes(results)
    for name in (across, down):
        if name is not None and name not in found:
            raise UnknownName("axis", name, found)
    varied = [name for name, axis in found.items() if len(axis.values) > 1] or [BACKEND]
    free = [name for name in varied if name != down]
    across = across or (free[-1] if free else BACKEND)
    below = [name for name in dict.fromkeys((down or varied[0], *varied)) if name != across]
    return _sheet(results, found[across], [found[name] for name in below])


def draw(sheet: Sheet, side: int) -> Image.Image:
    """Draw a sheet; pictures larger than `side` pixels are made smaller."""
    font = ImageFont.load_default(TEXT_SIZE)
    files = {place: cell for place, cell in sheet.cells.items() if isinstance(cell, Path)}
    pictures = {place: small for place, path in files.items() if (small := small_picture(path, side))}
    longest = max(font.getlength(word) for text in sheet.columns for word in _words(text))
    wide = [
        max([64, round(longest), *_lengths(pictures, 1, at, "width")]) for at in range(len(sheet.columns))
    ]
    heads = [_wrapped(text, width, font) for text, width in zip(sheet.columns, wide, strict=True)]
    names = [_wrapped(text, max(*wide, 120), font) for text in sheet.rows]
    high = [
        max([LINE * max(2, len(lines)), *_lengths(pictures, 0, at, "height")])
        for at, lines in enumerate(names)
    ]
    left = round(max(font.getlength(line) for lines in names for line in [*lines, ""])) + 2 * GAP
    top = LINE * max(map(len, heads)) + 2 * GAP
    *across, width = accumulate((length + GAP for length in wide), initial=left)
    *down, height = accumulate((length + GAP for length in high), initial=top)
    made = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(made)
    for at, lines in enumerate(heads):
        pen.multiline_text((across[at], GAP), "\n".join(lines), INK, font)
    for at, lines in enumerate(names):
        pen.multiline_text((GAP, down[at]), "\n".join(lines), INK, font)
    for (row, column), cell in sheet.cells.items():
        corner = (across[column], down[row])
        if (row, column) in pictures:
            made.paste(pictures[row, column], corner)
        else:
            pen.text(corner, "no picture" if isinstance(cell, Path) else cell, PALE, font)
    return made


def _lengths(pictures: Mapping[tuple[int, int], Image.Image], place: int, at: int, side: str) -> list[int]:
    """Return the widths of a column's pictures, or the heights of a row's."""
    return [getattr(picture, side) for where, picture in pictures.items() if where[place] == at]


def _axes(results: Results) -> dict[str, Axis]:
    """Return the axes by column; with several folders, these are the first."""
    found = {axis.column: axis for axis in axes(results.runs)}
    if "results" not in results.runs:
        return found
    texts = tuple(results.runs["results"])
    return {"results": Axis("results", "results", texts, tuple(dict.fromkeys(texts)))} | found


def _sheet(results: Results, across: Axis, below: list[Axis]) -> Sheet:
    """Give every trial a column by one axis and a row by the others; a taken place opens another row."""
    keys = [tuple(axis.values.index(axis.of_row[at]) for axis in below) for at in range(len(results.runs))]
    columns = [across.values.index(text) for text in across.of_row]
    taken: dict[tuple[tuple[int, ...], int], Path | str] = {}
    count: Counter[tuple[tuple[int, ...], int]] = Counter()
    for trial, key, column in zip(trials(results), keys, columns, strict=True):
        taken[(*key, count[key, column]), column] = trial.picture or trial.run["status"]
        count[key, column] += 1
    rows = sorted({row for row, _ in taken})
    names = tuple(
        " · ".join(
            _heading(axis, axis.values[at])
            for axis, at in zip(below, row, strict=False)
            if axis.values[at] != UNUSED
        )
        for row in rows
    )
    cells = {(rows.index(row), column): cell for (row, column), cell in taken.items()}
    return Sheet(tuple(_heading(across, text) for text in across.values), names, cells)


def _heading(axis: Axis, text: str) -> str:
    """Say what a bare number is a number of, and what is true or false."""
    bare = re.fullmatch(r"[-+\d.e]+|true|false|none", text) or text == UNUSED
    return f"{axis.title} {text}" if bare else text


def _wrapped(text: str, width: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    lines: list[str] = []
    for word in _words(text):
        longer = f"{lines[-1]} {word}" if lines else word
        lines[-1:] = [longer] if not lines or font.getlength(longer) <= width else [lines[-1], word]
    return lines


def _words(text: str) -> list[str]:
    return text.replace(",", ", ").split()
