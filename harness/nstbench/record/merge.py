"""Merging results folders of one experiment, which were swept on different machines, into one.

The folders are read, never written to. The plan is written first, as it says whose folder the new one is, and
each trial's record last: a merge that is killed goes on with the same call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from nstbench.api import ResultsError, UsageError
from nstbench.plan import Plan
from nstbench.record.files import DAMAGE, as_json
from nstbench.record.folder_tables import FolderTables
from nstbench.record.inside import inside, write_inside
from nstbench.record.layout import EXPERIMENT, environment_path, input_path, result_path, trial_path
from nstbench.record.merge_copy import copy_shared, copy_trial, moves
from nstbench.record.merge_look import Conflict, Found, LeftOut, best, differences, look, read_own
from nstbench.record.ownership import is_results_folder, origin_of, refuse_foreign_folder
from nstbench.record.plan_file import write_plan
from nstbench.record.store import Store


@dataclass(frozen=True, slots=True)
class Merged:
    """How a merge ended.

    Attributes:
        taken: folder -> how many of the trials are from there; the folder itself has those that stayed.
        alike: how many trials went well in several folders and came to the same.
        conflicts: those that came to different things.
        left_out: what is running or damaged.
        other_experiments: folders whose `experiment.yaml` is another one than that which is kept.
    """

    folder: Path
    experiment: str
    taken: Mapping[Path, int]
    alike: int
    conflicts: tuple[Conflict, ...]
    left_out: tuple[LeftOut, ...]
    other_experiments: tuple[Path, ...]

    @property
    def is_whole(self) -> bool:
        """Whether all that the folders hold is taken, or its like from another of them."""
        return all(one.instead for one in self.left_out)


def merge(folders: Sequence[Path], into: Path, prefer: Path | None = None) -> Merged:
    """Merge results folders into a new or empty one, or into one of the same experiment.

    Of several results of a trial one that went well is taken before any other, and of several of those the
    newest; what is replaced in `into` is kept in its `damaged/`. The plan has the trials of all plans.

    Args:
        folders: those to read.
        prefer: one of all these folders, whose results are taken before newer ones.

    Raises:
        UsageError: the folders do not belong together, or `into` holds something else; nothing is written.
        ResultsError: one is no results folder, or its plan is damaged; or `into` cannot be written.
    """
    _refuse_overlap(folders, into)
    every = {folder.resolve(): folder for folder in (*folders, into)}
    preferred = every.get(prefer.resolve()) if prefer else None
    if prefer and preferred is None:
        named = ", ".join(map(str, every.values()))
        raise UsageError(f"{prefer}: cannot be preferred, as it is none of those merged: {named}")
    sources = [_Source.of(folder) for folder in every.values() if folder != into]
    _and_own(sources, into)
    held = Store(into).hold()
    try:
        return _merge(_and_own(sources, into), into, preferred)
    finally:
        held.release()


@dataclass(frozen=True, slots=True)
class _Source:
    """A folder and its plan."""

    folder: Path
    plan: Plan

    @classmethod
    def of(cls, folder: Path) -> _Source:
        store = Store.existing(folder)
        store.base()
        return cls(folder, store.plan())

    def trial_ids(self) -> Iterable[str]:
        return (*(trial.trial_id for trial in self.plan.trials), *Store(self.folder).done())


def _refuse_overlap(folders: Sequence[Path], into: Path) -> None:
    for folder in folders:
        if into.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"{folder}: is only read, so nothing is written there: choose another folder with -o, or name"
                " it with -o alone to have the others merged into it"
            )


def _and_own(sources: Sequence[_Source], into: Path) -> list[_Source]:
    """Put the results that are in the folder already before the others, if they belong together."""
    refuse_foreign_folder(into, is_results_folder)
    every = [*([_Source.of(into)] if is_results_folder(into) else []), *sources]
    first = every[0]
    for other in every[1:]:
        if other.plan.experiment != first.plan.experiment:
            raise UsageError(
                f"{other.folder}: holds the experiment {other.plan.experiment!r}, and {first.folder} holds"
                f" {first.plan.experiment!r}; only results of one experiment are merged"
            )
    return every


class _Choice:
    """What is taken of each trial, and what is said of the others."""

    def __init__(self, prefer: Path | None) -> None:
        self.prefer = prefer
        self.taken: dict[str, Found] = {}
        self.alike = 0
        self.conflicts: list[Conflict] = []
        self.left_out: list[LeftOut] = []

    def among(self, trial_id: str, seen: Sequence[Found | LeftOut], into: Path) -> None:
        found = [one for one in seen if isinstance(one, Found)]
        others = [one for one in seen if isinstance(one, LeftOut)]
        if any(one.is_running_in(into) for one in others):
            found = []
        taken = best(found, self.prefer) if found else None
        self.left_out += [replace(one, instead=taken.folder if taken else None) for one in others]
        if taken is None:
            return
        self.taken[trial_id] = taken
        well = [one for one in found if one.record.status == "ok"]
        if differ := differences(well):
            self.conflicts.append(Conflict(trial_id, tuple(one.folder for one in well), differ, taken.folder))
        elif len(well) > 1:
            self.alike += 1


def _merge(sources: Sequence[_Source], into: Path, prefer: Path | None) -> Merged:
    choice = _Choice(prefer)
    for trial_id in dict.fromkeys(one for source in sources for one in source.trial_ids()):
        inside(into, result_path(trial_id))
        seen = [one for source in sources if (one := look(source.folder, trial_id))]
        choice.among(trial_id, seen, into)
    plan, others = _write_plan(sources, into)
    _copy_shared(plan, choice, [source.folder for source in sources], into)
    _copy_trials(choice, Store(into))
    tables = FolderTables(Store(into))
    if not tables.are_kept:
        tables.write()
    taken = dict(Counter(found.folder for found in choice.taken.values()))
    return Merged(
        *(into, plan.experiment, taken, choice.alike),
        *(tuple(choice.conflicts), tuple(choice.left_out), others),
    )


def _write_plan(sources: Sequence[_Source], into: Path) -> tuple[Plan, tuple[Path, ...]]:
    """Plan what any of them plans, in their order, and keep the experiment of one.

    It is that of the folder itself, or else of the first whose experiment comes from this machine.

    Returns:
        The plan, and the folders with another experiment file.
    """
    trials = {trial.trial_id: trial for source in reversed(sources) for trial in source.plan.trials}
    order = dict.fromkeys(trial.trial_id for source in sources for trial in source.plan.trials)
    plan = Plan(sources[0].plan.experiment, tuple(trials[trial_id] for trial_id in order))
    folders = [source.folder for source in sources]
    at_hand = [folder for folder in folders if folder == into or Store(folder).base().is_dir()]
    first = [*at_hand, *folders]
    write_plan(into, plan, origin_of(first[0], into))
    texts = {folder: text for folder in first if (text := _experiment(folder)) is not None}
    text = next(iter(texts.values()), None)
    if text is not None and into not in texts:
        write_inside(into, EXPERIMENT, text)
    for trial in plan.trials:
        if not (into / trial_path(trial.trial_id)).exists():
            write_inside(into, trial_path(trial.trial_id), as_json(trial.to_json()))
    return plan, tuple(folder for folder in texts if texts[folder] != text)


def _experiment(folder: Path) -> bytes | None:
    with suppress(ResultsError, *DAMAGE):
        return read_own(folder, EXPERIMENT)
    return None


def _copy_shared(plan: Plan, choice: _Choice, folders: Sequence[Path], into: Path) -> None:
    records = [found.record for found in choice.taken.values()]
    machines = [environment_path(one.environment_id) for one in records if one.environment_id]
    trials = (*plan.trials, *(record.trial for record in records))
    images = [input_path(sha256) for trial in trials for sha256 in trial.image_hashes]
    for relative in dict.fromkeys((*machines, *images)):
        choice.left_out += copy_shared(relative, folders, into)


def _copy_trials(choice: _Choice, store: Store) -> None:
    """Copy what is taken: before all else, pictures of others that results of the folder itself speak of.

    A trial comes after those before it in its trajectory, which have fewer pictures.
    """
    order = sorted(
        choice.taken, key=lambda one: (choice.taken[one].folder != store.path, _pictures(choice.taken[one]))
    )
    for trial_id in order:
        found = choice.taken[trial_id]
        away = moves(found, choice.taken)
        if (found.folder != store.path or away) and (why := copy_trial(found, store, away)):
            choice.left_out.append(why)
            del choice.taken[trial_id]


def _pictures(found: Found) -> int:
    return len(found.record.pictures)
