"""How long to a picture that is good enough."""

import math

import pytest

from nstbench.comparison.compare import compare
from nstbench.comparison.time_to_loss import time_to_loss
from nstbench.record import open_results
from tests.report.scenes import SINGLE_PASS, a_folder, a_record, a_trial, results_of

LOOKS = ((10, 1.0, 0.9), (20, 2.0, 0.45), (30, 3.0, 0.15), (40, 4.0, 0.18))


def found(results, **options):
    table = time_to_loss(results, **options)
    return {row.threshold: (row.seconds, row.reached) for row in table.itertuples()}


def test_the_first_saved_picture_under_a_threshold_counts(tmp_path):
    results = results_of(tmp_path, a_record(looks=LOOKS))
    assert found(results) == {0.5: (2.0, True), 0.2: (3.0, True), 0.1: (4.0, False)}
    assert found(results, thresholds=[0.45, 0.2])[0.45] == (2.0, True)


def test_pictures_nobody_judged_are_no_looks(tmp_path):
    unjudged = ((10, 1.0, None), (40, 4.0, 0.3))
    assert found(results_of(tmp_path, a_record(looks=unjudged)))[0.5] == (4.0, True)


def test_a_single_pass_is_counted_once_though_the_clock_repeats_it(tmp_path):
    record = a_record(a_trial(SINGLE_PASS), looks=((None, 6.0, 0.4),), optimise_s=1.0)
    assert found(results_of(tmp_path, record))[0.5] == (1.0, True)


def test_the_same_trial_in_two_folders_is_two_rows(tmp_path):
    for name, seconds in (("a", 1.0), ("b", 2.0)):
        a_folder(tmp_path / name, a_record(looks=((40, seconds, 0.4),)))
    table = time_to_loss(open_results(tmp_path / "a", tmp_path / "b"), [0.5])
    assert list(table["results"]) == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert list(table["seconds"]) == [1.0, 2.0]


def test_groups_say_how_many_got_there_and_hide_no_trial_that_did_not(tmp_path):
    far, near = ((40, 8.0, 0.6),), ((20, 1.0, 0.4), (40, 2.0, 0.3))
    seeds = range(3)
    records = [a_record(a_trial({"seed": seed}, backend="base"), looks=near) for seed in seeds]
    records += [
        a_record(a_trial({"seed": seed}, backend="other"), looks=near if seed == 0 else far) for seed in seeds
    ]
    base, other = compare(results_of(tmp_path, *records)).groups.to_dict("records")
    assert (base["to_50_s"], base["to_50_reached"], base["to_50_censored"]) == (1.0, 3, False)
    assert (other["to_50_s"], other["to_50_reached"], other["to_50_of"]) == (8.0, 1, 3)
    assert other["to_50_censored"], "the median trial never got there"


def test_at_the_worst_final_of_a_matched_set_everybody_got_there(tmp_path):
    finals = {"one": 0.30, "two": 0.50, "three": 0.45}
    records = [
        a_record(a_trial(backend=name), looks=((20, 1.0, 0.48), (40, 2.0, total)))
        for name, total in finals.items()
    ]
    pairs = compare(results_of(tmp_path, *records)).pairs
    assert list(pairs["worst_referee_total"]) == [0.5, 0.5]
    assert pairs["base_to_worst_reached"].all() and pairs["other_to_worst_reached"].all()
    assert list(pairs["other_to_worst_s"]) == [1.0, 1.0]


def test_without_a_referee_there_is_no_time_to_a_loss(tmp_path):
    records = [a_record(a_trial(backend=name), looks=((40, 4.0, None),)) for name in ("one", "two")]
    results = results_of(tmp_path, *records)
    table = time_to_loss(results)
    assert list(table[table["reached"]]) == ["results", "trial_id", "threshold", "seconds", "reached"]
    found = compare(results)
    assert math.isnan(found.groups["to_worst_s"][0])
    assert list(found.groups["to_50_of"]) == [0, 0]
    assert found.groups["step_ratio"][1] == pytest.approx(1.0)
