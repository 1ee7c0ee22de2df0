"""`nstbench check`: did a change make things slower or worse?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from nstbench.cli import check_options as option
from nstbench.cli.sweep import OverridesOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nstbench.gate.sides import Versions
    from nstbench.gate.verdict import Verdict

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
    executor: option.Executor = "local",
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
    from nstbench.cli.console.check_output import CheckOutput
    from nstbench.cli.console.check_progress import CheckProgress
    from nstbench.experiment import load_experiment
    from nstbench.gate import check as gate
    from nstbench.gate.sides import Versions

    one = candidate[0] if candidate and not pytest_json else None
    versions = Versions(base, one, base_python, candidate_python, project, own_dependencies, extras)
    _refuse(experiment, versions, pytest_json or (), candidate or (), baseline, update_baseline, executor)
    output = CheckOutput(junit, as_json, as_markdown, inconclusive)
    if not experiment:
        raise typer.Exit(output.tell([_judged(pytest_json or (), candidate or ())]))
    planned = load_experiment(experiment, overrides or (), backends or ())
    if update_baseline:
        print(f"baseline written to {gate.update_baseline(planned, reason, baseline, out, CheckProgress())}")
    else:
        raise typer.Exit(output.tell(gate.check(planned, versions, baseline, out, CheckProgress())))


def _refuse(
    experiment: Path | None,
    versions: Versions,
    files: Sequence[Path],
    candidates: Sequence[str],
    baseline: Path | None,
    update: bool,
    executor: str,
) -> None:
    """Refuse options that do not go together, besides those that `Versions` refuses."""
    from nstbench.api import UsageError

    alone = "a gate times two versions in turns, alone on one machine; run it there"
    refused = {
        f"--executor {executor}: {alone}": executor != "local",
        "name an experiment file, or give --pytest-json FILE... --candidate FILE...": not (
            experiment or files
        ),
        "--pytest-json judges files; leave out experiment, baseline and base": files
        and (experiment or versions.given or baseline or update),
        "--pytest-json needs the other side's files: --candidate FILE...": files and not candidates,
        "one --candidate at a time": len(candidates) > 1 and not files,
        "--update-baseline takes no other version; leave out --base": update and versions.given,
    }
    for text, holds in refused.items():
        if holds:
            raise UsageError(f"check: {text}")


def _judged(base: Sequence[Path], candidate: Sequence[str]) -> Verdict:
    from nstbench.gate.benchmark_json import check_files

    return check_files(base, [Path(each) for each in candidate])


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
