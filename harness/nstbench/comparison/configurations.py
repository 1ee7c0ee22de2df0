"""Configurations: what one can choose, a backend with its options and settings, and what it was tried on."""

from __future__ import annotations

import pandas as pd

from nstbench.api import SETTINGS
from nstbench.comparison.axes import BACKEND, axes
from nstbench.comparison.values import UNUSED, Points
from nstbench.plan.trial import canonical_json

MASKS = ("content_masks", "style_masks")
PROBLEM = ("content", "style", "style_blend", *MASKS, "seed")
"""Settings that are not chosen: the pictures that somebody has, and chance."""

PLACE = ("device", "device_name", "size")
"""Seconds and pictures are compared where these are the same."""

_APART = (*PROBLEM, "device", "size", "loss_scale")
_SETUP = ("backend", "backend_version", "options", "threads", "device", "device_name")


def with_configurations(ok: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `runs`, the newest of those that are alike, with columns of their own.

    Returns:
        `size` is the longer side of the picture. Equal numbers stand for equal things in `pair` (content and
        style), `seeded` (the same with the seed), `configuration` (backend, options, settings, size and
        device), `program` (what is compiled once for all of them: numbers of the method and iterations may
        differ) and `setup` (what is imported and loaded once).
    """
    points = Points(ok)
    names = [name for name in SETTINGS if name not in _APART]
    keys = ok[[*_SETUP, BACKEND, "content_sha256", "weights_sha256"]].astype(object)
    keys = keys.assign(size=ok[["height", "width"]].max(axis=1))
    for name in (*names, *PROBLEM[1:]):
        keys[name] = points.values(name).keys
    for name in MASKS:  # who knows no masks paints the whole picture, as others do that are given none
        keys[name] = keys[name].fillna(canonical_json(None))
    compiled = [name for name in names if _is_compiled(name)]
    pair = ["content_sha256", *PROBLEM[1:-1]]
    numbered = {
        "size": keys["size"],
        "pair": _numbers(keys, pair),
        "seeded": _numbers(keys, [*pair, "seed"]),
        "configuration": _numbers(keys, [*_SETUP, BACKEND, "size", *names]),
        "program": _numbers(keys, [*_SETUP, "size", *compiled]),
        "setup": _numbers(keys, [*_SETUP, "weights_sha256"]),
    }
    made = ok.assign(**numbered)
    newest = made.sort_values("started_at", kind="stable").drop_duplicates(
        ["configuration", "seeded"], keep="last"
    )
    return made.loc[made.index.isin(newest.index)]


def names_of(runs: pd.DataFrame) -> pd.Series:
    """Say of each row's configuration what tells it from the others: backend, settings that differ."""
    backend, *others = axes(runs, _APART)
    said = [
        ", ".join(f"{one.title} {one.of_row[at]}" for one in others if one.of_row[at] != UNUSED)
        for at in range(len(runs))
    ]
    both = zip(backend.of_row, said, strict=True)
    return pd.Series([" · ".join(filter(None, each)) for each in both], index=runs.index, dtype=object)


def _is_compiled(name: str) -> bool:
    setting = SETTINGS[name]
    return not setting.traced and setting.consumer == "backend" and name != "iterations"


def _numbers(keys: pd.DataFrame, columns: list[str]) -> pd.Series:
    return keys.groupby(columns, dropna=False, sort=False).ngroup()
