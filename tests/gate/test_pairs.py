"""Measuring in pairs, with real sweeps."""

import math
from threading import Barrier

import pytest

from nstbench.gate.pairs import BASE, CANDIDATE
from nstbench.gate.side import SideBroken
from nstbench.record import open_results

from .here import BREAKS, DIES, FAST, SLOW

STEP = ("fake", "step_min_s")


def test_the_order_is_base_candidate_candidate_base(pairs_of):
    pairs = pairs_of([FAST], [FAST])
    pairs.rehearse()
    pairs.take([STEP], 3, "screening")
    assert pairs.watch.said == [
        ("rehearsal", 2),
        *(BASE, CANDIDATE),
        ("screening", 6),
        *(BASE, CANDIDATE, CANDIDATE, BASE, BASE, CANDIDATE),
    ]


def test_the_rehearsal_does_not_count(pairs_of):
    pairs = pairs_of([SLOW, FAST, FAST], [FAST, SLOW, SLOW])
    assert pairs.rehearse()[BASE].seconds(*STEP) > 0.06
    logs = pairs.take([STEP], 2, "screening")
    assert min(logs[STEP]) > math.log(2)
    assert all(base < candidate for base, candidate in pairs.seconds[STEP])


def test_a_logarithm_is_of_the_quickest_that_lie_in_the_folder_of_each_run(tmp_path, pairs_of):
    pairs = pairs_of([FAST], [SLOW])
    pairs.rehearse()
    logs = pairs.take([STEP], 2, "screening")[STEP]
    for number, log in enumerate(logs, 1):
        quickest = []
        for name in (BASE, CANDIDATE):
            table = open_results(tmp_path / f"screening-{number:02d}" / "1-fake" / name).timings
            steady = table[(table["phase"] == "round") & ~table["warmup"].astype(bool)]
            quickest.append((steady["seconds"] / steady["iterations"]).min())
        assert log == pytest.approx(math.log(quickest[1] / quickest[0]), rel=1e-6)


def test_a_pair_that_one_side_did_not_finish_counts_for_neither(pairs_of):
    pairs = pairs_of([FAST], [FAST, FAST, BREAKS, FAST])
    pairs.rehearse()
    assert len(pairs.take([STEP], 3, "screening")[STEP]) == 2
    assert pairs.broken[BASE] == {}
    assert pairs.broken[CANDIDATE]["fake"].startswith("failed: RuntimeError: told to fail")


def test_a_side_that_does_not_come_to_an_end_stops_it(pairs_of):
    pairs = pairs_of([FAST], [FAST, DIES])
    pairs.rehearse()
    with pytest.raises(SideBroken, match="the candidate: died"):
        pairs.take([STEP], 2, "screening")


def test_what_is_compared_is_measured_one_right_after_the_other(pairs_of):
    backends = ["fake", {"name": "fake", "label": "other", "options": {"at": 2}}]
    pairs = pairs_of([FAST], [FAST], backends=backends)
    pairs.rehearse()
    pairs.take([("fake", "step_min_s"), ("other", "step_min_s")], 2, "screening")
    base, candidate = (
        [[each["label"] for each in ran["backends"]] for ran in pairs.sides[name].experiments[1:]]
        for name in (BASE, CANDIDATE)
    )
    assert base == candidate == [["fake"], ["other"]] * 2
    assert pairs.watch.said == [
        ("rehearsal", 4),
        *(BASE, BASE, CANDIDATE, CANDIDATE),
        ("screening", 8),
        *[BASE, CANDIDATE] * 2,
        *[CANDIDATE, BASE] * 2,
    ]


@pytest.mark.parametrize(
    ("cores", "wanted", "base", "candidate"),
    [
        ((0, 1), "auto", [0], [1]),
        ((0, 2, 1, 3), "auto", [0], [3]),
        ((0, 3, 1, 4, 2), "auto", [0, 3], [4, 2]),
        ((0, 2, 1, 3), 2, [0, 2], [1, 3]),
    ],
)
def test_on_a_cpu_both_run_at_the_same_time_and_swap_their_cores(pairs_of, cores, wanted, base, candidate):
    pairs = pairs_of([FAST], [FAST], cores=cores, measure={"threads": wanted, "chunk": 2})
    pairs.rehearse()
    assert len(pairs.take([STEP], 3, "screening")[STEP]) == 3
    ran = [[each and list(each) for each in pairs.sides[name].cores] for name in (BASE, CANDIDATE)]
    assert ran == [[None, base, candidate, base], [None, candidate, base, candidate]]
    assert pairs.arrangement.startswith("both versions ran at the same time")


