"""`nstbench noise`: what slow-down can the gate see on this machine?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from nstbench.cli.console import completion
from nstbench.cli.console.arguments import ExperimentFile
from nstbench.cli.sweep import OverridesOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nstbench.gate.noise import Noise


def noise(
    experiment: ExperimentFile,
    pairs: Annotated[int, typer.Option(min=3, metavar="N", help="Pairs of runs to take.")] = 10,
    wanted: Annotated[
        float, typer.Option(metavar="SHARE", help="The slow-down you want to see, as a share.")
    ] = 0.1,
    overrides: OverridesOption = None,
    backend: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Only this backend; may be repeated.", autocompletion=completion.backends
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Say what slow-down `nstbench check` can see on this machine.

    Runs an experiment against itself. Ends in 3 if a trial failed, in 5 if nothing could be measured, else
    in 0.
    """
    import nstbench
    from nstbench.cli.console.console import stderr
    from nstbench.cli.console.interruption import interruptible
    from nstbench.cli.console.pair_progress import PairProgress
    from nstbench.experiment import load_experiment
    from nstbench.gate.side import SideBroken

    planned = load_experiment(experiment, overrides or (), backend or ())
    try:
        with interruptible("nothing is kept"), PairProgress(stderr()) as watch:
            found = nstbench.noise(planned, pairs=pairs, wanted=wanted, watch=watch)
    except SideBroken as error:
        print(f"nstbench: {error}", file=sys.stderr)
        raise typer.Exit(3) from error
    _show(found.figures, wanted, as_json)
    for subject, reason in found.broken.items():
        stderr().print(f"{subject}: {reason}")
    raise typer.Exit(3 if found.broken else 0 if found.figures else 5)


def _show(found: Sequence[Noise], wanted: float, as_json: bool) -> None:
    from dataclasses import asdict

    from nstbench.cli.console.console import print_json, stdout, table
    from nstbench.gate.timing import NOTHING_TO_TIME
    from nstbench.record.words import seconds

    if as_json:
        print_json({"wanted": wanted, "noise": [asdict(each) for each in found]})
        return
    columns = ("trial", "metric", ">median", ">pairs differ by", ">check finds", f">pairs for +{wanted:.3g}")
    rows = [
        (
            each.subject,
            each.metric,
            seconds(each.seconds),
            f"{100 * each.spread:.2g} %",
            f"+{100 * each.detectable:.2g} % and more",
            each.pairs,
        )
        for each in found
    ]
    stdout().print(table(columns, rows))
    if not found:
        print(f"nothing was measured: {NOTHING_TO_TIME}")
