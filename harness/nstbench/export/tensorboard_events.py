"""Trials as TensorBoard runs: losses and the referee's figures as scalars, pictures as images.

The events are written with TensorBoard's own protocol buffers and record writer. Its event file writer would
do the same through TensorFlow where that is installed, which takes seconds to import and a thread to write.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from nstbench.api import ResultsError
from nstbench.export.extras import of_extra
from nstbench.record import Results
from nstbench.record.files import write_atomic
from nstbench.record.rows import TrialRows, trials
from nstbench.system.files import read_regular

FILE = "events.out.tfevents.nstbench"
"""Always the same, so that exporting again replaces; TensorBoard looks for `tfevents` in the name."""

NOT_SERIES = ("trial_id", "results", "iteration", "elapsed_s")


def write_events(results: Results, folder: Path) -> None:
    """Write a folder for `tensorboard --logdir`, a run for each trial that has losses or pictures.

    Raises:
        UsageError: tensorboard is not installed.
        ResultsError: a picture is gone, or the folder cannot be written.
    """
    with of_extra("tensorboard"):
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter

    for trial in trials(results):
        values = [*_scalars(trial, Summary), *_pictures(trial, Summary)]
        if not values:
            continue
        start = datetime.fromisoformat(trial.run["started_at"]).timestamp()
        buffer = io.BytesIO()
        writer = RecordWriter(buffer)
        writer.write(Event(wall_time=start, file_version="brain.Event:2").SerializeToString())
        for step, elapsed, value in values:
            event = Event(wall_time=start + elapsed, step=step, summary=Summary(value=[value]))
            writer.write(event.SerializeToString())
        write_atomic(folder / _run_name(trial, results) / FILE, buffer.getvalue())


def _run_name(trial: TrialRows, results: Results) -> str:
    """Make a folder name that people recognise and no other trial has."""
    name = re.sub(r"[^\w.+=-]+", "_", trial.name).strip("._") + f"_{trial.run['trial_id'][:8]}"
    return f"{trial.folder.resolve().name}/{name}" if len(results.stores) > 1 else name


def _scalars(trial: TrialRows, summary: Any) -> Iterator[tuple[int, float, Any]]:
    """Yield (step, seconds since the start, value) of each figure of each iteration."""
    for name in map(str, trial.losses):
        if name not in NOT_SERIES:
            layer = name.removeprefix("style_")
            tag = f"loss/{name}" if layer == name else f"loss_of_layer/{layer}"
            yield from _series(trial.losses, name, tag, summary)
    for name in map(str, trial.images):
        if name.startswith("referee_"):
            tag = f"referee/{name.removeprefix('referee_')}"
            yield from _series(trial.images, name, tag, summary)


def _series(table: pd.DataFrame, name: str, tag: str, summary: Any) -> Iterator[tuple[int, float, Any]]:
    for (step, elapsed), value in zip(_moments(table), table[name], strict=True):
        if pd.notna(value):
            yield step, elapsed, summary.Value(tag=tag, simple_value=value)


def _moments(table: pd.DataFrame) -> list[tuple[int, float]]:
    """Return the step and the seconds of each row; both are 0 for a single pass."""
    steps, seconds = table["iteration"].fillna(0).tolist(), table["elapsed_s"].fillna(0.0).tolist()
    return list(zip(steps, seconds, strict=True))


def _pictures(trial: TrialRows, summary: Any) -> Iterator[tuple[int, float, Any]]:
    for (step, elapsed), row in zip(_moments(trial.images), trial.images.to_dict("records"), strict=True):
        path = trial.folder / row["path"]
        try:
            content = read_regular(path)
        except OSError as error:
            raise ResultsError(
                f"{path}: {error.strerror}; put it back, or sweep again with --force"
            ) from error
        shape = {"height": row["height"], "width": row["width"], "colorspace": 3}
        image = summary.Image(**shape, encoded_image_string=content)
        yield step, elapsed, summary.Value(tag="pastiche", image=image)
