"""`nstbench export`: results for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nstbench.cli.console import completion
from nstbench.cli.console.arguments import ResultsFolders
from nstbench.cli.show import OutsidePlanOption, WhereOption


def export(
    results: ResultsFolders,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="parquet, csv, json, github-action-benchmark, tensorboard or mlflow.",
            autocompletion=completion.formats,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="PATH", help="File or folder to write [RESULTS/export/...]."),
    ] = None,
    where: WhereOption = None,
    outside_plan: OutsidePlanOption = False,
) -> None:
    """Write results for other programs; prints where to.

    An earlier export in the same place is replaced; a folder that holds anything else is refused.
    """
    from nstbench.cli.console.opened import opened
    from nstbench.cli.console.results_table import print_left_out
    from nstbench.export.exports import export as write

    found = opened(results, outside_plan, where)
    print(write(found, to, out))
    print_left_out(found)
