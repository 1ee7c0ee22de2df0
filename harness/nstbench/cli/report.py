"""`nstbench report`: a results folder as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nstbench.cli.console.arguments import ResultsFolder
from nstbench.cli.show import OutsidePlanOption, WhereOption


def report(
    results: ResultsFolder,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="Where to write it [RESULTS/report.html]."),
    ] = None,
    where: WhereOption = None,
    outside_plan: OutsidePlanOption = False,
    embed: Annotated[
        bool, typer.Option("--embed", help="Put pictures in full size into the file, up to 100 MB.")
    ] = False,
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write a sweep as one HTML file that needs no network.

    It has pictures, losses, times and cautions.
    """
    from nstbench.cli.console.opened import opened
    from nstbench.cli.console.page import write_page
    from nstbench.cli.console.results_table import print_left_out

    found = opened([results], outside_plan, where)
    path = write_page(found, out, embed)
    print(path)
    print_left_out(found)
    if show:
        import webbrowser

        webbrowser.open(path.absolute().as_uri())
