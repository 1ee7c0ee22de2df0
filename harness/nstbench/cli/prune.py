"""`nstbench prune`: what the experiment no longer plans goes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nstbench.cli.console.arguments import ResultsFolder


def prune(
    results: ResultsFolder,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove trials that the experiment no longer plans.

    Their pictures and losses go with them. What is planned stays, and so does what a sweep is running.
    Asks before it removes anything.
    """
    from nstbench.api import UsageError
    from nstbench.cli.console.console import counted, size, stderr, stdout, table
    from nstbench.record import Store
    from nstbench.record.prune import prune as remove
    from nstbench.record.prune import unplanned

    store = Store.existing(results)
    found = unplanned(store)
    if not found:
        stderr().print(f"{results}: every trial is planned; nothing to remove")
        return
    rows = [(one.trial_id[:12], one.name, one.status, size(one.size_in_bytes)) for one in found]
    stdout().print(table(("trial", "what", "status", ">size"), rows))
    what = f"{counted(len(found), 'trial')} outside the plan, {size(sum(one.size_in_bytes for one in found))}"
    if dry_run:
        stderr().print(f"{results}: {what} would be removed")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"{results}: {what}: nobody is there to be asked; --yes removes them")
        typer.confirm(f"{results}: remove {what}?", abort=True, err=True)
    gone = remove(store, found)
    running = f"; {len(found) - len(gone)} are being run" if len(gone) < len(found) else ""
    stderr().print(f"{results}: {counted(len(gone), 'trial')} removed{running}")
