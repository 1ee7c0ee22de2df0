"""A sweep's figures against a baseline's: every outcome, and what is said with it."""

from dataclasses import replace

import pytest

from nstbench.experiment import Gate
from nstbench.gate.baseline import Baseline
from nstbench.gate.noise_free import check_noise_free
from nstbench.gate.verdict import INCONCLUSIVE, PASS, REGRESSION

ALLOWED = Gate().allowances(timed=False)
FIGURES = {
    "problem": "one",
    "status": "ok",
    "losses": {"1": 100.0, "10": 50.0, "40": 20.0},
    "compile_count": 1,
    "counted_gflop": 2.0,
    "peak_rss_bytes": 1000,
    "peak_device_bytes": 500,
    "referee_total": 2.0,
    "referee_ssim": 0.5,
}
HERE = {"cpu": "Chip", "cores": 8, "device": "Card"}
UPDATE = "--update-baseline"


def made(figures=FIGURES, subject="fake", **fields):
    trials = {} if figures is None else {subject: figures}
    return Baseline(
        "tiny", "why", **({"machine": HERE, "packages": {"a": "1", "b": "2"}, "trials": trials} | fields)
    )


def judged(before, now, allowances=ALLOWED, **fields):
    """Return metric -> finding of one trial whose figures changed from `before` to `now`."""
    verdict = check_noise_free(made(FIGURES | before), made(FIGURES | now, **fields), allowances)
    assert {finding.subject for finding in verdict.findings} == {"fake"}
    return {finding.metric: finding for finding in verdict.findings}


def others(found, *metrics):
    return {finding.outcome for metric, finding in found.items() if metric not in metrics}


def test_equal_figures_pass_in_every_metric():
    found = judged({}, {})
    assert set(found) == {"status", *ALLOWED}
    assert others(found) == {PASS}
    assert not any(finding.reason for finding in found.values())


@pytest.mark.parametrize(
    ("metric", "now", "outcome"),
    [
        ("counted_gflop", 2.019, PASS),
        ("counted_gflop", 2.021, REGRESSION),
        ("counted_gflop", 0.5, PASS),
        ("peak_rss_bytes", 1199, PASS),
        ("peak_rss_bytes", 1201, REGRESSION),
        ("peak_device_bytes", 551, REGRESSION),
        ("referee_total", 2.05, REGRESSION),
        ("referee_total", 1.0, PASS),
        ("referee_ssim", 0.481, PASS),
        ("referee_ssim", 0.479, REGRESSION),
        ("referee_ssim", 0.9, PASS),
        ("compile_count", 2, REGRESSION),
        ("compile_count", 0, PASS),
    ],
)
def test_each_figure_may_grow_by_its_allowance_and_only_ssim_may_not_fall(metric, now, outcome):
    found = judged({}, {metric: now})
    finding = found[metric]
    assert (finding.outcome, finding.base, finding.candidate) == (outcome, FIGURES[metric], now)
    assert finding.allowance == ALLOWED[metric]
    assert others(found, metric) == {PASS}


def test_the_allowance_of_ssim_is_no_share():
    """From 0.1 to 0.085 is 15 per cent less, but only 0.015."""
    assert judged({"referee_ssim": 0.1}, {"referee_ssim": 0.085})["referee_ssim"].outcome == PASS


@pytest.mark.parametrize(("before", "now"), [(0, 1), (1, 2), (0, 3)])
def test_one_compilation_more_is_a_regression_also_where_there_was_none(before, now):
    assert judged({"compile_count": before}, {"compile_count": now})["compile_count"].outcome == REGRESSION


@pytest.mark.parametrize(
    ("at", "now", "outcome"),
    [("1", 100.9, PASS), ("10", 51.0, REGRESSION), ("10", 49.0, REGRESSION), ("40", 19.7, REGRESSION)],
)
def test_losses_may_neither_rise_nor_fall_and_the_iteration_is_named(at, now, outcome):
    finding = judged({}, {"losses": FIGURES["losses"] | {at: now}})["losses"]
    assert (finding.outcome, finding.base, finding.candidate) == (outcome, FIGURES["losses"][at], now)
    assert finding.reason == (f"at iteration {at}" if outcome == REGRESSION else "")


def test_of_several_losses_the_worst_is_named():
    finding = judged({}, {"losses": {"1": 110.0, "10": 40.0, "40": 21.0}})["losses"]
    assert (finding.reason, finding.base, finding.candidate) == ("at iteration 10", 50.0, 40.0)


def test_a_loss_that_was_0_is_held_to_the_allowance_itself():
    none = {"1": 0.0}
    assert judged({"losses": none}, {"losses": {"1": 0.009}})["losses"].outcome == PASS
    assert judged({"losses": none}, {"losses": {"1": 0.011}})["losses"].outcome == REGRESSION


def test_losses_at_other_iterations_do_not_compare():
    finding = judged({}, {"losses": {"1": 100.0, "9": 50.0}})["losses"]
    assert finding.outcome == INCONCLUSIVE
    assert finding.reason.startswith("losses at iterations 1, 9; the baseline's at 1, 10, 40; ")
    assert UPDATE in finding.reason


@pytest.mark.parametrize(
    ("before", "now", "outcome"),
    [("ok", "oom", REGRESSION), ("failed", "failed", PASS), ("failed", "ok", PASS), ("failed", "oom", PASS)],
)
def test_a_trial_that_is_not_ok_on_a_side_has_no_figures_to_judge(before, now, outcome):
    (finding,) = judged({"status": before}, {"status": now, "compile_count": 9}).values()
    assert (finding.metric, finding.outcome) == ("status", outcome)
    assert finding.reason == f"{now}; {before} in the baseline"


