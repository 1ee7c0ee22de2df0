"""One trial once more, and how far it comes from what is on record."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nstbench.api import UsageError, did_you_mean
from nstbench.assets import load_image
from nstbench.experiment import experiment_from_mapping
from nstbench.plan import Plan
from nstbench.record import Results, RunRecord, Store
from nstbench.run.look_up import AssetLookUp, facts
from nstbench.run.sweep import Redo, Sweep, Watcher


@dataclass(frozen=True, slots=True)
class Rerun:
    """What came out.

    Attributes:
        before, after: the records.
        identical: whether every logged loss and every pixel have the same bits; None if one of them has no
            picture.
        loss_difference: the largest relative difference of the total loss at one iteration; None without
            losses.
        pixel_difference: the largest difference of one channel of one pixel, of 255.
        pixels_changed: share of pixels that differ.
    """

    before: RunRecord
    after: RunRecord
    identical: bool | None = None
    loss_difference: float | None = None
    pixel_difference: int | None = None
    pixels_changed: float | None = None


def find_trial(trial_id: str, folders: list[Path]) -> tuple[Store, RunRecord]:
    """Find the record of a trial; the first digits are enough if no other trial has them.

    Raises:
        UsageError: no folder has it, or several trials begin so.
        ResultsError: a folder cannot be read.
    """
    stores = [Store.existing(folder) for folder in folders]
    done = [(store, name) for store in stores for name in store.done()]
    found = [(store, name) for store, name in done if name.startswith(trial_id)]
    if len({name for _, name in found}) != 1:
        names = ", ".join(sorted({name for _, name in found}))
        where = ", ".join(str(store.path) for store in stores) or "no results folder"
        hint = did_you_mean(trial_id, [name for _, name in done])
        text = f"begins several trials: {names}" if found else f"is no finished trial of {where}.{hint}"
        raise UsageError(f"{trial_id!r} {text}")
    store, name = found[0]
    record = store.record(name)
    assert record is not None, "its result.json was just listed"
    return store, record


def rerun(store: Store, before: RunRecord, watch: Watcher) -> Rerun:
    """Run a trial again in a process of its own, in a folder that is thrown away, and compare.

    Raises:
        UsageError: it was refused, the backend has another version now, or its weights are others now.
        AssetError, BackendUnavailable: what it needs is no longer there.
    """
    with tempfile.TemporaryDirectory() as folder:
        sweep = _sweep_of_one(store, before, Path(folder), watch)
        sweep.run()
        after = sweep.store.record(before.trial.trial_id)
        assert after is not None, "the sweep ran its only trial"
        return _compared(store, sweep.store, before, after)


def _sweep_of_one(store: Store, record: RunRecord, folder: Path, watch: Watcher) -> Sweep:
    trial = record.trial
    now = facts(trial.backend).version
    if trial.refusal:
        raise UsageError(f"{trial.trial_id}: was refused, so there is nothing to repeat: {trial.refusal}")
    if now != trial.backend_version:
        raise UsageError(
            f"{trial.trial_id}: made by {trial.backend} {trial.backend_version}, but {now} is installed;"
            " install that version"
        )
    inputs = {"content": trial.settings.content, "style": trial.settings.style}
    data = {"inputs": inputs, "backends": [trial.backend], "measure": {"isolation": "trial"}}
    experiment = experiment_from_mapping(data, store.base(), name=record.experiment)
    look_up = AssetLookUp(watch.says)
    if "weights" in trial.noticed:
        wanted = trial.settings.weights
        weights = look_up.weights(wanted, experiment.base)
        if weights.sha256 != trial.weights_sha256:
            raise UsageError(
                f"{trial.trial_id}: made with weights {trial.weights}, but {wanted!r} is {weights.name} now"
            )
    return Sweep(experiment, Plan(record.experiment, (trial,)), Store(folder), Redo(), watch, look_up, None)


def _compared(old: Store, new: Store, before: RunRecord, after: RunRecord) -> Rerun:
    if not (before.image and after.image):
        return Rerun(before, after)
    pixels = before.trial.height * before.trial.width
    one, other = (
        np.rint(load_image(str(record.image), None, store.path, pixels).pixels * 255).astype(int)
        for store, record in ((old, before), (new, after))
    )
    gap = np.abs(one - other)
    first, second = _losses(old, before), _losses(new, after)
    count = min(len(first), len(second))
    relative = np.abs(second[:count] / first[:count] - 1) if count else np.zeros(0)
    same_losses = len(first) == len(second) and bool(np.array_equal(first, second))
    return Rerun(
        before,
        after,
        identical=same_losses and not gap.any(),
        loss_difference=float(relative.max()) if count else None,
        pixel_difference=int(gap.max()),
        pixels_changed=float(gap.any(axis=-1).mean()),
    )


def _losses(store: Store, record: RunRecord) -> np.ndarray:
    """Return the total loss of every iteration up to this trial's end."""
    frame = Results([store.path]).losses
    mine = frame[frame["trial_id"] == record.trial.trial_id]
    return mine["total"].to_numpy(np.float64)
