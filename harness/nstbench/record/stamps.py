"""What kept tables were made from, so that rows of unchanged trials need not be made again.

A trial's stamp says what the plan has about it, and of its record and its losses when they were written and
how large they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from nstbench.record.files import DAMAGE, read_json, reading
from nstbench.record.inside import write_inside
from nstbench.record.layout import PLAN, STAMPS, losses_path, result_path, table_path
from nstbench.record.schema import TABLES

Stamps = Mapping[str, str]
"""Trial -> stamp: the trials of the plan in its order, then older ones."""

COLUMNS = sha256(json.dumps(TABLES, sort_keys=True).encode()).hexdigest()
"""Another version of nstbench, with other columns, makes its tables anew."""


def stamps_of(folder: Path, done: Iterable[str]) -> dict[str, str]:
    """Return the stamps of all trials as they are now.

    Args:
        done: the trials that have a result.

    Raises:
        ResultsError: the plan cannot be read.
    """
    path = folder / PLAN
    with reading(path, "sweep into this folder again to plan anew; results stay"):
        plan = read_json(path)
        planned = {trial["trial_id"]: _digest([plan["experiment"], trial]) for trial in plan["trials"]}
    entries = planned | {trial_id: "" for trial_id in done if trial_id not in planned}
    return {trial_id: _stamp(str(folder), trial_id, entry) for trial_id, entry in entries.items()}


def kept_stamps(folder: Path) -> Stamps | None:
    """Return those of the tables that a folder has; None if it has none that can be used."""
    with suppress(*DAMAGE):
        kept = read_json(folder / STAMPS)
        if kept["columns"] == COLUMNS and kept["tables"] == _of_tables(folder):
            return dict(kept["trials"])
    return None


def keep_stamps(folder: Path, stamps: Stamps) -> None:
    """Write them down, once the tables are written."""
    kept = {"columns": COLUMNS, "tables": _of_tables(folder), "trials": dict(stamps)}
    write_inside(folder, STAMPS, json.dumps(kept).encode())


def _of_tables(folder: Path) -> list[str]:
    return [_written(folder / table_path(name)) for name in TABLES]


def _stamp(folder: str, trial_id: str, entry: str) -> str:
    files = result_path(trial_id), losses_path(trial_id)
    return " ".join([entry, *(_written(f"{folder}/{path}") for path in files)])


def _written(path: str | Path) -> str:
    """Say when a file was written, in nanoseconds, and how large it is; empty if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path takes longer, and there are twice ten thousand
    except OSError:
        return ""
    return f"{found.st_mtime_ns}+{found.st_size}"


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
