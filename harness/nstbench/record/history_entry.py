"""Entering results folders into a history: a row for each trial that went well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nstbench.api import UsageError
from nstbench.record.commit import Commit, find_commit
from nstbench.record.history import HistoryRow, history_rows
from nstbench.record.history_file import Merged, add_to_history
from nstbench.record.measured_commit import MeasuredCommit
from nstbench.record.store import Store


@dataclass(frozen=True, slots=True)
class Entry:
    """What was entered.

    Attributes:
        head: the commit that was named, or else the one that is checked out.
        rows: those of the results folders; merged: what became of them.
    """

    head: Commit
    rows: tuple[HistoryRow, ...]
    merged: Merged


def enter_results(
    results: Sequence[Path],
    file: Path,
    commit: str | None = None,
    outside_plan: bool = False,
    allow_dirty: bool = False,
) -> Entry:
    """Add to a history what a commit took.

    A row goes to the commit that was checked out in the working directory when it was measured.

    Args:
        results: results folders.
        file: the history, which is started if there is none.
        commit: the commit that was measured, where the results do not say so themselves.
        outside_plan: whether to take also what the present plan of a folder has no longer.
        allow_dirty: whether to take, and mark, what had uncommitted changes.

    Raises:
        UsageError: there is nothing to add, the commit is not known, or it had uncommitted changes.
        ResultsError: a folder or the history is damaged, or the history cannot be written.
    """
    stores = [Store.existing(path) for path in results]
    head = find_commit(commit or "HEAD", apart=[file])
    commit_of = MeasuredCommit(head if commit else None, [file])
    rows = [row for store in stores for row in history_rows(store, commit_of, outside_plan)]
    if not rows:
        names = ", ".join(map(str, results))
        raise UsageError(f"{names}: no trial went well and has rounds after its warm-up; nothing was added")
    if not allow_dirty:
        _refuse_dirty(rows)
    return Entry(head, tuple(rows), add_to_history(file, rows))


def _refuse_dirty(rows: Sequence[HistoryRow]) -> None:
    for row in rows:
        if row.dirty:
            raise UsageError(
                f"tracked files differed from commit {row.commit[:7]}, so it is not what was measured: commit"
                " them and `nstbench sweep --force`, or take it as it is with --allow-dirty"
            )
