"""What readers of results are warned about, each from results that have just that fault."""

import pytest

from nstbench.api import ResultsError
from nstbench.comparison.cautions import cautions
from nstbench.record import Round
from tests.report.scenes import SINGLE_PASS, a_failure, a_record, a_trial, results_of

OTHER = a_trial({"beta": 99.0})


def facts(**packages):
    return {"python": "3.12.1", "cpu": "a processor", "cores": 2, "packages": packages}


def drifting(*paces):
    """Make steady rounds that keep to each pace in turn, within 2 %."""
    return tuple(Round(1, pace * each, False) for pace in paces for each in (0.99, 1.0, 1.0, 1.01, 0.98))


def test_what_was_lost_is_little_or_hardly_matters_beside_a_gpu(tmp_path):
    gpu = a_record(OTHER, device="gpu", others_share=0.4, quota_share=0.2)
    found = cautions(results_of(tmp_path, a_record(device="gpu", others_share=0.09), gpu))
    assert found == []


def test_a_change_of_pace_within_the_noise_of_the_rounds_is_none(tmp_path):
    rounds = tuple(Round(1, seconds, False) for seconds in (1.0, 1.6, 0.7, 1.3, 0.8, 1.5))
    said = cautions(results_of(tmp_path, a_record(rounds=rounds)))
    assert not any("while timed" in each for each in said)


def test_results_without_a_fault_are_no_cause_for_caution(tmp_path):
    same = {"e1": facts(numpy="2.0")}
    assert cautions(results_of(tmp_path, a_record(), a_record(OTHER), environments=same)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"device_name": "another"},
            "different devices: cpu a processor, cpu another",
        ),
        ({"node": "there"}, "measured on different machines: here, there"),
        ({"threads": 4}, "different numbers of CPU cores: 2, 4"),
        ({"isolation": "trial"}, "measured in different isolation: backend, trial"),
        (
            {"referee_weights_sha256": "0" * 64},
            "the referee had different weights, so its losses do not compare",
        ),
        ({"verified": False}, "fake was not verified at precision highest when measured"),
        ({"shared_trajectory": True}, "1 trial shares an optimisation with others"),
        ({"exclusive": False}, "1 trial was measured beside others"),
        (
            {"others_share": 0.43},
            "other programs had 43 % of the CPU cores during 1 of 2 trials, whose seconds are not to be",
        ),
        (
            {"others_share": 0.11, "quota_share": 0.5},
            "a CPU quota withheld 50 % of the CPU cores during 1 of 2",
        ),
        (
            {"device": "cpu", "heat_share": 0.2},
            "heat slowed the CPU cores down for 20 % of the time during 1",
        ),
        ({"rounds": drifting(1.0, 1.2)}, "1 trial became slower while timed, by up to 20 % between"),
        ({"rounds": drifting(1.0, 0.85)}, "1 trial became quicker while timed, by up to 15 % between"),
        ({"looks": ()}, "1 trial was not judged by the referee"),
        ({"referee_ruler": 2}, "1 trial was judged by an older ruler; the next sweep"),
        ({"looks": ((40, 4.0, None),)}, "1 trial has no referee loss, as content and style"),
        ({"rounds": (Round(4, 1.0, True), Round(4, 1.0, False))}, "1 trial has fewer than 3 steady rounds"),
        (
            {"rounds": tuple(Round(1, seconds, False) for seconds in (1.0, 1.3, 0.7, 1.0, 1.4))},
            "1 trial is noisy, rounds 10 % and more off their median: fake",
        ),
    ],
)
def test_what_is_different_or_doubtful_is_said(tmp_path, changes, said):
    (caution,) = cautions(results_of(tmp_path, a_record(), a_record(OTHER, **changes)))
    assert caution.startswith(said)


