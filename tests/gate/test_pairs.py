"""Measuring in pairs, with real sweeps."""

import math

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
    assert pairs.broken == {BASE: {}, CANDIDATE: {"fake": "failed: told to fail"}}


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


@pytest.mark.parametrize(("wanted", "found"), [(None, 1), ("auto", 1), (2, 2)])
def test_what_measures_has_so_many_threads_unless_the_experiment_says_how_many(pairs_of, wanted, found):
    measure = {} if wanted is None else {"threads": wanted}
    pairs = pairs_of([FAST], [FAST], measure=measure)
    pairs.threads = 1
    rehearsed = pairs.rehearse()
    assert pairs.sides[BASE].experiments[0]["measure"]["threads"] == found
    if found == 1:  # more than a machine has cannot be given
        assert rehearsed[BASE].records["fake"].threads == 1


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
