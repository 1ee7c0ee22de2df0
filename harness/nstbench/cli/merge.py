"""`nstbench merge`: results folders of one experiment put together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nstbench.cli.console import completion


def merge(
    results: Annotated[
        list[Path],
        typer.Argument(
            help="Results folders to read; they stay as they are.", autocompletion=completion.results
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", metavar="FOLDER", help="A new or empty folder, or results of the same experiment."
        ),
    ],
    prefer: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Of a trial that went well in several, take this one's [the newest]."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Merge results folders of one experiment.

    They may have been swept on different machines.
    Says where results of a trial differ. Ends in 3 if a trial was left out, as it is damaged or running.
    """
    from nstbench.cli.console.console import print_json
    from nstbench.cli.console.merge_text import print_merged, to_json
    from nstbench.record.merge import merge as put_together

    merged = put_together(results, out, prefer)
    if as_json:
        print_json(to_json(merged))
    else:
        print_merged(merged)
    raise typer.Exit(0 if merged.is_whole else 3)
