"""Arguments and options that several verbs take, with what a shell completes for them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from nstbench.cli.console import completion

ResultsFolders: TypeAlias = Annotated[
    list[Path],
    typer.Argument(help="One or more results folders.", autocompletion=completion.results),
]
ResultsFolder: TypeAlias = Annotated[
    Path, typer.Argument(help="A results folder.", autocompletion=completion.results)
]
ExperimentFile: TypeAlias = Annotated[
    Path, typer.Argument(help="An experiment file (YAML).", autocompletion=completion.experiments)
]
Device: TypeAlias = Annotated[
    str,
    typer.Option("--device", metavar="DEVICE", help="auto, cpu or gpu.", autocompletion=completion.devices),
]
Options: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="KEY=VALUE", help="An option of the backend; may be repeated."),
]
OneBackend: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="Which backend [the first that is ready].",
        autocompletion=completion.backends,
    ),
]
Precision: TypeAlias = Annotated[
    str, typer.Option("--precision", metavar="PRECISION", help="highest, default or bf16.")
]
Columns: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...",
        help="These columns, by the names that --json has.",
        autocompletion=completion.columns,
    ),
]
Sort: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Order rows by it; -COLUMN: the largest first.",
        autocompletion=completion.columns,
    ),
]
