"""Mending a results folder: what is derived is made anew, what is damaged is moved aside, nothing is deleted.

Each step is one rename, or one file that is written whole, and what it starts from stays until it is done:
the next repair goes on where one was killed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import time

from nstbench.api import ResultsError
from nstbench.record import schema
from nstbench.record.checked import FACTS, checked_facts
from nstbench.record.files import DAMAGE, read_json
from nstbench.record.folder_tables import FolderTables
from nstbench.record.layout import (
    ASIDE,
    ENVIRONMENT,
    EXPERIMENT,
    INPUTS,
    LOCK,
    REPORT,
    STAMPS,
    TABLES,
    TRIALS,
    lock_path,
    table_path,
    trial_folder,
)
from nstbench.record.ownership import is_results_folder
from nstbench.record.repair_plan import Planned, planned
from nstbench.record.repair_steps import (
    Step,
    aside,
    is_whole_png,
    misplaced,
    out_of_place,
    temporary_file,
    temporary_files,
)
from nstbench.record.repair_trial import of_trial
from nstbench.record.store import Store

LONG_AGO_S = 3600.0
"""Nobody writes one file for so long."""


def repair(folder: Path, say: Callable[[str], None], dry_run: bool = False) -> int:
    """Mend a results folder as far as that is possible; a second time finds nothing.

    Trials that a sweep is running are left alone.

    Args:
        say: gets a line for each thing that was done, or is to be.
        dry_run: do nothing.

    Returns:
        How many things those are.

    Raises:
        ResultsError: it is no results folder, is in use for too long, or cannot be written.
    """
    store = Store(folder)
    if not (is_results_folder(folder) or any(store.done())):
        raise ResultsError(f"{folder}: not a results folder: it has neither a plan nor a trial's record")
    doing = _Doing(say, dry_run)
    if dry_run:
        _mend(store, doing)
        return doing.count
    doing.all(misplaced(folder, LOCK))
    held = store.hold()
    try:
        _mend(store, doing)
    finally:
        held.release()
    return doing.count


class _Doing:
    """Takes steps, or only says them."""

    def __init__(self, say: Callable[[str], None], dry_run: bool) -> None:
        self.say, self.dry_run, self.count = say, dry_run, 0

    def all(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if not self.dry_run:
                step.does()
            self.say(step.says)
            self.count += 1


def _mend(store: Store, doing: _Doing) -> None:
    folder = store.path
    doing.all(_top(folder))
    doing.all(_environments(folder))
    doing.all(_inputs(folder))
    plan = planned(store)
    for trial_id in _trial_ids(folder, plan, doing):
        _mend_trial(store, plan, trial_id, doing)
    doing.all(plan.steps(store))
    doing.all(_tables(store, doing))


def _top(folder: Path) -> Iterator[Step]:
    for name in (TRIALS, ENVIRONMENT, INPUTS, TABLES):
        yield from misplaced(folder, name, is_folder=True)
        if name != TRIALS:
            yield from _old_temporary_files(folder, name)
    for name in (EXPERIMENT, REPORT, LOCK):
        yield from misplaced(folder, name)
    yield from _old_temporary_files(folder, Path())
    for path in sorted((folder / ASIDE).rglob(".*.tmp")):  # repairs alone write there, under the lock
        yield from temporary_file(folder, path.relative_to(folder))


def _old_temporary_files(folder: Path, below: Path) -> Iterator[Step]:
    """Find those that no claim tells anything about: a sweep may be writing the younger ones."""
    for name, step in temporary_files(folder, below):
        if time() - os.lstat(folder / name).st_mtime > LONG_AGO_S:
            yield step


def _names(folder: Path, below: Path, ending: str) -> list[Path]:
    if out_of_place(folder / below, is_folder=True) or not (folder / below).exists():
        return []
    return sorted(each.relative_to(folder) for each in (folder / below).glob(f"[!.]*{ending}"))


def _environments(folder: Path) -> Iterator[Step]:
    for name in _names(folder, ENVIRONMENT, ".json"):
        try:
            facts = checked_facts(read_json(folder / name))
            if missing := FACTS.keys() - facts.keys() - {"variables"}:  # which the first ones did not have
                raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        except DAMAGE:
            yield aside(folder, name, "cannot be read; rows no longer say on which machine they ran")


def _inputs(folder: Path) -> Iterator[Step]:
    for name in _names(folder, INPUTS, ".png"):
        if not is_whole_png(folder / name):
            yield aside(folder, name, "no whole picture; the next sweep of the experiment writes it again")


def _trial_ids(folder: Path, plan: Planned, doing: _Doing) -> list[str]:
    there = []
    for name in _names(folder, TRIALS, ""):
        if steps := [*misplaced(folder, name, is_folder=True)]:
            doing.all(steps)
        else:
            there.append(name.name)
    return sorted({*there, *plan.trials})


def _mend_trial(store: Store, plan: Planned, trial_id: str, doing: _Doing) -> None:
    """Look first, as a claim on a trial that a sweep comes to meanwhile would make it pass that over."""
    if not any(of_trial(store, trial_id, plan)):
        return
    if doing.dry_run:
        doing.all(of_trial(store, trial_id, plan))
        return
    doing.all(misplaced(store.path, lock_path(trial_id)))
    claim = store.claim([trial_id])
    if claim is None:
        doing.say(f"{trial_folder(trial_id)}: left alone, as a sweep is running it")
        return
    try:
        doing.all(of_trial(store, trial_id, plan))
    finally:
        claim.release()


def _tables(store: Store, doing: _Doing) -> Iterator[Step]:
    tables = FolderTables(store)
    if doing.dry_run and doing.count:  # they are to be made from what is mended by then
        yield Step(f"{TABLES}: made anew", tables.write)
        return
    for path in (*map(table_path, schema.TABLES), STAMPS):
        yield from misplaced(store.path, path)
    if not tables.are_kept or not all(_holds(store.path, tables, name) for name in schema.TABLES):
        yield Step(f"{TABLES}: made anew", tables.write)


def _holds(folder: Path, tables: FolderTables, name: str) -> bool:
    """Whether a file is that table to the last byte: a failing disk changes no times."""
    path, content = folder / table_path(name), tables.parquet(name)
    return path.stat().st_size == len(content) and path.read_bytes() == content
