"""The results folder on disk.

    experiment.yaml  plan.json  environment/<id>.json  tables/*.parquet
    inputs/<hash>.png
    trials/<trial_id>/ trial.json  losses.npz  log.txt  images/*.png  result.json

A trial is done when its `result.json` exists; it is written last. Tables can be rebuilt at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from nstbench.api import ResultsError
from nstbench.experiment import Experiment
from nstbench.plan import Plan, Trial
from nstbench.record.files import read_json, reading, write_atomic, write_json, writing
from nstbench.record.ownership import LOCK, belongs_to_another, origin, refuse_other_experiment
from nstbench.record.run_record import RunRecord


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
        if not (path / "plan.json").is_file():
            hint = "there is no such folder" if not path.exists() else "it has no plan.json"
            raise ResultsError(f"{path}: not a results folder: {hint}. `nstbench sweep` makes one")
        return cls(path)

    def begin(self, experiment: Experiment, plan: Plan, join: bool = False) -> None:
        """Take the folder for an experiment and write its plan, while no other sweep does so.

        Args:
            join: also if it holds the results of another experiment.

        Raises:
            UsageError: it holds something else.
            ResultsError: it cannot be written.
        """
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path / LOCK):
                refuse_other_experiment(self.path, experiment, join)
                self.write_plan(experiment, plan)

    def write_plan(self, experiment: Experiment, plan: Plan) -> None:
        """Keep the experiment as it was written and the trials it came to; older results stay.

        Of a sweep limited to some backends, the trials of the others stay planned. The plan is written first,
        as it says whose folder this is.
        """
        whole = replace(plan, trials=(*plan.trials, *self._not_chosen(experiment, plan)))
        base = str(experiment.base.absolute())
        write_json(
            self.path / "plan.json", {**whole.to_json(), "base": base, **origin(experiment, self.path)}
        )
        write_atomic(self.path / "experiment.yaml", experiment.source)
        for trial in plan.trials:
            if not (self.trial_folder(trial.trial_id) / "trial.json").exists():
                write_json(self.trial_folder(trial.trial_id) / "trial.json", trial.to_json())

    def plan(self) -> Plan:
        """Return the plan of the latest sweep."""
        path = self.path / "plan.json"
        with reading(path, "sweep into this folder again to plan anew; results stay"):
            plan = read_json(path)
            return Plan(plan["experiment"], tuple(Trial.from_json(trial) for trial in plan["trials"]))

    def _not_chosen(self, experiment: Experiment, plan: Plan) -> list[Trial]:
        """Return the planned trials of backends that the command line leaves out this time."""
        if not experiment.chosen or belongs_to_another(self.path, experiment):
            return []
        try:
            planned = self.plan().trials
        except ResultsError:  # there is none yet, or it is damaged and planned anew
            return []
        labels = {choice.label for choice in experiment.backends}
        again = {trial.trial_id for trial in plan.trials}
        return [one for one in planned if one.backend_label not in labels and one.trial_id not in again]

    def base(self) -> Path:
        """Return the folder that image paths are relative to."""
        path = self.path / "plan.json"
        with reading(path, "sweep into this folder again to plan anew; results stay"):
            return Path(read_json(path)["base"])

    def trial_folder(self, trial_id: str) -> Path:
        """Return where a trial keeps its files."""
        return self.path / "trials" / trial_id

    def record(self, trial_id: str) -> RunRecord | None:
        """Return the record of a trial that is done, else None."""
        path = self.trial_folder(trial_id) / "result.json"
        if not path.exists():
            return None
        with reading(path, "remove the file to redo the trial"):
            return RunRecord.from_json(read_json(path))

    def records(self) -> list[RunRecord]:
        """Return the trials of the latest plan in its order, then older ones that have a result.

        A planned trial without a result appears as `interrupted`: nothing disappears. Labels are those of the
        latest plan, as they are no part of what a trial is. Older ones say that they are not `planned`.
        """
        plan = self.plan()
        planned = {trial.trial_id for trial in plan.trials}
        done = {path.parent.name for path in (self.path / "trials").glob("*/result.json")}
        older = (self.record(trial_id) for trial_id in sorted(done - planned))
        return [
            replace(record, trial=trial, experiment=plan.experiment)
            if (record := self.record(trial.trial_id))
            else RunRecord(trial, plan.experiment, "interrupted")
            for trial in plan.trials
        ] + [replace(record, planned=False) for record in older if record]

    def write_record(self, record: RunRecord) -> None:
        """Declare a trial done."""
        write_json(self.trial_folder(record.trial.trial_id) / "result.json", record.to_json())

    def write_environment(self, environment_id: str, facts: dict[str, Any]) -> None:
        """Keep the facts about a machine once."""
        path = self.path / "environment" / f"{environment_id}.json"
        if not path.exists():
            write_json(path, facts)

    @contextmanager
    def locked(self, trial_ids: Iterable[str]) -> Iterator[bool]:
        """Hold the trials against other sweeps; yields False if another sweep holds one of them.

        The lock is the operating system's and ends with its process, so none can go stale.
        """
        with ExitStack() as stack:
            try:
                for trial_id in sorted(trial_ids):
                    folder = self.trial_folder(trial_id)
                    folder.mkdir(parents=True, exist_ok=True)
                    stack.enter_context(FileLock(folder / ".lock", timeout=0))
            except Timeout:
                stack.close()
                yield False
                return
            yield True
