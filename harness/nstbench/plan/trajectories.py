"""A plan, and the trajectories that carry it out: trials on the way to one another run as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nstbench.plan.trial import Trial, canonical_json, identity


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Trials that differ only in `iterations`, fewest first; often just one. A refused trial is alone."""

    trials: tuple[Trial, ...]

    @property
    def backend_label(self) -> str:
        """What the experiment calls that backend with these options."""
        return self.trials[0].backend_label


@dataclass(frozen=True, slots=True)
class Plan:
    """All trials of an experiment, by backend, then in the order of its points; no two are the same."""

    experiment: str
    trials: tuple[Trial, ...]

    def trajectories(self, share: bool) -> tuple[Trajectory, ...]:
        """Group the trials; every trial is in exactly one trajectory, and a backend's are adjacent.

        Args:
            share: whether trials that differ only in `iterations` become one trajectory.
        """
        groups: dict[tuple[str, str], list[Trial]] = {}
        for trial in self.trials:
            alone = not share or trial.refusal is not None or trial.checkpoint is None
            key = trial.trial_id if alone else _path_of(trial)
            groups.setdefault((trial.backend_label, key), []).append(trial)
        made = [Trajectory(tuple(sorted(group, key=_iterations))) for group in groups.values()]
        order = list(dict.fromkeys(trajectory.backend_label for trajectory in made))
        return tuple(sorted(made, key=lambda trajectory: order.index(trajectory.backend_label)))

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        return {"experiment": self.experiment, "trials": [trial.to_json() for trial in self.trials]}


def chunk_size(checkpoints: Sequence[int], limit: int | str, snapshot_every: int | None = None) -> int:
    """Return how many iterations each call runs: one number, so that nothing recompiles on the way.

    Args:
        checkpoints: every one is a multiple of the result.
        limit: the most, or `auto`: 10, or less so that a trajectory has five calls and its first checkpoint
            two, where they can: the first call is warm-up, and every trial should have a steady one.
        snapshot_every: iterations between snapshots, which fall between calls too.
    """
    if not checkpoints:
        return 1
    auto = max(1, min(10, max(checkpoints) // 5, min(checkpoints) // 2))
    most = auto if isinstance(limit, str) else limit
    common = math.gcd(*checkpoints, snapshot_every or 0)
    return max(size for size in range(1, min(most, common) + 1) if common % size == 0)


def _iterations(trial: Trial) -> int:
    return trial.checkpoint or 0


def _path_of(trial: Trial) -> str:
    known = identity(trial)
    settings = {name: value for name, value in known["settings"].items() if name != "iterations"}
    return canonical_json(known | {"settings": settings})
