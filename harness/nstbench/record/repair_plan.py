"""What is left of the plan of a results folder, and the plan made anew from it and from the trials."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstbench.api import ResultsError
from nstbench.plan import Plan, Trial
from nstbench.record.checked import checked_record, checked_trial
from nstbench.record.files import DAMAGE, as_json, read_json
from nstbench.record.layout import PLAN, result_path, trial_path
from nstbench.record.misfits import is_text
from nstbench.record.repair_steps import Step, rewritten, temporary_files
from nstbench.record.store import Store

ORIGIN = ("base", "file", "file_from_here")


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan still says.

    Attributes:
        is_sound: whether it can be read as it is.
        trials: those that can be read, by id.
        named: the ids of all of its trials, as far as it has a list of them; None if it has none.
        data: the whole of it as JSON.
    """

    is_sound: bool
    trials: Mapping[str, Trial]
    named: tuple[str, ...] | None
    data: Mapping[str, Any]

    def steps(self, store: Store) -> Iterator[Step]:
        """Make the plan anew if it is damaged or gone."""
        for _, step in temporary_files(store.path, Path()):
            if ".plan.json." in step.says or ".experiment.yaml." in step.says:
                yield step
        if self.is_sound:
            return
        named = _every_trial(store) if self.named is None else self.named
        found = {trial_id: what_it_was(store, trial_id, self) for trial_id in named}
        trials = tuple(trial for trial in found.values() if trial)
        origin = {name: self.data[name] for name in ORIGIN if is_text(self.data.get(name))}
        known = self.data.get("experiment")
        name = known if known and is_text(known) else _experiment(store, found)
        plan = {**Plan(name, trials).to_json(), "base": str(store.path.absolute()), **origin}
        lost = []
        if self.named is None:
            lost.append("which trials it had and their order, so all that are there are planned")
        elif gone := len(found) - len(trials):
            lost.append(f"{gone} of its trials")
        if "base" not in origin:
            lost.append("where the experiment lies: sweep it once more")
        said = f"; lost: {'; '.join(lost)}" if lost else ""
        yield rewritten(store.path, PLAN, as_json(plan), f"made anew, with {len(trials)} trials{said}")


def planned(store: Store) -> Planned:
    """Read what a plan says, as far as that is possible."""
    data: Any = None
    with suppress(*DAMAGE):
        data = read_json(store.path / PLAN)
    data = data if isinstance(data, Mapping) else {}
    listed = data.get("trials")
    entries = listed if isinstance(listed, list) else []
    trials = {trial.trial_id: trial for each in entries if (trial := _trial(each))}
    ids = (each.get("trial_id") if isinstance(each, Mapping) else None for each in entries)
    named = tuple(dict.fromkeys(one for one in ids if isinstance(one, str)))
    sound = False
    with suppress(ResultsError):
        store.plan()
        store.base()
        sound = True
    return Planned(sound, trials, named if isinstance(listed, list) else None, data)


def what_it_was(store: Store, trial_id: str, plan: Planned) -> Trial | None:
    """Find out what a trial is: from its own file, its record, or the plan; None if none of them says."""
    with suppress(*DAMAGE):
        if (trial := _trial(read_json(store.path / trial_path(trial_id)))) and trial.trial_id == trial_id:
            return trial
    with suppress(*DAMAGE):
        trial = _trial(read_json(store.path / result_path(trial_id))["trial"])
        if trial and trial.trial_id == trial_id:
            return trial
    return plan.trials.get(trial_id)


def _trial(data: Any) -> Trial | None:
    with suppress(*DAMAGE):
        return checked_trial(data)
    return None


def _every_trial(store: Store) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in (store.path / "trials").glob("[!.]*")))


def _experiment(store: Store, trial_ids: Iterable[str]) -> str:
    """Name the experiment as a record does; else as its folder is called."""
    for trial_id in trial_ids:
        with suppress(*DAMAGE):
            return checked_record(read_json(store.path / result_path(trial_id)), trial_id).experiment
    return store.path.absolute().name
