"""What a worker is told and what it tells: plain data that crosses a process boundary as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nstbench.assets import WeightsSource
from nstbench.plan import Trial, chunk_size
from nstbench.record import RunRecord


@dataclass(frozen=True, slots=True)
class Job:
    """One trajectory: trials that differ only in `iterations`, shortest first; often just one.

    Attributes:
        folder: the results folder; base: what image paths are relative to.
        chunk: iterations per call of `run`; rounds: passes of a single-pass backend.
        snapshot_every: iterations between snapshots; None for none.
        threads: cores to use, None for all.
        weights: where the trials' VGG-19 parameters come from, None if they use none.
    """

    experiment: str
    trials: tuple[Trial, ...]
    folder: Path
    base: Path
    chunk: int | str
    snapshot_every: int | None
    rounds: int
    isolation: str
    threads: int | None
    timeout_s: float
    weights: WeightsSource | None

    @property
    def backend(self) -> str:
        """The backend of all its trials."""
        return self.trials[0].backend

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
        return chunk_size(self.checkpoints, self.chunk, self.snapshot_every) if self.checkpoints else 1

    def wants_snapshot(self, iterations: int) -> bool:
        """Whether to keep the picture now; at a checkpoint it is kept anyway."""
        every = self.snapshot_every
        return every is not None and iterations % every == 0 and iterations not in self.checkpoints

    def trial_folder(self, trial: Trial) -> Path:
        """Return where a trial's files go."""
        return self.folder / "trials" / trial.trial_id

    def to_line(self) -> str:
        """Return one line of JSON."""
        data = {name: getattr(self, name) for name in self.__slots__}
        data["trials"] = [trial.to_json() for trial in self.trials]
        data["weights"] = self.weights.to_json() if self.weights else None
        return json.dumps(data, default=str) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Job:
        """Read what `to_line` wrote."""
        data = json.loads(line)
        data["trials"] = tuple(Trial.from_json(trial) for trial in data["trials"])
        data["weights"] = WeightsSource.from_json(data["weights"]) if data["weights"] else None
        return cls(**data | {"folder": Path(data["folder"]), "base": Path(data["base"])})


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
class Recorded:
    """A trial has its record, in JSON form."""

    record: Mapping[str, Any]

    def run_record(self) -> RunRecord:
        """Return the record."""
        return RunRecord.from_json(self.record)


@dataclass(frozen=True, slots=True)
class Environment:
    """Facts of the worker's machine and packages."""

    environment_id: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """The job is over: every trial of it is recorded."""


Event = Entered | Advanced | Recorded | Environment | Finished
_EVENTS = {kind.__name__: kind for kind in (Entered, Advanced, Recorded, Environment, Finished)}


def event_to_line(event: Event) -> str:
    """Return one line of JSON."""
    return json.dumps([type(event).__name__, asdict(event)]) + "\n"


def event_from_line(line: str) -> Event:
    """Read what `event_to_line` wrote."""
    name, values = json.loads(line)
    event: Event = _EVENTS[name](**values)
    return event
