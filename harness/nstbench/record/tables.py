"""Records -> tidy pandas frames."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from nstbench.api import ResultsError, gflop_per_iteration
from nstbench.plan import Trial
from nstbench.record.files import reading
from nstbench.record.layout import losses_path
from nstbench.record.run_record import PHASES, Picture, RunRecord
from nstbench.record.schema import LOSSES, RUNS, TABLES
from nstbench.system.archives import read_npz

OF_TRIAL = tuple(each.name for each in fields(Trial) if each.name in RUNS and each.name != "seed")
"""Columns of `runs` that are fields of a trial; its seed is among the settings of those that use it."""

OF_WORKER = ("import", "load")
"""Phases that belong to no stage."""

MOST_BYTES_OF_LOSSES = 2**28
"""Those of five million iterations."""

KINDS: Mapping[str, dict[str, Any]] = {
    name: {column: pandas_dtype(kind) for column, (kind, _) in columns.items()}
    for name, columns in TABLES.items()
}
"""Types of the columns of each table."""

Columns = Mapping[str, np.ndarray[tuple[int, ...], np.dtype[Any]]]

OF_LAYER = re.compile(r"(referee_)?(style|heldout)_conv\d_\d")
"""Columns that follow those of a schema, where a row has them."""


def make_table(
    name: str, records: Iterable[RunRecord], folder: Path, damaged: dict[str, str]
) -> pd.DataFrame:
    """Make a table of `nstbench.record.schema`.

    Args:
        folder: where the losses lie.
        damaged: gets, by trial, a line for losses that cannot be read; their rows are left out.
    """
    if name == "losses":
        return _losses_table(records, folder, damaged)
    rows = [row for record in records for row in _ROWS[name](record)]
    layers = (
        sorted({column for row in rows for column in row} - set(TABLES[name])) if name == "images" else []
    )
    kinds = KINDS[name] | dict.fromkeys(layers, np.dtype(float))
    # A column at a time: with few rows, to infer types and to change them then takes three times as long.
    return pd.DataFrame(
        {column: pd.array([row.get(column) for row in rows], kind) for column, kind in kinds.items()}
    )


def rows_of(name: str, frame: pd.DataFrame, trials: Collection[str]) -> pd.DataFrame:
    """Return the rows of some trials, without the columns of layers that only others have."""
    codes, found = pd.factorize(frame["trial_id"])
    wanted = np.array([trial_id in trials for trial_id in found], bool)
    if wanted.all():
        return frame
    frame = frame[wanted[codes]].reset_index(drop=True)
    empty = [column for column in frame.columns if column not in TABLES[name] and frame[column].isna().all()]
    return frame.drop(columns=empty)


def typed(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give each column the type of the schema; what has it is left out, as pandas is slow with it."""
    found = dict(zip(frame.columns, frame.dtypes, strict=True))
    wanted = {column: kind for column, kind in KINDS[name].items() if found[column] != kind}
    return frame.astype(wanted) if wanted else frame


def _losses_table(records: Iterable[RunRecord], folder: Path, damaged: dict[str, str]) -> pd.DataFrame:
    parts: dict[str, Columns] = {}
    for record in records:
        try:
            columns = _loss_columns(record, folder)
        except ResultsError as error:
            damaged[record.trial.trial_id] = str(error)
            continue
        if columns:
            parts[record.trial.trial_id] = columns
    layers = sorted({name for columns in parts.values() for name in columns} - set(LOSSES))
    lengths = {trial_id: len(columns["iteration"]) for trial_id, columns in parts.items()}
    whole: dict[str, Any] = {"trial_id": np.repeat(np.array([*parts], object), [*lengths.values()])}
    for name in (*LOSSES, *layers):
        if parts and name != "trial_id":
            whole[name] = np.concatenate([_column(name, part, lengths[one]) for one, part in parts.items()])
    return typed(pd.DataFrame(whole, columns=[*LOSSES, *layers]), "losses")


def _column(name: str, columns: Columns, length: int) -> np.ndarray[tuple[int, ...], np.dtype[Any]]:
    if name not in columns and name == "stage":
        return np.ones(length, np.int64)
    return columns[name] if name in columns else np.full(length, np.nan, np.float32)


