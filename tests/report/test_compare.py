"""What pairs come to, from numbers that are known and from sweeps with a slow-down put in."""

import json
import shutil

import numpy as np
import pytest

import nstbench
from nstbench.comparison.compare import compare, compare_folders
from tests.report.scenes import a_folder, a_record, a_trial, results_of

SEEDS = range(5)


def two_folders(path, factors):
    """Fill two folders; the trials of the second take `factors` as long."""
    for name, scale in (("a", np.ones(len(factors))), ("b", factors)):
        trials = [a_trial({"seed": seed}) for seed in range(len(factors))]
        a_folder(path / name, *(a_record(t, step_s=0.1 * s) for t, s in zip(trials, scale, strict=True)))
    return path / "a", path / "b"


def test_the_ratio_of_a_pair_is_that_of_the_medians_without_warm_up(tmp_path):
    found = compare_folders(*two_folders(tmp_path, [1.2]))
    (pair,) = found.pairs.to_dict("records")
    assert pair["step_ratio"] == pytest.approx(1.2)
    assert pair["step_ratio_low"] < 1.2 < pair["step_ratio_high"] < 1.25
    assert (pair["base_rounds"], pair["verdict"]) == (7, "20 % more time")
    assert found.groups["step_ratio"][1] == pytest.approx(1.2)


def test_the_ratio_of_a_group_is_the_geometric_mean_over_pairs(tmp_path):
    factors = [1.1, 1.2, 1.3, 1.4]
    group = compare_folders(*two_folders(tmp_path, factors)).groups.iloc[1]
    assert group["step_ratio"] == pytest.approx(np.exp(np.mean(np.log(factors))))
    assert group["step_ratio_low"] < 1.1 and group["step_ratio_high"] > 1.4
    assert group["measurements"] == 4


def test_trials_of_one_trajectory_count_once(tmp_path):
    for name, factor in (("a", 1.0), ("b", 1.5)):
        steps = [(seed, count) for seed in (0, 1, 2) for count in (8, 40)]
        trials = [a_trial({"seed": seed, "iterations": count}) for seed, count in steps]
        a_folder(tmp_path / name, *(a_record(t, 0.1 * factor, shared_trajectory=True) for t in trials))
    found = compare_folders(tmp_path / "a", tmp_path / "b")
    assert len(found.pairs) == 6
    assert found.groups["measurements"][1] == 3
    assert any("count once" in caution for caution in found.cautions)


def test_figures_of_groups_are_those_of_their_paired_trials(tmp_path):
    records = [
        a_record(a_trial({"seed": seed}, backend=name), peak_rss_bytes=10**8 * (seed + 1), step_s=scale)
        for name, scale in (("one", 0.1), ("two", 0.2))
        for seed in SEEDS
    ]
    alone = a_record(a_trial({"seed": 99}, backend="one"), step_s=50.0, peak_rss_bytes=10**12)
    one, two = compare(results_of(tmp_path, *records, alone)).groups.to_dict("records")
    assert (one["trials"], one["paired"], two["paired"]) == (6, 5, 5)
    assert (one["step_median_s"], two["step_median_s"]) == pytest.approx((0.1, 0.2))
    assert one["compile_s"] == pytest.approx(5 * 2.0), "the sum, as trials share compilations"
    assert one["peak_rss_bytes"] == 5e8
    assert one["gflop_per_s"] == pytest.approx(2 * two["gflop_per_s"])


def swept(path, step_s, **changes):
    plain = {
        "name": "timed",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "iterations": 9, "alpha": 1, "beta": 10},
        "backends": [{"name": "fake", "options": {"step_s": step_s}}],
        "measure": {"referee": "random:0", "chunk": 1, "snapshot_every": 4},
    }
    nstbench.sweep(plain | changes, path)
    return path


def slowed(folder, path, factor):
    """Copy a folder as if each of its rounds had taken `factor` as long."""
    shutil.copytree(folder, path)
    for result in path.glob("trials/*/result.json"):
        record = json.loads(result.read_text())
        for each in record["rounds"]:
            each["seconds"] *= factor
        result.write_text(json.dumps(record))
    return path


def test_a_slow_down_put_into_a_sweep_is_found_and_the_same_seconds_are_equal(tmp_path):
    """Two sweeps by the clock are compared in tests/perf; here their difference is exact."""
    before = swept(tmp_path / "before", 0.02)
    found = nstbench.compare(
        before, slowed(before, tmp_path / "after", 1.2), slowed(before, tmp_path / "same", 1)
    )
    _, slower, equal = found.groups.to_dict("records")
    assert slower["step_ratio"] == pytest.approx(1.2)
    assert equal["step_ratio"] == pytest.approx(1.0)
    assert equal["step_ratio_low"] < 1 < equal["step_ratio_high"]
    assert slower["referee_total"] == equal["referee_total"]
    assert found.unpaired.empty


def test_backends_of_a_sweep_are_compared_by_what_both_painted(tmp_path):
    folder = swept(tmp_path / "out", 0.001, backends=["fake", "colour-transfer"])
    found = nstbench.compare(folder)
    (pair,) = found.pairs.to_dict("records")
    runs = nstbench.open_results(folder).runs.set_index("backend")
    assert pair["optimise_ratio"] == pytest.approx(
        runs.at["colour-transfer", "optimise_s"] / runs.at["fake", "optimise_s"]
    )
    assert pair["other_to_worst_s"] == runs.at["colour-transfer", "optimise_s"]
