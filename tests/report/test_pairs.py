"""Which trials are put side by side, and why the others are not."""

from dataclasses import replace

import pytest

from nstbench.api import UsageError
from nstbench.comparison.compare import compare, compare_folders
from nstbench.record import open_results
from tests.report.scenes import SINGLE_PASS, a_failure, a_folder, a_record, a_trial, results_of


def sides(found):
    """Return (base trial, other trial) of each pair."""
    return list(zip(found.pairs["base_trial_id"], found.pairs["other_trial_id"], strict=True))


def reasons(found):
    return dict(zip(found.unpaired["trial_id"], found.unpaired["reason"], strict=True))


def test_folders_are_paired_trial_by_trial(tmp_path):
    trials = [a_trial({"beta": beta}) for beta in (1.0, 10.0)]
    for name in "ab":
        a_folder(tmp_path / name, *(a_record(trial) for trial in trials))
    found = compare_folders(tmp_path / "a", tmp_path / "b")
    assert (found.by, found.base) == ("results", str(tmp_path / "a"))
    assert sides(found) == [(trial.trial_id,) * 2 for trial in trials]
    assert found.unpaired.empty


def test_another_version_or_options_in_the_other_folder_are_paired_and_said(tmp_path):
    a_folder(tmp_path / "a", a_record(a_trial(options={"x": 1})))
    a_folder(tmp_path / "b", a_record(a_trial(options={"x": 2, "new": 0}, backend_version="2.0")))
    found = compare_folders(tmp_path / "a", tmp_path / "b")
    assert len(found.pairs) == 1
    assert "options differ within pairs: x=1 against x=2, new=0" in found.cautions
    assert "different versions of fake: 1.0, 2.0" in found.cautions


def test_two_setups_of_one_backend_are_told_apart_by_label(tmp_path):
    for name, extra in (("a", {}), ("b", {"new": 0})):
        trials = [a_trial(options={"x": x} | extra, backend_label=f"x{x}") for x in (1, 2)]
        a_folder(tmp_path / name, *map(a_record, trials))
    found = compare_folders(tmp_path / "a", tmp_path / "b")
    assert list(found.pairs["base_backend_label"]) == list(found.pairs["other_backend_label"]) == ["x1", "x2"]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"weights_sha256": "0" * 64}, "weights_sha256"),
        ({"height": 64, "width": 96}, "height, width"),
        ({"settings": {"learning_rate": 0.05}}, "learning_rate"),
        ({"content_sha256": "0" * 64}, "content_sha256"),
        ({"settings": {"precision": "bf16"}}, "precision"),
    ],
)
def test_what_differs_is_said_and_not_mixed(tmp_path, changed, named):
    one, two = a_trial(), a_trial(**changed)
    a_folder(tmp_path / "a", a_record(one))
    a_folder(tmp_path / "b", a_record(two))
    found = compare_folders(tmp_path / "a", tmp_path / "b")
    assert found.pairs.empty
    assert set(reasons(found)) == {one.trial_id, two.trial_id}
    assert all(f"the nearest differs in {named}" in reason for reason in reasons(found).values())
    assert found.cautions[0].startswith("no two trials are equal")


def test_folders_that_differ_in_one_setting_are_compared_by_it(tmp_path):
    a_folder(tmp_path / "a", a_record(a_trial({"learning_rate": 0.02})))
    a_folder(tmp_path / "b", a_record(a_trial({"learning_rate": 0.05})))
    found = compare_folders(tmp_path / "a", tmp_path / "b", by="learning_rate")
    assert len(found.pairs) == 1
    assert list(found.groups["group"]) == ["0.02", "0.05"]


def test_by_backend_pairs_stay_within_a_folder_that_holds_both(tmp_path):
    for name in "ab":
        a_folder(tmp_path / name, *(a_record(a_trial(backend=backend)) for backend in ("one", "two")))
    found = compare_folders(tmp_path / "a", tmp_path / "b", by="backend")
    assert len(found.pairs) == 2
    assert (found.pairs["base_results"] == found.pairs["other_results"]).all()


def test_a_single_pass_backend_is_compared_with_every_trial_of_its_pictures(tmp_path):
    fast = a_trial(SINGLE_PASS, backend="fast", weights="own", weights_sha256="0" * 64)
    slow = [a_trial({"beta": beta}, backend="slow") for beta in (1.0, 10.0)]
    elsewhere = a_trial(backend="slow", style_sha256="6" * 64)
    records = [a_record(fast, looks=((None, 3.0, 0.6),), optimise_s=0.5)]
    found = compare(results_of(tmp_path, *records, *map(a_record, [*slow, elsewhere])))
    assert sides(found) == [(fast.trial_id, trial.trial_id) for trial in slow]
    assert "style_sha256" in reasons(found)[elsewhere.trial_id]
    assert found.pairs["step_ratio"].isna().all()
    assert list(found.pairs["optimise_ratio"]) == [8.0, 8.0]
    assert any("in a single pass" in caution for caution in found.cautions)