def test_memory_is_judged_on_the_machine_of_the_baseline_alone_the_rest_everywhere():
    heavier = {"peak_rss_bytes": 9000, "peak_device_bytes": 9000, "compile_count": 2}
    found = judged({}, heavier, machine=HERE | {"cores": 4, "device": "Other"})
    for metric in ("peak_rss_bytes", "peak_device_bytes"):
        assert found[metric].outcome == INCONCLUSIVE
        said = "the baseline is another machine's: cores 8, here 4; device Card, here Other"
        assert found[metric].reason == said
        assert found[metric].candidate == 9000
    assert found["compile_count"].outcome == REGRESSION
    assert others(found, "peak_rss_bytes", "peak_device_bytes", "compile_count") == {PASS}


def test_a_machine_of_which_less_is_known_is_another():
    found = judged({}, {}, machine={"cpu": "Chip", "cores": 8})
    assert found["peak_rss_bytes"].reason.endswith("device Card, here None")


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [(None, FIGURES, "not in the baseline"), (FIGURES, None, "in the baseline, not in the experiment")],
)
def test_a_trial_that_one_side_lacks_is_inconclusive(before, now, said):
    (finding,) = check_noise_free(made(before), made(now), ALLOWED).findings
    assert (finding.metric, finding.outcome) == ("status", INCONCLUSIVE)
    assert finding.reason.startswith(f"{said}; ")
    assert UPDATE in finding.reason


def test_a_renamed_trial_is_missed_once_and_new_once():
    verdict = check_noise_free(made(subject="old"), made(subject="new"), ALLOWED)
    assert [(finding.subject, finding.outcome) for finding in verdict.findings] == [
        ("new", INCONCLUSIVE),
        ("old", INCONCLUSIVE),
    ]


def test_nothing_on_either_side_is_no_pass():
    assert check_noise_free(made(None), made(None), ALLOWED).outcome == INCONCLUSIVE


def test_another_problem_is_not_compared():
    (finding,) = judged({"problem": "two"}, {"compile_count": 9}).values()
    assert (finding.metric, finding.outcome) == ("status", INCONCLUSIVE)
    assert finding.reason.startswith("solves another problem than the baseline: ")
    assert UPDATE in finding.reason


@pytest.mark.parametrize("metric", ["counted_gflop", "referee_ssim", "peak_rss_bytes", "compile_count"])
def test_a_figure_that_one_side_lacks_is_inconclusive_and_one_that_both_lack_is_not_asked_for(metric):
    without = {name: value for name, value in FIGURES.items() if name != metric}
    for before, now, where in ((without, FIGURES, "the baseline"), (FIGURES, without, "this run")):
        verdict = check_noise_free(made(before), made(now), ALLOWED)
        (finding,) = (each for each in verdict.findings if each.outcome != PASS)
        assert (finding.metric, finding.outcome) == (metric, INCONCLUSIVE)
        assert finding.reason.startswith(f"{where} has no figure; ")
    verdict = check_noise_free(made(without), made(without), ALLOWED)
    assert verdict.outcome == PASS
    assert metric not in {finding.metric for finding in verdict.findings}


def test_losses_that_one_side_lacks_are_inconclusive_and_a_single_pass_has_none():
    assert judged({"losses": {}}, {})["losses"].outcome == INCONCLUSIVE
    assert judged({}, {"losses": {}})["losses"].outcome == INCONCLUSIVE
    assert "losses" not in judged({"losses": {}}, {"losses": {}})


def test_a_metric_without_an_allowance_is_not_judged():
    allowances = Gate(losses=None, compile_count=None).allowances(timed=False)
    found = judged({}, {"losses": {"1": 1e9}, "compile_count": 50}, allowances)
    assert set(found) == {"status", *ALLOWED} - {"losses", "compile_count"}
    assert others(found) == {PASS}


def test_packages_of_other_versions_are_a_remark_and_no_finding():
    current = replace(made(), packages={"a": "1", "b": "3", "c": "1"})
    verdict = check_noise_free(made(), current, ALLOWED)
    assert verdict.remarks == ("packages differ from the baseline's: b 2 to 3",)
    assert verdict.outcome == PASS
    assert check_noise_free(made(), made(), ALLOWED).remarks == ()


def test_other_environment_variables_are_a_remark_and_no_finding():
    before, now = ({"variables": {"XLA_FLAGS": "--one", **more}} for more in ({}, {"OMP_NUM_THREADS": "2"}))
    assert not check_noise_free(made(**before), made(**before), ALLOWED).remarks
    verdict = check_noise_free(made(**before), made(**now), ALLOWED)
    said = "environment variables differ from the baseline's: OMP_NUM_THREADS none against 2"
    assert verdict.remarks == (said,)
    assert {finding.outcome for finding in verdict.findings} == {PASS}


def test_a_trial_of_the_baseline_that_is_refused_now_is_a_regression():
    found = judged({}, {"status": "refused"})
    assert (found["status"].outcome, found["status"].reason) == (REGRESSION, "refused; ok in the baseline")


def test_a_refused_trial_that_no_baseline_has_is_nobody_s_loss_but_alone_no_pass():
    refused = {"other": FIGURES | {"status": "refused"}}
    assert check_noise_free(made(), made(trials={"fake": FIGURES} | refused), ALLOWED).outcome == PASS
    alone = check_noise_free(made(None), made(trials=refused), ALLOWED)
    assert (alone.findings, alone.outcome) == ((), INCONCLUSIVE)
