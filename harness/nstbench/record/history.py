"""The history of a benchmark: one median per commit, machine and trial. Here its rows, made from results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from nstbench.api import ResultsError
from nstbench.plan import Trial
from nstbench.plan.trial import canonical_json, identity
from nstbench.record.commit import Commit
from nstbench.record.layout import environment_path
from nstbench.record.run_record import RunRecord
from nstbench.record.store import Store


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """What one commit took for one trial on one machine.

    Attributes:
        problem: hash of what makes the trial the same from commit to commit: its identity without the
            backend's version.
        machine, machine_name: hash and name of processor, cores in use, device and operating system.
        iterations: optimiser steps asked for; None for a single-pass backend.
        rounds: how many rounds in steady state the median is over.
        step_median_s, step_mad_s: seconds per iteration, or per pass.
        measured_at, committed_at: UTC, ISO 8601.
        dirty: whether the working tree had changes that the commit has not.
    """

    experiment: str
    backend: str
    backend_label: str
    label: str
    problem: str
    machine: str
    machine_name: str
    commit: str
    committed_at: str
    subject: str
    dirty: bool
    measured_at: str
    step_median_s: float
    step_mad_s: float | None
    rounds: int
    iterations: int | None
    compile_s: float | None
    peak_rss_bytes: int | None
    referee_total: float | None
    backend_version: str
    environment_id: str

    @property
    def series(self) -> tuple[str, ...]:
        """What it has in common with the rows of other commits."""
        return self.experiment, self.backend_label, self.label, self.problem, self.machine

    @property
    def rank(self) -> tuple[bool, datetime]:
        """The greater one of the same commit is kept: a clean tree before a dirty one, then the newer."""
        return not self.dirty, datetime.fromisoformat(self.measured_at)


def history_rows(
    store: Store, commit_of: Callable[[RunRecord], Commit], outside_plan: bool = False
) -> list[HistoryRow]:
    """Return a row for each trial of a results folder that went well and has rounds in steady state.

    Args:
        commit_of: says which commit a trial was measured at.
        outside_plan: take also those that the present plan of the folder has no longer.

    Raises:
        ResultsError: the folder is damaged, or does not say on which machine a trial ran.
    """
    return [
        _row(store, record, commit_of(record), record.step_median_s)
        for record in store.records()
        if record.status == "ok" and record.step_median_s and (record.planned or outside_plan)
    ]


def problem_of(trial: Trial) -> str:
    """Return twelve digits for what a trial solves and how, whatever the version of its backend."""
    known = {name: value for name, value in identity(trial).items() if name != "backend_version"}
    return sha256(canonical_json(known).encode()).hexdigest()[:12]


def machine_of(facts: Mapping[str, Any], threads: int | None, device_name: str | None) -> tuple[str, str]:
    """Return (eight digits, name) of a machine: only what stays while kernel and packages are updated."""
    cores = threads or facts["cores"]
    system = str(facts["platform"]).partition("-")[0]
    device = [] if device_name in (None, "", facts["cpu"]) else [str(device_name)]
    name = ", ".join([str(facts["cpu"]), f"{cores} core{'s' * (cores != 1)}", *device, system])
    return sha256(name.encode()).hexdigest()[:8], name


def _machine(store: Store, record: RunRecord) -> tuple[str, str]:
    remedy = "without it the machine is unknown: `nstbench sweep --force` measures again"
    machine = store.environment(
        record.environment_id, lambda facts: machine_of(facts, record.threads, record.device_name), remedy
    )
    if machine is None:
        path = store.path / environment_path(record.environment_id or "")
        raise ResultsError(f"{path}: no such file; {remedy}")
    return machine


def _row(store: Store, record: RunRecord, commit: Commit, step_median_s: float) -> HistoryRow:
    trial, judgement = record.trial, record.pastiche.referee if record.pastiche else None
    machine, machine_name = _machine(store, record)
    return HistoryRow(
        experiment=record.experiment,
        backend=trial.backend,
        backend_label=trial.backend_label,
        label=trial.label,
        problem=problem_of(trial),
        machine=machine,
        machine_name=machine_name,
        commit=commit.sha,
        committed_at=commit.committed_at,
        subject=commit.subject,
        dirty=commit.dirty,
        measured_at=record.started_at or commit.committed_at,
        step_median_s=step_median_s,
        step_mad_s=record.step_mad_s,
        rounds=len(record.step_seconds),
        iterations=trial.checkpoint,
        compile_s=record.phases.get("compile"),
        peak_rss_bytes=record.peak_rss_bytes,
        referee_total=(judgement or {}).get("total"),
        backend_version=trial.backend_version,
        environment_id=record.environment_id or "",
    )
