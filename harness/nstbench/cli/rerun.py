"""`nstbench rerun`: one trial once more, and the difference."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nstbench.cli.console import completion

if TYPE_CHECKING:
    from nstbench.run.rerun import Rerun


def rerun(
    trial_id: Annotated[
        str, typer.Argument(help="A trial's id, or its first digits.", autocompletion=completion.trials)
    ],
    results: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Where to look for it [every folder in results/].", autocompletion=completion.results
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run one trial again, and say how far it comes from its record.

    It runs alone. The results stay as they are.
    """
    from nstbench.api import printable
    from nstbench.cli.console.console import print_json, stderr
    from nstbench.cli.console.defaults import results_home
    from nstbench.cli.console.progress import ProgressWatcher
    from nstbench.run.rerun import find_trial
    from nstbench.run.rerun import rerun as run_again

    folders = results or sorted(path.parent for path in results_home("results").glob("*/plan.json"))
    store, before = find_trial(trial_id, folders)
    with ProgressWatcher(stderr()) as watch:
        outcome = run_again(store, before, watch)
    if as_json:
        print_json(_facts(outcome))
    else:
        for line in _sentences(outcome):
            print(printable(line))
    raise typer.Exit(0 if outcome.after.status == "ok" else 3)


def _facts(outcome: Rerun) -> dict[str, Any]:
    names = ("identical", "loss_difference", "pixel_difference", "pixels_changed")
    before, after = outcome.before, outcome.after
    return {
        "trial_id": before.trial.trial_id,
        "status": [before.status, after.status],
        "step_median_s": [before.step_median_s, after.step_median_s],
        "final_total": [before.final.get("total"), after.final.get("total")],
        **{name: getattr(outcome, name) for name in names},
    }


def _sentences(outcome: Rerun) -> list[str]:
    from nstbench.record.words import number, seconds

    before, after = outcome.before, outcome.after
    said = [f"{before.trial.trial_id} {before.trial.backend_label} {before.trial.label}".rstrip()]
    if after.status != "ok":
        return [*said, f"now {after.status}: {after.error_message}"]
    said.append(
        f"seconds per iteration: {seconds(before.step_median_s)} then, {seconds(after.step_median_s)} now"
    )
    if outcome.identical is None:
        return [*said, f"then {before.status}, so there is nothing to compare with: {before.error_message}"]
    if outcome.identical:
        return [*said, "identical: every logged loss and every pixel"]
    if outcome.loss_difference is not None:
        said.append(f"losses: at most {number(outcome.loss_difference, 2)} apart, relative, at any iteration")
    share = 100 * (outcome.pixels_changed or 0)
    said.append(f"picture: {share:.3g} % of the pixels differ, by at most {outcome.pixel_difference} of 255")
    if not before.trial.settings.deterministic:
        said.append("for identical bits set deterministic: true")
    return said
