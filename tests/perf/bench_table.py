"""What bench.py found: a table for each size and precision in bench.md, all of the seconds in bench.png."""

import math
from pathlib import Path

import matplotlib
import pandas as pd

import nstbench
from nstbench.comparison.ratios import ratio_of_medians, spread_of_median
from nstbench.comparison.time_to_loss import time_to_loss

matplotlib.use("Agg")
from matplotlib import pyplot as plt

PRECISIONS = {"default": "float32", "bf16": "bf16"}
THRESHOLDS = (0.5, 0.3)
"""Shares of `referee_total`, whose start is 1."""
PEERS = ("plain-pytorch", "plain-tensorflow", "keras-example")
OURS, PLAIN = ("#1f5fa8", "#9dbfe4"), ("#6b6b6b", "#c4c4c4")
"""Colours of float32 and bf16."""
HEAD = (
    "loop",
    "ms an iteration (95 %)",
    "of the best plain one",
    "GFLOP/s",
    "of a product",
    "compiling",
    "compiled before",
    "memory, GB",
    *(f"to {threshold:g}" for threshold in THRESHOLDS),
)


def write(out, sizes, flop_per_s):
    """Write both files into `out`; returns the tables."""
    loops = pd.concat([loops_of(out, size) for size in sizes])
    best = {size: best_plain(rows) for size, rows in loops.groupby("size")}
    loops["base"] = [best[size] for size in loops["size"]]
    parts = [table(rows, flop_per_s) for _, rows in loops.groupby(["size", "precision"], sort=False)]
    rates = ", ".join(f"{name} {rate / 1e9:.0f}" for name, rate in flop_per_s.items())
    text = f"A product of two 2048 x 2048 matrices, GFLOP/s: {rates}.\n\n" + "\n\n".join(parts) + "\n"
    (Path(out) / "bench.md").write_text(text)
    draw(loops, sizes, Path(out) / "bench.png")
    return text


def loops_of(out, size):
    """Return a row for each loop at each precision, with `rounds`, the seconds an iteration of each call."""
    results = nstbench.open_results(f"{out}/sweep-{size}")
    runs = results.runs[results.runs["status"] == "ok"].set_index("trial_id", drop=False)
    calls = results.timings
    calls = calls[(calls["phase"] == "round") & ~calls["warmup"]]
    paces = (calls["seconds"] / calls["iterations"]).groupby(calls["trial_id"]).agg(list)
    warm = nstbench.open_results(f"{out}/warm-{size}").runs
    warm = warm.set_index(["backend", "precision"])["compile_cached_s"].to_dict()
    runs["warm_s"] = [warm.get(key, math.nan) for key in zip(runs["backend"], runs["precision"], strict=True)]
    reached = time_to_loss(results, THRESHOLDS)
    reached = reached[reached["reached"]].pivot_table(index="trial_id", columns="threshold", values="seconds")
    return runs.join(paces.rename("rounds")).join(reached).reindex(columns=[*runs, "rounds", *THRESHOLDS])


def best_plain(rows):
    plain = rows[rows["backend"].isin(PEERS) & (rows["precision"] == "default")]
    return plain.loc[plain["step_median_s"].idxmin(), "rounds"]


def table(rows, flop_per_s):
    first = rows.iloc[0]
    lines = [f"{first['width']} x {first['height']}, {PRECISIONS[first['precision']]}", ""]
    lines += [f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
    for _, row in rows.sort_values("step_median_s").iterrows():
        lines.append(f"| {' | '.join(cells(row, flop_per_s))} |")
    return "\n".join(lines)


def cells(row, flop_per_s):
    ms, spread = 1e3 * row["step_median_s"], spread_of_median(row["rounds"])
    share = ratio_of_medians(row["base"], row["rounds"])
    return (
        row["backend"],
        f"{ms:.0f}{interval(ms * spread.low, ms * spread.high, 0)}",
        f"{share.value:.2f}{interval(share.low, share.high, 2)}",
        f"{row['gflop_per_s']:.0f}",
        f"{100 * 1e9 * row['gflop_per_s'] / flop_per_s[row['precision']]:.0f} %",
        seconds(row["compile_s"]),
        seconds(row["warm_s"]),
        f"{row['peak_rss_bytes'] / 1e9:.1f}",
        *(seconds(row[threshold]) for threshold in THRESHOLDS),
    )


def interval(low, high, digits):
    """Write an interval; nothing where calls were too few for one."""
    return "" if math.isnan(low) else f" ({low:.{digits}f} to {high:.{digits}f})"


def seconds(value):
    return "" if pd.isna(value) else f"{value:.2f} s" if value < 10 else f"{value:.0f} s"


def draw(loops, sizes, path):
    """Draw bars of milliseconds an iteration, a panel for each size, with 95 % intervals."""
    figure, panels = plt.subplots(1, len(sizes), figsize=(3.4 * len(sizes), 3.6), sharey=True, squeeze=False)
    names = list(dict.fromkeys(loops["backend"]))[::-1]
    for panel, size in zip(panels[0], sizes, strict=True):
        for _, row in loops[loops["size"] == int(size)].iterrows():
            half = row["precision"] == "bf16"
            ms, spread = 1e3 * row["step_median_s"], spread_of_median(row["rounds"])
            reach = [[ms * (1 - spread.low)], [ms * (spread.high - 1)]]
            place = names.index(row["backend"]) + (-0.2 if half else 0.2)
            colour = (PLAIN if row["backend"] in PEERS else OURS)[half]
            panel.barh(place, ms, 0.38, xerr=reach, color=colour, error_kw={"lw": 1})
        panel.set_title(f"{size} pixels", fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0][0].set_yticks(range(len(names)), names)
    figure.supxlabel("ms an iteration; dark float32, light bf16", fontsize=10)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
