"""Tables in which lists are lists and objects are objects; in the tables themselves both are text."""

from __future__ import annotations

import io
import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nstbench.api import SETTINGS

OBJECTS = ("axes", "asked", "options", "options_taken", "measure")
"""Columns of `runs` that hold JSON."""

_STAGE = pa.struct([("size", pa.int64()), ("iterations", pa.int64())])
_ITEMS = {
    **dict.fromkeys(("layers", "images", "masks"), pa.string()),
    "weights": pa.float64(),
    "stages": _STAGE,
}
"""Kind of a setting that is a list -> type of its items."""

LISTS = {
    **{name: _ITEMS[one.kind] for name, one in SETTINGS.items() if one.kind in _ITEMS},
    **dict.fromkeys(("style_sha256", "content_masks_sha256", "style_masks_sha256"), pa.string()),
}
"""Column of `runs` -> type of the items of the list in it."""


def nested(runs: pd.DataFrame) -> pd.DataFrame:
    """Return `runs` with lists, dictionaries and None in the columns `LISTS` and `OBJECTS`."""
    objects = {name: [_object(cell) for cell in runs[name]] for name in OBJECTS}
    columns: dict[str, list[Any]] = dict(objects)
    for name, kind in LISTS.items():
        both = zip(runs[name], objects["asked"], strict=True)
        columns[name] = [_list(cell, kind, (asked or {}).get(name)) for cell, asked in both]
    made = {name: pd.Series(values, runs.index, dtype=object) for name, values in columns.items()}
    return runs.assign(**made)


def nested_parquet(runs: pd.DataFrame) -> bytes:
    """Return a Parquet file of lists, and of JSON by its logical type: options have no one shape."""
    lists = nested(runs)[list(LISTS)]
    fields = {field.name: field for field in pa.Schema.from_pandas(runs, preserve_index=False)}
    types = {name: pa.list_(kind) for name, kind in LISTS.items()} | dict.fromkeys(OBJECTS, pa.json_())
    schema = pa.schema([pa.field(name, types.get(name, field.type)) for name, field in fields.items()])
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(runs.assign(**lists), schema, preserve_index=False), file)
    return file.getvalue()


def _object(cell: Any) -> Any:
    return None if pd.isna(cell) else json.loads(cell)


def _list(cell: Any, kind: pa.DataType, asked: Any) -> list[Any] | None:
    """Read the text of a list; names may have commas in them, so what was asked for goes first there."""
    if pd.isna(cell) or cell == "":
        return None
    if kind == pa.string() and isinstance(asked, list):
        return asked
    items = cell.split(",")
    if kind == _STAGE:
        return [dict(zip(("size", "iterations"), map(int, item.split(":")), strict=True)) for item in items]
    return [float(item) for item in items] if kind == pa.float64() else items
