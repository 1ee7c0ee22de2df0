"""What a search found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nstbench.cli.console.console import stderr
from nstbench.comparison.stylize_line import stylize_line
from nstbench.run.installed import usual_options

if TYPE_CHECKING:
    from nstbench.run.sweep import Outcome


def print_best(outcome: Outcome) -> None:
    """Say it on standard error, with the command that makes such a picture; nothing of a sweep."""
    for best in outcome.best:
        line = stylize_line(outcome.results.stores[0], best.trial.trial_id, usual_options)
        stderr().print(f"best: {best.told}\nmake such a picture: {line}", soft_wrap=True, markup=False)
