"""Records -> tidy pandas frames."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nstbench.api import ResultsError, gflop_per_iteration
from nstbench.plan import Trial
from nstbench.record.files import reading
from nstbench.record.layout import losses_path
from nstbench.record.run_record import PHASES, Picture, RunRecord
from nstbench.record.schema import IMAGES, LOSSES, RUNS, TIMINGS

OF_TRIAL = tuple(each.name for each in fields(Trial) if each.name in RUNS and each.name != "seed")
"""Columns of `runs` that are fields of a trial; its seed is among the settings of those that use it."""


def runs_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """One row for each trial."""
    return _frame([_run_row(record) for record in records], RUNS)


def losses_table(records: Iterable[RunRecord], folder: Path, damaged: list[str]) -> pd.DataFrame:
    """One row for each logged iteration of each trial; style layers that a trial lacks are empty.

    Args:
        damaged: gets a line for each trial whose losses cannot be read; its rows are left out.
    """
    parts = []
    for record in records:
        try:
            part = _loss_rows(record, folder)
        except ResultsError as error:
            if str(error) not in damaged:  # the table may be made again, without older rows
                damaged.append(str(error))
            continue
        if part is not None:
            parts.append(part)
    if not parts:
        return _frame([], LOSSES)
    frame = pd.concat(parts, ignore_index=True)
    layers = sorted(set(frame.columns) - set(LOSSES))
    return _typed(frame, LOSSES)[[*LOSSES, *layers]]


def timings_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """One row for each phase and each round of each trial."""
    return _frame([row for record in records for row in _timing_rows(record)], TIMINGS)


def images_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """One row for each picture."""
    rows = [_image_row(record, picture) for record in records for picture in record.pictures]
    layers = sorted({name for row in rows for name in row} - set(IMAGES))
    return _typed(pd.DataFrame(rows, columns=[*IMAGES, *layers]), IMAGES)


def _image_row(record: RunRecord, picture: Picture) -> dict[str, Any]:
    trial, facts = record.trial, asdict(picture)
    return {
        **{name: facts[name] for name in ("iteration", "path", "sha256", "elapsed_s")},
        "trial_id": trial.trial_id,
        "snapshot": picture is not record.pastiche,
        "height": trial.height,
        "width": trial.width,
        **{f"referee_{name}": value for name, value in (picture.referee or {}).items()},
    }


def _run_row(record: RunRecord) -> dict[str, Any]:
    trial = record.trial
    same_name = {name: getattr(record, name) for name in RUNS if hasattr(record, name)}
    known = {**trial.asked, **trial.noticed_settings()}
    of_settings = {name: _cell(known[name]) for name in RUNS if name in known}
    of_trial = {name: _cell(getattr(trial, name)) for name in OF_TRIAL}
    phases = {f"{name}_s": record.phases.get(name) for name in PHASES}
    final = {f"final_{name}": record.final.get(name) for name in ("total", "content", "style")}
    row = of_settings | of_trial | same_name | phases | final | _referee_cells(record)
    flop = record.flop_per_iteration
    arithmetic = {"counted_gflop": flop and flop / 1e9, "gflop_per_s": _gflop_per_s(record)}
    taken = _json_object(record.options_taken) if record.options_taken else None
    return row | arithmetic | {"options": _json_object(trial.options), "options_taken": taken}


def _json_object(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), sort_keys=True)


def _referee_cells(record: RunRecord) -> dict[str, Any]:
    judgement = record.pastiche.referee if record.pastiche else None
    return {f"referee_{name}": value for name, value in {**(judgement or {}), **record.reference}.items()}


def _cell(value: Any) -> Any:
    """Write lists and mappings as text from which they can be told apart: numbers have all their digits."""
    if isinstance(value, list):
        return ",".join(map(_item, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _item(value: Any) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def gflop_of_an_iteration(trial: Trial) -> float | None:
    """Return the arithmetic of one iteration in GFLOP, or None for a single-pass backend."""
    if "style_layers" not in trial.noticed:
        return None
    content = trial.settings.content_layers if "content_layers" in trial.noticed else ()
    style = trial.settings.style_layers
    return gflop_per_iteration((*style, *content), style, trial.height, trial.width)


def _gflop_per_s(record: RunRecord) -> float | None:
    gflop, seconds = gflop_of_an_iteration(record.trial), record.step_median_s
    return gflop / seconds if gflop and seconds else None


def _loss_rows(record: RunRecord, folder: Path) -> pd.DataFrame | None:
    path = folder / losses_path(record.trial.trial_id)
    if not record.evaluations or not path.exists():  # the file may be that of an earlier run
        return None
    with (
        reading(path, "remove the trial's result.json to redo it"),
        np.load(path, allow_pickle=False) as arrays,
    ):
        frame = pd.DataFrame({name: arrays[name] for name in arrays.files})
    frame.insert(0, "trial_id", record.trial.trial_id)
    return frame


def _timing_rows(record: RunRecord) -> list[dict[str, Any]]:
    trial_id = record.trial.trial_id
    phases = [
        {"trial_id": trial_id, "phase": phase, "seconds": seconds, "warmup": False}
        for phase, seconds in record.phases.items()
    ]
    rounds = [
        {
            "trial_id": trial_id,
            "phase": "round",
            "round": number,
            "iterations": one.iterations,
            "seconds": one.seconds,
            "warmup": one.warmup,
        }
        for number, one in enumerate(record.rounds, start=1)
    ]
    return phases + rounds


def _frame(rows: list[dict[str, Any]], schema: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    return _typed(pd.DataFrame(rows, columns=list(schema)), schema)


def _typed(frame: pd.DataFrame, schema: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    return frame.astype({name: kind for name, (kind, _) in schema.items()})
