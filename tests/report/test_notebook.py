"""Results as they show themselves in a notebook."""

import base64
import io
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

import nstbench
from nstbench.api import UnknownName, UsageError
from nstbench.experiment import experiment_from_mapping
from nstbench.plan import Plan
from nstbench.record import Store
from nstbench.report.contact_sheet import GAP, Sheet, arrange, draw
from nstbench.report.notebook import ResultsView

EXPERIMENT = {
    "name": "tiny",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 48, "iterations": 6, "alpha": 1},
    "sweep": {"beta": [1, 10], "style_layers": {"shallow": ["conv1_1"], "<deep>": ["conv1_1", "conv2_1"]}},
    "backends": ["fake", {"name": "fake", "label": "bad", "options": {"fault": "raise"}}, "colour-transfer"],
    "measure": {"referee": "none"},
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return nstbench.sweep(EXPERIMENT, tmp_path_factory.mktemp("notebook") / "tiny")


class Elements(HTMLParser):
    """Counts start tags, and collects the sources of pictures and the text of each table row."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.sources, self.rows = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for name, value in attributes if name == "src"]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows:
            self.rows[-1][-1] += data


def test_a_notebook_shows_a_row_and_a_picture_of_every_trial(results):
    page = Elements(results._repr_html_())
    heads, *rows = page.rows
    assert len(rows) == len(results.runs) == 9
    shown = [dict(zip(heads, row, strict=True)) for row in rows]
    assert [row["backend"] for row in shown] == results.runs["backend_label"].tolist()
    assert shown[0]["total loss"] == f"{results.runs['final_total'][0]:.4g}"
    assert shown[1]["trial"] == results.runs["label"][1]
    assert "<deep>" in shown[1]["trial"]
    failed = {row["status"] for row in shown if row["backend"] == "bad"}
    assert {text.partition(" at ")[0] for text in failed} == {"failed: RuntimeError: told to fail"}
    assert page.tags.count("img") == 5 + 2, "five pastiches, the content and the style"
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    sizes = {Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).size for uri in page.sources}
    assert sizes == {(48, 32)}


def test_text_from_an_experiment_is_no_markup(results):
    page = results._repr_html_()
    assert "&lt;deep&gt;" in page
    assert not {"deep", "script"} & set(Elements(page).tags)


def test_a_long_table_says_how_much_more_there_is(results, monkeypatch):
    monkeypatch.setattr("nstbench.report.results_html.MOST_ROWS", 4)
    page = results._repr_html_()
    assert len(Elements(page).rows) == 1 + 4
    assert "and 5 more" in page


def mean_colour(image):
    return np.asarray(image.convert("RGB"), np.float32).mean(axis=(0, 1))


def test_a_contact_sheet_has_every_trial_where_its_headings_say(results):
    sheet = arrange(results, across="style_layers", down="backend_label")
    assert len(sheet.cells) == len(results.runs)
    assert sheet.columns == ("shallow", "<deep>", "style layers not used")
    assert sheet.rows == (
        "fake · beta 1",
        "fake · beta 10",
        "bad · beta 1",
        "bad · beta 10",
        "colour-transfer",
    )
    folder = results.stores[0].path
    for row in results.runs.itertuples():
        head = "<deep>" if "deep" in row.label else "shallow"
        beside = (
            row.backend_label
            if row.backend_label == "colour-transfer"
            else f"{row.backend_label} · beta {row.beta:g}"
        )
        head = "style layers not used" if row.backend_label == "colour-transfer" else head
        cell = sheet.cells[sheet.rows.index(beside), sheet.columns.index(head)]
        assert cell == (folder / row.image if row.status == "ok" else "failed")


def test_the_picture_stands_below_its_heading(results):
    sheet = arrange(results, across="backend_label", down="beta")
    image = draw(sheet, 160)
    assert isinstance(results.contact_sheet("backend_label", "beta"), Image.Image)
    with Image.open(sheet.cells[0, 0]) as picture:
        wanted = np.asarray(picture.convert("RGB"))
    found = np.asarray(image)
    windows = np.lib.stride_tricks.sliding_window_view(found, wanted.shape)[:, :, 0]
    exact = np.argwhere((windows == wanted).all(axis=(2, 3, 4)))
    assert len(exact) >= 1, "small pictures are pasted pixel by pixel"
    assert exact[:, 1].min() > 40, "to the right of the names"


def test_rows_and_columns_are_as_large_as_their_pictures(tmp_path):
    sizes = {(0, 0): (200, 50), (0, 1): (70, 50), (1, 0): (200, 90), (1, 1): (70, 90)}
    for (row, column), size in sizes.items():
        Image.new("RGB", size, "red").save(tmp_path / f"{row}{column}.png")
    cells = {place: tmp_path / f"{place[0]}{place[1]}.png" for place in sizes}
    red = (np.asarray(draw(Sheet(("a", "b"), ("c", "d"), cells), 400)) == (255, 0, 0)).all(axis=2)
    down, across = (np.flatnonzero(red.any(axis=axis)) for axis in (1, 0))
    assert (len(down), len(across)) == (50 + 90, 200 + 70)
    assert (np.diff(down).max() - 1, np.diff(across).max() - 1) == (GAP, GAP)


def test_axes_are_chosen_if_none_are_named(results):
    sheet = arrange(results)
    assert sheet.columns == ("shallow", "<deep>", "style layers not used"), "the axis that was swept last"
    assert sheet.rows[0] == "fake · beta 1"
    alone = arrange(nstbench.open_results(results.stores[0].path), down="style_layers")
    assert alone.columns == ("beta 1", "beta 10", "beta not used")


def test_folders_are_an_axis_of_a_sheet(results, tmp_path):
    smaller = {**EXPERIMENT, "backends": ["fake"], "sweep": {}}
    other = nstbench.sweep(smaller, tmp_path / "other", overrides=["beta=1"])
    both = nstbench.open_results(results.stores[0].path, other.stores[0].path)
    sheet = arrange(both, across="results")
    assert sheet.columns == (str(results.stores[0].path), str(tmp_path / "other"))
    assert len(sheet.cells) == 10
    assert [column for _, column in sheet.cells].count(1) == 1


def test_nothing_to_show_and_unknown_axes_are_said(results, tmp_path):
    with pytest.raises(UnknownName, match=r"unknown axis 'betta'; known: .*Did you mean 'beta'"):
        results.contact_sheet(across="betta")
    store = Store(tmp_path / "empty")
    plain = {"inputs": {"content": "sample:cat", "style": "sample:coffee"}, "backends": ["fake"]}
    store.write_plan(experiment_from_mapping(plain, tmp_path), Plan("empty", ()))
    empty = nstbench.open_results(tmp_path / "empty")
    with pytest.raises(UsageError, match="no trials"):
        empty.contact_sheet()
    assert "no trials" in empty._repr_html_()
    assert len(empty.plot_losses().data) == 0


def test_a_picture_that_is_gone_leaves_its_place(results, monkeypatch):
    sheet = arrange(results)
    whole = draw(sheet, 160).size
    cells = {
        place: cell.with_name("gone.png") if hasattr(cell, "suffix") else cell
        for place, cell in sheet.cells.items()
    }
    assert draw(type(sheet)(sheet.columns, sheet.rows, cells), 160).size[1] > 0 < whole[1]


@pytest.mark.parametrize("x", ["iteration", "elapsed_s"])
def test_losses_are_drawn_as_they_were_logged(results, x):
    figure = results.plot_losses(x)
    assert [line.name for line in figure.data][:2] == ["fake · beta=1, shallow", "fake · beta=1, <deep>"]
    assert len(figure.data) == 4, "a trial without losses has no line"
    first = results.losses[results.losses["trial_id"] == results.runs["trial_id"][0]]
    assert list(figure.data[0].x) == first[x].tolist()
    assert list(figure.data[0].y) == first["total"].tolist()
    assert (figure.layout.yaxis.type, results.plot_losses(log=False).layout.yaxis.type) == ("log", "linear")


def test_losses_are_drawn_over_nothing_else(results):
    with pytest.raises(UnknownName, match="unknown x 'time'; known: elapsed_s, iteration"):
        results.plot_losses(x="time")


def test_results_compare_themselves(results):
    comparison = results.compare(by="beta", base="1")
    assert comparison.by == "beta"
    assert len(comparison.groups) == 2


def test_opening_results_imports_nothing_that_draws(results):
    drawing = {"plotly", "PIL", "jinja2", "tensorboard", "mlflow", "jax", "tensorflow"}
    code = (
        "import sys, nstbench; results = nstbench.open_results(sys.argv[1]); results.runs; "
        f"print(type(results).__name__, sorted({drawing} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(results.stores[0].path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "ResultsView []\n"
    assert isinstance(results, ResultsView)
    assert isinstance(results, nstbench.Results)
    assert re.match(r"<Results .*tiny: ", repr(results))
