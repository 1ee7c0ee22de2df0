"""What the folders to be merged hold of a trial, and which of several results is taken."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from nstbench.api import ResultsError
from nstbench.record.checked import checked_record
from nstbench.record.claim import claim_to_read
from nstbench.record.files import MOST_BYTES, reading
from nstbench.record.inside import own_file
from nstbench.record.layout import (
    images_folder,
    lock_path,
    losses_path,
    refuse_strange,
    result_path,
    trial_folder,
)
from nstbench.record.run_record import RunRecord
from nstbench.record.tables import read_losses
from nstbench.system.files import read_regular

RUNNING, DAMAGED = "running", "damaged"


@dataclass(frozen=True, slots=True)
class Found:
    """A sound result of a trial.

    Attributes:
        folder: the results folder that holds it.
        digest: of its record's bytes.
        losses: a digest of its losses, the seconds beside them aside; None without any.
        is_complete: whether its losses and its own pictures are all there.
    """

    folder: Path
    record: RunRecord
    digest: str
    losses: str | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not taken from a folder, although it is there.

    Attributes:
        what: a trial's id, or the path of another file.
        kind: `running` or `damaged`.
        why: in words.
        instead: the folder that it is taken from; None if no other has it.
    """

    what: str
    folder: Path
    kind: str
    why: str
    instead: Path | None = None

    def is_running_in(self, folder: Path) -> bool:
        """Whether a sweep of that folder has it."""
        return self.kind == RUNNING and self.folder == folder


@dataclass(frozen=True, slots=True)
class Conflict:
    """A trial that went well in several folders and came to different things.

    Attributes:
        differ: some of `device`, `losses` and `picture`.
        taken: the folder whose result is taken.
    """

    trial_id: str
    folders: tuple[Path, ...]
    differ: tuple[str, ...]
    taken: Path


def look(folder: Path, trial_id: str) -> Found | LeftOut | None:
    """Find the result of a trial; None if there is none, or not yet."""
    try:
        with reading(folder / trial_folder(trial_id), remedy(folder)):
            refuse_strange([trial_id])
        held = claim_to_read(folder / lock_path(trial_id))
        if held is None:
            return running(folder, trial_id)
        try:
            there = os.path.lexists(folder / result_path(trial_id))
            return _found(folder, trial_id) if there else None
        finally:
            held.release()
    except ResultsError as error:
        return LeftOut(trial_id, folder, DAMAGED, str(error))


def running(folder: Path, trial_id: str) -> LeftOut:
    """Say that a sweep has a trial in its hands, or has just had it."""
    return LeftOut(trial_id, folder, RUNNING, f"{folder}: a sweep is running trial {trial_id}")


def remedy(folder: Path) -> str:
    """Say what to do about a damaged file."""
    return f"`nstbench repair {folder}` mends what it can"


def read_own(folder: Path, relative: Path) -> bytes:
    """Read a file of a results folder that is to be copied; raises one of `DAMAGE`, or ResultsError."""
    return read_regular(own_file(folder, relative), MOST_BYTES)


def own_pictures(record: RunRecord) -> list[Path]:
    """Return the paths of the pictures in a trial's own folder; others lie in those of earlier trials."""
    mine = images_folder(record.trial.trial_id)
    return [path for each in record.pictures if (path := Path(each.path)).parent == mine]


def best(found: Sequence[Found], prefer: Path | None) -> Found:
    """Choose one: what went well, then that of `prefer`, then what is complete, then the newest."""

    def rank(one: Found) -> tuple[bool, bool, bool, str]:
        went_well = one.record.status == "ok"
        return went_well, one.folder == prefer, one.is_complete, one.record.started_at or ""

    return max(found, key=rank)


def differences(found: Iterable[Found]) -> tuple[str, ...]:
    """Name what results of one trial differ in; seconds always do, and what one lacks is no sign."""
    seen: dict[str, set[str | None]] = {"device": set(), "losses": set(), "picture": set()}
    for one in found:
        record = one.record
        seen["device"].add(record.device_name or record.device)
        seen["losses"].add(one.losses)
        seen["picture"].add(record.pastiche.sha256 if record.pastiche else None)
    return tuple(name for name, values in seen.items() if len(values - {None}) > 1)


def _found(folder: Path, trial_id: str) -> Found:
    with reading(folder / result_path(trial_id), remedy(folder)):
        content = read_own(folder, result_path(trial_id))
        record = checked_record(json.loads(content), trial_id)
    pictures = {path: os.path.lexists(folder / path) for path in own_pictures(record)}
    for picture in record.pictures:
        if pictures.get(path := Path(picture.path)):
            with reading(folder / path, remedy(folder)):
                if sha256(read_own(folder, path)).hexdigest() != picture.sha256:
                    raise ValueError("not the picture that the record tells of")
    losses = _losses(folder, record)
    is_complete = all(pictures.values()) and bool(losses or not record.evaluations)
    return Found(folder, record, sha256(content).hexdigest(), losses, is_complete)


def _losses(folder: Path, record: RunRecord) -> str | None:
    path = losses_path(record.trial.trial_id)
    if not record.evaluations or not os.path.lexists(folder / path):
        return None
    with reading(folder / path, remedy(folder)):
        columns, digest = read_losses(own_file(folder, path)), sha256()
    for name in sorted(columns.keys() - {"elapsed_s"}):
        digest.update(f"{name} {columns[name].dtype.str}".encode() + columns[name].tobytes())
    return digest.hexdigest()
