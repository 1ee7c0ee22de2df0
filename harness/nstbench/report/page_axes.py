"""The axes of a report: the columns of `runs` that tell its trials apart, with their values as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

BACKEND = "backend_label"
CANDIDATES = (
    *(BACKEND, "content", "style", "style_layers", "content_layers", "style_weights", "content_weights"),
    *("style_blend", "iterations", "alpha", "beta", "tv_weight", "tv_form", "optimiser", "learning_rate"),
    *("learning_rate_decay", "adam_beta1", "adam_epsilon", "init", "pooling", "precision", "height"),
    *("preserve_colour", "weights", "seed", "deterministic", "patience", "min_delta", "options"),
    *("device", "threads", "isolation", "backend_version"),
)
"""Of two columns that say the same, the one that stands first becomes the axis."""

UNUSED = "not used"
"""The value of a setting that a trial's backend does not consume."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        column: of `runs`; title: what the page calls it.
        of_row: the value of each row of `runs`, as text.
        values: the different ones in order: numbers by size, others as they first appear, `UNUSED` last.
    """

    column: str
    title: str
    of_row: tuple[str, ...]
    values: tuple[str, ...]


def axes(runs: pd.DataFrame) -> list[Axis]:
    """Return the axes of a runs table: first the backend, always, then what else differs.

    A column that another axis determines is left out, as the weights of layers usually are by the layers.
    """
    kept = [BACKEND]
    for column in CANDIDATES[1:]:
        differs = runs[column].nunique() > 1
        if differs and not any(_determines(runs, other, column) for other in kept):
            kept.append(column)
    only = len(kept) == 2
    return [_axis(runs, column, _texts(runs, column, only and column != BACKEND)) for column in kept]


def _determines(runs: pd.DataFrame, one: str, other: str) -> bool:
    both = runs[[one, other]].dropna()
    return bool((both.groupby(one)[other].nunique() <= 1).all())


def _axis(runs: pd.DataFrame, column: str, texts: list[str]) -> Axis:
    numeric = pd.api.types.is_numeric_dtype(runs[column])
    places = runs[column].tolist() if numeric else range(len(texts))
    place = dict(zip(reversed(texts), reversed(places), strict=True))
    values = sorted(place.keys() - {UNUSED}, key=lambda text: place[text]) + [UNUSED] * (UNUSED in place)
    title = column.removesuffix("_label").replace("_", " ")
    return Axis(column, title, tuple(texts), tuple(values))


def _texts(runs: pd.DataFrame, column: str, only: bool) -> list[str]:
    """Say each value; the only swept axis has names in the labels, if they tell the values apart."""
    texts = [UNUSED if pd.isna(value) else said(value) for value in runs[column].tolist()]
    named = runs[[column, "label"]].dropna().drop_duplicates()
    if only and named[column].is_unique and named["label"].is_unique and (named["label"] != "").all():
        names = {said(value): name for value, name in zip(named[column], named["label"], strict=True)}
        return [names.get(text, text) for text in texts]
    return texts


def said(value: Any) -> str:
    """Say a value in few characters: layers without `conv`, numbers without trailing zeros."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value)
    return text.replace("conv", "").replace(",", " ") if text.startswith("conv") else text
