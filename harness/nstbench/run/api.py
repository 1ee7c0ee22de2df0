"""Planning and running a sweep from Python."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from nstbench.api import UsageError
from nstbench.experiment import ExperimentLike, experiment_from
from nstbench.plan import Plan
from nstbench.plan.planner import plan_trials as plan_with
from nstbench.record import Results, open_results
from nstbench.run.look_up import AssetLookUp, facts
from nstbench.run.sweep import Limits, Parallel, Redo, Watcher, prepare_sweep


def plan_trials(experiment: ExperimentLike, overrides: Sequence[str] = ()) -> Plan:
    """Do what `nstbench.plan_trials` documents."""
    planned = experiment_from(experiment, overrides)
    if planned.search:
        raise UsageError(f"experiment {planned.name!r}: a search has no plan before it is run")
    return plan_with(planned, facts, AssetLookUp(lambda _: None))


def sweep(
    experiment: ExperimentLike,
    out: str | Path | None = None,
    *,
    overrides: Sequence[str] = (),
    redo: Redo | None = None,
    join: bool = False,
    watch: Watcher | None = None,
    limits: Limits | None = None,
    parallel: Parallel | None = None,
) -> Results:
    """Do what `nstbench.sweep` documents, which puts a view of the same results around it."""
    planned = experiment_from(experiment, overrides)
    folder = Path(out) if out else Path("results") / planned.name
    outcome = prepare_sweep(planned, folder, redo, watch, join).run(limits, parallel)
    for text in outcome.not_applied:
        warnings.warn(f"{text}; redo=Redo(everything=True) runs again", stacklevel=3)
    return open_results(folder)
