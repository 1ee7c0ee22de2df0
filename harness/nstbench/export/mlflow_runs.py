"""Trials as MLflow runs: settings as parameters, figures and losses as metrics, pictures as artifacts."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from nstbench.api import SETTINGS, ResultsError, one_line
from nstbench.export.extras import of_extra
from nstbench.record import Results
from nstbench.record.rows import TrialRows, trials
from nstbench.record.schema import RUNS
from nstbench.system.files import open_regular

MOST_AT_ONCE = 1000
"""Metrics that MLflow takes in one call."""

ENDINGS = {"ok": "FINISHED", "interrupted": "KILLED"}
"""Of a run; a trial of another status is FAILED."""

MEASURED = tuple(
    name
    for name, (kind, _) in RUNS.items()
    if kind in ("float64", "Int64")
    and (
        name.endswith(("_s", "_bytes"))
        or name.startswith(("final_", "referee_"))
        or name in ("compile_count", "evaluations", "iterations_done")
    )
)
"""Columns of `runs` that become metrics."""

SET = ("backend_label", "backend_version", "options", "threads", "isolation", *SETTINGS)
"""Columns of `runs` that become parameters."""

TRIAL_ID = "nstbench.trial_id"


def write_runs(results: Results, folder: Path) -> None:
    """Write a folder of MLflow's file store, a run for each trial; one of an earlier export is replaced.

    Raises:
        UsageError: mlflow is not installed.
        ResultsError: MLflow did not take it.
    """
    with _variables(MLFLOW_ALLOW_FILE_STORE="true", MLFLOW_DISABLE_TELEMETRY="true"):
        with of_extra("mlflow"):
            from mlflow import MlflowClient
            from mlflow.exceptions import MlflowException

        try:
            folder.mkdir(parents=True, exist_ok=True)
            client = MlflowClient(tracking_uri=folder.resolve().as_uri())
            for trial in trials(results):
                _write(client, trial)
        except (MlflowException, OSError) as error:
            raise ResultsError(f"{folder}: not exported to MLflow: {one_line(error)}") from error


@contextmanager
def _variables(**wanted: str) -> Iterator[None]:
    """Set variables for a while: MLflow 3 writes a folder only if told so, and else reports its use."""
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _write(client: Any, trial: TrialRows) -> None:
    from mlflow.entities import Metric, Param

    run = trial.run
    experiment = client.get_experiment_by_name(run["experiment"])
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(run["experiment"])
    for old in client.search_runs([experiment_id], f"tags.`{TRIAL_ID}` = '{run['trial_id']}'"):
        client.delete_run(old.info.run_id)
    start = round(datetime.fromisoformat(run["started_at"]).timestamp() * 1000) if run["started_at"] else 0
    made = client.create_run(experiment_id, start, tags=_tags(trial), run_name=trial.name)
    params = [Param(name, str(run[name])) for name in SET if run[name] is not None]
    client.log_batch(made.info.run_id, params=params)
    metrics = [Metric(name, value, start + moment, step) for name, value, moment, step in _metrics(trial)]
    for at in range(0, len(metrics), MOST_AT_ONCE):
        client.log_batch(made.info.run_id, metrics=metrics[at : at + MOST_AT_ONCE])
    for path in trial.images["path"]:
        open_regular(trial.folder / path).close()
        client.log_artifact(made.info.run_id, str(trial.folder / path), "images")
    ending = ENDINGS.get(run["status"], "FAILED")
    client.set_terminated(made.info.run_id, ending, start + round(1000 * (run["wall_s"] or 0)))


def _tags(trial: TrialRows) -> dict[str, str]:
    texts = {TRIAL_ID: trial.run["trial_id"]}
    for name in ("backend", "status", "error_type", "error_message", "environment_id", "device_name"):
        if trial.run[name] is not None:
            texts[f"nstbench.{name}"] = str(trial.run[name])
    return texts


def _metrics(trial: TrialRows) -> Iterator[tuple[str, float, int, int]]:
    """Yield (name, value, milliseconds since the start, step) of every finite figure."""
    for name in MEASURED:
        value = trial.run[name]
        if value is not None and math.isfinite(value):
            yield name, float(value), 0, 0
    losses = trial.losses
    times = list(zip(losses["iteration"], losses["elapsed_s"], strict=True))
    for name in losses.columns.difference(["results", "trial_id", "iteration", "elapsed_s"]):
        for (step, elapsed), value in zip(times, losses[name], strict=True):
            if pd.notna(value) and math.isfinite(value):
                yield f"loss_{name}", float(value), round(1000 * elapsed), int(step)
