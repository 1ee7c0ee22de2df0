"""What `--dry-run` prints: trials, what is already done, predicted arithmetic, memory and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nstbench.api import UsageError
from nstbench.cli.console.console import counted, print_json, size, stdout, table
from nstbench.experiment import Range
from nstbench.plan import predict
from nstbench.plan.cost import nominal_rate
from nstbench.record.words import number, seconds, short_ids

if TYPE_CHECKING:
    from nstbench.plan import Trial
    from nstbench.plan.forecast import Forecast
    from nstbench.run.search import Searching
    from nstbench.run.slots import Parallel
    from nstbench.run.standing import Standing
    from nstbench.run.sweep import Sweep

MOST_ROWS = 1000
SPARE = ("memory", "GFLOP")
"""Columns that narrow terminals do without."""


def print_plan(sweep: Sweep, parallel: Parallel, as_json: bool) -> None:
    """Print the plan of a sweep that has not run.

    Raises:
        UsageError: it cannot run where it is to run.
    """
    sweep.refuse(parallel)
    standing = sweep.standing()
    pending = _pending(sweep, standing)
    forecast = sweep.forecast(pending)
    rows = [_row(trial, trial.trial_id in pending, forecast) for trial in sweep.plan.trials]
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
    if sweep.searching:
        _print_search(sweep.searching, standing.rates if standing else {}, len(rows) - len(to_do))
        return
    takes = f", about {seconds(forecast.total_s)} one after the other,"
    takes += f" starts, compilation and referee included{_assumed(forecast)}"
    console.print(f"\n{counted(len(rows), 'trial')}, {len(to_do)} to do{takes * bool(to_do)}")
    _print_memory(max((row["memory_bytes"] or 0 for row in to_do), default=0))
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
        gflop / (rates.get(trial.backend) or nominal_rate())
        for trial in searching.corners
        if not trial.refusal and (gflop := predict(trial).gflop)
    ]
    if costs:
        console.print(
            f"a trial has {seconds(min(costs))} to {seconds(max(costs))} of iterations ({_basis(rates)})"
        )


def refuse_longer(sweep: Sweep, hours: float | None) -> None:
    """Refuse a sweep that is expected to take longer; None for no limit.

    Raises:
        UsageError: it is.
    """
    if hours is None:
        return
    expected = sweep.forecast(_pending(sweep, sweep.standing())).total_s
    if expected > 3600 * hours:
        raise UsageError(
            f"{sweep.plan.experiment}: about {seconds(expected)}, more than --max-hours {hours:g};"
            " `--dry-run` says what takes long"
        )


def _pending(sweep: Sweep, standing: Standing | None) -> set[str]:
    done = {*standing.staying(sweep.redo)["trial_id"]} if standing else set()
    return {trial.trial_id for trial in sweep.plan.trials} - done


def _row(trial: Trial, is_pending: bool, forecast: Forecast) -> dict[str, Any]:
    cost = predict(trial)
    return {
        "trial_id": trial.trial_id,
        "backend": trial.backend_label,
        "label": trial.label,
        "state": f"refused: {trial.refusal}" if trial.refusal else "to do" if is_pending else "done",
        "gflop": cost.gflop,
        "memory_bytes": cost.bytes,
        "seconds": forecast.seconds.get(trial.trial_id),
    }


def _assumed(forecast: Forecast) -> str:
    names = ", ".join(sorted(forecast.assumed))
    return f"; {names} not measured here yet: assumed {nominal_rate():g} GFLOP/s" if names else ""


def _print_memory(wanted: int) -> None:
    """Say before it runs what will not fit."""
    from nstbench.run.machine import memory_bytes

    if wanted > (there := memory_bytes()):
        text = f"caution: a trial needs about {size(wanted)} of memory, and this machine has {size(there)}"
        stdout().print(f"{text}; on a GPU its own counts")


def _basis(rates: Mapping[str, float]) -> str:
    if rates:
        return "at the pace measured in this folder"
    return f"assuming {nominal_rate():g} GFLOP/s; nothing was measured here yet"
