"""`nstbench check`: did a change make things slower or worse?"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand

from nstbench.cli import check_options as option
from nstbench.cli.sweep import OverridesOption

PYTEST_JSON, CANDIDATE = "--pytest-json", "--candidate"


def check(
    experiment: option.Experiment = None,
    baseline: option.Baseline = None,
    update_baseline: option.Update = False,
    reason: option.Reason = "",
    base: option.Base = None,
    candidate: option.Candidate = None,
    base_python: option.BasePython = None,
    candidate_python: option.CandidatePython = None,
    pytest_json: option.PytestJson = None,
    project: option.Project = None,
    own_dependencies: option.OwnDependencies = False,
    extras: option.Extras = "",
    overrides: OverridesOption = None,
    backends: option.Backends = None,
    inconclusive: option.Inconclusive = "fail",
    out: option.Out = None,
    junit: option.JUnit = None,
    as_json: option.Json = False,
    as_markdown: option.Markdown = False,
) -> None:
    """Decide whether a change made an experiment slower or worse.

    Without --base or --base-python: one sweep against a committed baseline, in figures that do not depend on
    how busy the machine is. With one of them: both versions side by side, in fresh processes.

    Ends in 4 for a regression, 3 if the candidate failed, 5 if nothing can be said.
    """
    typed = locals().copy()
    from nstbench.cli.check_run import Wanted, run

    raise typer.Exit(run(Wanted(**typed)))


class FilesAfterOptions(TyperCommand):
    """Lets `--pytest-json` and `--candidate` take several files each, as a shell's `*` gives them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before each further file."""
        return super().parse_args(ctx, _repeated(args) if PYTEST_JSON in args else args)


def _repeated(args: list[str]) -> list[str]:
    """Return `--x a --x b` for `--x a b`."""
    made: list[str] = []
    last = ""
    for word in args:
        if word.startswith("-"):
            last = word if word in (PYTEST_JSON, CANDIDATE) else ""
        elif last and made[-1] != last:
            made.append(last)
        made.append(word)
    return made
