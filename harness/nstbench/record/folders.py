"""Results folders below a folder: which there are, and how far each has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nstbench.api import ResultsError
from nstbench.record.layout import PLAN, STAMPS, TRIALS
from nstbench.record.results import Results

DEPTH = 3
"""How many folders deep results are looked for: `results/my` lies two deep."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One results folder.

    Attributes:
        changed_at: when its trials or tables changed last, in seconds since 1970.
        counts: status -> number of planned trials; `interrupted` are those still to do.
        size_in_bytes: of all its files.
        damage: why its plan cannot be read; else empty.
    """

    path: Path
    experiment: str
    changed_at: float
    counts: Mapping[str, int]
    size_in_bytes: int
    damage: str = ""

    @property
    def planned(self) -> int:
        """How many trials are planned."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """How many of these have a result, whatever it is."""
        return self.planned - self.counts.get("interrupted", 0)


def results_folders(under: Path) -> list[Path]:
    """Return the results folders in a folder or not far below it, the one that changed last first."""
    patterns = ["*/" * depth + PLAN.name for depth in range(DEPTH + 1)]
    found = {path.parent for pattern in patterns for path in under.glob(pattern)}
    return sorted((path for path in found if (path / TRIALS).is_dir()), key=_changed_at, reverse=True)


def latest_results(under: Path) -> Path:
    """Return the results folder that changed last.

    Raises:
        ResultsError: there is none.
    """
    if found := results_folders(under):
        return found[0]
    raise ResultsError(no_results(under))


def no_results(under: Path) -> str:
    """Say that a folder has none."""
    where = "here" if under == Path() else f"in {under}"
    return f"no results folder {where} or below; `nstbench sweep` makes one"


def look_at(path: Path) -> Folder:
    """Say how far a results folder has come."""
    files = (each for each in path.rglob("*") if each.is_file() and not each.is_symlink())
    size = sum(each.stat().st_size for each in files)
    try:
        runs = Results([path]).shown.runs
        counts = {str(status): int(count) for status, count in runs["status"].value_counts().items()}
        name = str(runs["experiment"].iloc[0]) if len(runs) else ""
    except ResultsError as error:
        return Folder(path, "", _changed_at(path), {}, size, str(error))
    return Folder(path, name, _changed_at(path), counts, size)


def _changed_at(path: Path) -> float:
    places = (path / name for name in (PLAN, TRIALS, STAMPS))
    return max((place.stat().st_mtime for place in places if place.exists()), default=0.0)
