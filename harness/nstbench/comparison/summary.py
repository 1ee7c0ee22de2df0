"""The table of groups: what the pairs of each come to."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from nstbench.comparison.pair_table import FIGURES, TIMED, TO, WORST
from nstbench.comparison.pairs import Matching
from nstbench.comparison.ratios import Ratio, mean_ratio

SUMS = ("compile_s", "compile_cached_s")
"""Trials of one worker share a compilation and one of them reports it: only the sum compares."""
PEAKS = ("peak_rss_bytes", "peak_device_bytes")


def group_table(runs: pd.DataFrame, matching: Matching, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each group of a matching; see `Comparison.groups`."""
    rows = []
    for group in matching.groups:
        side = "base" if group == matching.base else "other"
        own = pairs if side == "base" else pairs[pairs["group"] == group]
        row = f"{side}_row"
        trials, timed = (some.drop_duplicates(row) for some in (own, own[own["untimed"].eq("")]))
        mine = matching.names == group
        counts = {"trials": int(mine.sum()), "ok": int((mine & runs["status"].eq("ok")).sum())}
        figures = {
            name: _figure(name, (timed if name in TIMED else trials)[f"{side}_{name}"])
            for name in FIGURES
            if f"{side}_{name}" in own
        }
        ratios = _ratios(own) if side == "other" else {}
        rows.append(
            {"group": group, **counts, "paired": len(trials), **figures, **ratios, **_arrivals(own, side)}
        )
    return pd.DataFrame(rows)


def _figure(name: str, values: pd.Series) -> float:
    known = values.dropna().astype(float)
    if known.empty:
        return math.nan
    return float(known.sum() if name in SUMS else known.max() if name in PEAKS else known.median())


def _ratios(pairs: pd.DataFrame) -> dict[str, Any]:
    """Average over pairs that are measurements of their own: of a shared optimisation the longest trial."""
    measured = pairs.dropna(subset=["step_ratio"])
    longest = measured.assign(rounds=measured[["base_rounds", "other_rounds"]].min(axis=1))
    own = longest.sort_values("rounds").drop_duplicates(["base_trajectory", "other_trajectory"], keep="last")
    columns = ["step_ratio", "step_ratio_low", "step_ratio_high"]
    step = mean_ratio([Ratio(*row) for row in own[columns].astype(float).itertuples(index=False)])
    picture = pairs["optimise_ratio"].astype(float).dropna()
    return {
        "pairs": len(pairs),
        "measurements": len(own),
        "step_ratio": step.value,
        "step_ratio_low": step.low,
        "step_ratio_high": step.high,
        "verdict": step.verdict,
        "disturbed": int(own["disturbed"].sum()),
        "optimise_ratio": float(np.exp(np.log(picture).mean())) if len(picture) else math.nan,
        "optimise_ratio_least": float(picture.min()),
        "optimise_ratio_greatest": float(picture.max()),
    }


def _arrivals(pairs: pd.DataFrame, side: str) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name in (*TO, WORST):
        goal = ["worst_referee_total"] if name == WORST else []
        own = pairs.dropna(subset=[f"{side}_to_{name}_s"]).drop_duplicates([f"{side}_row", *goal])
        seconds, reached = own[f"{side}_to_{name}_s"], own[f"{side}_to_{name}_reached"].astype(bool)
        # Later than its last picture is all that is known of a trial that never got there.
        columns |= {
            f"to_{name}_s": float(seconds.median()),
            f"to_{name}_reached": int(reached.sum()),
            f"to_{name}_of": len(own),
            f"to_{name}_censored": bool(len(own)) and math.isinf(seconds.where(reached, math.inf).median()),
        }
    return columns
