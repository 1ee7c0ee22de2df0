"""What sweeps of a results folder are doing right now, for those who look on; nothing else is made from it.

A sweep keeps `progress/<name>.json` up to date, and a lock beside it that ends with its process. Both are
gone when it ends; a file whose lock is free was left by one that was killed.
"""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nstbench.record.claim import Claim, claim_all, claim_to_read
from nstbench.record.files import DAMAGE, as_json, writing
from nstbench.record.inside import inside
from nstbench.record.layout import PROGRESS, refuse_strange
from nstbench.record.misfits import refuse_misfits
from nstbench.system.files import read_regular, write_whole

PENDING = "pending"
"""The status that a page gives to trials without a result while a sweep is at work."""

EVERY = "[!.]*.json"
MOST_BYTES, MOST_SWEEPS = 2**22, 64


@dataclass(frozen=True, slots=True)
class GrowingCurve:
    """The total loss of a trial as far as it has come, some of its points; None where it is not finite."""

    iteration: tuple[int, ...] = ()
    elapsed_s: tuple[float, ...] = ()
    total: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A trial that runs.

    Attributes:
        name: of the trial, for people.
        place: the node that it runs on, and the device or the cores, if the sweep uses several.
        phase: what it is doing; empty before the worker says so.
        of: how many iterations (or passes) there will be; None before the first is over.
        picture: path of its newest picture in the folder.
    """

    trial_id: str
    name: str
    place: str
    phase: str = ""
    iterations: int = 0
    of: int | None = None
    seconds_per_iteration: float | None = None
    loss: float | None = None
    picture: str | None = None
    curve: GrowingCurve = GrowingCurve()


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """How far a sweep is.

    Attributes:
        started_at: in seconds since 1970.
        trials: how many it has to do; recorded: how many of them are done; failed: how many went wrong.
        left_s: seconds until its end, as far as that can be told.
        jobs: what runs.
    """

    node: str
    started_at: float
    trials: int
    recorded: int
    failed: int
    left_s: float | None
    jobs: tuple[JobProgress, ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SweepProgress:
        """Read what was written; see `nstbench.record.files.DAMAGE` for what it raises."""
        read = cls(**{**data, "jobs": tuple(map(_job, data["jobs"]))})
        refuse_misfits(read)
        return read


@dataclass(frozen=True, slots=True)
class SeenSweep:
    """What a sweep said of itself last; `alive`: whether its process is still there."""

    progress: SweepProgress
    alive: bool


class ProgressFile:
    """The file of one sweep.

    Raises:
        ResultsError: also from its methods: it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        node = re.sub(r"[^\w-]", "-", platform.node())[:30]
        name = f"{node}-{os.getpid()}-{secrets.token_hex(3)}.json"
        self._path = inside(folder, PROGRESS / name)
        for left in self._path.parent.glob(EVERY):
            if claim := claim_all([_lock_of(left)]):  # its sweep is gone
                _remove(left, claim)
        self._claim = claim_all([_lock_of(self._path)])

    def write(self, progress: SweepProgress) -> None:
        """Say how far it is. To make the disk keep it at once would disturb what is timed."""
        with writing(self._path):
            write_whole(self._path, as_json(asdict(progress)), lasting=False)

    def close(self) -> None:
        """Remove it; a second time does nothing."""
        if self._claim:
            _remove(self._path, self._claim)
            self._claim = None


def sweeps_of(folder: Path) -> list[SeenSweep]:
    """Return what sweeps of a folder say of themselves, as far as it can be read. Nothing is written."""
    found = []
    for path in sorted((folder / PROGRESS).glob(EVERY))[:MOST_SWEEPS]:
        with suppress(*DAMAGE):
            data = json.loads(read_regular(path, MOST_BYTES))
            json.dumps(data, allow_nan=False)  # else it could not be told to a browser
            found.append(SeenSweep(SweepProgress.from_json(data), _is_held(_lock_of(path))))
    return found


def _job(data: Mapping[str, Any]) -> JobProgress:
    curve = GrowingCurve(**{name: tuple(values) for name, values in data["curve"].items()})
    refuse_strange([data["trial_id"]], filter(None, [data["picture"]]))
    return JobProgress(**{**data, "curve": curve})


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _is_held(lock: Path) -> bool:
    claim = claim_to_read(lock)
    if claim:
        claim.release()
    return claim is None


def _remove(path: Path, claim: Claim) -> None:
    with writing(path):
        path.unlink(missing_ok=True)
        _lock_of(path).unlink(missing_ok=True)
        claim.release()
    with suppress(OSError):  # another sweep is there
        path.parent.rmdir()
