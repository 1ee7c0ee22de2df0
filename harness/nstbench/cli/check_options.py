"""The options of `nstbench check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from nstbench.cli.console import completion

Experiment: TypeAlias = Annotated[
    Path | None, typer.Argument(help="An experiment file (YAML).", autocompletion=completion.experiments)
]
Baseline: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Compare with this baseline [results/baselines/NAME.json]."),
]
Update: TypeAlias = Annotated[
    bool, typer.Option("--update-baseline", help="Write the baseline instead; needs --reason.")
]
Reason: TypeAlias = Annotated[str, typer.Option(metavar="TEXT", help="Why the baseline is written.")]
Base: TypeAlias = Annotated[
    str | None, typer.Option(metavar="REF", help="Time against this git reference of your project.")
]
Candidate: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="REF", help="What is timed: a git reference, or . for the working tree [.]."),
]
BasePython: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="PYTHON", help="Time against this environment's Python.")
]
CandidatePython: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="PYTHON", help="The candidate's [the one that runs nstbench].")
]
PytestJson: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE...",
        help="Judge pytest-benchmark's files, one for each process: these are the base's, those of"
        " --candidate the candidate's.",
    ),
]
Project: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="The project to install [the nearest pyproject.toml].")
]
OwnDependencies: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--own-dependencies", help="Install what each version depends on [share this environment's packages]."
    ),
]
Extras: TypeAlias = Annotated[
    str, typer.Option(metavar="NAMES", help="Extras of the project, with --own-dependencies.")
]
Executor: TypeAlias = Annotated[str, typer.Option(metavar="NAME", hidden=True)]
"""Known only to be refused with a reason: who sweeps with one may expect it here."""
Inconclusive: TypeAlias = Annotated[
    str, typer.Option(metavar="pass|fail", help="Whether a check that can say nothing ends in 0 or in 5.")
]
Out: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "-o", "--out", metavar="FOLDER", help="Folder for what is measured [results/check/NAME/TIME]."
    ),
]
JUnit: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML too.")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]
Markdown: TypeAlias = Annotated[bool, typer.Option("--markdown", help="Print Markdown for a pull request.")]
Backends: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="Only this backend; may be repeated.",
        autocompletion=completion.backends,
    ),
]
