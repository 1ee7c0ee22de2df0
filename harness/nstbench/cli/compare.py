"""`nstbench compare`: folders, backends or settings side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nstbench.cli.console.arguments import ResultsFolders
from nstbench.cli.show import OutsidePlanOption, WhereOption

if TYPE_CHECKING:
    import pandas as pd

    from nstbench.comparison.compare import Comparison


def compare(
    results: ResultsFolders,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="What to compare: results (the folders), backend, optimiser, precision, style_layers, label"
            " ... [results if there are several, else backend].",
        ),
    ] = None,
    base: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the others are compared with [the first].")
    ] = None,
    where: WhereOption = None,
    outside_plan: OutsidePlanOption = False,
    pairs: Annotated[bool, typer.Option("--pairs", help="Show each pair of trials too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the pairs as CSV.")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown for a pull request.")
    ] = False,
) -> None:
    """Compare trials that are equal but for one thing.

    Shows seconds, compilation, losses, similarity and memory of the pairs.
    Informs only: it ends in 0 whatever it finds.
    """
    from nstbench.api import UsageError, printable
    from nstbench.cli.console.compare_text import as_text, to_markdown
    from nstbench.comparison.compare import compare_folders

    if as_json + as_csv + as_markdown > 1:
        raise UsageError("compare: --json, --csv and --markdown exclude each other; choose one")
    found = compare_folders(*results, by=by, base=base, outside_plan=outside_plan, conditions=where or ())
    if as_json:
        _print_json(found)
    elif as_csv:
        print(printable(found.pairs.to_csv(index=False)), end="")
    elif as_markdown:
        print(to_markdown(found, pairs))
    else:
        as_text(found, pairs)


def _print_json(found: Comparison) -> None:
    from nstbench.cli.console.console import print_json

    frames = {name: _rows(getattr(found, name)) for name in ("groups", "pairs", "unpaired")}
    print_json({"by": found.by, "base": found.base, **frames, "cautions": found.cautions})


def _rows(frame: pd.DataFrame) -> Any:
    import json

    return json.loads(frame.to_json(orient="records", double_precision=15))
