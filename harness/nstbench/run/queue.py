"""In which order trajectories run, and where: those with one program together, the longest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from nstbench.api import SETTINGS
from nstbench.plan import Trajectory, Trial, predict
from nstbench.plan.trial import canonical_json
from nstbench.run.slots import Slot

NO_PROGRAM = {"iterations", "seed", "content", "style", "init", "weights"} | {
    name for name, each in SETTINGS.items() if each.traced
}
"""Settings that the program of a trial does not depend on."""


@dataclass(slots=True)
class _Group:
    """Trajectories that are compiled once."""

    backend: str
    waiting: deque[Trajectory] = field(default_factory=deque)
    cost: float = 0.0
    begun: bool = False


class Queue:
    """Trajectories that wait.

    Args:
        in_order: whether they run in the order that they are given in, as where there is one slot.
    """

    def __init__(self, trajectories: Iterable[Trajectory], in_order: bool = True) -> None:
        self._groups: dict[str, _Group] = {}
        self._last: dict[str, _Group] = {}
        self._group_of: dict[str, str] = {}
        self._in_order = in_order
        self._costs: dict[str, float] = {}
        self.add(trajectories)

    def add(self, trajectories: Iterable[Trajectory]) -> None:
        """Have more trajectories wait."""
        for each in trajectories:
            first = each.trials[0]
            name = self._group_of[first.trial_id] = "" if self._in_order else _program(first)
            group = self._groups.setdefault(name, _Group(_backend(first)))
            group.waiting.append(each)
            cost = 0.0 if self._in_order else predict(each.trials[-1]).gflop or 0.0
            self._costs[first.trial_id] = cost
            group.cost += cost
        if not self._in_order:
            for group in self._groups.values():
                group.waiting = deque(sorted(group.waiting, key=lambda t: -self._costs[t.trials[0].trial_id]))

    def __len__(self) -> int:
        """Return how many trajectories wait."""
        return sum(len(group.waiting) for group in self._groups.values())

    def put_back(self, trajectory: Trajectory) -> None:
        """Have a trajectory wait again that had been taken."""
        group = self._groups[self._group_of[trajectory.trials[0].trial_id]]
        group.waiting.appendleft(trajectory)
        group.cost += self._costs[trajectory.trials[0].trial_id]

    def clear(self) -> None:
        """Let none of them run."""
        for group in self._groups.values():
            group.waiting.clear()

    def take(self, slot: Slot) -> Trajectory | None:
        """Return what runs next in a slot; None if nothing that waits may run there.

        Its last program, then one that no other slot has, of the same backend if there is one, and at last
        a part of what is most work for others: to compile a second time is better than to wait.
        """
        there = [group for group in self._groups.values() if group.waiting and _may_run(group, slot)]
        if not there:
            return None
        last = self._last.get(slot.name)
        chosen = max(
            there,
            key=lambda group: (
                group is last,
                not group.begun,
                last is not None and group.backend == last.backend,
                group.cost,
            ),
        )
        self._last[slot.name] = chosen
        chosen.begun = True
        taken = chosen.waiting.popleft()
        chosen.cost -= self._costs[taken.trials[0].trial_id]
        return taken


def _may_run(group: _Group, slot: Slot) -> bool:
    first = group.waiting[0].trials[0]
    return first.refusal is not None or slot.takes(first)


def _program(trial: Trial) -> str:
    """Name what is compiled for a trial; equal names are compiled once."""
    settings = {name: value for name, value in trial.noticed_settings().items() if name not in NO_PROGRAM}
    sizes = trial.height, trial.width, trial.style_height, trial.style_width
    return canonical_json([_backend(trial), trial.settings.device, settings, sizes, trial.refusal])


def _backend(trial: Trial) -> str:
    return canonical_json([trial.backend, trial.options])
