"""The history in a real browser: drawn as the file has it, marked, named, and readable as text."""

import json
from dataclasses import replace

import pytest

import nstbench
from nstbench.record import Store
from nstbench.record.commit import Commit
from nstbench.record.history import history_rows
from nstbench.record.history_file import add_to_history
from nstbench.report.html import write_report

from .conftest import faults_of

pytestmark = pytest.mark.thorough

EXPERIMENT = {
    "name": "tiny",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "iterations": 40, "alpha": 1, "beta": 10},
    "measure": {"referee": "none"},
    "backends": [{"name": "fake", "options": {"step_s": 0.001}}],
}
TIMES = "\u00d7"
SUBJECT = "</script><b>Change</b> %{x}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, cache):
    """Sweep once; the history repeats its row for 30 commits, half as much again from the twelfth on."""
    folder = tmp_path_factory.mktemp("past") / "tiny"
    results = nstbench.sweep(EXPERIMENT, folder)
    rows = []
    for place in range(30):
        commit = Commit(f"{place + 0xABC:07x}{'0' * 33}", f"2026-01-{place + 1:02d}T00:00:00+00:00", SUBJECT)
        (row,) = history_rows(Store(folder), lambda _, commit=commit: commit)
        seconds = row.step_median_s * (1.5 if place >= 12 else 1)
        rows.append(replace(row, step_median_s=seconds, measured_at=commit.committed_at))
    add_to_history(folder.parent / "history.jsonl", rows)
    write_report(results)
    return folder


def drawn(page):
    page.evaluate("seeEverything()")
    page.wait_for_selector("#over-commits .main-svg")
    return page.evaluate(
        "byId('over-commits').data.map((t) => ({x: t.x, y: t.y, text: t.text, mode: t.mode}))"
    )


def test_the_medians_the_levels_and_the_step_are_drawn(folder, open_page):
    page = open_page(folder / "report.html")
    medians, level, step = drawn(page)
    lines = (folder.parent / "history.jsonl").read_text().splitlines()
    assert medians["y"] == [json.loads(line)["step_median_s"] for line in lines]
    assert medians["x"] == list(range(30))
    low, _, _, high, _, _ = level["y"]
    assert (low, high) == (pytest.approx(medians["y"][0]), pytest.approx(medians["y"][-1]))
    assert (step["x"], step["text"]) == ([12], [f"{TIMES}1.50"])
    page.select_option("#history-scale", "relative")
    page.evaluate("seeEverything()")
    page.wait_for_function(
        "byId('over-commits').data[0].y[0] < 1.01 && byId('over-commits').data[0].y[0] > 0.99"
    )


def test_what_is_drawn_is_also_text(folder, open_page):
    page = open_page(folder / "report.html")
    drawn(page)
    assert f"steps: 0000ac8 {TIMES}1.50" in page.get_attribute("#over-commits", "aria-label")
    page.locator("#history summary").click()
    cells = page.locator("#history-table tbody tr > *").all_inner_texts()
    assert (cells[0], cells[1], cells[4]) == ("fake", "30", f"0000ac8 {TIMES}1.50")
    assert "&lt;b&gt;Change" in page.evaluate("byId('over-commits').data[0].text[0]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_axe_finds_no_fault(folder, open_page, scheme):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = open_page(folder / "report.html", color_scheme=scheme, **phone)
    drawn(page)
    page.locator("#history summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert not faults_of(page, "#history")  # the rest is that of any page


def test_a_page_without_a_history_has_no_such_section(folder, open_page, tmp_path):
    results = nstbench.open_results(folder)
    (folder.parent / "history.jsonl").rename(tmp_path / "aside")
    try:
        page = open_page(write_report(results, folder / "without.html"))
    finally:
        (tmp_path / "aside").rename(folder.parent / "history.jsonl")
    assert page.locator("#history, nav a[href='#history']").count() == 0
    assert page.locator("#table tbody tr").count() == 1
