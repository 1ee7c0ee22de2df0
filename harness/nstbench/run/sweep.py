"""The sweep: plan, leave out what is done, run the rest, keep every result as it comes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nstbench.api import AssetError, BackendUnavailable, ResultsError, UsageError, plugin
from nstbench.experiment import Experiment
from nstbench.plan import Plan, Trial, plan_trials
from nstbench.record import Results, RunRecord, Store
from nstbench.record.checkout import Checkout, checkout_of
from nstbench.record.ownership import refuse_other_experiment
from nstbench.run.executor import WorkerLost, execute
from nstbench.run.inputs import keep_inputs
from nstbench.run.job import Environment, Event, Job, Recorded
from nstbench.run.judging import Judging, find_judging
from nstbench.run.look_up import AssetLookUp
from nstbench.run.registry import facts
from nstbench.run.undone import not_applied
from nstbench.run.verified import Setup, is_verified


class Watcher:
    """Somebody who is told how a sweep goes; this one does not care. Override what you care for."""

    def says(self, message: str) -> None:
        """A remark worth reading, for instance which weights are used."""

    def planned(self, plan: Plan, pending: int) -> None:
        """The plan is made; `pending` trials of it will run."""

    def event(self, job: Job, event: Event) -> None:
        """Something happened to a job."""

    def recorded(self, record: RunRecord) -> None:
        """A trial is done, whatever its status."""

    def judged(self, record: RunRecord) -> None:
        """The referee has seen the pictures of a trial."""


@dataclass(frozen=True, slots=True)
class Redo:
    """Which trials that are done to do again."""

    everything: bool = False
    failed: bool = False

    def wants(self, record: RunRecord) -> bool:
        """Whether to do this trial again."""
        return self.everything or (self.failed and record.status not in ("ok", "refused"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a sweep ended.

    Attributes:
        counts: status -> number of planned trials; one that another sweep is running is `interrupted`.
        ran: how many trials this call executed; refused ones are recorded, not executed.
        no_device: whether a backend did not find the device it was asked to use.
        not_applied: what is asked for now and is not done, as finished trials stay; a sentence each.
    """

    folder: Path
    counts: Mapping[str, int]
    ran: int
    no_device: bool
    not_applied: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a planned trial went wrong; refused ones and those of another sweep did not."""
        return bool(set(self.counts) - {"ok", "refused", "interrupted"})

    @property
    def all_refused(self) -> bool:
        """Whether nothing could be done as it was asked for."""
        return set(self.counts) == {"refused"}


@dataclass(slots=True)
class Sweep:
    """A planned experiment and the folder for its results.

    Attributes:
        join: whether the folder may hold the results of another experiment.
    """

    experiment: Experiment
    plan: Plan
    store: Store
    redo: Redo
    watch: Watcher
    look_up: AssetLookUp = field(repr=False)
    judging: Judging | None = field(repr=False)
    join: bool = False
    recorded: set[str] = field(default_factory=set)
    _checkout: Checkout = field(default=Checkout(), init=False)
    _environments: dict[str, Mapping[str, Any]] = field(default_factory=dict, init=False)

    def pending(self, trials: tuple[Trial, ...]) -> list[Trial]:
        """Return the trials still to do."""
        records = {trial.trial_id: self.store.record(trial.trial_id) for trial in trials}
        return [t for t in trials if (record := records[t.trial_id]) is None or self.redo.wants(record)]

    def not_applied(self) -> list[str]:
        """Say what is asked for now and is not done, as the trials that are finished stay as they are."""
        records = filter(None, (self.store.record(trial.trial_id) for trial in self.plan.trials))
        finished = [record for record in records if not self.redo.wants(record)]
        referee = self.judging.source.sha256 if self.judging else None
        return not_applied(finished, self.experiment.measure, referee)

    def run(self) -> Outcome:
        """Run what is missing. Finished trials stay, and the tables are written, even when interrupted."""
        self.store.begin(self.experiment, self.plan, self.join)
        self._checkout, unapplied = checkout_of(Path.cwd()), tuple(self.not_applied())
        keep_inputs(self.plan.trials, self.experiment.base, self.store.path)
        self.watch.planned(self.plan, len(self.pending(self.plan.trials)))
        try:
            execute(self._jobs(), self._handle, self._lost)
        finally:
            self._write_tables()
        records = [self.store.record(trial.trial_id) for trial in self.plan.trials]
        counts = Counter(record.status if record else "interrupted" for record in records)
        no_device = any(record and record.error_type == BackendUnavailable.__name__ for record in records)
        refused = {trial.trial_id for trial in self.plan.trials if trial.refusal}
        return Outcome(self.store.path, counts, len(self.recorded - refused), no_device, unapplied)

    def _write_tables(self) -> None:
        """Write the tables; a damaged file from earlier must not hide how this sweep ended."""
        try:
            Results([self.store.path]).write_tables()
        except ResultsError as error:
            self.watch.says(f"tables not written: {error}")

    def _jobs(self) -> Iterator[Job]:
        """Yield the jobs to do, each while its trials are locked against other sweeps."""
        for trajectory in self.plan.trajectories(self.experiment.measure.share_trajectories):
            with self.store.locked(trial.trial_id for trial in trajectory.trials) as mine:
                # Asked again under the lock: another sweep may have finished the trials meanwhile.
                pending = self.pending(trajectory.trials) if mine else []
                for trial in pending:
                    if trial.refusal:
                        self._keep(_without_run(self.plan, trial, "refused", "Refused", trial.refusal))
                runnable = tuple(trial for trial in pending if not trial.refusal)
                if runnable:
                    yield self._job(runnable)
                if mine:  # and after the job: the worker sleeps now
                    self._judge(trajectory.trials)

    def _judge(self, trials: tuple[Trial, ...]) -> None:
        """Have the referee look at pictures it has not seen, of this sweep or an earlier one."""
        for record in filter(None, (self.store.record(trial.trial_id) for trial in trials)):
            if self.judging is None or record.judged:
                continue
            try:
                judged = self.judging.judge(record, self.store.path)
            except (AssetError, UsageError) as error:
                self.watch.says(f"{record.trial.trial_id}: not judged: {error}")
            else:
                self.store.write_record(judged)
                self.watch.judged(judged)

    def _job(self, trials: tuple[Trial, ...]) -> Job:
        measure = self.experiment.measure
        return Job(
            experiment=self.plan.experiment,
            trials=trials,
            folder=self.store.path,
            base=self.experiment.base,
            chunk=measure.chunk,
            snapshot_every=measure.snapshot_every,
            rounds=measure.rounds,
            isolation=measure.isolation,
            threads=measure.threads if isinstance(measure.threads, int) else None,
            timeout_s=measure.timeout_s,
            weights=self.look_up.source(trials[0].weights_sha256),
        )

    def _handle(self, job: Job, event: Event) -> None:
        self.watch.event(job, event)
        if isinstance(event, Environment):
            self._environments[event.environment_id] = event.facts
            self.store.write_environment(event.environment_id, dict(event.facts))
        if isinstance(event, Recorded):
            record = event.run_record()
            here, verified = self._checkout, self._is_verified(record)
            self._keep(replace(record, verified=verified, commit=here.commit, changed=here.changed))

    def _is_verified(self, record: RunRecord) -> bool | None:
        facts = self._environments.get(record.environment_id or "")
        if facts is None or record.device_name is None:
            return None
        trial, found = record.trial, plugin(record.trial.backend)
        if not found.load().capabilities.has_ladder:
            return None
        precision = trial.settings.get("precision", "default")
        known = {**facts, "code": record.backend_code}
        return is_verified(Setup.of(found, record.device_name, precision, trial.options, known))

    def _lost(self, job: Job, reason: WorkerLost) -> None:
        for trial in job.trials:
            if trial.trial_id not in self.recorded:
                self._keep(_without_run(self.plan, trial, reason.status, reason.kind, str(reason)))

    def _keep(self, record: RunRecord) -> None:
        self.recorded.add(record.trial.trial_id)
        record = replace(record, measure=self.experiment.measure.model_dump())
        self.store.write_record(record)
        self.watch.recorded(record)


def prepare_sweep(
    experiment: Experiment,
    folder: Path,
    redo: Redo | None = None,
    watch: Watcher | None = None,
    join: bool = False,
) -> Sweep:
    """Plan an experiment: every mistake shows here, before anything runs or is written.

    Raises:
        UsageError: the folder holds something else, or another experiment (unless `join`).
        ExperimentError, AssetError: something in it cannot be done.
        BackendUnavailable: a backend it names cannot run here.
    """
    refuse_other_experiment(folder, experiment, join)
    watch = watch or Watcher()
    look_up = AssetLookUp(watch.says)
    plan = plan_trials(experiment, facts, look_up)
    judging = find_judging(experiment, look_up, watch.says)
    for name in dict.fromkeys(trial.backend for trial in plan.trials):
        for advice in plugin(name).make().advise():
            if advice.urgent:
                watch.says(f"{name}: {advice.line}")
    return Sweep(experiment, plan, Store(folder), redo or Redo(), watch, look_up, judging, join)


def _without_run(plan: Plan, trial: Trial, status: str, kind: str, message: str) -> RunRecord:
    """Make the record of a trial whose worker had no chance to write one."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return RunRecord(trial, plan.experiment, status, now, error_type=kind, error_message=message)
