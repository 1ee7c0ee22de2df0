"""The file of a history: JSON lines, meant to be committed.

One row a line, sorted, so that a new commit adds lines and changes none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

from nstbench.api import ResultsError, one_line
from nstbench.record.claim import claim_all, lock_file
from nstbench.record.files import reading, write_atomic, writing
from nstbench.record.history import HistoryRow
from nstbench.system.files import read_regular

PATIENCE_S = 30.0
"""How long to wait for another process that writes the same file."""

_NUMBERS = (
    "step_median_s",
    "step_mad_s",
    "rounds",
    "iterations",
    "compile_s",
    "peak_rss_bytes",
    "referee_total",
)
_TEXTS = tuple(each.name for each in fields(HistoryRow) if each.name not in (*_NUMBERS, "dirty"))
_MAY_LACK = frozenset(("step_mad_s", "iterations", "compile_s", "peak_rss_bytes", "referee_total"))


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of new rows.

    Attributes:
        rows: the whole history.
        added, replaced, unchanged: new; newer or cleaner than one on record; on record already.
        outdone: not kept, as the one on record is newer or of a clean tree.
        elsewhere: not kept, as the very same measurement is on record for another commit.
    """

    rows: tuple[HistoryRow, ...]
    added: tuple[HistoryRow, ...] = ()
    replaced: tuple[HistoryRow, ...] = ()
    unchanged: tuple[HistoryRow, ...] = ()
    outdone: tuple[HistoryRow, ...] = ()
    elsewhere: tuple[HistoryRow, ...] = ()


def read_history(path: Path) -> tuple[HistoryRow, ...]:
    """Read a history; of rows for the same commit and series, as a merge may leave, one is kept.

    Raises:
        ResultsError: there is no such file, or a line is damaged; says which.
    """
    if not path.is_file():
        raise ResultsError(f"{path}: there is no history yet; `nstbench history add` starts one")
    with reading(path, "mend it, or take the version of an earlier commit"):
        lines = read_regular(path).decode("utf-8").split("\n")
    rows = [_parsed(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    kept: dict[tuple[object, ...], HistoryRow] = {}
    for row in sorted(rows, key=lambda row: row.rank):
        kept[row.series, row.commit] = row
    return _in_order(row for row in rows if kept[row.series, row.commit] is row)


def add_to_history(path: Path, rows: Iterable[HistoryRow]) -> Merged:
    """Add rows to a history, or start one; other processes may do so at the same time.

    Raises:
        ResultsError: it is damaged, cannot be written, or another process holds it for too long.
    """
    held = claim_all([lock := path.with_name(f".{path.name}.lock")], PATIENCE_S)
    if held is None:
        raise ResultsError(
            f"{path}: another process has held {lock_file(lock)} for {PATIENCE_S:g} s; try again"
        )
    try:
        with writing(path):
            outcome = merged(read_history(path) if path.exists() else (), rows)
            lines = (json.dumps(asdict(row), ensure_ascii=False, allow_nan=False) for row in outcome.rows)
            write_atomic(path, "".join(f"{line}\n" for line in lines).encode())
    finally:
        held.release()
    return outcome


def merged(old: Iterable[HistoryRow], new: Iterable[HistoryRow]) -> Merged:
    """Bring rows together: one for each commit and series."""
    kept = {(row.series, row.commit): row for row in old}
    commits = {(row.series, row.measured_at): row.commit for row in kept.values()}
    sorted_out: dict[str, list[HistoryRow]] = {}
    for row in new:
        known = kept.get((row.series, row.commit))
        if commits.setdefault((row.series, row.measured_at), row.commit) != row.commit:
            what = "elsewhere"
        elif known is None:
            what = "added"
        elif known == row:
            what = "unchanged"
        else:
            what = "replaced" if row.rank >= known.rank else "outdone"
        if what in ("added", "replaced"):
            kept[row.series, row.commit] = row
        sorted_out.setdefault(what, []).append(row)
    return Merged(_in_order(kept.values()), **{what: tuple(some) for what, some in sorted_out.items()})


def _in_order(rows: Iterable[HistoryRow]) -> tuple[HistoryRow, ...]:
    """Sort by series, then by date of the commit; commits of one second stay in the order they came in."""
    return tuple(sorted(rows, key=lambda row: (row.series, datetime.fromisoformat(row.committed_at))))


def _parsed(path: Path, number: int, line: str) -> HistoryRow:
    try:
        row = HistoryRow(**json.loads(line))
        _check(row)
    except (ValueError, TypeError) as error:
        raise ResultsError(
            f"{path}:{number}: not a line that `nstbench history add` wrote ({one_line(error)});"
            " mend or remove it"
        ) from error
    return row


def _check(row: HistoryRow) -> None:
    """Raise ValueError for a value that cannot be shown or compared."""
    for name in _TEXTS:
        if not isinstance(getattr(row, name), str):
            raise ValueError(f"{name} is no text")
    for name in _NUMBERS:
        value = getattr(row, name)
        if value is None and name in _MAY_LACK:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{name} is no number")
    if row.step_median_s <= 0:
        raise ValueError("step_median_s is not positive")
    for moment in (row.committed_at, row.measured_at):
        if datetime.fromisoformat(moment).tzinfo is None:
            raise ValueError(f"{moment} has no time zone")
