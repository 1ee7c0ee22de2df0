"""Baselines of real sweeps by the stand-in backend."""

import json
from dataclasses import replace

import pytest

import nstbench
from nstbench.api import ResultsError
from nstbench.experiment import Gate
from nstbench.gate.baseline import Baseline, baseline_of, read_baseline, write_baseline
from nstbench.gate.measured import read_measured
from nstbench.gate.noise_free import check_noise_free
from nstbench.gate.verdict import INCONCLUSIVE, PASS

TINY = {
    "name": "tiny",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "iterations": 25},
    "sweep": {"beta": [1, 10]},
    "measure": {"referee": "none"},
    "backends": ["fake"],
}
ALLOWED = Gate().allowances(timed=False)


def swept(folder, **changes):
    nstbench.sweep(TINY | changes, folder)
    return read_measured(folder)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Two trials and their judgements."""
    return swept(tmp_path_factory.mktemp("first") / "out", measure={})


@pytest.fixture
def baseline(first):
    return baseline_of(first, "the first of its kind")


def test_it_holds_what_the_records_say_by_backend_and_point(first, baseline):
    assert set(baseline.trials) == {"fake (beta=1)", "fake (beta=10)"}
    for subject, figures in baseline.trials.items():
        record = first.records[subject]
        assert figures["status"] == "ok"
        assert figures["compile_count"] == record.compile_count
        assert figures["peak_rss_bytes"] == record.peak_rss_bytes
        assert figures["counted_gflop"] == pytest.approx(record.flop_per_iteration / 1e9, rel=1e-5)
        assert figures["referee_ssim"] == pytest.approx(record.pastiche.referee["ssim"], rel=1e-5)
        assert figures["referee_total"] == pytest.approx(record.pastiche.referee["total"], rel=1e-5)
        assert "peak_device_bytes" not in figures, "the stand-in has none"
    assert baseline.trials["fake (beta=1)"]["problem"] != baseline.trials["fake (beta=10)"]["problem"]


def test_every_trial_has_a_name_of_its_own(tmp_path):
    sweep = {"preserve_colour": [False, True], "patience": {"never": 0, "soon": 2}}
    assert list(swept(tmp_path, sweep=sweep).records) == [
        f"fake (preserve_colour={kept}, {patience})"
        for kept in ("false", "true")
        for patience in ("never", "soon")
    ]


def test_it_says_where_and_with_what_it_was_measured(first, baseline):
    facts = first.environment(next(iter(first.records.values())))
    assert baseline.machine == {"cpu": facts["cpu"], "cores": facts["cores"], "device": "fake"}
    assert baseline.packages["numpy"] == facts["packages"]["numpy"]
    assert (baseline.experiment, baseline.reason) == ("tiny", "the first of its kind")


def test_losses_are_those_at_1_10_and_the_last_iteration(first, baseline):
    table = nstbench.open_results(first.folder).losses
    for subject, figures in baseline.trials.items():
        rows = table[table["trial_id"] == first.records[subject].trial.trial_id].set_index("iteration")
        assert len(rows) == 25
        assert list(figures["losses"]) == ["1", "10", "25"]
        assert figures["losses"] == pytest.approx(
            {str(at): float(rows["total"][at]) for at in (1, 10, 25)}, rel=1e-5
        )


def test_figures_have_six_digits_and_counts_all_of_theirs(baseline):
    for figures in baseline.trials.values():
        for value in (*figures["losses"].values(), figures["referee_total"], figures["referee_ssim"]):
            assert value == float(f"{value:.5e}")
        assert figures["peak_rss_bytes"] > 10**6
        assert isinstance(figures["peak_rss_bytes"], int)


def test_what_is_written_is_read(baseline, tmp_path):
    write_baseline(tmp_path / "new" / "tiny.json", baseline)
    assert read_baseline(tmp_path / "new" / "tiny.json") == baseline


def test_the_same_is_written_in_the_same_bytes_sorted_one_figure_a_line(baseline, tmp_path):
    turned = replace(
        baseline,
        machine=dict(reversed(baseline.machine.items())),
        packages=dict(reversed(baseline.packages.items())),
        trials={subject: dict(reversed(each.items())) for subject, each in reversed(baseline.trials.items())},
    )
    for name, each in (("a", baseline), ("b", baseline), ("c", turned)):
        write_baseline(tmp_path / name, each)
    one, two, three = ((tmp_path / name).read_bytes() for name in "abc")
    assert one == two == three
    assert one.endswith(b"}\n")
    found = json.loads(one, object_pairs_hook=lambda pairs: [name for name, _ in pairs])
    assert found == sorted(found) == ["experiment", "machine", "packages", "reason", "trials", "variables"]
    assert b'\n   "compile_count": ' in one


def test_names_of_any_script_stay_readable(tmp_path):
    made = Baseline("tiny", "schöner", trials={"日本": {"problem": "x", "status": "ok"}})
    write_baseline(tmp_path / "a", made)
    assert "日本" in (tmp_path / "a").read_text(encoding="utf-8")
    assert read_baseline(tmp_path / "a") == made


def test_a_resweep_passes_in_every_metric(baseline, tmp_path):
    """Also of what a file has gone through: numbers do not turn into other numbers."""
    write_baseline(tmp_path / "b.json", baseline)
    current = baseline_of(swept(tmp_path / "again", measure={}), "")
    verdict = check_noise_free(read_baseline(tmp_path / "b.json"), current, ALLOWED)
    assert verdict.counts == {PASS: 2 * len({"status", *ALLOWED} - {"peak_device_bytes"})}
    assert verdict.remarks == ()


def test_what_breaks_is_kept_with_its_status_and_other_options_are_another_problem(baseline, tmp_path):
    broken = {"name": "fake", "options": {"fault": "raise", "at": 3}, "label": "fake"}
    current = baseline_of(swept(tmp_path / "broken", backends=[broken]), "")
    assert current.trials.keys() == baseline.trials.keys()
    assert [each["status"] for each in current.trials.values()] == ["failed", "failed"]
    assert check_noise_free(baseline, current, ALLOWED).counts == {INCONCLUSIVE: 2}


def test_no_file_is_no_baseline(tmp_path):
    assert read_baseline(tmp_path / "none.json") is None


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ResultsError, match=f"^{tmp_path}: not a file"):
        read_baseline(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"3", b"{}", b"\xff\xfe", b'{"experiment": "x", "reason": ""}']
)
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, content):
    path = tmp_path / "tiny.json"
    path.write_bytes(content)
    with pytest.raises(ResultsError) as refusal:
        read_baseline(path)
    assert str(refusal.value).startswith(f"{path}: damaged")
    assert "--update-baseline" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trials", []),
        ("trials", {"fake": {"problem": "x"}}),
        ("trials", {"fake": {"status": "ok"}}),
        ("trials", {"fake": None}),
        ("packages", None),
        ("machine", "mine"),
    ],
)
def test_json_of_another_shape_is_damaged_too(baseline, tmp_path, name, value):
    path = tmp_path / "tiny.json"
    write_baseline(path, replace(baseline, **{name: value}))
    with pytest.raises(ResultsError, match=f"^{path}: damaged"):
        read_baseline(path)


def test_a_file_cut_short_anywhere_is_never_taken_for_whole(baseline, tmp_path):
    path = tmp_path / "tiny.json"
    write_baseline(path, baseline)
    whole = path.read_bytes().rstrip()
    for length in range(1, len(whole), max(1, len(whole) // 50)):
        path.write_bytes(whole[:length])
        with pytest.raises(ResultsError):
            read_baseline(path)
