"""Series, steps, and what the page shows of them."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from nstbench.api import UnknownName, UsageError
from nstbench.record.commit import Commit
from nstbench.record.files import write_json
from nstbench.record.history import history_rows
from nstbench.record.history_file import add_to_history
from nstbench.report.history import of_experiment, series_and_note, series_of
from nstbench.report.history_page import history_data
from nstbench.report.history_steps import find_steps, levels
from nstbench.report.html import report_html

from .made import made_record, made_results, made_trial

FACTS = {
    "cpu": "Chip",
    "cores": 8,
    "memory_bytes": 1,
    "gpus": [],
    "python": "3",
    "platform": "Linux-6",
    "packages": {},
}


def noisy(rng, count, steps=(), outliers=0.05):
    """Make medians around 1 s; `steps` are (place, factor)."""
    logs = rng.normal(0, rng.uniform(0.03, 0.05), count) + np.log(1.2) * (rng.random(count) < outliers)
    for place, factor in steps:
        logs[place:] += np.log(factor)
    return np.exp(logs)


@pytest.fixture
def past(tmp_path):
    """Make a results folder with a history beside it: a doubling at commit 10; returns both."""

    def maker(trials=(), count=20):
        trials = trials or [made_trial()]
        records = [made_record(one, environment_id="e", device_name="Chip") for one in trials]
        results = made_results(tmp_path / "made", records)
        (store,) = results.stores
        write_json(store.path / "environment" / "e.json", FACTS)
        rng, rows = np.random.default_rng(0), []
        for place in range(count):
            commit = Commit(f"{place:040x}", f"2026-01-{place + 1:02d}T00:00:00+00:00", f"Commit <{place}>")
            for row in history_rows(store, lambda _, commit=commit: commit):
                seconds = float(rng.lognormal(0, 0.01)) * (2 if place >= 10 else 1)
                rows.append(replace(row, step_median_s=seconds, measured_at=commit.committed_at))
        add_to_history(tmp_path / "history.jsonl", rows)
        return results, rows

    return maker


def test_a_step_of_ten_per_cent_is_usually_found_and_seldom_invented():
    rng = np.random.default_rng(11)
    places = rng.integers(8, 33, 200)
    found = [find_steps(noisy(rng, 40, [(place, 1.1)])) for place in places]
    near = [any(abs(at - place) <= 2 for at in some) for some, place in zip(found, places, strict=True)]
    assert np.mean(near) > 0.85
    assert np.mean([bool(find_steps(noisy(rng, 40))) for _ in range(200)]) < 0.06


def test_a_large_step_hides_no_small_one():
    rng = np.random.default_rng(12)
    hits = [find_steps(noisy(rng, 40, [(20, 2.0), (30, 1.15)], outliers=0)) for _ in range(50)]
    assert np.mean([any(abs(at - 30) <= 2 for at in some) for some in hits]) > 0.9


def test_a_single_outlier_is_no_step():
    rng = np.random.default_rng(13)
    for place in (0, 1, 17, 38, 39):
        seconds = noisy(rng, 40, outliers=0)
        seconds[place] *= 5
        assert find_steps(seconds) == ()


def test_a_step_below_three_per_cent_is_not_shown():
    quiet = np.repeat([1.0, 1.02, 1.06], 15) * np.random.default_rng(1).lognormal(0, 0.001, 45)
    assert find_steps(quiet) == (30,)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_few_commits_have_no_step(count):
    assert find_steps([1.0, 9.0, 1.0, 9.0, 9.0][:count]) == ()


def test_equal_medians_have_no_step_and_a_clean_step_is_exact():
    assert find_steps([0.25] * 30) == ()
    assert find_steps([1.0] * 3 + [2.0] * 3) == (3,)
    assert find_steps([1e-6] * 10 + [2e-6] * 10) == find_steps([1e3] * 10 + [2e3] * 10) == (10,)


def test_levels_are_the_medians_between_steps():
    assert levels([1.0, 2.0, 9.0, 5.0, 7.0], [3]) == (2.0, 6.0)


def test_a_series_is_one_trial_on_one_machine(past):
    _, rows = past([made_trial("one"), made_trial("two")])
    other = [replace(row, machine="m2", machine_name="Other") for row in rows]
    found = series_of([*rows, *other])
    assert len(found) == 4
    for one in found:
        assert len({row.series for row in one.rows}) == 1
        ((step,), (before, after)) = one.steps, one.levels
        assert one.rows[step.at].commit == f"{10:040x}"
        assert step.ratio == pytest.approx(after / before)
        assert step.ratio == pytest.approx(2, rel=0.03)
        assert step.direction == "slower"


def test_a_quicker_level_is_called_so(past):
    _, rows = past()
    turned = [replace(row, step_median_s=1 / row.step_median_s) for row in rows]
    (only,) = series_of(turned)
    assert only.to_json()["steps"] == [
        {"commit": f"{10:040x}", "ratio": pytest.approx(0.5, rel=0.03), "direction": "quicker"}
    ]


def test_an_experiment_is_chosen_by_name(past):
    _, rows = past()
    other = [replace(row, experiment="other") for row in rows]
    assert of_experiment([*rows, *other], "other") == other
    with pytest.raises(UnknownName, match="known: made, other"):
        of_experiment([*rows, *other], "mad")


@pytest.fixture
def no_ruptures(monkeypatch):
    monkeypatch.setitem(sys.modules, "ruptures", None)


def test_without_the_library_the_page_says_so_and_draws_the_rest(past, no_ruptures):
    results, rows = past()
    with pytest.raises(UsageError, match=r"pip install 'nstbench\[history\]'"):
        series_of(rows)
    data = history_data(results, "made")
    assert "nstbench[history]" in data["note"]
    assert len(data["series"][0]["seconds"]) == 20
    assert data["series"][0]["steps"] == []
    assert "nstbench[history]" in report_html(results)


def test_the_page_has_the_medians_of_the_file_and_their_steps(past):
    results, rows = past()
    data = history_data(results, "made")
    (line,) = data["series"]
    assert line["seconds"] == [row.step_median_s for row in rows]
    assert [data["commits"][at]["sha"] for at in line["at"]] == [row.commit[:7] for row in rows]
    assert line["steps"] == [[10, pytest.approx(2, rel=0.03)]]
    assert json.loads(json.dumps(data)) == data


def test_series_are_named_by_what_tells_them_apart(past, tmp_path):
    results, rows = past(count=1)
    assert [one["name"] for one in history_data(results, "made")["series"]] == ["one"]
    add_to_history(tmp_path / "history.jsonl", [replace(rows[0], machine="m2", machine_name="Other")])
    assert {one["name"] for one in history_data(results, "made")["series"]} == {
        "one · Chip, 8 cores, Linux",
        "one · Other",
    }
    add_to_history(tmp_path / "history.jsonl", [replace(rows[0], problem="beef" * 3)])
    assert len({one["name"] for one in history_data(results, "made")["series"]}) == 3


def test_no_history_no_section(past, tmp_path):
    results, _ = past()
    assert 'id="history"' in report_html(results)
    assert history_data(results, "another") is None
    (tmp_path / "history.jsonl").unlink()
    assert history_data(results, "made") is None
    assert 'id="history"' not in report_html(results)


def test_a_damaged_history_leaves_the_rest_of_the_page(past, tmp_path):
    results, _ = past()
    (tmp_path / "history.jsonl").write_text("no\n")
    html = report_html(results)
    assert "history.jsonl:1: not a line" in html
    assert 'id="over-commits"' not in html


def test_without_the_library_a_history_is_shown_and_says_what_is_missing(past, monkeypatch):
    _, rows = past()
    monkeypatch.setitem(sys.modules, "ruptures", None)
    (series,), note = series_and_note(rows)
    assert len(series.rows) == 20
    assert not series.steps
    assert "pip install 'nstbench[history]'" in note
