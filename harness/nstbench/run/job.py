"""What a worker is told and what it tells: plain data that crosses a process boundary as JSON."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstbench.assets import WeightsSource
from nstbench.plan import Trial, chunk_size, stages_of
from nstbench.record import RunRecord

MEASURED = ("chunk", "snapshot_every", "rounds", "isolation", "timeout_s", "compile_cache", "interleave")
"""What a job takes from the section `measure` as it stands there."""

_WEIGHTS = ("weights", "referee")
_PLACES = ("log", "base", "inputs")


@dataclass(frozen=True, slots=True)
class Job:
    """One trajectory: trials that differ only in `iterations`, shortest first; often just one.

    Attributes:
        origin: of the backend's plugin, of which several may have its name.
        log: the file that it goes to what is printed meanwhile.
        base: what image paths are relative to; None to take the images from `inputs`.
        inputs: the folder that has the images by hash.
        chunk: iterations per call of `run`; rounds: passes of a single-pass backend.
        snapshot_every: iterations between snapshots; None for none.
        threads: cores to use, None for all.
        compile_cache: whether a backend may keep compiled programs for later processes.
        interleave: whether its worker lets others have their turns between two calls of `run`.
        weights: where the trials' VGG-19 parameters come from, None if they use none.
        referee: where those of the referee come from, None if there is none. An executor elsewhere may judge,
            while the worker waits.
    """

    experiment: str
    trials: tuple[Trial, ...]
    origin: str
    log: Path
    base: Path | None
    inputs: Path
    chunk: int | str
    snapshot_every: int | None
    rounds: int
    isolation: str
    threads: int | None
    timeout_s: float
    compile_cache: bool
    interleave: bool
    weights: WeightsSource | None
    referee: WeightsSource | None = None

    @property
    def backend(self) -> str:
        """The backend of all its trials."""
        return self.trials[0].backend

    @property
    def key(self) -> str:
        """Names the trajectory, also when its first trials are done."""
        return self.trials[-1].trial_id

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """Iterations of each trial; empty for a single-pass backend."""
        return tuple(trial.checkpoint for trial in self.trials if trial.checkpoint is not None)

    @property
    def deterministic(self) -> bool:
        """Whether the backend is to start in its deterministic mode."""
        return self.trials[0].settings.deterministic

    def chunk_size(self) -> int:
        """Iterations per call: one size throughout, so that nothing recompiles between rounds."""
        if not self.checkpoints:
            return 1
        ends = {stage.until for stage in stages_of(self.trials[-1]) if stage.until}
        return chunk_size(sorted({*self.checkpoints, *ends}), self.chunk, self.snapshot_every)

    def waits_after(self, event: Event) -> bool:
        """Whether the worker waits after an event until it is told to go on."""
        return isinstance(event, TO_BE_KEPT) or (self.interleave and isinstance(event, Advanced))

    def wants_snapshot(self, iterations: int) -> bool:
        """Whether to keep the picture now; at a checkpoint it is kept anyway."""
        every = self.snapshot_every
        return every is not None and iterations % every == 0 and iterations not in self.checkpoints

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        data = {name: getattr(self, name) for name in self.__slots__}
        data["trials"] = [trial.to_json() for trial in self.trials]
        for name in _WEIGHTS:
            source = getattr(self, name)
            data[name] = source.to_json() if source else None
        places = {name: getattr(self, name) for name in _PLACES}
        return data | {name: str(place) if place else None for name, place in places.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Job:
        """Read what `to_json` returned."""
        trials = tuple(Trial.from_json(trial) for trial in data["trials"])
        weights = {name: WeightsSource.from_json(data[name]) if data[name] else None for name in _WEIGHTS}
        places = {name: Path(data[name]) if data[name] else None for name in _PLACES}
        return cls(**{**data, **places, **weights, "trials": trials})


@dataclass(frozen=True, slots=True)
class Entered:
    """A phase has begun: import, load, prepare, compile or rounds."""

    phase: str


@dataclass(frozen=True, slots=True)
class Advanced:
    """A round is over. `loss` is None for a backend that computes none, or when it is not finite."""

    iterations: int
    of: int
    seconds_per_iteration: float
    loss: float | None


@dataclass(frozen=True, slots=True)
class Environment:
    """Facts of the worker's machine and packages."""

    environment_id: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Painted:
    """A trial has a picture, a PNG file; `iteration` is None for a single-pass backend."""

    trial_id: str
    iteration: int | None
    png: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """A trial has its record, in JSON form, and its losses, an npz file; None if it logged none."""

    record: Mapping[str, Any]
    losses: bytes | None

    def run_record(self) -> RunRecord:
        """Return the record."""
        return RunRecord.from_json(self.record)


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is over: every trial of it is recorded."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The job is over, as what ran it is gone; its trials that are not recorded end with this status."""

    status: str
    error_type: str
    error_message: str


Event = Entered | Advanced | Environment | Painted | Recorded | Finished | Lost
_EVENTS = {
    kind.__name__: kind for kind in (Entered, Advanced, Environment, Painted, Recorded, Finished, Lost)
}

TO_BE_KEPT = (Environment, Painted, Recorded)
"""Events that are written down. Who sends one waits until that is done, as it would disturb the clock."""


def event_to_json(event: Event) -> list[Any]:
    """Return JSON types; bytes as base64, apart from the rest."""
    values = {name: getattr(event, name) for name in event.__slots__}
    files = {name: b64encode(value).decode() for name, value in values.items() if isinstance(value, bytes)}
    return [type(event).__name__, {name: values[name] for name in values if name not in files}, files]


def event_from_json(data: list[Any]) -> Event:
    """Read what `event_to_json` returned."""
    name, values, files = data
    event: Event = _EVENTS[name](**values | {key: b64decode(text) for key, text in files.items()})
    return event
