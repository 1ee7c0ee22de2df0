"""`nstbench repair`: mends a results folder as far as that is possible."""

from __future__ import annotations

from typing import Annotated

import typer

from nstbench.cli.console.arguments import ResultsFolder


def repair(
    results: ResultsFolder,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")] = False,
) -> None:
    """Mend a results folder, and delete nothing that was measured.

    Makes tables and plan anew, and moves what is damaged to RESULTS/damaged.
    Trials that a sweep is running are left alone.
    """
    from nstbench.cli.console.console import counted, stderr, stdout
    from nstbench.record.repair import repair as mend

    out = stdout()
    count = mend(results, lambda line: out.print(line, soft_wrap=True), dry_run)
    done = "to be mended" if dry_run else "mended"
    stderr().print(f"{results}: {counted(count, 'thing')} {done}" if count else f"{results}: sound")
