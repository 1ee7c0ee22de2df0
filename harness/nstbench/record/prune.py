"""Removing from a results folder the trials that its experiment no longer plans."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nstbench.record.files import writing
from nstbench.record.inside import inside
from nstbench.record.layout import TRIALS, trial_folder
from nstbench.record.results import Results
from nstbench.record.store import Store


@dataclass(frozen=True, slots=True)
class Unplanned:
    """A trial outside the plan: its folder goes with all that is in it."""

    trial_id: str
    status: str
    name: str
    size_in_bytes: int


def unplanned(store: Store) -> list[Unplanned]:
    """Return the trials that the folder's present plan has no longer, finished or not.

    Raises:
        ResultsError: the folder has no plan that can be read.
    """
    planned = {trial.trial_id for trial in store.plan().trials}
    trials = inside(store.path, TRIALS / "x").parent
    ids = (
        sorted(each.name for each in trials.iterdir() if each.name not in planned) if trials.is_dir() else []
    )
    return [_described(store, trial_id) for trial_id in ids]


def prune(store: Store, trials: Sequence[Unplanned]) -> list[Unplanned]:
    """Remove trials and make the tables anew; returns those that were removed: none that a sweep is running.

    Raises:
        ResultsError: the folder is in use for too long, or cannot be written.
    """
    held = store.hold()
    try:
        planned = {trial.trial_id for trial in store.plan().trials}  # a sweep may have planned it meanwhile
        wanted = [trial for trial in trials if trial.trial_id not in planned]
        gone = [trial for trial in wanted if _remove(store, trial.trial_id)]
        Results([store.path]).write_tables()
    finally:
        held.release()
    return gone


def _remove(store: Store, trial_id: str) -> bool:
    place = inside(store.path, trial_folder(trial_id))
    with writing(place):
        if place.is_symlink() or not place.is_dir():
            place.unlink()
            return True
        claim = store.claim([trial_id])
        if claim is None:
            return False
        try:
            shutil.rmtree(place)
        finally:
            claim.release()
    return True


def _described(store: Store, trial_id: str) -> Unplanned:
    place = store.path / trial_folder(trial_id)
    record = store.record(trial_id) if place.is_dir() else None
    status = record.status if record else "unfinished"
    name = " ".join(filter(None, (record.trial.backend_label, record.trial.label))) if record else ""
    return Unplanned(trial_id, status, name, _size(place))


def _size(place: Path) -> int:
    return sum(each.stat().st_size for each in place.rglob("*") if each.is_file() and not each.is_symlink())
