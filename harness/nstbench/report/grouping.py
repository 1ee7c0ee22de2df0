"""By what trials can be compared, and what of a trial must then be equal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nstbench.api import UsageError, did_you_mean

SIZES = ("height", "width", "style_height", "style_width")
SETTINGS = (
    *("content_sha256", "style_sha256", *SIZES, "weights_sha256"),
    *("content_layers", "content_weights", "style_layers", "style_weights", "style_blend"),
    *("iterations", "alpha", "beta", "tv_weight", "tv_form"),
    *("optimiser", "learning_rate", "learning_rate_decay", "adam_beta1", "adam_epsilon"),
    *("patience", "min_delta", "init", "pooling", "precision", "preserve_colour", "seed", "deterministic"),
)
BACKEND = ("backend", "backend_label", "options")
IDENTITY = ("backend", "backend_version", "device", *SETTINGS)
"""What identifies a trial, but for its options: see `pairs`."""

_BY_SIZE = (*SIZES, "content_sha256", "style_sha256", "content_weights", "style_weights", "tv_weight")
FOLLOWS: dict[str, tuple[str, ...]] = {
    "results": ("backend_version",),
    "experiment": ("backend_version",),
    "backend_label": ("backend", "backend_version"),
    "label": SETTINGS,
    "content": ("content_sha256", "height", "width"),
    "style": ("style_sha256", "style_height", "style_width", "style_blend"),
    "weights": ("weights_sha256",),
    "content_layers": ("content_weights",),
    "style_layers": ("style_weights",),
    "device_name": ("device",),
    "environment_id": ("device", "backend_version"),
    **dict.fromkeys(SIZES, _BY_SIZE),
}
"""Compared column -> what cannot be held equal beside it."""

COMPARABLE = tuple(dict.fromkeys((*FOLLOWS, "options", *IDENTITY, "threads", "isolation", "weights_sha256")))


@dataclass(frozen=True, slots=True)
class Grouping:
    """What is compared.

    Attributes:
        by: the compared column; names: the group of each row.
        variant: see `pairs`.
    """

    by: str
    names: pd.Series
    variant: str | None


def column_of(by: str | None, runs: pd.DataFrame, folders: int) -> str:
    """Return the column to compare by: the folder if there are several, else the backend as labelled.

    Raises:
        UsageError: there is no such column, or it tells no trials apart.
    """
    if by is None:
        return "results" if folders > 1 else "backend_label"
    column = "backend_label" if by == "backend" else by
    if column not in COMPARABLE:
        hint = did_you_mean(by, COMPARABLE)
        raise UsageError(
            f"--by {by}: not something to compare by; what differs here: {what_differs(runs)}.{hint}"
        )
    return column


def fixed_columns(runs: pd.DataFrame, grouping: Grouping) -> pd.DataFrame:
    """Return the columns that partners must have in common.

    Returns:
        A number for each different value of a column; -1 where there is none.
    """
    by = grouping.by
    loose = {by, *FOLLOWS.get(by, ())}
    columns = [column for column in IDENTITY if column not in loose]
    if grouping.variant:
        columns.append(grouping.variant)
    if by in SIZES:  # the hashes are those of resized images
        columns += ["content", "style"]
    if by != "results" and not _apart(runs["results"], grouping.names):
        columns.append("results")
    values = runs[columns].copy()
    if by == "backend_label":
        # A single-pass network is its weights.
        values["weights_sha256"] = values["weights_sha256"].mask(runs["iterations"].isna())
    return values.apply(lambda column: pd.factorize(column)[0])


def group_names(runs: pd.DataFrame, by: str) -> pd.Series:
    """Return the group of each row: the value of a column as text, or None."""
    values = distinct_options(runs[by]) if by == "options" else runs[by]
    return values.map(_said).astype(object)


def distinct_options(options: pd.Series) -> pd.Series:
    """Say of each row's options, given as JSON, those that are not the same in all rows."""
    read = [json.loads(text) for text in options]
    names = dict.fromkeys(name for one in read for name in one)
    differ = [name for name in names if any(one.get(name) != read[0].get(name) for one in read)]
    said = [", ".join(f"{name}={one[name]}" for name in differ if name in one) for one in read]
    return pd.Series([text or "no options" for text in said], index=options.index, dtype=object)


def what_differs(runs: pd.DataFrame) -> str:
    """Name the columns that trials could be compared by."""
    return ", ".join(name for name in COMPARABLE if name in runs and runs[name].nunique() > 1) or "none"


def _said(value: Any) -> str | None:
    if pd.isna(value) or value == "":
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)


def _apart(folders: pd.Series, names: pd.Series) -> bool:
    """Whether no folder holds trials of more than one group: then the folders follow from the groups."""
    return bool(names.groupby(folders).nunique().le(1).all())
