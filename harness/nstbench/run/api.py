"""Running a sweep from Python."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nstbench.experiment import experiment_from_mapping, load_experiment
from nstbench.record import Results, open_results
from nstbench.run.sweep import Redo, Watcher, prepare_sweep


def sweep(
    experiment: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    overrides: Sequence[str] = (),
    redo: Redo | None = None,
    join: bool = False,
    watch: Watcher | None = None,
) -> Results:
    """Do what `nstbench.sweep` documents, which puts a view of the same results around it."""
    if isinstance(experiment, Mapping):
        planned = experiment_from_mapping(experiment, Path.cwd(), overrides=overrides)
    else:
        planned = load_experiment(Path(experiment), overrides)
    folder = Path(out) if out else Path("results") / planned.name
    outcome = prepare_sweep(planned, folder, redo, watch, join).run()
    for text in outcome.not_applied:
        warnings.warn(f"{text}; redo=Redo(everything=True) runs again", stacklevel=3)
    return open_results(folder)
