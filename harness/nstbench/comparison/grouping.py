"""By what trials can be compared, and what of a trial must then be equal."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from nstbench.api import SETTINGS, UsageError, did_you_mean
from nstbench.comparison.values import Points, names_of
from nstbench.experiment.settings import WEIGHTED

SIZES = ("height", "width", "style_height", "style_width")
MASKS = {f"{name}_sha256": name for name, each in SETTINGS.items() if each.kind == "masks"}
_ELSEWHERE = {
    "content",
    "style",
    *MASKS.values(),
    "weights",
    "size",
    "style_size",
    "style_scale",
    "loss_scale",
    "device",
}
"""Settings for which hashes, sizes and converted weights stand."""
HELD = (
    *("content_sha256", "style_sha256", *MASKS, *SIZES, "weights_sha256"),
    *(name for name in SETTINGS if name not in _ELSEWHERE),
)
BACKEND = ("backend", "backend_label", "options")
IDENTITY = ("backend", "backend_version", "device", *HELD)
"""What identifies a trial, but for its options: see `pairs`."""

_UNITS = ("content_weights", "style_weights", "tv_weight")
_BY_SIZE = (*SIZES, "content_sha256", "style_sha256", *MASKS, *_UNITS)
_BY_STYLE_SIZE = ("style_height", "style_width", "style_sha256", "style_masks_sha256")
FOLLOWS: dict[str, tuple[str, ...]] = {
    "results": ("backend_version",),
    "experiment": ("backend_version",),
    "backend_label": ("backend", "backend_version"),
    "label": HELD,
    "content": ("content_sha256", "content_masks_sha256", "height", "width", *_UNITS),
    "style": ("style_sha256", "style_height", "style_width", "style_blend", *MASKS),
    **{name: (column,) for column, name in MASKS.items()},
    "weights": ("weights_sha256",),
    "content_layers": ("content_weights",),
    "style_layers": ("style_weights",),
    "loss_scale": _UNITS,
    "optimiser": ("learning_rate",),
    **dict.fromkeys(("device_name", "node"), ("device",)),
    "environment_id": ("device", "backend_version"),
    **dict.fromkeys(("style_size", "style_scale"), _BY_STYLE_SIZE),
    **dict.fromkeys(("size", *SIZES), _BY_SIZE),
}
"""Compared column -> what cannot be held equal beside it."""

INSTEAD: dict[str, tuple[str, ...]] = {
    "content_sha256": ("content",),
    "style_sha256": ("style",),
    **{column: (name,) for column, name in MASKS.items()},
    **dict.fromkeys(("height", "width"), ("size",)),
    **dict.fromkeys(("style_height", "style_width"), ("style_size", "style_scale")),
    "style_blend": ("style_blend",),
    "learning_rate": ("learning_rate",),
    **{name: (name, "loss_scale") for name in _UNITS},
}
"""Column that is not held equal -> the settings it came from, which are held equal as they were asked for."""

SAME: dict[str, tuple[str, ...]] = {
    "content_sha256": ("content",),
    "style_sha256": ("style",),
    **dict.fromkeys(("height", "width"), ("size",)),
    **dict.fromkeys(
        ("style_size", "style_scale", "style_height", "style_width"), ("style_size", "style_scale")
    ),
}
"""Compared column -> the settings that say the same."""

COMPARABLE = tuple(dict.fromkeys((*FOLLOWS, "options", *IDENTITY, *SETTINGS, "threads", "isolation")))


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
    if by != "results" and not _apart(runs["results"], grouping.names):
        columns.append("results")
    values = runs[columns].copy()
    if by == "backend_label":
        # A single-pass network is its weights.
        values["weights_sha256"] = values["weights_sha256"].mask(runs["iterations"].isna())
    points = Points(runs)
    for setting in _held_as_asked(points, by, loose):
        values[setting] = points.asked(setting)
    return values.apply(lambda column: pd.factorize(column)[0])


def _held_as_asked(points: Points, by: str, loose: Collection[str]) -> list[str]:
    """Name the settings that must be equal although what they came to need not be."""
    if by == "label":  # a point has all of them
        return []
    own = {by, *SAME.get(by, ())}
    if by in WEIGHTED and not points.apart(by):
        own.add(WEIGHTED[by])
    return sorted({setting for column in loose for setting in INSTEAD.get(column, ())} - own)


def group_names(runs: pd.DataFrame, by: str) -> pd.Series:
    """Return what the group of each row is called, or None: equal names for equal values of a column only."""
    if by == "options":
        return distinct_options(runs[by])
    return names_of(runs, by)


def distinct_options(options: pd.Series) -> pd.Series:
    """Say of each row's options, given as JSON, those that are not the same in all rows."""
    read = [json.loads(text) for text in options]
    names = dict.fromkeys(name for one in read for name in one)
    differ = [name for name in names if any(one.get(name) != read[0].get(name) for one in read)]
    said = [", ".join(f"{name}={one[name]}" for name in differ if name in one) for one in read]
    return pd.Series([text or "no options" for text in said], index=options.index, dtype=object)


def what_differs(runs: pd.DataFrame) -> str:
    """Name the columns that trials could be compared by."""
    points = Points(runs)
    return ", ".join(name for name in COMPARABLE if len(points.values(name).of) > 1) or "none"


def _apart(folders: pd.Series, names: pd.Series) -> bool:
    """Whether no folder holds trials of more than one group: then the folders follow from the groups."""
    return bool(names.groupby(folders).nunique().le(1).all())
