"""The results folder on disk; `nstbench.record.layout` says what lies where.

A trial is done when its `result.json` exists; it is written last. Tables can be rebuilt at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nstbench.api import ResultsError
from nstbench.plan import Plan, Trial
from nstbench.record.checked import checked_facts, checked_name, checked_record, checked_trial, damaged_record
from nstbench.record.claim import Claim, claim_all
from nstbench.record.files import as_json, read_json, reading, writing
from nstbench.record.inside import inside, set_aside, write_inside
from nstbench.record.layout import (
    EVERY_RESULT,
    EXPERIMENT,
    LOCK,
    PLAN,
    environment_path,
    lock_path,
    log_path,
    losses_path,
    picture_path,
    result_path,
    trial_folder,
    trial_path,
)
from nstbench.record.ownership import belongs_to_another, origin, refuse_other_experiment, why_no_results
from nstbench.record.plan_file import write_plan
from nstbench.record.run_record import RunRecord

if TYPE_CHECKING:
    from nstbench.experiment import Experiment

T = TypeVar("T")
PATIENCE_S = 60.0
"""How long to wait for another process that takes or repairs the folder."""


class Store:
    """One results folder.

    Raises:
        ResultsError: from any reading method, when a file is not what was written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def existing(cls, path: Path) -> Store:
        """Open a folder that a sweep made.

        Raises:
            ResultsError: it is not one.
        """
        if not (path / PLAN).is_file():
            raise ResultsError(why_no_results(path))
        return cls(path)

    def begin(self, experiment: Experiment, plan: Plan, join: bool = False) -> None:
        """Take the folder for an experiment and write its plan, while no other sweep does so.

        Args:
            join: also if it holds the results of another experiment.

        Raises:
            UsageError: it holds something else.
            ResultsError: it cannot be written.
        """
        held = self.hold()
        try:
            refuse_other_experiment(self.path, experiment, join)
            self.write_plan(experiment, plan)
        finally:
            held.release()

    def hold(self) -> Claim:
        """Keep other sweeps from taking the folder, which is made, and repairs away from it.

        Raises:
            ResultsError: another has held it for too long, or it cannot be locked.
        """
        if held := claim_all([self.path / LOCK], PATIENCE_S):
            return held
        raise ResultsError(f"{self.path}: another process has held it for {PATIENCE_S:g} s; try again")

    def write_plan(self, experiment: Experiment, plan: Plan) -> None:
        """Keep the experiment as it was written and the trials it came to; older results stay.

        Of a sweep limited to some backends, the trials of the others stay planned. The plan is written first,
        as it says whose folder this is.
        """
        whole = replace(plan, trials=(*plan.trials, *self._not_chosen(experiment, plan)))
        here = {"base": str(experiment.base.absolute()), **origin(experiment, self.path)}
        write_plan(self.path, whole, here)
        write_inside(self.path, EXPERIMENT, experiment.source)
        for trial in plan.trials:
            path = trial_path(trial.trial_id)
            if not (self.path / path).exists():
                self._write_json(path, trial.to_json())

    def plan(self) -> Plan:
        """Return the plan of the latest sweep."""
        path = self.path / PLAN
        with reading(path, self._to_plan_anew()):
            plan = read_json(path)
            return Plan(checked_name(plan["experiment"]), tuple(map(checked_trial, plan["trials"])))

    def _not_chosen(self, experiment: Experiment, plan: Plan) -> list[Trial]:
        """Return the planned trials of backends that the command line leaves out this time."""
        planned: tuple[Trial, ...] = ()
        if experiment.chosen and not belongs_to_another(self.path, experiment):
            with suppress(ResultsError):  # there is none yet, or it is damaged and planned anew
                planned = self.plan().trials
        labels = {choice.label for choice in experiment.backends}
        again = {trial.trial_id for trial in plan.trials}
        return [one for one in planned if one.backend_label not in labels and one.trial_id not in again]

    def base(self) -> Path:
        """Return the folder that image paths are relative to."""
        path = self.path / PLAN
        with reading(path, self._to_plan_anew()):
            return Path(read_json(path)["base"])

    def _to_plan_anew(self) -> str:
        return f"`nstbench repair {self.path}` or another sweep into this folder plans anew; results stay"

    def trial_folder(self, trial_id: str) -> Path:
        """Return where a trial keeps its files."""
        return self.path / trial_folder(trial_id)

    def log_path(self, trial_id: str) -> Path:
        """Return where it goes what a trial's worker prints; its folder exists."""
        path = inside(self.path, log_path(trial_id))
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink() or (path.exists() and not path.is_file()):
                set_aside(self.path, log_path(trial_id))
        return path

    def done(self) -> list[str]:
        """Return the ids of all trials that have a result, in their order."""
        return sorted(path.parent.name for path in self.path.glob(EVERY_RESULT))

    def record(self, trial_id: str) -> RunRecord | None:
        """Return the record of a trial that is done, else None.

        One that cannot be read has the status `damaged`, and costs no other trial anything.

        Raises:
            ResultsError: it cannot be read, nor what the trial was.
        """
        if not (self.path / result_path(trial_id)).exists():
            return None
        try:
            return self._read(trial_id)
        except ResultsError as error:
            path = self.path / trial_path(trial_id)
            with reading(path, f"`nstbench repair {self.path}` mends what it can"):
                trial = checked_trial(read_json(path))
            return damaged_record(trial, "", error)

    def _read(self, trial_id: str) -> RunRecord:
        path = self.path / result_path(trial_id)
        with reading(path, "`nstbench sweep --retry-failed` does the trial again"):
            return checked_record(read_json(path), trial_id)

    def records(self, among: Set[str] | None = None) -> list[RunRecord]:
        """Return the trials of the latest plan in its order, then older ones that have a result.

        Args:
            among: only these trials; None for all.

        A planned trial without a result appears as `interrupted`: nothing disappears. Labels are those of the
        latest plan, as they are no part of what a trial is. Older ones say that they are not `planned`.
        """
        plan = self.plan()
        planned = {trial.trial_id for trial in plan.trials}
        wanted = planned.union(self.done()) if among is None else among
        older = []
        for trial_id in sorted(wanted - planned):
            with suppress(ResultsError):  # not even what it was can be read, and nobody asks for it
                if record := self.record(trial_id):
                    older.append(replace(record, planned=False))
        return [self._planned(one, plan.experiment) for one in plan.trials if one.trial_id in wanted] + older

    def _planned(self, trial: Trial, experiment: str) -> RunRecord:
        try:
            record = self.record(trial.trial_id)
        except ResultsError as error:
            return damaged_record(trial, experiment, error)
        if record is None:
            return RunRecord(trial, experiment, "interrupted")
        return replace(record, trial=trial, experiment=experiment)

    def write_record(self, record: RunRecord) -> None:
        """Declare a trial done. A record that could not be read is kept in `damaged/`."""
        path = result_path(record.trial.trial_id)
        if inside(self.path, path).exists():
            try:
                self._read(record.trial.trial_id)
            except ResultsError:
                set_aside(self.path, path)
        self._write_json(path, record.to_json())

    def write_losses(self, trial_id: str, npz: bytes) -> None:
        """Keep the losses of a trial, before its record."""
        write_inside(self.path, losses_path(trial_id), npz)

    def write_picture(self, trial_id: str, iteration: int | None, png: bytes) -> None:
        """Keep a picture of a trial, before its record."""
        write_inside(self.path, picture_path(trial_id, iteration), png)

    def environment(
        self, environment_id: str | None, take: Callable[[dict[str, Any]], T], remedy: str
    ) -> T | None:
        """Return what is taken from the facts about a machine; None if they were not kept.

        Args:
            take: gets the facts; what it does not find makes the file a damaged one.
            remedy: what to do about a damaged file.
        """
        path = self.path / environment_path(environment_id or "")
        if not path.is_file():
            return None
        with reading(path, remedy):
            return take(checked_facts(read_json(path)))

    def write_environment(self, environment_id: str, facts: dict[str, Any]) -> None:
        """Keep the facts about a machine once."""
        path = environment_path(environment_id)
        if not (self.path / path).exists():
            self._write_json(path, facts)

    def _write_json(self, relative: Path, value: Any) -> None:
        write_inside(self.path, relative, as_json(value))

    def claim(self, trial_ids: Iterable[str]) -> Claim | None:
        """Claim trials against other sweeps; None if another sweep has one of them."""
        return claim_all(inside(self.path, lock_path(trial_id)) for trial_id in trial_ids)
