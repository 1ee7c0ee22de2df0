"""What a sweep writes down: pictures, losses, records and judgements, all of them in this process."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from nstbench.api import AssetError, UsageError, debugging
from nstbench.experiment import Measure
from nstbench.plan import Trial
from nstbench.plan.trial import canonical_json
from nstbench.record import RunRecord, Store
from nstbench.record.checkout import Checkout
from nstbench.record.layout import log_path
from nstbench.run.at_work import AtWork
from nstbench.run.installed import installed
from nstbench.run.job import Environment, Event, Job, Lost, Painted, Recorded
from nstbench.run.judging import Judging
from nstbench.run.paces import learn, learn_judging
from nstbench.run.verified import Setup, is_verified
from nstbench.run.wall_clock import WallClock
from nstbench.run.watcher import Watcher


@dataclass(slots=True)
class Keeper:
    """The only one who writes into the trials of a store while a sweep runs.

    Attributes:
        experiment: its name.
        checkout: the commit that the working directory had checked out when the sweep began.
        judging: the referee; None if there is none.
        recorded: ids of the trials whose records this sweep has written, or has had written elsewhere.
        failed: whether one of them went wrong.
        clock: counts what is done for all trials.
    """

    store: Store
    experiment: str
    measure: Measure
    checkout: Checkout
    judging: Judging | None
    watch: Watcher
    clock: WallClock = field(default_factory=WallClock)
    recorded: set[str] = field(default_factory=set)
    failed: bool = False
    _environments: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _verified: dict[tuple[str, ...], bool | None] = field(default_factory=dict)

    def keep(self, job: Job, event: Event, alone: bool) -> None:
        """Write down what came of a job, files before the record that speaks of them.

        Args:
            alone: whether no other job of this sweep has run beside it; the worker knows of other sweeps.

        Raises:
            ResultsError: it cannot be written.
        """
        self.watch.event(job, event)
        if isinstance(event, Environment):
            self._environments[event.environment_id] = event.facts
            self.store.write_environment(event.environment_id, dict(event.facts))
        elif isinstance(event, Painted):
            self.store.write_picture(event.trial_id, event.iteration, event.png)
        elif isinstance(event, Recorded):
            record = event.run_record()
            exclusive = alone and record.exclusive is not False
            self._record(replace(record, exclusive=exclusive), event.losses)
        elif isinstance(event, Lost):
            for trial in job.trials:
                if trial.trial_id not in self.recorded:
                    self._keep_without_run(trial, event.status, event.error_type, event.error_message)

    def refuse(self, trial: Trial) -> None:
        """Write down that a trial is not run, as its backend refuses it."""
        self._keep_without_run(trial, "refused", "Refused", trial.refusal or "")

    def note(self, record: RunRecord) -> None:
        """Take notice of a record that is written."""
        self.recorded.add(record.trial.trial_id)
        self.failed = self.failed or record.status not in ("ok", "refused")
        self.watch.recorded(record)
        log = self.store.path / log_path(record.trial.trial_id)
        if debugging() and record.status not in ("ok", "refused") and log.is_file():
            self.watch.says(log.read_text(errors="replace"))

    def judge(self, trials: tuple[Trial, ...]) -> None:
        """Have the referee look at pictures it has not seen, or by an older ruler, of this sweep or not."""
        if self.judging is None:
            return
        for record in filter(None, (self.store.record(trial.trial_id) for trial in trials)):
            if self.judging.is_done(record):
                continue
            try:
                since = monotonic()
                with closing(AtWork()), self.clock.spending("referee"):
                    judged = self.judging.judge(record, self.store.path)
            except (AssetError, UsageError) as error:
                self.watch.says(f"{record.trial.trial_id}: not judged: {error}")
            else:
                self.store.write_record(judged)
                learn_judging(_unseen_pixels(record), monotonic() - since)
                self.watch.judged(judged)

    def _record(self, record: RunRecord, losses: bytes | None) -> None:
        if losses is not None:
            self.store.write_losses(record.trial.trial_id, losses)
        here, verified = self.checkout, self._is_verified(record)
        self._keep(replace(record, verified=verified, commit=here.commit, changed=here.changed))
        if record.node == platform.node():
            learn(record)

    def _is_verified(self, record: RunRecord) -> bool | None:
        facts, trial = self._environments.get(record.environment_id or ""), record.trial
        if facts is None or record.device_name is None:
            return None
        precision = trial.settings.precision if "precision" in trial.noticed else "default"
        known = {**facts, "code": record.backend_code}
        setup = trial.backend, record.device_name, precision, canonical_json([trial.options, known])
        if setup not in self._verified:  # to look at what is installed takes longer than a small trial
            found = installed(trial.backend)
            self._verified[setup] = (
                is_verified(Setup.of(found.plugin, record.device_name, precision, trial.options, known))
                if found.usable().has_ladder
                else None
            )
        return self._verified[setup]

    def _keep_without_run(self, trial: Trial, status: str, kind: str, message: str) -> None:
        """Write the record of a trial whose worker had no chance to make one."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._keep(RunRecord(trial, self.experiment, status, now, error_type=kind, error_message=message))

    def _keep(self, record: RunRecord) -> None:
        record = replace(record, measure=self.measure.model_dump())
        self.store.write_record(record)
        self.note(record)


def _unseen_pixels(record: RunRecord) -> int:
    unseen = sum(picture.referee is None for picture in record.pictures)
    return record.trial.height * record.trial.width * unseen