def _image_rows(record: RunRecord) -> list[dict[str, Any]]:
    return [_image_row(record, picture) for picture in record.pictures]


def _image_row(record: RunRecord, picture: Picture) -> dict[str, Any]:
    trial, facts = record.trial, asdict(picture)
    return {
        **{name: facts[name] for name in ("iteration", "stage", "path", "sha256", "elapsed_s")},
        "trial_id": trial.trial_id,
        "snapshot": picture is not record.pastiche,
        "height": trial.height,
        "width": trial.width,
        **{f"referee_{name}": value for name, value in (picture.referee or {}).items()},
    }


def _run_rows(record: RunRecord) -> list[dict[str, Any]]:
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
    taken, measure = (
        (_json_object(each) if each else None) for each in (record.options_taken, record.measure)
    )
    return [
        row
        | arithmetic
        | {"options": _json_object(trial.options), "options_taken": taken, "measure": measure}
    ]


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
    if isinstance(value, list | tuple):  # of stages
        return ":".join(map(str, value))
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def gflop_of_an_iteration(trial: Trial) -> float | None:
    """Return the arithmetic of one iteration in GFLOP, or None for a single-pass backend."""
    if "style_layers" not in trial.noticed:
        return None
    content = trial.settings.content_layers if "content_layers" in trial.noticed else ()
    style, compared = trial.settings.style_layers, trial.settings.style_loss
    grams = style * len(trial.settings.content_masks or (1,))
    return gflop_per_iteration((*style, *content), grams, trial.height, trial.width, compared)


def _gflop_per_s(record: RunRecord) -> float | None:
    gflop, seconds = gflop_of_an_iteration(record.trial), record.step_median_s
    return gflop / seconds if gflop and seconds else None


def _loss_columns(record: RunRecord, folder: Path) -> Columns | None:
    path = folder / losses_path(record.trial.trial_id)
    if not record.evaluations or not path.exists():  # the file may be that of an earlier run
        return None
    with reading(path, f"`nstbench repair {folder}` moves it aside"):
        return read_losses(path)


def read_losses(path: Path) -> Columns:
    """Return the columns of a file of losses, all of one length.

    Raises:
        Exception: one of `nstbench.record.files.DAMAGE`; it is not what a sweep wrote.
    """
    columns = read_npz(path, MOST_BYTES_OF_LOSSES)
    if missing := set(LOSSES) - {"trial_id", "stage"} - set(columns):
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    if strange := [name for name in columns if name not in LOSSES and not OF_LAYER.fullmatch(name)]:
        raise ValueError(f"it has {strange[0]!r:.80}")
    if len({column.shape for column in columns.values()}) > 1 or columns["iteration"].ndim != 1:
        raise ValueError("its columns are not of one length")
    if columns["iteration"].dtype.kind != "i":
        raise ValueError("its iterations are no whole numbers")
    return columns


def _timing_rows(record: RunRecord) -> list[dict[str, Any]]:
    trial_id = record.trial.trial_id
    once: dict[str, float] = {}
    rest: dict[str, float] = {}
    for phase, seconds in record.phases.items():
        (once if phase in OF_WORKER else rest)[phase] = seconds
    of_stages = [(None, once), *enumerate(record.stage_phases or (rest,), start=1)]
    phases = [
        {"trial_id": trial_id, "stage": stage, "phase": phase, "seconds": seconds, "warmup": False}
        for stage, each in of_stages
        for phase, seconds in each.items()
    ]
    rounds = [
        {
            "trial_id": trial_id,
            "stage": one.stage,
            "phase": "round",
            "round": number,
            "iterations": one.iterations,
            "seconds": one.seconds,
            "warmup": one.warmup,
        }
        for number, one in enumerate(record.rounds, start=1)
    ]
    return phases + rounds


_ROWS: Mapping[str, Callable[[RunRecord], list[dict[str, Any]]]] = {
    "runs": _run_rows,
    "timings": _timing_rows,
    "images": _image_rows,
}
