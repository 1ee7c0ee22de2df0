"""One picture from one content and one style."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from nstbench.api import BackendUnavailable, UsageError, readiness
from nstbench.experiment import experiment_from_mapping, written_options
from nstbench.record import RunRecord
from nstbench.record.files import refuse_unwritable, write_atomic
from nstbench.run.installed import installed_plugins
from nstbench.run.sweep import Outcome, Watcher, prepare_sweep


def stylize(
    content: str,
    style: str,
    out: Path,
    *,
    backend: str | None = None,
    options: Sequence[str] = (),
    overrides: Sequence[str] = (),
    watch: Watcher | None = None,
) -> tuple[RunRecord, Outcome]:
    """Stylise one picture and write it as PNG; where the backend fails, nothing is written.

    Args:
        content, style: image files, or `sample:NAME`.
        backend: by default the first that is ready.
        options: of the backend, as `key=value` texts.
        overrides: `key=value` texts, as the command line's `--set`.

    Returns:
        The record of the only trial, whose `image` is None if it made none, and how the sweep of it ended.

    Raises:
        UsageError, ExperimentError: it would be more than one picture, or take the place of an input.
        ResultsError: `out` cannot be written.
        BackendUnavailable: no backend is ready, or not the one that is named.
        UnknownName: there is none of that name.
    """
    chosen = {"name": backend or _first_ready(), "options": written_options(options)}
    data = {
        "inputs": {"content": content, "style": style},
        "measure": {"referee": "none"},
        "backends": [chosen],
    }
    experiment = experiment_from_mapping(data, Path.cwd(), overrides=overrides, name="stylize")
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare_sweep(experiment, Path(folder), watch=watch)
        if len(prepared.plan.trials) != 1:
            raise UsageError("stylize makes one picture; for an axis, write an experiment and sweep it")
        refuse_unwritable(out)
        _refuse_inputs(out, (content, style))
        outcome = prepared.run()
        (record,) = prepared.store.records()
        if record.image is not None:
            write_atomic(out, (Path(folder) / record.image).read_bytes())
    return record, outcome


def _refuse_inputs(out: Path, inputs: Sequence[str]) -> None:
    """Keep a picture from taking the place of one that it is made from."""
    for name in inputs:
        if out.exists() and Path(name).exists() and out.samefile(name):
            raise UsageError(f"{out}: is the picture {name} itself; choose another place with -o")


def _first_ready() -> str:
    for each in installed_plugins():
        if each.capabilities and readiness(each.capabilities).ready:
            return each.plugin.name
    raise BackendUnavailable("no backend is ready here; `nstbench backends` says what to install")