def test_different_code_under_one_version_is_said_and_different_commits_are(tmp_path):
    here, there = (
        {"backend_code": digit * 12, "commit": digit * 40, "changed": changed}
        for digit, changed in (("a", ()), ("b", ("code.py",)))
    )
    assert cautions(results_of(tmp_path, a_record(**here), a_record(OTHER, **there))) == [
        "different code under one version, fake 1.0: aaaaaaaaaaaa, bbbbbbbbbbbb",
        "measured at different commits: aaaaaaa, bbbbbbb with changes",
    ]


def test_isolation_none_is_said(tmp_path):
    assert "isolation none is for debugging" in cautions(results_of(tmp_path, a_record(isolation="none")))[0]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weights": "imagenet", "weights_sha256": "0" * 64}, "do not compare: random:0, imagenet"),
        ({"weights_sha256": "0" * 64}, f"random:0 ({'f' * 12}), random:0 ({'0' * 12})"),
        ({"size": 96, "height": 64, "width": 96}, "pictures of different sizes: 48 x 32, 96 x 64"),
        ({"backend_version": "2.0"}, "different versions of fake: 1.0, 2.0"),
    ],
)
def test_trials_that_are_different_problems_are_said(tmp_path, changed, said):
    (caution,) = cautions(results_of(tmp_path, a_record(), a_record(a_trial(**changed))))
    assert said in caution


def test_a_single_pass_network_has_its_own_weights_and_no_losses_to_verify(tmp_path):
    fast = a_trial(SINGLE_PASS, backend="fast", weights="own", weights_sha256="0" * 64)
    assert cautions(results_of(tmp_path, a_record(), a_record(fast, verified=False))) == []


def test_trials_that_came_to_nothing_are_counted(tmp_path):
    refused = a_failure(a_trial({"seed": 7}), "refused", "cannot")
    results = results_of(tmp_path, a_record(), a_failure(OTHER), refused)
    assert cautions(results) == ["2 of 3 trials are not ok: 1 failed, 1 refused"]


def test_packages_are_compared_for_each_backend(tmp_path):
    """Two backends have different packages anyway; one backend with two versions of one is a finding."""
    records = [
        a_record(a_trial(backend="one"), environment_id="e1"),
        a_record(a_trial(backend="two"), environment_id="e2"),
        a_record(a_trial({"beta": 1.0}, backend="two"), environment_id="e3"),
    ]
    known = {"e1": facts(numpy="1.26"), "e2": facts(numpy="2.0"), "e3": facts(numpy="2.1", scipy="1.0")}
    known["e3"] |= {"python": "3.13.0"}
    assert cautions(results_of(tmp_path, *records, environments=known)) == [
        "different environments: python 3.12.1, 3.13.0",
        "two was measured with different packages: numpy 2.0 and 2.1",
    ]


def test_flags_are_compared_for_each_backend(tmp_path):
    """One that is not set differs from one that is; what another backend was told is no difference."""
    records = [
        a_record(a_trial(backend="one"), environment_id="e1"),
        a_record(a_trial(backend="two"), environment_id="e2"),
        a_record(a_trial({"beta": 1.0}, backend="two"), environment_id="e3"),
    ]
    known = {"e1": facts(), "e2": facts(), "e3": facts()}
    known["e1"]["variables"] = {"XLA_FLAGS": "--one"}
    known["e2"]["variables"] = {"TF_NUM_INTRAOP_THREADS": "2", "XLA_FLAGS": "--two"}
    known["e3"]["variables"] = {"XLA_FLAGS": "--three"}
    assert cautions(results_of(tmp_path, *records, environments=known)) == [
        "two was measured with different TF_NUM_INTRAOP_THREADS: 2 and none",
        "two was measured with different XLA_FLAGS: --two and --three",
    ]


def test_a_damaged_environment_file_is_an_error_of_the_results(tmp_path):
    results = results_of(tmp_path, a_record(), environments={"e1": {"packages": None}})
    with pytest.raises(ResultsError, match=r"e1\.json"):
        cautions(results)
