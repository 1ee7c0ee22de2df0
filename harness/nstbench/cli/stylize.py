"""`nstbench stylize`: one picture, the quickest way to see a backend work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nstbench.cli.sweep import OverridesOption


def stylize(
    content: Annotated[str, typer.Argument(help="Content image: a path or sample:NAME.")],
    style: Annotated[str, typer.Argument(help="Style image: a path or sample:NAME.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the PNG goes.")] = Path("pastiche.png"),
    backend: Annotated[str | None, typer.Option(help="Which backend [the first that is ready].")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="KEY=VALUE", help="An option of the backend; may be repeated."),
    ] = None,
    overrides: OverridesOption = None,
) -> None:
    """Stylise one picture with any backend, for instance `nstbench stylize sample:cat sample:strokes`."""
    from nstbench.cli.console.console import stderr
    from nstbench.cli.console.exit_codes import code_of_sweep
    from nstbench.cli.console.interruption import interruptible
    from nstbench.cli.console.progress import ProgressWatcher
    from nstbench.record.words import seconds
    from nstbench.run.stylize import stylize as make

    if out.suffix.lower() != ".png":
        raise typer.BadParameter(f"{out}: pastiches are written as PNG; end the name in .png")
    with interruptible("nothing was kept"), ProgressWatcher(stderr()) as watch:
        record, outcome = make(
            content,
            style,
            out,
            backend=backend,
            options=option or (),
            overrides=overrides or (),
            watch=watch,
        )
    if record.image is None:
        stderr().print(f"{record.trial.backend}: {record.status}: {record.error_message}")
        raise typer.Exit(code_of_sweep(outcome))
    weights = f"weights {record.trial.weights}, " if record.trial.weights else ""
    print(f"{out}: {record.trial.backend}, {weights}{seconds(record.optimise_s)} in the loop")
