"""What is to be mended in the folder of one trial."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from nstbench.plan import Trial
from nstbench.record.checked import checked_record, checked_trial
from nstbench.record.files import DAMAGE, as_json, read_json
from nstbench.record.layout import (
    images_folder,
    lock_path,
    log_path,
    losses_path,
    result_path,
    trial_folder,
    trial_path,
)
from nstbench.record.repair_plan import Planned, what_it_was
from nstbench.record.repair_steps import Step, aside, misplaced, out_of_place, rewritten, temporary_files
from nstbench.record.run_record import RunRecord
from nstbench.record.store import Store
from nstbench.record.tables import read_losses
from nstbench.system.files import sha256_of


def of_trial(store: Store, trial_id: str, plan: Planned) -> Iterator[Step]:
    """Find what is to be done, in an order in which each step may be the last before a repair is killed."""
    folder, mine = store.path, trial_folder(trial_id)
    if out_of_place(folder / mine, is_folder=True):
        return
    trial = what_it_was(store, trial_id, plan)
    if trial is None:
        if any(path.name != lock_path("").name for path in _entries(folder / mine)):
            yield aside(folder, mine, "nothing says what trial it was")
        return
    for below in (mine, images_folder(trial_id)):
        yield from (step for _, step in temporary_files(folder, below))
    yield from misplaced(folder, images_folder(trial_id), is_folder=True)
    for name in (lock_path(trial_id), log_path(trial_id)):
        yield from misplaced(folder, name)
    if not _is_sound(folder / trial_path(trial_id), trial):
        yield rewritten(folder, trial_path(trial_id), as_json(trial.to_json()), "made anew")
    record = _record(folder, trial)
    if record is None:
        if os.path.lexists(folder / result_path(trial_id)):
            yield _record_mended(folder, trial)
        yield from misplaced(folder, losses_path(trial_id))
        record = RunRecord(trial, "", "interrupted")
    yield from _losses(folder, record)
    yield from _pictures(folder, record)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_sound(path: Path, trial: Trial) -> bool:
    with suppress(*DAMAGE):
        return checked_trial(read_json(path)).trial_id == trial.trial_id
    return False


def _record(folder: Path, trial: Trial) -> RunRecord | None:
    with suppress(*DAMAGE):
        return checked_record(read_json(folder / result_path(trial.trial_id)), trial.trial_id)
    return None


def _record_mended(folder: Path, trial: Trial) -> Step:
    """Put into a record what trial it is of, if it lacks nothing else; else move it aside."""
    path = result_path(trial.trial_id)
    with suppress(*DAMAGE):
        data = read_json(folder / path)
        if not isinstance(data["trial"], dict) or data["trial"].get("trial_id", "") in ("", trial.trial_id):
            mended = checked_record({**data, "trial": trial.to_json()}, trial.trial_id)
            return rewritten(folder, path, as_json(mended.to_json()), "mended: what trial it is of")
    return aside(folder, path, "cannot be read; the next sweep runs the trial again")


def _losses(folder: Path, record: RunRecord) -> Iterator[Step]:
    path = losses_path(record.trial.trial_id)
    if not record.evaluations or not os.path.lexists(folder / path):
        yield from misplaced(folder, path)
        return
    try:
        read_losses(folder / path)
    except DAMAGE:
        yield aside(folder, path, "cannot be read; the trial stays, without its losses")


def _pictures(folder: Path, record: RunRecord) -> Iterator[Step]:
    """Compare the trial's own pictures with its record; those of the trials before it are theirs."""
    within = images_folder(record.trial.trial_id)
    if out_of_place(folder / within, is_folder=True):
        return
    known = {Path(picture.path): picture.sha256 for picture in record.pictures}
    for path in _entries(folder / within):
        name = path.relative_to(folder)
        if what := out_of_place(path):
            yield aside(folder, name, f"is {what}, no picture")
        elif name in known and _sha256(path) != known[name]:
            yield aside(
                folder, name, "not the picture that the record tells of; `nstbench sweep --force` makes it"
            )


def _sha256(path: Path) -> str:
    with suppress(OSError):
        return sha256_of(path)
    return ""
