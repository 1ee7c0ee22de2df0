"""The forms in which Python code may give an experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from nstbench.api import UsageError
from nstbench.experiment.experiment import Experiment, experiment_from_mapping, load_experiment

ExperimentLike: TypeAlias = str | Path | Mapping[str, Any] | Experiment
"""A YAML file, the same content as a mapping, or an experiment that is loaded already."""


def experiment_from(
    given: ExperimentLike, overrides: Sequence[str] = (), backends: Sequence[str] = ()
) -> Experiment:
    """Read an experiment in whatever form it is given.

    Args:
        given: paths in a mapping are relative to the working directory.
        overrides: `key=value` texts, as the command line's `--set`.
        backends: names or labels that replace the experiment's list, as the command line's `--backend`.

    Raises:
        ExperimentError: lists every mistake.
        UsageError: it is loaded already, so overrides and backends come too late.
    """
    if isinstance(given, Experiment):
        if overrides or backends:
            raise UsageError(
                f"experiment {given.name!r} is loaded already; give overrides and backends to load_experiment"
            )
        return given
    if isinstance(given, Mapping):
        return experiment_from_mapping(given, Path.cwd(), overrides, backends)
    return load_experiment(given, overrides, backends)
