"""`nstbench backends new`: the start of a plugin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def new(
    name: Annotated[str, typer.Argument(help="Name of the backend, such as my-backend.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FOLDER", help="Folder in which the project's folder is made."),
    ] = Path(),
    iterative: Annotated[
        bool, typer.Option("--iterative", help="One that takes steps down a loss, instead of one pass.")
    ] = False,
) -> None:
    """Write a plugin project that works at once, to start from."""
    from nstbench.testing.scaffold import new_plugin

    folder = new_plugin(name, out, iterative)
    print(folder)
    print(f"next: pip install -e {folder}; nstbench backends check {name}", file=sys.stderr)
