"""A search on its way: what was tried, what it came to, and what to try next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import product

from nstbench.api import ResultsError
from nstbench.experiment import BackendChoice, Experiment, Range, Search, Values
from nstbench.plan import Trial
from nstbench.plan.planner import plan_trials
from nstbench.record import Store
from nstbench.run.limits import Stopped
from nstbench.run.look_up import AssetLookUp, facts
from nstbench.run.sampler import ask, refuse_without_optuna
from nstbench.run.tried import Tried, best_of, losses_of
from nstbench.run.watcher import Watcher

MOST_DRAWS = 50
"""How often to draw a point that is new, before a search is taken to have tried them all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A point that was asked for, and the trial that it came to."""

    trial: Trial
    values: Values


@dataclass(slots=True)
class Searching:
    """A search of its own for each backend, one backend after the other.

    Attributes:
        corners: trials at the ends of the axes, which need not be among those asked for.
        asked: label of a backend -> id of a trial -> what was asked for, in this order.
    """

    experiment: Experiment
    search: Search
    corners: tuple[Trial, ...]
    store: Store
    look_up: AssetLookUp
    watch: Watcher
    asked: dict[str, dict[str, Asked]]
    _tried: dict[str, Tried] = field(default_factory=dict)
    _best: dict[str, Tried] = field(default_factory=dict)
    _emptied: set[str] = field(default_factory=set)

    @classmethod
    def begin(
        cls,
        experiment: Experiment,
        corners: tuple[Trial, ...],
        store: Store,
        look_up: AssetLookUp,
        watch: Watcher,
    ) -> Searching:
        """Go on with what the plan of the folder says was asked for, as far as it would be the same now."""
        assert experiment.search, "only a search is searched"
        asked: dict[str, dict[str, Asked]] = {each.label: {} for each in experiment.backends}
        searching = cls(experiment, experiment.search, corners, store, look_up, watch, asked)
        with suppress(
            ResultsError
        ):  # there is none yet, or it is damaged; what is done is found all the same
            planned = store.plan().trials
            for backend in experiment.backends:
                own = [trial for trial in planned if trial.backend_label == backend.label]
                found = [
                    Asked(trial, values) for trial in own for values in _values_of(trial, searching.search)
                ]
                same = {
                    trial.trial_id for each in found for trial in searching._planned(backend, each.values)
                }
                kept = [each for each in found if each.trial.trial_id in same][: searching.search.trials]
                asked[backend.label] = {each.trial.trial_id: each for each in kept}
        return searching

    def get_ready(self) -> tuple[Trial, ...]:
        """Return trials that stand for those to come.

        Raises:
            UsageError: what a search needs is not installed; says what to type.
        """
        refuse_without_optuna(self.search)
        return self.corners

    @property
    def trials(self) -> tuple[Trial, ...]:
        """What was asked for so far."""
        found: dict[str, Trial] = {}
        for own in self.asked.values():
            for trial_id, each in own.items():
                found.setdefault(trial_id, each.trial)
        return tuple(found.values())

    @property
    def left(self) -> int:
        """How many trials are still to be asked for."""
        open_ones = [own for label, own in self.asked.items() if label not in self._emptied]
        return sum(self.search.trials - len(own) for own in open_ones)

    @property
    def best(self) -> tuple[Tried, ...]:
        """The best trial of each backend that has one."""
        for label in self.asked:
            self._learn(label)
        return tuple(self._best.values())

    def more(self, count: int) -> tuple[Trial, ...]:
        """Return the trials to do next; none when the search is over.

        Args:
            count: how many run at once. What they come to is awaited before more is asked for, as the
                referee may not work beside a clock.

        Raises:
            Stopped: another sweep is doing one of those that were asked for last.
        """
        for backend in self.experiment.backends:
            own = self.asked[backend.label]
            if self._learn(backend.label):
                raise Stopped("another sweep is at work on the same search")
            left = self.search.trials - len(own)
            if left > 0 and backend.label not in self._emptied:
                new = self._new(backend, min(left, count))
                own |= {each.trial.trial_id: each for each in new}
                if new:
                    return tuple(each.trial for each in new)
        return ()

    def _learn(self, label: str) -> int:
        """Read what was recorded of a backend; return how many trials have no record."""
        own = self.asked[label]
        missing = 0
        for trial_id, each in own.items():
            if trial_id not in self._tried:
                record = self.store.record(trial_id)
                if record is None:
                    missing += 1
                    continue
                record = replace(record, trial=each.trial)
                self._tried[trial_id] = Tried.of(record, each.values, self.search.quality)
        known = [self._tried[trial_id] for trial_id in own if trial_id in self._tried]
        best = best_of(known, self.search)
        if best and self._best.get(label) != best:
            self._best[label] = best
            self.watch.says(f"best so far: {best.told}")
        return missing

    def _new(self, backend: BackendChoice, count: int) -> list[Asked]:
        """Ask for trials that were not tried; fewer, and none at last, if there seem to be no others."""
        own = self.asked[backend.label]
        tried = [self._tried[trial_id] for trial_id in own]
        told = [(each.values, loss) for each, loss in zip(tried, losses_of(tried, self.search), strict=True)]
        new: dict[str, Asked] = {}
        seen = [each.values for each in own.values()]
        for draw in range(MOST_DRAWS):
            for values in ask(self.search, told, count - len(new), draw):
                if values in seen:
                    continue
                seen.append(values)
                for trial in self._planned(backend, values):
                    if trial.trial_id not in own:
                        new.setdefault(trial.trial_id, Asked(trial, values))
            if len(new) == count:
                return [*new.values()]
        self._emptied.add(backend.label)
        self.watch.says(f"{backend.label}: there is nothing left to try after {len(own) + len(new)} trials")
        return [*new.values()]

    def _planned(self, backend: BackendChoice, values: Values) -> tuple[Trial, ...]:
        return plan_trials(self.experiment.at(values, backend), facts, self.look_up).trials


def _values_of(trial: Trial, search: Search) -> Iterator[Values]:
    """Return the point that a planned trial was made from; none if it is not of this search."""
    numbers: dict[str, float | str] = {}
    choices: dict[str, Sequence[str]] = {}
    for name, axis in search.axes.items():
        if not isinstance(axis, Range):
            choices[name] = [*axis]
        elif axis.holds(value := trial.asked.get(name, axis.low)):
            numbers[name] = value
        else:
            return
    for labels in product(*choices.values()):
        values = numbers | dict(zip(choices, labels, strict=True))
        step = search.step(values)
        if ", ".join(each.label for each in step if each.setting in trial.axes) == trial.label:
            yield values
            return
