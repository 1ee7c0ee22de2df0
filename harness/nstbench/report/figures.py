"""The numbers behind the report's figures."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

PHASES = ("import", "load", "prepare", "compile", "warm-up", "steady")
CURVE_POINTS = 300


def pareto_front(runs: pd.DataFrame) -> list[str]:
    """Return the trials that no other beats in both seconds and referee loss, quickest first."""
    known = runs.dropna(subset=["optimise_s", "referee_total"]).sort_values(["optimise_s", "referee_total"])
    best_before = known["referee_total"].cummin().shift(fill_value=np.inf)
    return list(known.loc[known["referee_total"] < best_before, "trial_id"])


def seconds_by_phase(runs: pd.DataFrame, timings: pd.DataFrame) -> pd.DataFrame:
    """Return seconds of the whole sweep: a row for each backend_label, a column for each of `PHASES`.

    Trials that share a trajectory all have its rounds on record; each round counts once.
    """
    labelled = timings.merge(runs[["trial_id", "backend_label"]], on="trial_id")
    again = labelled["phase"].eq("round") & labelled.duplicated(["backend_label", "round", "seconds"])
    once = labelled[~again]
    rounds = once["warmup"].map({True: "warm-up", False: "steady"})
    phase = once["phase"].replace("compile_cached", "compile").where(once["phase"] != "round", rounds)
    table = once.assign(phase=phase).pivot_table("seconds", "backend_label", "phase", aggfunc="sum")
    order = [label for label in runs["backend_label"].unique() if label in table.index]
    return table.reindex(index=order, columns=list(PHASES)).fillna(0.0)


def points_of_curve(
    losses: np.ndarray[Any, np.dtype[np.floating]], most: int = CURVE_POINTS
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Choose at most `most` points of a trial's losses, so that what is seen of them stays.

    Kept are both ends, the least of each loss, and the least and the greatest of the first loss in each of
    many stretches, which are shorter at the beginning, where losses fall fastest.

    Args:
        losses: (points, losses); what is not finite is a gap.
    """
    count, kinds = losses.shape
    if count <= most:
        return np.arange(count)
    stretches = (most - 2 - kinds) // 2
    even = np.linspace(0, count, stretches - stretches // 3 + 1)
    early = np.geomspace(1, count, stretches // 3)
    edges = np.unique(np.concatenate([even, early]).round().astype(np.int64))
    low, high = (np.where(np.isfinite(losses), losses, gap) for gap in (np.inf, -np.inf))
    least, greatest = low[:, 0], high[:, 0]
    spans = [(start, slice(start, end)) for start, end in pairwise(edges.tolist())]
    extremes = [start + at for start, span in spans for at in (least[span].argmin(), greatest[span].argmax())]
    return np.unique([0, count - 1, *low.argmin(axis=0), *extremes])