def test_both_do_run_at_the_same_time(pairs_of):
    pairs, both_there = pairs_of([FAST], [FAST], cores=(0, 1)), Barrier(2, timeout=60)
    pairs.rehearse()
    for side in pairs.sides.values():
        side.sweep = lambda *args, alone=side.sweep: (both_there.wait(), alone(*args))
    assert len(pairs.take([STEP], 2, "screening")[STEP]) == 2


@pytest.mark.parametrize(
    ("cores", "wanted", "threads"),
    [((0,), "auto", 1), ((0, 1), 2, 2), ((0, 1, 2), 2, 2), ((), "auto", "auto"), ((), 3, 3)],
)
def test_without_cores_for_two_they_run_one_after_the_other(pairs_of, cores, wanted, threads):
    pairs = pairs_of([FAST], [FAST], cores=cores, measure={"threads": wanted, "chunk": 2})
    pairs.rehearse()
    pairs.take([STEP], 2, "screening")
    for name in (BASE, CANDIDATE):
        assert pairs.sides[name].cores == [None] * 3
        assert [each["measure"]["threads"] for each in pairs.sides[name].experiments[1:]] == [threads] * 2
    assert pairs.arrangement == "the versions ran one after the other"


def test_a_device_that_is_not_cores_is_left_to_one_at_a_time(pairs_of):
    pairs = pairs_of([FAST], [FAST], cores=(0, 1, 2))
    pairs.sides[BASE].device = "gpu"
    pairs.rehearse()
    pairs.take([STEP], 2, "screening")
    assert pairs.sides[BASE].cores == [None] * 3
    assert pairs.sides[BASE].experiments[1]["measure"]["threads"] == 2


def test_where_one_side_dies_the_other_is_not_waited_for(pairs_of):
    pairs = pairs_of([FAST], [FAST, DIES], cores=(0, 1))
    pairs.rehearse()
    with pytest.raises(SideBroken, match="the candidate: died"):
        pairs.take([STEP], 2, "screening")
    assert all(side.stopped for side in pairs.sides.values())


def test_more_pairs_of_a_stage_go_on_where_it_was(tmp_path, pairs_of):
    pairs = pairs_of([FAST], [SLOW])
    pairs.rehearse()
    for stage, count in (("screening", 1), ("confirming", 1), ("confirming", 2)):
        pairs.take([STEP], count, stage)
    assert sorted(each.name for each in tmp_path.glob("*-0?")) == [
        *("confirming-01", "confirming-02", "confirming-03", "screening-01")
    ]
    assert len(pairs.seconds[STEP]) == 3
    assert pairs.watch.said[-5:] == [("confirming", 4), CANDIDATE, BASE, BASE, CANDIDATE]


def test_only_what_is_asked_about_runs_and_without_what_is_not_timed(pairs_of):
    backends = ["fake", {"name": "fake", "label": "other", "options": {"at": 2}}]
    pairs = pairs_of([FAST], [FAST], backends=backends, measure={"referee": "random:0", "isolation": "none"})
    pairs.rehearse()
    pairs.take([("other", "step_min_s")], 2, "confirming")
    rehearsed, *confirmed = pairs.sides[BASE].experiments
    assert [each["label"] for each in rehearsed["backends"]] == ["fake", "other"]
    for experiment in confirmed:
        assert [each["label"] for each in experiment["backends"]] == ["other"]
        assert experiment["measure"] == {"referee": "none"}
        assert "gate" not in experiment


@pytest.mark.parametrize("metric", ["compile_s", "prepare_s"])
def test_programs_are_compiled_anew_where_that_is_timed(pairs_of, metric):
    pairs = pairs_of([FAST], [FAST], gate={metric: 0.5})
    pairs.rehearse()
    (rehearsed,) = pairs.sides[BASE].experiments
    assert rehearsed["measure"]["compile_cache"] is False
