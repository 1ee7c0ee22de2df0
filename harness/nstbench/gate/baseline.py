"""A baseline: what an experiment's trials came to when all was well, as a small file to commit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from nstbench.api import ResultsError
from nstbench.gate.measured import Measured
from nstbench.record import RunRecord
from nstbench.record.files import read_json, reading, write_atomic
from nstbench.record.history import problem_of

DIGITS = 6
"""Significant digits kept, so that a diff shows changes and not noise."""
MACHINE = ("cpu", "cores")


@dataclass(frozen=True, slots=True)
class Baseline:
    """Figures by subject, with what they were measured on.

    Attributes:
        reason: why it was written.
        machine: processor, cores, device; figures that depend on it are judged on no other.
        packages: name -> version of what was loaded.
        variables: environment variables that change numbers or seconds, as they were set.
        trials: subject -> `problem` (a hash of what it solves), `status`, and a figure for each metric;
            `losses` by iteration.
    """

    experiment: str
    reason: str
    machine: Mapping[str, Any] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    trials: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def baseline_of(measured: Measured, reason: str) -> Baseline:
    """Make a baseline of a sweep; with an empty reason, of what is held against one."""
    records, losses = measured.records, measured.losses()
    machine: dict[str, Any] = {}
    for record in records.values():
        facts = measured.environment(record)
        machine |= {name: facts[name] for name in MACHINE if name in facts}
        if record.device_name:
            machine["device"] = record.device_name
    name = next((each.experiment for each in (*records.values(), *measured.refused.values())), "")
    figures = {
        subject: _figures(each, losses.get(each.trial.trial_id, {})) for subject, each in records.items()
    }
    refused = {subject: _figures(each, {}) for subject, each in measured.refused.items()}
    every = {**figures, **refused}
    return Baseline(name, reason, machine, measured.packages(), every, measured.variables())


def without_refused(baseline: Baseline) -> Baseline:
    """Leave out the trials that were refused: there is nothing to hold against them later."""
    return replace(baseline, trials={k: v for k, v in baseline.trials.items() if v["status"] != "refused"})


def read_baseline(path: Path) -> Baseline | None:
    """Read a baseline; None if there is no such file.

    Raises:
        ResultsError: it is damaged.
    """
    if not path.is_file():
        if path.exists():
            raise ResultsError(f"{path}: not a file; give the baseline's own path")
        return None
    with reading(path, "write it anew with --update-baseline"):
        data = read_json(path)
        known = {"variables": {}, **data}
        return _whole(Baseline(**{each.name: known[each.name] for each in fields(Baseline)}))


def _whole(baseline: Baseline) -> Baseline:
    """Raise ValueError for what is JSON but lacks what a comparison starts from."""
    plain = baseline.machine, baseline.packages, baseline.variables
    if not all(isinstance(each, dict) for each in (*plain, baseline.trials, *baseline.trials.values())):
        raise ValueError("machine, packages, variables, trials and each trial must be mappings")
    for subject, figures in baseline.trials.items():
        if lacking := {"problem", "status"} - figures.keys():
            raise ValueError(f"{subject} has no {' and no '.join(sorted(lacking))}")
    return baseline


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write it sorted and indented, for small diffs."""
    text = json.dumps(asdict(baseline), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_atomic(path, f"{text}\n".encode())


def _figures(record: RunRecord, losses: Mapping[str, float]) -> dict[str, Any]:
    pastiche = record.pastiche
    referee = (pastiche.referee if pastiche else None) or {}
    flop = record.flop_per_iteration
    found = {
        "compile_count": record.compile_count,
        "counted_gflop": flop / 1e9 if flop else None,
        "peak_rss_bytes": record.peak_rss_bytes,
        "peak_device_bytes": record.peak_device_bytes,
        "referee_total": referee.get("total"),
        "referee_ssim": referee.get("ssim"),
    }
    return {
        "problem": problem_of(record.trial),
        "status": record.status,
        "losses": {iteration: _rounded(loss) for iteration, loss in losses.items()},
        **{name: _rounded(value) for name, value in found.items() if value is not None},
    }


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")
