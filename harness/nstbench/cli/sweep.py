"""`nstbench sweep`: run an experiment, or what is missing of it."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nstbench.cli.console import completion
from nstbench.cli.console.defaults import results_home
from nstbench.cli.console.interruption import interruptible
from nstbench.cli.console.live_page import live_page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nstbench.cli.console.progress import ProgressWatcher
    from nstbench.record import Results
    from nstbench.run.sweep import Outcome

ExperimentArgument = Annotated[
    Path | None,
    typer.Argument(
        help="An experiment file (YAML) [the only one here].", autocompletion=completion.experiments
    ),
]
OverridesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a setting; may be repeated.",
        autocompletion=completion.settings,
    ),
]
BackendOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Only this backend; may be repeated.", autocompletion=completion.backends
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the plan and its cost; run nothing.")]
JoinOption = Annotated[
    bool,
    typer.Option(
        "--join",
        help="Take over a results folder of another experiment; its rows stay, outside the plan.",
    ),
]
RetriesOption = Annotated[
    int, typer.Option(min=0, metavar="N", help="Give trials whose worker died to a fresh one, so many times.")
]
OutOption = Annotated[
    Path | None, typer.Option("-o", "--out", metavar="FOLDER", help="Results folder [results/NAME].")
]
RetryFailedOption = Annotated[bool, typer.Option("--retry-failed", help="Run failed trials again.")]
RetryDisturbedOption = Annotated[
    bool, typer.Option("--retry-disturbed", help="Run trials again that lost their cores to something else.")
]
FailFastOption = Annotated[
    bool, typer.Option("--fail-fast", help="Begin nothing more once a trial has failed.")
]
TimeLimitOption = Annotated[
    float | None, typer.Option(min=0, metavar="SECONDS", help="Stop then; finished trials stay.")
]
ExecutorOption = Annotated[
    str,
    typer.Option(
        metavar="NAME[:KEY=VALUE,...]",
        help="Who runs the trials: local; ray, the nodes of a cluster; slurm, a job array of N sweeps.",
        autocompletion=completion.executors,
    ),
]
DevicesOption = Annotated[
    str | None,
    typer.Option(metavar="GPUS", help="Use several at once: gpu for all, or gpu:0,gpu:1 and so on."),
]
JobsOption = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="N",
        help="Run so many trials on the CPU at once; they share its cores. With slurm: so many sweeps.",
    ),
]
MaxTrialsOption = Annotated[
    int, typer.Option("--max-trials", min=1, metavar="N", help="Refuse an experiment of more trials.")
]
MaxHoursOption = Annotated[
    float | None,
    typer.Option("--max-hours", min=0, metavar="H", help="Refuse a sweep that would take longer."),
]
LivePageOption = Annotated[
    bool, typer.Option("--watch", help="Serve the report meanwhile; `nstbench watch` does so at any time.")
]

MOST_ROWS, MOST_ON_PAGE = 200, 2000
"""Of how many trials the table is printed, and of how many the report is made unasked."""


def sweep(
    experiment: ExperimentArgument = None,
    out: OutOption = None,
    overrides: OverridesOption = None,
    backend: BackendOption = None,
    dry_run: DryRunOption = False,
    force: Annotated[bool, typer.Option("--force", help="Run finished trials again.")] = False,
    join: JoinOption = False,
    retry_failed: RetryFailedOption = False,
    retry_disturbed: RetryDisturbedOption = False,
    executor: ExecutorOption = "local",
    devices: DevicesOption = None,
    jobs: JobsOption = 1,
    retries: RetriesOption = 0,
    fail_fast: FailFastOption = False,
    time_limit: TimeLimitOption = None,
    max_trials: MaxTrialsOption = 10_000,
    max_hours: MaxHoursOption = None,
    page: LivePageOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the runs table as JSON.")] = False,
) -> None:
    """Run what is missing of an experiment.

    Tables and pictures go to the results folder. After Ctrl-C the same command goes on where it stopped.
    """
    from nstbench.cli.console.console import stderr
    from nstbench.cli.console.exit_codes import code_of_plan
    from nstbench.cli.console.experiments import the_experiment
    from nstbench.cli.console.plan_table import print_plan, refuse_longer
    from nstbench.cli.console.progress import ProgressWatcher
    from nstbench.experiment import load_experiment
    from nstbench.run.sweep import Limits, Parallel, Redo, prepare_sweep

    planned = load_experiment(the_experiment(experiment), overrides or (), backend or (), max_trials)
    folder, watch = out or results_home("results") / planned.name, ProgressWatcher(stderr())
    parallel = Parallel(tuple(devices.split(",")) if devices else (), jobs, executor)
    prepared = prepare_sweep(planned, folder, Redo(force, retry_failed, retry_disturbed), watch, join)
    if dry_run:
        print_plan(prepared, parallel, as_json)
        raise typer.Exit(code_of_plan(prepared.plan))
    refuse_longer(prepared, max_hours)
    run = partial(prepared.run, Limits(retries, fail_fast, time_limit), parallel)
    with live_page(folder, page):
        code = _run(watch, run, folder, as_json)
    raise typer.Exit(code)


def _run(watch: ProgressWatcher, run: Callable[[], Outcome], folder: Path, as_json: bool) -> int:
    again = shlex.join(["nstbench", *(word for word in sys.argv[1:] if word != "--force")])
    with interruptible(f"finished trials are kept in {folder}. Go on with: {again}"), watch:
        outcome = run()
    return _report(outcome, as_json, again)


def _report(outcome: Outcome, as_json: bool, again: str) -> int:
    from nstbench.cli.console.console import counted, stderr
    from nstbench.cli.console.exit_codes import code_of_sweep
    from nstbench.cli.console.found import print_best
    from nstbench.cli.console.results_table import View, print_left_out, print_table
    from nstbench.comparison.disturbance import disturbances

    results, folder = outcome.results, outcome.results.stores[0].path
    print_table(results, View(most=MOST_ROWS), as_json)
    counts = ", ".join(f"{count} {status}" for status, count in outcome.counts.items())
    console = stderr()
    console.print(f"\n{counts}; {outcome.ran} run now")
    if outcome.all_refused:
        console.print("every trial was refused, so there is no picture; the table says why")
    if elsewhere := outcome.counts.get("interrupted"):
        running = f"another sweep is running {elsewhere} of them"
        stopped = f"{counted(elsewhere, 'trial')} not done, {outcome.stopped}. Go on with: {again}"
        console.print(stopped if outcome.stopped else running, soft_wrap=True)
    for line in disturbances(results.shown):
        console.print(line, soft_wrap=True)
    print_best(outcome)
    _print_not_applied(outcome.not_applied, f"{again} --force")
    print_left_out(results)
    console.print(f"tables   {folder}/tables/   (nstbench show {folder})")
    console.print(f"pictures {folder}/trials/*/images/")
    console.print(_page(results))
    return code_of_sweep(outcome)


def _print_not_applied(sentences: Sequence[str], redo: str) -> None:
    """Say on standard error what is asked for and not done, and the command that does it."""
    from nstbench.cli.console.console import stderr

    for sentence in sentences:
        stderr().print(f"not applied to {sentence}")
    if sentences:
        stderr().print(f"to run them again: {redo}")


def _page(results: Results) -> str:
    """Write the report and say where; what is wrong with it must not hide how the sweep ended."""
    from nstbench.api import one_line

    if (count := len(results.runs)) > MOST_ON_PAGE:
        folder = results.stores[0].path
        return (
            f"report   not made, as no browser shows {count} trials well; nstbench report {folder} makes it"
        )
    try:
        from nstbench.cli.console.page import write_page

        return f"report   {write_page(results)}"
    except Exception as error:
        return f"report   not written: {one_line(error)}; `nstbench report` tries again"
