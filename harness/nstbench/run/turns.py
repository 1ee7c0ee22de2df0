"""Backends in turns: each has a worker of its own, and one of them is at work at a time.

A turn is one call of `Session.run`, or what a worker does before its first. Whatever slows the machine down
for a while then strikes all backends of a point alike, which it would not if one ran after the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nstbench.plan import Trajectory, Trial
from nstbench.run.local import LocalWorkers
from nstbench.run.slots import Slot

if TYPE_CHECKING:
    from nstbench.run.desk import Desk


class Turns(LocalWorkers):
    """A slot for each backend.

    Args:
        trials: all that there are.
    """

    def __init__(self, trials: Iterable[Trial]) -> None:
        labels = dict.fromkeys(trial.backend_label for trial in trials)
        super().__init__([Slot(label, backend=label) for label in labels])

    def free(self, until: float = math.inf) -> list[Slot]:
        """Return the slots without a job."""
        busy = [desk.slot for desk in self._running()]
        return [slot for slot in self.slots if slot not in busy]

    def _at_work(self) -> list[Desk]:
        return self._running()[:1]

    def _pass_on(self, desk: Desk) -> None:
        if desk.waits or desk.job is None:
            super()._pass_on(desk)


def by_point(trajectories: Sequence[Trajectory]) -> Iterator[tuple[Trajectory, ...]]:
    """Put together what takes turns: the trajectories that the experiment calls the same."""
    points: dict[str, list[Trajectory]] = {}
    for each in trajectories:
        points.setdefault(each.trials[-1].label, []).append(each)
    return iter(map(tuple, points.values()))
