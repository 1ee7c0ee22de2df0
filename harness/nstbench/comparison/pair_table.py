"""The table of pairs: what was measured of both sides, and the ratios."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nstbench.comparison.grouping import IDENTITY
from nstbench.comparison.machines import why_untimed
from nstbench.comparison.pairs import Matching
from nstbench.comparison.ratios import Ratio, ratio_of_medians
from nstbench.comparison.time_to_loss import THRESHOLDS, arrival, judged_pictures, with_folder
from nstbench.record import Results

FIGURES = (
    *("step_median_s", "optimise_s", "compile_s", "compile_cached_s", "gflop_per_s"),
    *("referee_total", "referee_ssim", "peak_rss_bytes", "peak_device_bytes", "energy_j"),
)
"""Columns of `runs` that a comparison shows, where the table has them."""

TIMED = ("step_median_s", "optimise_s", "compile_s", "compile_cached_s", "gflop_per_s", "energy_j")
"""Those that a pair of different machines does not show."""

WORST = "worst"
TO = {f"{100 * threshold:g}": threshold for threshold in THRESHOLDS}
"""Name of a threshold in column names -> share of the start. Beside them stands `WORST`."""

SIDES = ("base", "other")


def pair_table(results: Results, matching: Matching) -> pd.DataFrame:
    """Return one row for each pair of a matching; see `Comparison.pairs`."""
    runs = with_folder(results, "runs")
    table = matching.pairs.assign(base=matching.base)
    for side in SIDES:
        own = runs.loc[table[f"{side}_row"]].reset_index(drop=True)
        wanted = ("results", "trial_id", "backend_label", "label", *(name for name in FIGURES if name in own))
        table = table.assign(**{f"{side}_{name}": own[name] for name in wanted})
    table["untimed"] = why_untimed(results, runs, matching)
    doubtful = runs["disturbed"].fillna(False).astype(bool)
    table["disturbed"] = np.logical_or(*(doubtful[table[f"{side}_row"]].to_numpy() for side in SIDES))
    # The worst final picture of all that are compared with one trial: a goal that each of them reached.
    finals = table[["base_referee_total", "other_referee_total"]].max(axis=1, skipna=False)
    table["worst_referee_total"] = finals.groupby(table["base_row"]).transform("max")
    table = table.assign(**_ratios(results, runs, table), **_arrivals(results, table))
    seconds = [name for side in SIDES for name in _seconds(side) if name in table]
    table[seconds] = table[seconds].mask(table["untimed"].ne(""))
    return table.assign(optimise_ratio=table["other_optimise_s"] / table["base_optimise_s"])


def _seconds(side: str) -> list[str]:
    arrivals = (f"{side}_to_{name}_s" for name in (*TO, WORST))
    return [*(f"{side}_{name}" for name in TIMED), *arrivals]


def _ratios(results: Results, runs: pd.DataFrame, table: pd.DataFrame) -> dict[str, Any]:
    passes = runs["iterations"].isna()
    base_row, other_row = table["base_row"], table["other_row"]
    single = passes[base_row].to_numpy() != passes[other_row].to_numpy()
    rounds = steady_rounds(results, runs)
    both = [(rounds.get(one, []), rounds.get(two, [])) for one, two in zip(base_row, other_row, strict=True)]
    steps = [
        Ratio(float("nan")) if apart else ratio_of_medians(*pair)
        for pair, apart in zip(both, single | table["untimed"].ne(""), strict=True)
    ]
    course = _trajectories(runs)
    return {
        "single_pass": single,
        "shared": [bool(runs.loc[[i, j], "shared_trajectory"].eq(True).any()) for i, j in _rows(table)],
        "base_trajectory": course[base_row].to_numpy(),
        "other_trajectory": course[other_row].to_numpy(),
        "base_rounds": [len(pair[0]) for pair in both],
        "other_rounds": [len(pair[1]) for pair in both],
        "step_ratio": [step.value for step in steps],
        "step_ratio_low": [step.low for step in steps],
        "step_ratio_high": [step.high for step in steps],
        "verdict": [step.verdict for step in steps],
    }


def _rows(table: pd.DataFrame) -> list[tuple[Any, Any]]:
    return list(zip(table["base_row"], table["other_row"], strict=True))


def steady_rounds(results: Results, runs: pd.DataFrame) -> dict[Any, list[float]]:
    """Return row of `runs` -> seconds per iteration of each round in steady state."""
    timings = with_folder(results, "timings")
    steady = timings[timings["phase"].eq("round") & ~timings["warmup"]]
    rows = runs.reset_index(names="row")[["row", "results", "trial_id"]]
    merged = steady.merge(rows, on=["results", "trial_id"])
    each = merged["seconds"] / merged["iterations"].astype(float)
    return {row: list(values) for row, values in each.groupby(merged["row"])}


def _trajectories(runs: pd.DataFrame) -> pd.Series:
    """Number the optimisations: trials that shared one, differing in `iterations` alone, have one number."""
    key = ["results", "options", *(column for column in IDENTITY if column != "iterations")]
    numbers = runs.groupby(key, dropna=False, sort=False).ngroup()
    alone = ~runs["shared_trajectory"].eq(True).fillna(False).astype(bool)
    return numbers.mask(alone, -1 - pd.Series(range(len(runs)), index=runs.index))


def _arrivals(results: Results, table: pd.DataFrame) -> dict[str, Any]:
    pictures = judged_pictures(results)
    seen = dict(tuple(pictures.groupby(["results", "trial_id"])))
    nothing = pictures.iloc[:0]
    columns: dict[str, Any] = {}
    for side in SIDES:
        keys = zip(table[f"{side}_results"], table[f"{side}_trial_id"], strict=True)
        of_pair = [seen.get(key, nothing) for key in keys]
        columns[f"{side}_pictures"] = [len(own) for own in of_pair]
        for name in (*TO, WORST):
            goals = [TO[name]] * len(table) if name in TO else list(table["worst_referee_total"])
            found = [arrival(own, float(goal)) for own, goal in zip(of_pair, goals, strict=True)]
            columns[f"{side}_to_{name}_s"] = [one.seconds for one in found]
            columns[f"{side}_to_{name}_reached"] = [one.reached for one in found]
    return columns
