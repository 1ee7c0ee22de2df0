"""Where things stand in what the user gave: a file, the command line or a Python mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from nstbench.api import ExperimentError

MOST_SHOWN = 50
LONGEST = 1000
"""Mistakes that are shown of one experiment, and characters of each."""

Path: TypeAlias = tuple[str | int, ...]
"""Keys and list positions from the root of an experiment: ("sweep", "alpha", 1)."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong: at a value, or at the key that leads to it.

    Attributes:
        hint: finds what belongs behind the text, for those that are shown: to look for it takes a while.
    """

    path: Path
    text: str
    at_key: bool = False
    hint: Callable[[], str] | None = field(default=None, compare=False)

    def told(self) -> str:
        """Return the line, without its place, in a length that people read."""
        text = self.text + (self.hint() if self.hint else "")
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


@dataclass(frozen=True, slots=True)
class Places:
    """Turn paths into what a person can find.

    Attributes:
        file: the file's name as it was given; empty for a Python mapping, whose places are dotted paths.
        values, keys: where values and their keys begin in the file.
        overlay: paths that did not come from the file -> where they came from, `--set 'size=3'`.
    """

    file: str = ""
    values: Mapping[Path, Mark] = field(default_factory=dict)
    keys: Mapping[Path, Mark] = field(default_factory=dict)
    overlay: Mapping[Path, str] = field(default_factory=dict)

    def with_overlay(self, overlay: Mapping[Path, str]) -> Places:
        """Return places that know about values given elsewhere."""
        return replace(self, overlay={**self.overlay, **overlay})

    def where(self, path: Path, at_key: bool = False) -> str:
        """Name a place: `file:line:column`, `--set 'key=value'` or `sweep.alpha[1]`."""
        return self._find(path, at_key)[1]

    def error(self, mistakes: Iterable[Mistake]) -> ExperimentError:
        """Return one error that lists every mistake once, in the order of the file; of many the first."""
        found = {(*self._find(each.path, each.at_key), each.text): each for each in mistakes}
        ordered = sorted(found.items(), key=lambda item: item[0][0])
        lines = [f"{where}: {each.told()}" for (_, where, _), each in ordered[:MOST_SHOWN]]
        if more := len(ordered) - len(lines):
            lines.append(f"{self.file or 'experiment'}: and {more:,} more mistakes like these")
        return ExperimentError(lines)

    def _find(self, path: Path, at_key: bool) -> tuple[Mark, str]:
        for end in range(len(path), -1, -1):
            if path[:end] in self.overlay:
                return Mark(0, 0), self.overlay[path[:end]]
        if not self.file:
            return Mark(0, 0), dotted(path) or "experiment"
        mark = self.keys.get(path) if at_key else None
        parents = (self.values.get(path[:end]) for end in range(len(path), -1, -1))
        mark = mark or next((each for each in parents if each), Mark(1, 1))
        return mark, f"{self.file}:{mark.line}:{mark.column}"


def dotted(path: Path) -> str:
    """Write a path as Python users do: `sweep.alpha[1]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
