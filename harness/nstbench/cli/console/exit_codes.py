"""Exit codes, one cause each; `nstbench.cli.app` lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nstbench.api import BackendUnavailable, NotKept, NstbenchError

if TYPE_CHECKING:
    from nstbench.plan import Plan
    from nstbench.run.sweep import Outcome


def code_of_error(error: NstbenchError) -> int:
    """Return the exit code of an error that nstbench raises on purpose."""
    return 6 if isinstance(error, BackendUnavailable) else 3 if isinstance(error, NotKept) else 2


def code_of_plan(plan: Plan) -> int:
    """Return 3 if every trial is refused, so that nothing would be run, else 0."""
    return 3 if plan.trials and all(trial.refusal for trial in plan.trials) else 0


def code_of_sweep(outcome: Outcome) -> int:
    """Return 6 if a backend found no device, 3 if a trial failed otherwise or all were refused, else 0.

    A sweep that ran out of time and had no such cause was interrupted: 130.
    """
    if outcome.no_device:
        return 6
    if outcome.failed or outcome.all_refused:
        return 3
    return 130 if outcome.stopped else 0
