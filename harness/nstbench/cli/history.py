"""`nstbench history`: a median per commit, and where it took a step. Informs only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nstbench.cli.console.arguments import ResultsFolders
from nstbench.cli.show import OutsidePlanOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nstbench.record.commit import Commit
    from nstbench.record.history import HistoryRow
    from nstbench.record.history_file import Merged
    from nstbench.report.history import Series

history_app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Keep a median per commit, and see where it took a step. Never fails a build.",
)

HistoryFile = Annotated[
    Path, typer.Option("--file", metavar="PATH", help="The history, JSON lines [results/history.jsonl].")
]
DEFAULT = Path("results/history.jsonl")
COLUMNS = ("experiment", "backend", "trial", "problem", ">commits", ">first", ">latest", "steps", "machine")


@history_app.command()
def add(
    results: ResultsFolders,
    commit: Annotated[
        str | None,
        typer.Option(
            metavar="REV", help="The commit that was measured, where the results do not say so themselves."
        ),
    ] = None,
    file: HistoryFile = DEFAULT,
    outside_plan: OutsidePlanOption = False,
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Take what had uncommitted changes, and mark it.")
    ] = False,
) -> None:
    """Add to the history what a commit took.

    Adds a row for each trial that went well. A row goes to the commit that was checked out in the working
    directory when it was measured.

    Adding again for the same commit and machine keeps one row, the newer measurement.
    """
    from nstbench.record.history_entry import enter_results

    entry = enter_results(results, file, commit, outside_plan, allow_dirty)
    for sha in dict.fromkeys(row.commit for row in entry.rows):
        print(f"{file}: commit {sha[:7]}: {'; '.join(_counts(entry.merged, sha))}")
    _remark(entry.rows, entry.head)


@history_app.command()
def show(
    file: HistoryFile = DEFAULT,
    experiment: Annotated[str | None, typer.Option(metavar="NAME", help="Only this experiment.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every commit of every series.")] = False,
) -> None:
    """Show each series of medians, and the steps found in it."""
    from nstbench.cli.console.console import print_json, stderr, stdout, table
    from nstbench.record.history_file import read_history
    from nstbench.report.history import of_experiment, series_and_note

    rows = read_history(file)
    found, note = series_and_note(rows if experiment is None else of_experiment(rows, experiment))
    if note:
        stderr().print(note)
    if as_json:
        print_json([one.to_json() for one in found])
        return
    stdout().print(table(COLUMNS, map(_cells, found), ("problem", "machine", "commits")))


def _counts(outcome: Merged, sha: str) -> Iterator[str]:
    """Say what became of the rows of a commit; nothing that did not happen."""
    said = {
        "added": outcome.added,
        "replaced by the newer measurement": outcome.replaced,
        "on record already": outcome.unchanged,
        "left out, as a newer measurement or one of a clean tree is on record": outcome.outdone,
        "left out, as this very measurement is on record for another commit": outcome.elsewhere,
    }
    counts = {what: sum(row.commit == sha for row in rows) for what, rows in said.items()}
    return (f"{count} {what}" for what, count in counts.items() if count)


def _remark(rows: Sequence[HistoryRow], head: Commit) -> None:
    """Warn of results of an earlier commit: a sweep does not redo what is done."""
    from datetime import datetime

    from nstbench.cli.console.console import stderr

    made = datetime.fromisoformat(head.committed_at)
    own = [row for row in rows if row.commit == head.sha]
    early = sum(datetime.fromisoformat(row.measured_at) < made for row in own)
    if early or not own:
        what = f"{early} measured before" if own else "none measured at"
        advice = "`nstbench sweep --force` measures again what is done already"
        stderr().print(f"note: {what} commit {head.sha[:7]}; {advice}")


def _cells(one: Series) -> tuple[object, ...]:
    from nstbench.record.words import seconds

    first, last = one.rows[0], one.rows[-1]
    steps = [f"{one.rows[step.at].commit[:7]} x{step.ratio:.2f} {step.direction}" for step in one.steps]
    medians = (seconds(row.step_median_s) for row in (first, last))
    names = (last.experiment, last.backend_label, last.label, last.problem[:4])
    return *names, len(one.rows), *medians, "; ".join(steps) or "none", last.machine_name
