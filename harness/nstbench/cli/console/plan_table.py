"""What `--dry-run` prints: trials, what is already done, predicted arithmetic, memory and time."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING, Any

from nstbench.cli.console.console import counted, print_json, size, stdout, table
from nstbench.experiment import Range
from nstbench.plan import NOMINAL_GFLOP_PER_S, predict
from nstbench.plan.cost import added
from nstbench.record.words import number, seconds, short_ids

if TYPE_CHECKING:
    from nstbench.plan import Cost, Trial
    from nstbench.run.search import Searching
    from nstbench.run.sweep import Sweep

MOST_ROWS = 1000
SPARE = ("memory", "GFLOP")
"""Columns that narrow terminals do without."""


def print_plan(sweep: Sweep, as_json: bool) -> None:
    """Print the plan of a sweep that has not run."""
    standing = sweep.standing()
    rates = standing.rates if standing else {}
    done = {*standing.staying(sweep.redo)["trial_id"]} if standing else set()
    rows = _rows(sweep, rates, done)
    if as_json:
        print_json(rows)
        return
    console = stdout()
    cells = [
        (
            trial_id,
            r["backend"],
            r["label"],
            r["state"],
            number(r["gflop"]),
            size(r["memory_bytes"]),
            seconds(r["seconds"]),
        )
        for trial_id, r in zip(short_ids(r["trial_id"] for r in rows[:MOST_ROWS]), rows, strict=False)
    ]
    columns = ("trial", "backend", "point", "state", ">GFLOP", ">memory", ">time")
    console.print(table(columns, cells, SPARE))
    if (left := len(rows) - MOST_ROWS) > 0:
        console.print(f"{counted(left, 'more trial')}: --json has all")
    to_do = [row for row in rows if row["state"] == "to do"]
    total = sum(row["seconds"] or 0.0 for row in to_do)
    if sweep.searching:
        _print_search(sweep.searching, rates, len(rows) - len(to_do))
        return
    console.print(
        f"\n{counted(len(rows), 'trial')}, {len(to_do)} to do, about {seconds(total) or '0 s'} of iterations"
        f" ({_basis(rates)}; import, compilation and single-pass backends not counted)"
    )
    for sentence in sweep.not_applied(standing) if standing else ():
        console.print(f"not applied without --force to {sentence}")


def _print_search(searching: Searching, rates: Mapping[str, float], done: int) -> None:
    """Say what a search would try, and between what times its trials lie."""
    search, console = searching.search, stdout()
    limit = f" within {seconds(search.within_s)}" if search.within_s else ""
    console.print(
        f"\na search for the best {search.quality}{limit}:"
        f" {counted(done + searching.left, 'trial')}, {done} done"
    )
    for name, axis in search.axes.items():
        console.print(f"  {name}: {axis if isinstance(axis, Range) else ', '.join(axis)}", markup=False)
    costs = [
        gflop / (rates.get(trial.backend) or _nominal_rate())
        for trial in searching.corners
        if not trial.refusal and (gflop := predict(trial).gflop)
    ]
    if costs:
        console.print(
            f"a trial has {seconds(min(costs))} to {seconds(max(costs))} of iterations ({_basis(rates)})"
        )


def _rows(sweep: Sweep, rates: Mapping[str, float], done: Set[str]) -> list[dict[str, Any]]:
    pending = {trial.trial_id for trial in sweep.plan.trials} - done
    work = added(sweep.plan.trajectories(sweep.experiment.measure.share_trajectories), pending)
    return [
        _row(trial, trial.trial_id in pending, predict(trial), work[trial.trial_id], rates.get(trial.backend))
        for trial in sweep.plan.trials
    ]


def _row(trial: Trial, pending: bool, cost: Cost, work: float | None, rate: float | None) -> dict[str, Any]:
    state = f"refused: {trial.refusal}" if trial.refusal else "to do" if pending else "done"
    return {
        "trial_id": trial.trial_id,
        "backend": trial.backend_label,
        "label": trial.label,
        "state": state,
        "gflop": cost.gflop,
        "memory_bytes": cost.bytes,
        "seconds": None if work is None else work / (rate or _nominal_rate()),
    }


def _nominal_rate() -> float:
    from nstbench.run.machine import usable_cores

    return NOMINAL_GFLOP_PER_S * usable_cores()


def _basis(rates: Mapping[str, float]) -> str:
    if rates:
        return "at the pace measured in this folder"
    return f"assuming {_nominal_rate():g} GFLOP/s; nothing was measured here yet"
