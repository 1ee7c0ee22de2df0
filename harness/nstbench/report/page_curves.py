"""The loss curves of a report: by how many of its points each is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nstbench.report.figures import CURVE_POINTS, points_of_curve
from nstbench.report.page_budget import BUDGET, CURVES_SHARE, evenly, fit
from nstbench.report.page_values import json_in_html, short

POINTS = (CURVE_POINTS, 240, 180, 120, 90, 70, 50, 40, 30)
"""Of how many points a curve may be, at most."""

LOSSES = ("total", "content", "style", "tv")


@dataclass(frozen=True, slots=True)
class Curves:
    """What the page knows of losses.

    Attributes:
        of_trial: trial id -> its losses; those of style layers stand under `layers`.
        note: what the page leaves out; empty if nothing.
        size_in_bytes: of the curves, nearly.
    """

    of_trial: dict[str, dict[str, Any]]
    note: str
    size_in_bytes: int


def curves(losses: pd.DataFrame, budget: int = BUDGET) -> Curves:
    """Choose curves and their points so that they take their share of a page's budget at most."""
    columns = {str(name): losses[name].to_numpy() for name in losses if name != "trial_id"}
    rows = {str(trial): at for trial, at in losses.groupby("trial_id", sort=False).indices.items()}
    trials = list(dict.fromkeys(losses["trial_id"]))

    def curve(trial: str, most: int) -> dict[str, Any]:
        return _curve({name: values[rows[trial]] for name, values in columns.items()}, most)

    share = fit(trials, POINTS, lambda *one: len(json_in_html(curve(*one))), int(CURVES_SHARE * budget))
    of_trial = {trial: curve(trial, share.size) for trial in evenly(trials, share.count)}
    longest = max(map(len, rows.values()), default=0)
    return Curves(of_trial, _note(len(of_trial), len(trials), share.size, longest), share.size_in_bytes)


def _curve(columns: Mapping[str, np.ndarray[Any, Any]], most: int) -> dict[str, Any]:
    points = points_of_curve(np.stack([columns[name] for name in LOSSES], axis=1), most)
    chosen = {name: values[points] for name, values in columns.items()}
    layers = [name for name in chosen if name.startswith("style_") and not np.isnan(chosen[name]).all()]
    return {
        "iteration": chosen["iteration"].tolist(),
        **{name: short(chosen[name]) for name in ("elapsed_s", *LOSSES)},
        "layers": {name.removeprefix("style_"): short(chosen[name]) for name in layers},
    }


def _note(carried: int, count: int, points: int, longest: int) -> str:
    said = []
    if carried < count:
        said.append(f"{carried:,} of {count:,} curves are on this page, spread over all trials.")
    if points < longest:
        said.append(
            f"A curve has {points} of its up to {longest:,} points at most: its ends, and the least and the "
            "greatest of each stretch between them."
        )
    return " ".join([*said, "The tables of the results folder have every loss."]) if said else ""