def test_a_setting_that_one_optimiser_ignores_is_no_difference(tmp_path):
    adam = [a_trial({"learning_rate": rate}) for rate in (0.01, 0.02)]
    lbfgs = a_trial({"optimiser": "lbfgs", "learning_rate": None})
    found = compare(results_of(tmp_path, *map(a_record, [*adam, lbfgs])), by="optimiser")
    assert sides(found) == [(trial.trial_id, lbfgs.trial_id) for trial in adam]


def test_layers_are_compared_with_the_weights_that_come_with_them(tmp_path):
    one = a_trial({"style_layers": ["conv1_1"], "style_weights": [1.0]})
    two = a_trial({"style_layers": ["conv1_1", "conv2_1"], "style_weights": [0.5, 0.5]})
    assert len(compare(results_of(tmp_path, a_record(one), a_record(two)), by="style_layers").pairs) == 1


def test_sizes_are_compared_only_for_the_same_picture(tmp_path):
    def sized(content, side):
        hashes = {"content_sha256": f"{content}{side}", "style_sha256": f"s{side}"}
        return a_trial(
            {"content": content}, height=side, width=side, style_height=side, style_width=side, **hashes
        )

    trials = [sized(content, side) for side in (32, 64) for content in ("cat", "dog")]
    found = compare(results_of(tmp_path, *map(a_record, trials)), by="height")
    assert sides(found) == [
        (trials[0].trial_id, trials[2].trial_id),
        (trials[1].trial_id, trials[3].trial_id),
    ]


def test_failed_trials_are_named_with_their_reason(tmp_path):
    good, bad = a_trial(backend="good"), a_trial(backend="bad")
    found = compare(results_of(tmp_path, a_record(good), a_failure(bad)))
    assert reasons(found) == {bad.trial_id: "failed: told to fail", good.trial_id: "no trial of bad is ok"}
    assert list(found.groups["ok"]) == [1, 0]


def test_the_newer_of_two_equal_trials_of_a_group_counts(tmp_path):
    old, new = a_trial(backend_version="1.0"), a_trial(backend_version="2.0")
    later = "2021-01-01T00:00:00+00:00"
    a_folder(tmp_path / "a", a_record(old), a_record(new, started_at=later))
    a_folder(tmp_path / "b", a_record(new))
    found = compare_folders(tmp_path / "a", tmp_path / "b")
    assert sides(found) == [(new.trial_id, new.trial_id)]
    assert reasons(found) == {old.trial_id: "an equal trial of the same group is newer"}


def test_every_trial_is_paired_or_named(tmp_path):
    trials = [a_trial({"beta": float(at), "seed": at % 3}, backend=f"b{at % 2}") for at in range(12)]
    records = [a_failure(trial) if at % 5 == 0 else a_record(trial) for at, trial in enumerate(trials)]
    records.append(a_record(a_trial({"beta": 1.0, "seed": 1}, backend="b0")))
    found = compare(results_of(tmp_path, *records))
    seen = {*found.pairs["base_trial_id"], *found.pairs["other_trial_id"], *found.unpaired["trial_id"]}
    assert seen == {record.trial.trial_id for record in records}
    assert len(found.pairs) == 1


def test_any_group_can_be_the_reference(tmp_path):
    trials = [a_trial(backend=name) for name in ("one", "two", "three")]
    records = [a_record(trial, step_s=step) for trial, step in zip(trials, (0.1, 0.2, 0.4), strict=True)]
    found = compare(results_of(tmp_path, *records), base="two")
    assert list(found.groups["group"]) == ["two", "one", "three"]
    assert list(found.groups["step_ratio"])[1:] == pytest.approx([0.5, 2.0])


def test_an_unlabelled_point_has_no_group(tmp_path):
    plain = a_trial(backend="other")
    records = [a_record(replace(a_trial({"beta": beta}), label=f"beta={beta:g}")) for beta in (1.0, 2.0)]
    found = compare(results_of(tmp_path, *records, a_record(plain)), by="label")
    assert reasons(found) == {plain.trial_id: "has no label"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": "optimizer"}, "what differs here: backend_label, backend. Did you mean 'optimiser'"),
        ({"by": "precision"}, "every trial has precision 'highest'.*what differs here: backend_label"),
        ({"by": "style_blend"}, "no trial has a value of style_blend"),
        ({"base": "tow"}, "known: one, two. Did you mean 'two'"),
    ],
)
def test_what_cannot_be_compared_is_said_with_what_can(tmp_path, asked, said):
    results = results_of(tmp_path, *(a_record(a_trial(backend=name)) for name in ("one", "two")))
    with pytest.raises(UsageError, match=said) as caught:
        compare(results, **asked)
    assert "\n" not in str(caught.value)


def test_the_same_folder_twice_is_one(tmp_path):
    a_folder(tmp_path / "a", a_record())
    with pytest.raises(UsageError, match="nothing to compare with"):
        compare_folders(tmp_path / "a", f"{tmp_path}/./a")
    with pytest.raises(UsageError, match="at least one"):
        compare_folders()


def test_folders_opened_together_can_be_compared_with_a_name_written_otherwise(tmp_path):
    for name in "ab":
        a_folder(tmp_path / name, a_record())
    results = open_results(tmp_path / "a", tmp_path / "b")
    assert compare(results, base=f"{tmp_path}/b/").base == str(tmp_path / "b")
