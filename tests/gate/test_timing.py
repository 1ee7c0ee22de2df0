"""From two sides to a verdict, with real sweeps."""

import pytest

from nstbench.gate.measured import differences, read_measured
from nstbench.gate.side import BASE, CANDIDATE
from nstbench.gate.timing import check_timing
from nstbench.record.files import read_json, write_json
from nstbench.run.api import sweep

from .here import BREAKS, DIES, EXPERIMENT, FAST, SLOW


def outcomes(verdict):
    return {(each.subject, each.metric): each.outcome for each in verdict.findings}


def test_equal_sides_pass_after_the_screening(pairs_of):
    pairs = pairs_of([FAST], [FAST])
    verdict = check_timing(pairs)
    (found,) = verdict.findings
    assert (verdict.outcome, found.screening, found.estimate.pairs) == ("pass", True, 2)
    assert verdict.title == "tiny: the candidate against the base"
    assert len(pairs.sides[BASE].experiments) == 3


def test_a_slower_candidate_is_a_regression_after_fresh_pairs(tmp_path, pairs_of):
    pairs = pairs_of([FAST], [SLOW])
    verdict = check_timing(pairs)
    (found,) = verdict.findings
    assert (verdict.outcome, found.screening) == ("regression", False)
    assert 0.005 < found.base < 0.06 < found.candidate
    assert found.allowance == 0.5
    assert found.estimate.low > 1.5
    assert found.estimate.pairs in (2, 3), "it may be clear before all are taken"
    assert len(list(tmp_path.glob("confirming-*/*/*"))) == 2 * found.estimate.pairs


def test_a_faster_candidate_passes(pairs_of):
    verdict = check_timing(pairs_of([SLOW], [FAST]))
    assert verdict.outcome == "pass"
    assert verdict.findings[0].estimate.high < 1


def test_pairs_that_disagree_say_nothing(pairs_of):
    verdict = check_timing(pairs_of([FAST], [FAST, SLOW, SLOW, FAST, SLOW, SLOW]))
    (found,) = verdict.findings
    assert (found.outcome, found.screening) == ("inconclusive", False)
    assert "by less than the noise" in found.reason
    assert found.estimate.low < 1.5 < found.estimate.ratio


@pytest.mark.parametrize(
    ("base", "candidate", "outcome", "reason"),
    [
        ([FAST], [BREAKS], "failed", "the candidate's trial failed: RuntimeError: told to fail"),
        ([BREAKS], [FAST], "inconclusive", "no base: its trial failed: RuntimeError: told to fail"),
        ([BREAKS], [BREAKS], "failed", "the candidate's trial failed"),
        ([FAST], [FAST, BREAKS], "failed", "the candidate's trial failed"),
        ([FAST], [DIES], "failed", "the candidate does not run: the candidate: died (see "),
        ([FAST], [FAST, DIES], "failed", "the candidate does not run"),
        ([DIES], [FAST], "inconclusive", "the base does not run: the base: died (see "),
    ],
)
def test_what_breaks_counts_against_the_candidate_only_if_it_is_the_candidate_s(
    pairs_of, base, candidate, outcome, reason
):
    verdict = check_timing(pairs_of(base, candidate))
    assert verdict.outcome == outcome
    assert any(reason in each.reason for each in verdict.findings)


def test_one_broken_trial_does_not_hide_the_others(pairs_of):
    backends = ["fake", {"name": "fake", "label": "broken", "options": BREAKS}]
    pairs = pairs_of([FAST], [SLOW], backends=backends)
    assert outcomes(check_timing(pairs)) == {
        ("fake", "step_min_s"): "regression",
        ("broken", "status"): "failed",
    }


def test_without_a_steady_round_nothing_is_said(pairs_of):
    fixed = EXPERIMENT["fixed"] | {"iterations": 2}
    verdict = check_timing(pairs_of([FAST], [FAST], fixed=fixed))
    (found,) = verdict.findings
    assert (found.outcome, found.subject) == ("inconclusive", "everything")
    assert "raise iterations, or lower measure.chunk" in found.reason


def test_other_phases_are_judged_when_they_are_asked_for(pairs_of):
    gate = EXPERIMENT["gate"] | {"step_min_s": None, "prepare_s": 1000.0}
    found = outcomes(check_timing(pairs_of([FAST], [SLOW], gate=gate)))
    assert found == {("fake", "prepare_s"): "pass"}


@pytest.fixture
def two(tmp_path):
    """Sweep twice; returns what was measured, and how to sweep with other settings."""

    def make(name, **changes):
        plan = EXPERIMENT | changes
        sweep(plan, tmp_path / name)
        return read_measured(tmp_path / name)

    return make


def test_equal_sides_differ_in_nothing(two):
    assert list(differences(two(BASE), two(CANDIDATE))) == []


def test_other_versions_of_packages_are_told(two):
    base, candidate = two(BASE), two(CANDIDATE)
    (path,) = (candidate.folder / "environment").glob("*.json")
    facts = read_json(path)
    before = facts["packages"]["numpy"]
    facts["packages"]["numpy"] = "0.1"
    write_json(path, facts)
    assert list(differences(base, candidate)) == [f"numpy {before} against 0.1"]


def test_other_environment_variables_are_told(two):
    base, candidate = two(BASE), two(CANDIDATE)
    (path,) = (candidate.folder / "environment").glob("*.json")
    facts = read_json(path)
    facts["variables"] = facts["variables"] | {"XLA_FLAGS": "--fast"}
    write_json(path, facts)
    assert list(differences(base, candidate)) == ["XLA_FLAGS none against --fast"]


def test_another_problem_is_told_with_what_differs(two):
    (remark,) = differences(two(BASE), two(CANDIDATE, seed=3, fixed=EXPERIMENT["fixed"] | {"beta": 20}))
    assert remark == "fake is another problem on the two sides: beta 10.0 and 20.0, seed 0 and 3"
