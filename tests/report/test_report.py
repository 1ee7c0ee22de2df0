"""What the report says, without a browser: axes, figures, pictures, and data that cannot break out."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

import nstbench
from nstbench.api import ResultsError, UsageError
from nstbench.comparison.axes import UNUSED, axes
from nstbench.comparison.cautions import cautions
from nstbench.record import Results, open_results
from nstbench.report import page_budget, page_pictures
from nstbench.report.figures import pareto_front, points_of_curve, seconds_by_phase
from nstbench.report.html import report_html, write_report
from nstbench.report.page import page_data, summary
from nstbench.report.page_values import json_in_html

from .made import big_results, made_record, made_results, made_trial, write_losses


def axes_of(tmp_path, *trials):
    runs = made_results(tmp_path, [made_record(trial) for trial in trials]).runs
    return {axis.title: axis.values for axis in axes(runs)}


def test_axes_are_the_backend_and_whatever_else_differs(tmp_path):
    trials = [made_trial(backend, beta=beta) for backend in ("b", "a") for beta in (100.0, 5.0, 20.0)]
    assert axes_of(tmp_path, *trials) == {"backend": ("b", "a"), "beta": ("5", "20", "100")}


def test_a_column_that_another_axis_determines_is_no_axis(tmp_path):
    trials = [made_trial(style_layers=layers) for layers in (["conv1_1"], ["conv1_1", "conv2_1"])]
    assert axes_of(tmp_path, *trials) == {"backend": ("one",), "style layers": ("1_1", "1_1 2_1")}


def test_what_a_backend_does_not_use_comes_last(tmp_path):
    single_pass = made_trial("pass", iterations=None, beta=None)
    assert axes_of(tmp_path, single_pass, made_trial(beta=2.0), made_trial(beta=1.0))["beta"] == (
        *("1", "2"),
        UNUSED,
    )


def test_the_front_holds_those_that_nobody_beats(tmp_path):
    rng = np.random.default_rng(1)
    points = rng.random((40, 2)).round(1)  # ties on purpose
    trials = [made_trial(beta=float(place)) for place in range(len(points))]
    records = [
        made_record(trial, seconds=1 + x, total=y, pictures=["trials/x/images/x.png"])
        for trial, (x, y) in zip(trials, points, strict=True)
    ]
    runs = made_results(tmp_path, records).runs
    front = {tuple(points[trials.index(trial)]) for trial in trials if trial.trial_id in pareto_front(runs)}
    expected = {
        (x, y) for x, y in points if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in points)
    }
    assert front == expected


def test_rounds_of_a_shared_trajectory_count_once(tmp_path):
    experiment = {
        "name": "shared",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "alpha": 1, "beta": 10},
        "sweep": {"iterations": [2, 4, 8]},
        "backends": [{"name": "fake", "options": {"step_s": 0.02}}],
        "measure": {"referee": "none"},
    }
    results = nstbench.sweep(experiment, tmp_path)
    assert results.runs["shared_trajectory"].all()
    (row,) = seconds_by_phase(results.runs, results.timings).itertuples(index=False)
    assert sum(row[-2:]) == pytest.approx(results.runs["optimise_s"].max())
    assert row[0] == pytest.approx(results.runs["import_s"].sum())


@pytest.mark.parametrize("count", [1, 2, 299, 300, 301, 5000])
@pytest.mark.parametrize("most", [30, 300])
def test_curves_keep_their_ends_their_least_and_what_sticks_out(count, most):
    losses = np.geomspace(100, 1, count)[:, None] * np.ones(3)
    losses[count // 2, 0] = 1e4  # a spike of a single iteration
    losses[count // 3] = 0.5, 0.4, np.nan
    losses[count // 4, 2] = 0.1
    points = points_of_curve(losses, most)
    assert {0, count - 1, count // 2, count // 3, count // 4} <= set(points)
    assert len(points) <= most or count <= most
    assert (np.diff(points) > 0).all()


def test_losses_that_are_not_finite_are_gaps(tmp_path):
    trial = made_trial()
    results = made_results(tmp_path, [made_record(trial)])
    write_losses(tmp_path, trial, 3)
    path = tmp_path / "trials" / trial.trial_id / "losses.npz"
    with np.load(path) as arrays:
        columns = dict(arrays)
    columns["total"][1:] = np.nan, np.inf
    np.savez(path, **columns)
    assert page_data(results)["curves"][trial.trial_id]["total"] == [100.0, None, None]


def test_json_for_the_page_comes_back_and_never_ends_its_element():
    value = {"</script><!--": ["<b>&amp;\u2028\u2029", 'a "quoted" \\ 🎨', None, 1.5]}
    text = json_in_html(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")


def test_the_page_escapes_what_it_says(tmp_path):
    results = made_results(tmp_path, [made_record(made_trial("<b>bold</b>"), device_name="<i>")])
    html = report_html(results)
    assert "<b>bold</b>" not in html
    assert "&lt;i&gt;" in html


def test_the_summary_counts_and_warns(tmp_path):
    trials = [made_trial(beta=float(place)) for place in range(3)]
    records = [made_record(trials[0]), *(made_record(one, status="failed") for one in trials[1:])]
    results = made_results(tmp_path, records)
    said = summary(results)
    assert said["counts"] == {"ok": 1, "failed": 2}
    assert said["facts"]["weights"] == ["random:0"]
    assert said["cautions"] == cautions(results) != []


def test_thumbnails_are_small_copies_of_the_pictures(tmp_path):
    results = big_results(tmp_path, betas=1, rates=1, snapshots=2, size=300)
    data = page_data(results)
    assert set(data["pictures"]["small"]) == set(results.images["path"])
    path = results.runs["image"].iloc[0]
    content = base64.b64decode(data["pictures"]["small"][path].partition(",")[2])
    with Image.open(io.BytesIO(content)) as small, Image.open(tmp_path / path) as whole:
        assert max(small.size) == 256
        difference = np.asarray(small, float) - np.asarray(whole.convert("RGB").resize(small.size), float)
    assert np.abs(difference).mean() < 10
    assert not data["pictures"]["whole"]
    embedded = page_data(results, embed=True)["pictures"]["whole"]
    assert base64.b64decode(embedded[path].partition(",")[2]) == (tmp_path / path).read_bytes()


def test_a_page_keeps_within_its_budget_and_says_what_it_leaves_out(tmp_path):
    results = big_results(tmp_path, betas=2, rates=1, snapshots=1, size=300)
    every, fewer = page_data(results, budget=10**8), page_data(results, budget=400_000)
    assert (len(every["pictures"]["small"]), every["notes"]["pictures"]) == (40, "")
    assert set(results.runs["image"]) <= set(fewer["pictures"]["small"])
    assert set(fewer["curves"]) == set(every["curves"])
    assert fewer["notes"]["pictures"].endswith("pixels a side at most, as there are 20.")
    assert fewer["notes"]["curves"].startswith("A curve has ")
    few = page_data(results, budget=60_000)
    carried = sum(map(len, few["pictures"]["small"].values())) + len(json_in_html(few["curves"]))
    assert 40_000 < carried < 66_000
    assert f"This page has {len(few['pictures']['small'])}, spread" in few["notes"]["pictures"]
    assert f"{len(few['curves'])} of 20 curves are on this page" in few["notes"]["curves"]


def test_the_figures_of_many_trials_leave_pictures_and_curves_less(tmp_path, monkeypatch):
    results = big_results(tmp_path, betas=2, rates=1, snapshots=1, size=300)
    every = page_data(results)
    figures = len(json_in_html([every["trials"], every["pictures"]["of_trial"]]))
    monkeypatch.setattr(page_budget, "LEAST", 1000)
    monkeypatch.setattr(page_budget, "DATA", figures + 60_000)
    assert len(json_in_html(page_data(results))) < figures + 70_000 < len(json_in_html(every)) / 2


def test_pictures_in_full_size_keep_within_a_budget_too(tmp_path, monkeypatch):
    results = big_results(tmp_path, betas=2, rates=1, snapshots=1, size=300)
    every = page_data(results, embed=True)["pictures"]
    assert (len(every["whole"]), every["note"]) == (40, "")
    sizes = [len(text) for text in every["whole"].values()]
    monkeypatch.setattr(page_pictures, "EMBEDDED", 5.5 * sum(sizes) / len(sizes))
    few = page_data(results, embed=True)["pictures"]
    assert set(few["whole"]) < set(results.runs["image"])
    assert few["note"].startswith(f"In full size this page has {len(few['whole'])} of ")
    assert 4 <= len(few["whole"]) <= 7


def test_missing_and_damaged_pictures_are_left_out(tmp_path):
    results = big_results(tmp_path, betas=1, rates=1, snapshots=1)
    first, second = results.runs["image"].iloc[:2]
    (tmp_path / first).unlink()
    (tmp_path / second).write_bytes((tmp_path / second).read_bytes()[:100])
    assert set(results.images["path"]) - set(page_data(results)["pictures"]["small"]) == {first, second}


def test_links_lead_from_the_page_to_the_folder(tmp_path):
    results = made_results(tmp_path / "deep" / "a b", [made_record(made_trial())])
    assert '"root":"."' in write_report(results).read_text()
    assert '"root":"deep/a%20b"' in write_report(results, tmp_path / "page.html").read_text()


def test_a_report_is_about_one_folder(tmp_path):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        made_results(folder, [made_record(made_trial())])
    with pytest.raises(UsageError, match="one results folder, not 2"):
        write_report(Results(folders))


def test_a_page_that_cannot_be_written_is_one_line(tmp_path):
    results = made_results(tmp_path, [made_record(made_trial())])
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match="cannot be written"):
        write_report(results, tmp_path / "file" / "page.html")


def test_the_command_writes_the_page_and_a_sweep_does_too(nstbench, write, tmp_path):
    said = nstbench("sweep", write(), "-o", "out").stderr
    assert "report   out/report.html" in said
    assert (tmp_path / "out" / "report.html").stat().st_size > 1e6
    again = nstbench("report", "out", "--embed", "-o", "page.html")
    assert again.stdout == "page.html\n"
    trial_id = open_results(tmp_path / "out").runs["trial_id"][0]
    assert trial_id in (tmp_path / "page.html").read_text()
    missing = nstbench("report", "nowhere", check=False)
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)


@pytest.mark.thorough
def test_a_sweep_ends_well_without_its_report(nstbench, write, tmp_path):
    nstbench("sweep", write(), "-o", "out")
    (tmp_path / "out" / "report.html").unlink()
    (tmp_path / "out" / "report.html").mkdir()
    done = nstbench("sweep", write(), "-o", "out")
    assert "report   not written" in done.stderr
