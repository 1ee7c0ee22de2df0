"""Rows of tables as a folder keeps them, believed only if nstbench can have written them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nstbench.record.files import DAMAGE
from nstbench.record.layout import refuse_strange, table_path
from nstbench.record.schema import TABLES
from nstbench.record.tables import OF_LAYER, rows_of, typed
from nstbench.system.files import open_regular

MOST_ROWS = 2**27
_KINDS = {
    pa.string(): pd.StringDtype(),
    pa.large_string(): pd.StringDtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def kept_rows(folder: Path, name: str, trials: Collection[str]) -> pd.DataFrame | None:
    """Return the rows of these trials that a folder keeps of a table; None if they cannot be used."""
    try:
        frame = _read(folder / table_path(name), name)
    except (*DAMAGE, MemoryError, pa.ArrowException):
        return None
    return rows_of(name, frame, trials)


def _read(path: Path, name: str) -> pd.DataFrame:
    with open_regular(path) as file:
        parquet = pq.ParquetFile(file)
        if parquet.metadata.num_rows > MOST_ROWS:
            raise ValueError("too many rows")
        # What pandas wrote about the frame is left aside: it decides which code reads the columns.
        frame = parquet.read().to_pandas(ignore_metadata=True, types_mapper=_KINDS.get)
    layers = [column for column in frame.columns if column not in TABLES[name]]
    if [*frame.columns] != [*TABLES[name], *layers] or not all(map(OF_LAYER.fullmatch, layers)):
        raise ValueError("other columns")
    paths = {"runs": "image", "images": "path"}.get(name)
    refuse_strange(frame["trial_id"].unique(), frame[paths].dropna() if paths else ())
    return typed(frame, name)


def put_together(name: str, kept: pd.DataFrame, rest: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Return both in the order of the trials."""
    frame = pd.concat([kept, rest], ignore_index=True) if len(rest) else kept
    codes, trials = pd.factorize(frame["trial_id"])
    places = pd.Index(order).get_indexer(trials)[codes]
    if (np.diff(places) < 0).any():
        frame = frame.iloc[np.argsort(places, kind="stable")].reset_index(drop=True)
    layers = [column for column in frame.columns if column not in TABLES[name]]
    return typed(frame, name)[[*TABLES[name], *sorted(layers)]]
