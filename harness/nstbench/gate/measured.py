"""What one run of a side's processes came to: a record for each trial worth judging."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nstbench.plan import Trial
from nstbench.plan.trial import identity
from nstbench.record import RunRecord, Store, open_results


@dataclass(frozen=True, slots=True)
class Measured:
    """The trials of one results folder by subject: backend and point, as people call them.

    Trials that share an optimisation share its rounds; the longest stands for them.

    Attributes:
        refused: the trials that their backends would not do, which say nothing of speed or losses.
    """

    folder: Path
    records: Mapping[str, RunRecord]
    refused: Mapping[str, RunRecord] = field(default_factory=dict)

    def seconds(self, subject: str, metric: str) -> float | None:
        """Return a timed metric of a trial; None if it has none, as phases that another trial paid for."""
        record = self.records.get(subject)
        if record is None or record.status != "ok":
            return None
        if metric == "step_min_s":
            # Whatever else runs only ever makes a round longer, so the quickest says most about the code
            # (Chen and Revels, Robust benchmarking in noisy environments, 2016).
            return min(record.step_seconds, default=None)
        return record.phases.get(metric.removesuffix("_s"))

    def losses(self) -> dict[str, dict[str, float]]:
        """Return trial id -> iteration -> total loss, at 1, 10, 100 ... and the last iteration."""
        table = open_results(self.folder).losses
        found: dict[str, dict[str, float]] = {}
        for trial_id, rows in table.groupby("trial_id", sort=False):
            last = int(rows["iteration"].max())
            at = rows[rows["iteration"].isin([last, *(10**power for power in range(len(str(last))))])]
            found[str(trial_id)] = dict(zip(at["iteration"].astype(str), at["total"], strict=True))
        return found

    def packages(self) -> dict[str, str]:
        """Return name -> version of what the trials' workers had loaded."""
        facts = [self.environment(record) for record in self.records.values()]
        return {name: version for each in facts for name, version in each.get("packages", {}).items()}

    def variables(self) -> dict[str, str]:
        """Return the environment variables that the trials' workers had set, as far as they count."""
        facts = [self.environment(record) for record in self.records.values()]
        return {name: value for each in facts for name, value in each.get("variables", {}).items()}

    def environment(self, record: RunRecord) -> dict[str, Any]:
        """Return the facts about the machine and process that measured; empty where none did."""
        return Store(self.folder).environment(record.environment_id, dict, "measure again") or {}


def read_measured(folder: Path) -> Measured:
    """Open what a sweep left.

    Raises:
        ResultsError: there is no such folder, or it is damaged.
    """
    store = Store.existing(folder)
    plan, records = store.plan(), {record.trial.trial_id: record for record in store.records()}
    longest = {trajectory.trials[-1].trial_id for trajectory in plan.trajectories(share=True)}
    planned = [records[trial.trial_id] for trial in plan.trials]
    judged = [
        each for each in planned if each.trial.trial_id in longest or each.shared_trajectory is not True
    ]
    refused = dict(_named(each for each in judged if each.status == "refused"))
    return Measured(folder, dict(_named(each for each in judged if each.status != "refused")), refused)


def _named(records: Iterable[RunRecord]) -> Iterator[tuple[str, RunRecord]]:
    seen: Counter[str] = Counter()
    for record in records:
        trial = record.trial
        name = f"{trial.backend_label} ({trial.label})" if trial.label else trial.backend_label
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name} #{seen[name]}"), record


def differences(base: Measured, candidate: Measured) -> Iterator[str]:
    """Say what else differs between two sides: packages, variables, and the problems that are solved."""
    ours, theirs = base.packages(), candidate.packages()
    for name in sorted(ours.keys() & theirs.keys()):
        if ours[name] != theirs[name]:
            yield f"{name} {ours[name]} against {theirs[name]}"
    yield from differing(base.variables(), candidate.variables())
    for subject in base.records.keys() & candidate.records.keys():
        changed = sorted(_changed(base.records[subject].trial, candidate.records[subject].trial))
        if changed:
            yield f"{subject} is another problem on the two sides: {', '.join(changed)}"


def differing(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[str]:
    """Say which environment variables differ; one that is not set differs from one that is."""
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            yield f"{name} {ours.get(name, 'none')} against {theirs.get(name, 'none')}"


def _changed(base: Trial, candidate: Trial) -> Iterator[str]:
    ours, theirs = ({**identity(trial), **identity(trial)["settings"]} for trial in (base, candidate))
    for name in (ours.keys() | theirs.keys()) - {"settings", "backend_version"}:
        if ours.get(name) != theirs.get(name):
            yield f"{name} {ours.get(name)} and {theirs.get(name)}"
