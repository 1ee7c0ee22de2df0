"""`nstbench stylize`: one picture, the quickest way to see a backend work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from nstbench.api import BackendUnavailable, UsageError
from nstbench.cli.sweep import OverridesOption


def stylize(
    content: Annotated[str, typer.Argument(help="Content image: a path or sample:NAME.")],
    style: Annotated[str, typer.Argument(help="Style image: a path or sample:NAME.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the PNG goes.")] = Path("pastiche.png"),
    backend: Annotated[str | None, typer.Option(help="Which backend [the first that is ready].")] = None,
    overrides: OverridesOption = None,
) -> None:
    """Stylise one picture with any backend, for instance `nstbench stylize sample:cat sample:strokes`."""
    import sys
    import tempfile

    from nstbench.cli.console.console import seconds, stderr
    from nstbench.cli.console.progress import ProgressWatcher
    from nstbench.cli.sweep import exit_code, run_to_the_end
    from nstbench.experiment import experiment_from_mapping
    from nstbench.record.files import refuse_unwritable, write_atomic
    from nstbench.run.sweep import prepare_sweep

    if out.suffix.lower() != ".png":
        raise typer.BadParameter(f"{out}: pastiches are written as PNG; end the name in .png")
    data = {
        "inputs": {"content": content, "style": style},
        "measure": {"referee": "none"},
        "backends": [backend or _first_ready()],
    }
    experiment = experiment_from_mapping(data, Path.cwd(), overrides=overrides or (), name="stylize")
    watch = ProgressWatcher(stderr())
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare_sweep(experiment, Path(folder), watch=watch)
        if len(prepared.plan.trials) != 1:
            raise UsageError("stylize makes one picture; for an axis, write an experiment and sweep it")
        refuse_unwritable(out)
        _refuse_inputs(out, (content, style))
        outcome = run_to_the_end(prepared, watch, "nothing was kept")
        (record,) = prepared.store.records()
        if record.image is None:
            print(f"{record.trial.backend}: {record.status}: {record.error_message}", file=sys.stderr)
            raise typer.Exit(exit_code(outcome))
        write_atomic(out, (Path(folder) / record.image).read_bytes())
    weights = f"weights {record.trial.weights}, " if record.trial.weights else ""
    print(f"{out}: {record.trial.backend}, {weights}{seconds(record.optimise_s)} in the loop")


def _refuse_inputs(out: Path, inputs: Sequence[str]) -> None:
    """Keep a picture from taking the place of one that it is made from."""
    for name in inputs:
        if out.exists() and Path(name).exists() and out.samefile(name):
            raise UsageError(f"{out}: is the picture {name} itself; choose another place with -o")


def _first_ready() -> str:
    from nstbench.api import plugins, readiness

    for name, plugin in plugins().items():
        if readiness(plugin.load().capabilities).ready:
            return name
    raise BackendUnavailable("no backend is ready here; `nstbench backends` says what to install")
