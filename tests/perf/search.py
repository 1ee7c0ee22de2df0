"""What a search finds in a third of the trials of a grid: `python -m tests.perf.search [BACKEND ...]`.

A grid of 8 x 5, ends included, against searches of 13 over the same ranges, with ten seeds. The pictures of
the fake lie on a line between two images, and their loss is least somewhere on it.
"""

import sys
import tempfile
from pathlib import Path
from statistics import mean, stdev

import numpy as np

import nstbench

GRID, SEEDS = (8, 5), 10
TRIALS = int(np.prod(GRID)) // 3
FAKE = {
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "iterations": 10, "init": "style", "tv_weight": 0},
}
REAL = {
    "inputs": {"content": "sample:cat", "style": "sample:strokes"},
    "fixed": {"size": 64, "iterations": 20},
}
RANGES = {
    "fake": {
        "learning_rate": {"low": 0.001, "high": 0.5, "log": True},
        "adam_beta1": {"low": 0.1, "high": 0.99},
    },
    "real": {
        "beta": {"low": 1, "high": 1e5, "log": True},
        "learning_rate": {"low": 0.002, "high": 0.5, "log": True},
    },
}


def of_grid(axis, count):
    """Return so many values of a range, evenly, as somebody writes them who has no search."""
    spread = np.geomspace if axis.get("log") else np.linspace
    return [float(f"{value:.3g}") for value in spread(axis["low"], axis["high"], count)]


def best(folder, experiment):
    """Return the least loss, and what led to it."""
    runs = nstbench.sweep(experiment, folder).runs
    assert (runs["status"].isin(["ok", "diverged"])).all(), runs[["status", "error_message"]]
    row = runs.loc[runs["referee_total"].idxmin()]
    return row["referee_total"], row["label"], len(runs)


def compare(backend, folder):
    """Print what a grid and ten searches find."""
    plain, ranges = (FAKE, RANGES["fake"]) if backend == "fake" else (REAL, RANGES["real"])
    plain = plain | {"measure": {"referee": "bundled"}, "backends": [backend]}
    axes = {name: of_grid(axis, count) for (name, axis), count in zip(ranges.items(), GRID, strict=True)}
    loss, label, count = best(folder / "grid", plain | {"name": "grid", "sweep": axes})
    print(f"{backend}: grid of {count}: {loss:.4f} with {label}", flush=True)
    found = []
    for seed in range(SEEDS):
        search = {**ranges, "trials": TRIALS, "for": "referee_total"}
        made = best(folder / f"{seed}", plain | {"name": f"search-{seed}", "search": search, "seed": seed})
        found.append(made[0])
        print(f"  seed {seed}: {made[0]:.4f} with {made[1]}", flush=True)
    print(
        f"{backend}: searches of {TRIALS}: {mean(found):.4f} in the mean of {SEEDS} seeds, standard deviation"
        f" {stdev(found):.4f}, the worst {max(found):.4f};"
        f" {sum(each <= loss for each in found)} of {SEEDS} are at least as good as the grid"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        for name in sys.argv[1:] or ["fake"]:
            compare(name, Path(temporary) / name)
