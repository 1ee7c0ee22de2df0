"""What a picture costs in seconds: what is paid once, and what is paid for each picture.

The first trial of a worker pays for importing and loading, the first with a program for compiling it; those
after it find that done. So what is paid once is taken from the trials that paid.
"""

from __future__ import annotations

import pandas as pd

from nstbench.comparison.pair_table import steady_rounds
from nstbench.comparison.ratios import spread_of_median
from nstbench.comparison.time_to_loss import with_folder
from nstbench.record import Results

NOTEWORTHY = 0.1
"""Share of a picture's seconds above which it is said that preparing may take less the second time."""


def costs(results: Results, runs: pd.DataFrame) -> pd.DataFrame:
    """Return what the pictures of these rows cost, in seconds.

    Args:
        runs: what `with_configurations` returned.

    Returns:
        A row for each: `once_s`, paid before the first picture only; `each_s`, paid for each, with its 95 %
        interval `each_low_s`, `each_high_s` from the scatter of the rounds; `cached`, whether compiling is
        known from the compile cache alone; `all_compiled`, whether no trial found the program there, so
        that a good part of `each_s` is the first one's preparing.
    """
    program = runs["program"]
    found = runs["compile_cached_s"].notna()
    anew = runs["compile_count"].fillna(0).gt(0).astype(bool) & ~found
    compiling = runs["compile_s"].fillna(runs["compile_cached_s"]).fillna(0)
    preparing = runs["prepare_s"].fillna(0)
    first = _median(compiling.where(anew), program).fillna(_median(compiling.where(found), program))
    later = _median(compiling.where(~anew & ~found), program)
    first_prepared = _median(preparing.where(anew | found), program)
    later_prepared = _median(preparing.where(~anew & ~found), program).fillna(first_prepared)
    once = (
        _median(runs["import_s"], runs["setup"]).fillna(0)
        + _median(runs["load_s"], runs["setup"]).fillna(0)
        + (first - later.fillna(0)).clip(lower=0).fillna(0)
        + (first_prepared - later_prepared).clip(lower=0).fillna(0)
        + _warm_up(results, runs)
    )
    rounds = steady_rounds(results, runs)
    spread = [spread_of_median(rounds.get(row, [])) for row in runs.index]
    ready, loop = later_prepared + later.fillna(0), runs["optimise_s"]
    return pd.DataFrame(
        {
            "once_s": once,
            "each_s": ready + loop,
            "each_low_s": ready + loop * [one.low for one in spread],
            "each_high_s": ready + loop * [one.high for one in spread],
            "cached": found.groupby(program).transform("any") & ~anew.groupby(program).transform("any"),
            "all_compiled": later.isna() & (first_prepared > NOTEWORTHY * (ready + loop)),
        }
    )


def _warm_up(results: Results, runs: pd.DataFrame) -> pd.Series:
    """Return by how much the first pass of a single-pass backend took longer; in a loop it is counted."""
    timings, keys = with_folder(results, "timings"), ["results", "trial_id"]
    first = timings[timings["phase"].eq("round") & timings["warmup"]].drop_duplicates(keys)
    seconds = first.set_index(keys)["seconds"].reindex(pd.MultiIndex.from_frame(runs[keys]))
    passes = runs["iterations"].isna()
    more = pd.Series(seconds.to_numpy(), runs.index) - runs["step_median_s"]
    return more.where(passes).groupby(runs["program"]).transform("max").clip(lower=0).fillna(0)


def _median(values: pd.Series, by: pd.Series) -> pd.Series:
    return values.groupby(by).transform("median")
