"""`nstbench noise`: what slow-down can the gate see on this machine?"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nstbench.cli.sweep import OverridesOption

if TYPE_CHECKING:
    from nstbench.experiment import Experiment
    from nstbench.gate.noise import Noise


def noise(
    experiment: Annotated[Path, typer.Argument(help="An experiment file (YAML).")],
    pairs: Annotated[int, typer.Option(min=3, metavar="N", help="Pairs of runs to take.")] = 10,
    wanted: Annotated[
        float, typer.Option(metavar="SHARE", help="The slow-down you want to see, as a share.")
    ] = 0.1,
    overrides: OverridesOption = None,
    backend: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this backend; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Run an experiment against itself, and say what slow-down `nstbench check` can see here.

    Ends in 3 if a trial failed, in 5 if nothing could be measured, else in 0.
    """
    from nstbench.experiment import load_experiment
    from nstbench.plan import plan_trials
    from nstbench.run.look_up import AssetLookUp
    from nstbench.run.registry import facts

    planned = load_experiment(experiment, overrides or (), backend or ())
    _refuse(wanted, planned.gate.step_min_s)
    # Both sides are this environment, so mistakes show already here.
    plan_trials(planned, facts, AssetLookUp(lambda _: None))
    found, broken = _measured(planned, pairs, wanted)
    _show(found, wanted, as_json)
    for subject, reason in broken.items():
        print(f"{subject}: {reason}", file=sys.stderr)
    raise typer.Exit(3 if broken else 0 if found else 5)


def _measured(planned: Experiment, pairs: int, wanted: float) -> tuple[list[Noise], Mapping[str, str]]:
    """Return what was measured, and subject -> what went wrong with it."""
    from nstbench.cli.console.console import stderr
    from nstbench.cli.console.interruption import interruptible
    from nstbench.cli.console.pair_progress import PairProgress
    from nstbench.gate.noise import measure_noise
    from nstbench.gate.pairs import Pairs
    from nstbench.gate.side import BASE, CANDIDATE, Side, SideBroken
    from nstbench.run.machine import cores_in_order

    with (
        interruptible("nothing is kept"),
        tempfile.TemporaryDirectory() as folder,
        Side(BASE, Path(sys.executable), "this environment") as base,
        Side(CANDIDATE, Path(sys.executable), "this environment") as candidate,
        PairProgress(stderr()) as watch,
    ):
        sides = {BASE: base, CANDIDATE: candidate}
        taken = Pairs(sides, planned, Path(folder), watch, cores_in_order())
        try:
            return measure_noise(taken, pairs, wanted), taken.broken[BASE]
        except SideBroken as error:
            print(f"nstbench: {planned.name}: {error}", file=sys.stderr)
            raise typer.Exit(3) from error


def _refuse(wanted: float, allowance: float | None) -> None:
    from nstbench.api import UsageError

    if wanted <= 0:
        raise UsageError(f"--wanted {wanted:g}: a slow-down is a share above 0, as 0.1 for 10 %")
    if allowance is not None and wanted <= allowance:
        raise UsageError(
            f"--wanted {wanted:g}: the experiment allows {allowance:g}; set gate.step_min_s below it"
        )


def _show(found: list[Noise], wanted: float, as_json: bool) -> None:
    from dataclasses import asdict

    from nstbench.cli.console.console import print_json, seconds, stdout, table
    from nstbench.gate.timing import NOTHING_TO_TIME

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
    stdout().print(table(None, columns, rows))
    if not found:
        print(f"nothing was measured: {NOTHING_TO_TIME}")
