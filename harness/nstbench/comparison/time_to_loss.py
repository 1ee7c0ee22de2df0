"""How long a trial took to a picture that is good enough, as the referee sees it.

Only pictures that were saved can be judged, so the answer is the first saved one at or under the threshold:
as fine as `measure: {snapshot_every: n}` makes it, and never interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from nstbench.record import Results

THRESHOLDS = (0.5, 0.2, 0.1)
"""Shares of the start. The start is the content image itself, whose `referee_total` is 1."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a trial got there.

    Attributes:
        seconds: inside the loop; if it never got there, until its last picture. NaN if none was judged.
        reached: False means: longer than `seconds`.
    """

    seconds: float
    reached: bool


def time_to_loss(results: Results, thresholds: Iterable[float] = THRESHOLDS) -> pd.DataFrame:
    """Return a row for each trial with a judged picture and each threshold of `referee_total`.

    Returns:
        Columns `results` (the folder), `trial_id`, `threshold`, `seconds`, `reached`. Seconds are those
        inside the loop: compiling comes on top. Where `reached` is False the trial ended at `seconds` without
        getting there.
    """
    wanted = tuple(thresholds)
    rows = [
        (*trial, threshold, (at := arrival(pictures, threshold)).seconds, at.reached)
        for trial, pictures in judged_pictures(results).groupby(["results", "trial_id"], sort=False)
        for threshold in wanted
    ]
    found = pd.DataFrame(rows, columns=["results", "trial_id", "threshold", "seconds", "reached"])
    return found.astype({"reached": bool})  # without rows too, as it is there to choose by


def judged_pictures(results: Results) -> pd.DataFrame:
    """Return `results`, `trial_id`, `elapsed_s`, `referee_total` of every judged picture, earliest first."""
    runs, images = with_folder(results, "runs"), with_folder(results, "images")
    key = ["results", "trial_id"]
    pictures = images.merge(runs[[*key, "optimise_s"]], on=key)
    # A single pass is repeated for the clock; its picture was there after the first.
    passes = pictures["iteration"].isna()
    pictures["elapsed_s"] = pictures["elapsed_s"].where(~passes, pictures["optimise_s"])
    known = pictures.dropna(subset=["referee_total", "elapsed_s"])
    return known.sort_values("elapsed_s", kind="stable")[[*key, "elapsed_s", "referee_total"]]


def arrival(pictures: pd.DataFrame, threshold: float) -> Arrival:
    """Find the first of one trial's judged pictures, earliest first, at or under a threshold."""
    if pictures.empty or math.isnan(threshold):
        return Arrival(math.nan, False)
    seconds = pictures["elapsed_s"].to_numpy()
    good = seconds[pictures["referee_total"].to_numpy() <= threshold]
    return Arrival(float(good[0] if len(good) else seconds[-1]), len(good) > 0)


def with_folder(results: Results, table: str) -> pd.DataFrame:
    """Return a table with its column `results` even if a single folder was opened."""
    frame: pd.DataFrame = getattr(results, table)
    return frame if "results" in frame else frame.assign(results=str(results.stores[0].path))
