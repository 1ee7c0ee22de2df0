"""Seconds of different machines are never put side by side unless somebody asks; pictures always are."""

import pytest

from nstbench.comparison.compare import compare, compare_folders
from tests.report.scenes import a_folder, a_record, a_trial, results_of

ONE, TWO = (a_trial(backend=name) for name in ("one", "two"))
CARD = "Some GPU 80GB"
SECONDS = ("step_median_s", "optimise_s", "compile_s", "gflop_per_s", "to_50_s", "to_worst_s")


def facts(cpu="a processor", gpus=()):
    """Describe a machine."""
    return {"python": "3.12.1", "cpu": cpu, "cores": 2, "gpus": list(gpus), "packages": {}}


def here_and_there(path, environments=None, **there):
    """Write two folders that hold one trial each, the same but for what is given."""
    for name, changes in (("a", {}), ("b", there)):
        record = a_record(step_s=0.2 if changes else 0.1, **changes)
        a_folder(path / name, record, environments=environments)
    return path / "a", path / "b"


def on_gpus(path, names, gpus):
    """Compare two backends on one node, whose names for its GPU are given."""
    setup = {"device": "gpu", "environment_id": "e1"}
    records = [a_record(t, device_name=name, **setup) for t, name in zip((ONE, TWO), names, strict=True)]
    return compare(results_of(path, *records, environments={"e1": facts(gpus=gpus)}))


@pytest.mark.parametrize(
    ("there", "by"),
    [
        ({"node": "there"}, "node"),
        ({"node": "there", "device_name": "another"}, "device_name"),
        ({"node": "there", "device_name": "another", "environment_id": "e2"}, "environment_id"),
    ],
)
def test_trials_of_two_machines_have_no_seconds_unless_machines_are_compared(tmp_path, there, by):
    folders = here_and_there(tmp_path, **there)
    found = compare_folders(*folders)
    for table in (found.pairs, found.groups):
        shown = table[[name for name in table if name.endswith(SECONDS) or "ratio" in name]]
        assert len(shown.columns) >= 9
        assert shown.isna().all(axis=None)
    assert list(found.groups["referee_total"]) == [0.5, 0.5]
    assert list(found.groups["paired"]) == [1, 1]
    asks = next(name for name in ("device_name", "node") if name in there)
    assert found.cautions[0] == (
        f"1 of 1 pairs show no seconds (different machines); --by {asks} compares machines"
    )
    asked = compare_folders(*folders, by=by)
    assert asked.groups["step_ratio"][1] == pytest.approx(2.0)
    assert not any("no seconds" in caution for caution in asked.cautions)


def test_a_node_of_the_same_name_with_another_processor_is_another_machine(tmp_path):
    known = {"e1": facts("this"), "e2": facts("that")}
    folders = here_and_there(tmp_path, known, environment_id="e2")
    found = compare_folders(*folders)
    assert found.cautions[0].endswith("(different machines); --by environment_id compares machines")
    assert compare_folders(*folders, by="environment_id").groups["step_ratio"][1] == pytest.approx(2.0)


def test_backends_that_call_a_gpu_differently_have_run_on_one_machine(tmp_path):
    found = on_gpus(tmp_path, (CARD, "gpu0"), [f"{CARD}, 580.1"])
    assert found.groups["step_ratio"][1] == pytest.approx(1.0)


@pytest.mark.parametrize("gpus", [[], [f"{CARD}, 580.1", "Another, 580.1"]])
def test_where_the_driver_does_not_tell_two_gpus_apart_the_backends_do(tmp_path, gpus):
    assert on_gpus(tmp_path / "same", (CARD, CARD), gpus).groups["step_ratio"][1] == pytest.approx(1.0)
    assert on_gpus(tmp_path / "other", (CARD, "Another"), gpus).pairs["untimed"][0] == "different machines"


def test_processor_and_gpu_of_one_machine_are_compared_as_its_devices(tmp_path):
    card = a_record(a_trial({"device": "gpu"}, backend="one"), 0.05, device="gpu", device_name=CARD)
    assert compare(results_of(tmp_path, a_record(ONE), card), by="device").groups["step_ratio"][
        1
    ] == pytest.approx(0.5)


def test_what_ran_alone_is_not_timed_against_what_ran_beside_others(tmp_path):
    folders = here_and_there(tmp_path, exclusive=False)
    assert compare_folders(*folders).groups["step_ratio"][1] == pytest.approx(2.0), "not on record of one"
    a_folder(tmp_path / "c", a_record(exclusive=True))
    found = compare_folders(tmp_path / "c", tmp_path / "b")
    assert found.pairs["step_ratio"].isna().all()
    assert found.cautions[0] == (
        "1 of 1 pairs show no seconds (one ran beside others); --set measure.exclusive=true measures again"
    )


def test_two_that_ran_beside_others_are_timed_and_it_is_said(tmp_path):
    a_folder(tmp_path / "c", a_record(exclusive=False))
    found = compare_folders(tmp_path / "c", here_and_there(tmp_path, exclusive=False)[1])
    assert found.groups["step_ratio"][1] == pytest.approx(2.0)
    assert any("measured beside others" in caution for caution in found.cautions)


def test_rows_that_do_not_name_their_machine_are_timed_and_it_is_said(tmp_path):
    found = compare_folders(*here_and_there(tmp_path, node=None))
    assert found.groups["step_ratio"][1] == pytest.approx(2.0)
    assert "1 of 1 pairs may be of different machines: older rows do not name theirs" in found.cautions


def test_figures_in_seconds_are_those_of_the_pairs_that_have_them(tmp_path):
    """The slow trial elsewhere is in the losses of its group alone."""
    trials = [a_trial({"seed": seed}, backend=name) for name in ("one", "two") for seed in (0, 1)]
    records = [*map(a_record, trials[:3]), a_record(trials[3], 9.0, node="there", peak_rss_bytes=10**9)]
    one, two = compare(results_of(tmp_path, *records)).groups.to_dict("records")
    assert (two["paired"], two["pairs"], two["measurements"], two["to_50_of"]) == (2, 2, 1, 1)
    assert (one["compile_s"], two["compile_s"]) == (2.0, 2.0)
    assert (one["step_median_s"], two["step_median_s"]) == pytest.approx((0.1, 0.1))
    assert (one["peak_rss_bytes"], two["peak_rss_bytes"]) == (1e8, 1e9)


def test_a_trial_that_has_a_partner_on_each_of_two_machines_keeps_its_seconds(tmp_path):
    adam = [a_trial({"learning_rate": rate}) for rate in (0.01, 0.02)]
    lbfgs = a_trial({"optimiser": "lbfgs", "learning_rate": None})
    records = [a_record(adam[0], node="there"), a_record(adam[1]), a_record(lbfgs, 0.2)]
    groups = compare(results_of(tmp_path, *records), by="optimiser").groups.to_dict("records")
    assert [group["step_median_s"] for group in groups] == pytest.approx([0.1, 0.2])
    assert [group["to_50_of"] for group in groups] == [1, 1]
