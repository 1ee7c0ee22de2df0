"""`nstbench init`: an experiment to start from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from nstbench.cli.console import completion


def init(
    photo: Annotated[
        str | None,
        typer.Argument(help="Your photograph [sample:cat].", autocompletion=completion.images),
    ] = None,
    style: Annotated[
        str | None,
        typer.Argument(
            help="What it is to be painted like [sample:strokes].",
            autocompletion=completion.images,
        ),
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="The file to write.")] = Path(
        "my.yaml"
    ),
) -> None:
    """Write an experiment to start from: two small trials, commented.

    It replaces no file.
    """
    from nstbench.assets import load_image
    from nstbench.cli.console.console import stderr
    from nstbench.experiment.starter import write_starter
    from nstbench.run.installed import ready_backends

    inputs = [photo or "sample:cat", style or "sample:strokes"]
    for ref in inputs:
        load_image(ref, 32, Path.cwd())
    content, painting = (_as_seen_from(out.parent, ref) for ref in inputs)
    write_starter(out, content, painting, ready_backends())
    print(out)
    stderr().print(f"next: nstbench sweep {out} --dry-run; nstbench sweep {out}", soft_wrap=True)


def _as_seen_from(folder: Path, ref: str) -> str:
    """Name a picture as a file in `folder` has to."""
    if ref.startswith(("sample:", "~")) or Path(ref).is_absolute() or folder == Path():
        return ref
    return os.path.relpath(ref, folder)
