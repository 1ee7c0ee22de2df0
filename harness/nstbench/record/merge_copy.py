"""Copying what a results folder holds into another: pictures and losses first, the record last."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from nstbench.api import ResultsError
from nstbench.record.checked import checked_facts
from nstbench.record.claim import Claim, claim_to_read
from nstbench.record.files import DAMAGE, as_json, reading
from nstbench.record.inside import own_file, set_aside, write_inside
from nstbench.record.layout import (
    images_folder,
    lock_path,
    log_path,
    losses_path,
    result_path,
    trial_path,
)
from nstbench.record.merge_look import (
    DAMAGED,
    Found,
    LeftOut,
    own_pictures,
    read_own,
    remedy,
    running,
)
from nstbench.record.repair_steps import is_whole_png
from nstbench.record.store import Store

Moves = Mapping[str, Path]
"""Picture -> where it lies in the end, both relative to their folders."""


def moves(found: Found, chosen: Mapping[str, Found]) -> Moves:
    """Find pictures of earlier trials that go into the trial's own folder, as theirs will hold other ones.

    Args:
        chosen: the results that are taken, by trial.
    """
    mine = images_folder(found.record.trial.trial_id)
    away = {}
    for picture in found.record.pictures:
        path = Path(picture.path)
        owner = chosen.get(path.parts[1])
        stays = owner is not None and any(
            (each.path, each.sha256) == (picture.path, picture.sha256) for each in owner.record.pictures
        )
        if path.parent != mine and not stays:
            with suppress(ResultsError, *DAMAGE):  # it is not there any more, as before
                if sha256(read_own(found.folder, path)).hexdigest() == picture.sha256:
                    away[picture.path] = mine / path.name
    return away


def copy_trial(found: Found, store: Store, away: Moves) -> LeftOut | None:
    """Copy a result, and keep one that it replaces in `damaged/`; of the store's own, pictures move.

    Returns:
        Why it is left out: a sweep is running it, in one folder or the other; None if it is copied.

    Raises:
        ResultsError: it cannot be written.
        OSError: what was there a moment ago cannot be read.
    """
    trial_id = found.record.trial.trial_id
    mine = store.claim([trial_id])
    if mine is None:
        return running(store.path, trial_id)
    try:
        theirs: Claim | None = mine
        if found.folder != store.path:
            theirs = claim_to_read(found.folder / lock_path(trial_id))
        if theirs is None:
            return running(found.folder, trial_id)
        try:
            return _copied(found, store, away)
        finally:
            theirs.release()
    finally:
        mine.release()


def _copied(found: Found, store: Store, away: Moves) -> LeftOut | None:
    trial_id, from_elsewhere = found.record.trial.trial_id, found.folder != store.path
    content = read_own(found.folder, result_path(trial_id))
    if sha256(content).hexdigest() != found.digest:
        return running(found.folder, trial_id)
    if from_elsewhere:
        _set_aside_replaced(store.path, trial_id)
        for own in own_pictures(found.record):
            if os.path.lexists(found.folder / own):
                write_inside(store.path, own, read_own(found.folder, own))
    for path, place in away.items():
        write_inside(store.path, place, read_own(found.folder, Path(path)))
    data = json.loads(content)
    if away:
        for picture in data["pictures"]:
            picture["path"] = str(away.get(picture["path"], picture["path"]))
        content = as_json(data)
    if from_elsewhere:
        _copy_losses_and_log(found, store.path)
        write_inside(store.path, trial_path(trial_id), as_json(data["trial"]))
    write_inside(store.path, result_path(trial_id), content)
    return None


def _set_aside_replaced(folder: Path, trial_id: str) -> None:
    """Move the record last: killed before, it is there to say that the rest is not yet moved."""
    if not os.path.lexists(folder / result_path(trial_id)):
        return
    for place in (images_folder, losses_path, log_path, result_path):
        if os.path.lexists(folder / place(trial_id)):
            set_aside(folder, place(trial_id))


def _copy_losses_and_log(found: Found, folder: Path) -> None:
    """Copy them if they are there; else none may be there either, left by a sweep that was killed."""
    trial_id = found.record.trial.trial_id
    for path, is_there in (
        (losses_path(trial_id), found.losses is not None),
        (log_path(trial_id), _is_own_file(found.folder, log_path(trial_id))),
    ):
        if is_there:
            write_inside(folder, path, read_own(found.folder, path))
        elif os.path.lexists(folder / path):
            set_aside(folder, path)


def _is_own_file(folder: Path, relative: Path) -> bool:
    with suppress(ResultsError):
        return own_file(folder, relative).is_file()
    return False


def copy_shared(relative: Path, folders: Iterable[Path], into: Path) -> list[LeftOut]:
    """Copy the facts about a machine, or an image, from the first folder in which they are sound.

    Returns:
        The damaged ones.
    """
    damaged, taken = {}, None
    for folder in () if os.path.lexists(into / relative) else folders:
        if os.path.lexists(folder / relative):
            try:
                content = _sound(folder, relative)
            except ResultsError as error:
                damaged[folder] = str(error)
                continue
            write_inside(into, relative, content)
            taken = folder
            break
    return [LeftOut(str(relative), folder, DAMAGED, why, taken) for folder, why in damaged.items()]


def _sound(folder: Path, relative: Path) -> bytes:
    path = own_file(folder, relative)
    with reading(path, remedy(folder)):
        content = read_own(folder, relative)
        if relative.suffix == ".json":
            checked_facts(json.loads(content))
        elif not is_whole_png(path):
            raise ValueError("no whole picture")
        return content
