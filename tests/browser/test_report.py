"""The report in a real browser: what it shows is what the tables hold, and everything on it can be used."""

import itertools
import json
import re
import shlex
import shutil

import pandas as pd
import pytest

import nstbench
from nstbench.comparison.choice_words import sentence
from nstbench.record import open_results
from nstbench.report.html import write_report

from ..report.made import big_results, made_record, made_results, made_trial, write_losses
from .conftest import faults_of

EXPERIMENT = {
    "name": "three-backends",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 64, "iterations": 6, "alpha": 1, "beta": 10},
    "sweep": {"style_layers": {"low": ["conv1_1"], "both": ["conv1_1", "conv2_1"]}},
    "backends": [
        {"name": "colour-transfer", "label": "tfhub-fast"},
        {"name": "fake", "label": "tf-vgg19"},
        {"name": "fake", "label": "jax-vgg19", "options": {"step_s": 0.01}},
        {"name": "fake", "options": {"fault": "raise"}},
    ],
    "measure": {"snapshot_every": 2, "referee": "random:0"},
}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, cache):
    """Sweep stand-ins under the names of the backends, and one that fails, and write the report."""
    folder = tmp_path_factory.mktemp("sweep") / "results of today"
    write_report(nstbench.sweep(EXPERIMENT, folder))
    return folder


@pytest.fixture
def runs(folder):
    return pd.read_parquet(folder / "tables" / "runs.parquet")


@pytest.fixture
def page(folder, open_page):
    return open_page(folder / "report.html")


def draw_all(page):
    page.evaluate("seeEverything()")
    page.wait_for_function("document.querySelectorAll('.plot .main-svg').length > 0")


def first_column(page):
    return page.locator("#table tbody th").all_inner_texts()


def curves(page):
    kept = "({ customdata, x, y, line }) => ({ ids: customdata, x, y, width: line.width })"
    return page.evaluate(f"byId('curves').data.filter((trace) => trace.customdata).map({kept})")


def chosen(page):
    return page.evaluate("selected")


@pytest.mark.thorough
def test_the_table_shows_the_numbers_of_the_parquet_table(page, runs):
    shown = page.evaluate("data.trials")
    assert [one["trial_id"] for one in shown] == list(runs["trial_id"])
    for name in (
        "step_median_s",
        "compile_s",
        "final_total",
        "referee_total",
        "referee_ssim",
        "peak_rss_bytes",
    ):
        expected = [None if pd.isna(value) else pytest.approx(value) for value in runs[name]]
        assert [one[name] for one in shown] == expected
    header = page.locator("#table thead th").all_inner_texts()
    ok = runs[runs["status"] == "ok"].iloc[-1]
    row = page.locator(f"tr[data-trial='{ok['trial_id']}'] > *").all_inner_texts()
    cells = dict(zip(header, row, strict=True))
    assert float(cells["referee"]) == pytest.approx(ok["referee_total"], rel=5e-3)
    assert float(cells["total loss"]) == pytest.approx(ok["final_total"], rel=5e-4)
    value, unit = cells["s / iteration"].split()
    assert float(value) * {"s": 1, "ms": 1e-3}[unit] == pytest.approx(ok["step_median_s"], rel=5e-3)


def test_the_curves_are_those_of_the_losses_table(page, folder):
    losses = pd.read_parquet(folder / "tables" / "losses.parquet")
    page.select_option("#loss-over", "elapsed_s")
    page.select_option("#loss", "style")
    draw_all(page)
    drawn = [row for trace in curves(page) for row in zip(trace["ids"], trace["x"], trace["y"], strict=True)]
    assert {trial_id for trial_id, *_ in drawn} == {*losses["trial_id"], None}
    for trial_id, mine in losses.groupby("trial_id"):
        x, y = zip(*(values for of, *values in drawn if of == trial_id), strict=True)
        assert x == pytest.approx(list(mine["elapsed_s"]), rel=1e-4)
        assert y == pytest.approx(list(mine["style"]), rel=1e-4)
    assert all((of is None) == (x is None) == (y is None) for of, x, y in drawn)  # gaps between trials
    page.select_option("#loss", "layers")
    draw_all(page)
    page.wait_for_function("byId('curves').data[0].name?.startsWith('conv1_1')")


def test_where_the_time_went_adds_up_to_the_clock_on_the_wall(page, folder, runs):
    timings = pd.read_parquet(folder / "tables" / "timings.parquet").merge(runs, on="trial_id")
    draw_all(page)
    drawn = page.evaluate("byId('phases').data.map((t) => [t.name, t.y, t.x])")
    seconds = {(name, label): x for name, labels, xs in drawn for label, x in zip(labels, xs, strict=True)}
    for label, mine in timings.groupby("backend_label"):
        own = sum(value for (_, of), value in seconds.items() if of == label)
        around = seconds["start", label] + seconds.get(("pictures", label), 0)
        assert own - around == pytest.approx(mine["seconds"].sum(), rel=1e-6)
        compiled = mine.loc[mine["phase"] == "compile", "seconds"].sum()
        assert seconds["compile", label] == pytest.approx(compiled)
        assert seconds["start", label] > 0.1  # a Python with NumPy
    (sweep,) = (json.loads(path.read_text()) for path in (folder / "sweeps").iterdir())
    wall = sweep["wall_s"] + seconds["this page", "for all"]
    assert sum(seconds.values()) == pytest.approx(wall, rel=1e-6)
    assert seconds["referee", "for all"] == pytest.approx(sweep["parts"]["referee"])
    assert 0 <= seconds["other", "for all"] < wall / 2
    said = page.inner_text("#phases-says")
    assert said.split(" s")[0] in (f"{wall:.3g}", f"{wall:.3}")


def test_the_trade_off_has_every_judged_trial_and_its_front(page, runs):
    draw_all(page)
    drawn = page.evaluate(
        "byId('tradeoff-plot').data.filter((t) => t.customdata).map((t) => [t.customdata, t.x, t.y])"
    )
    points = {i: (x, y) for ids, xs, ys in drawn for i, x, y in zip(ids, xs, ys, strict=True)}
    judged = runs.dropna(subset=["referee_total"])
    assert set(points) == set(judged["trial_id"])
    unbeaten = {
        one
        for one, (x, y) in points.items()
        if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in points.values())
    }
    assert set(page.evaluate("data.front")) == unbeaten


def test_a_budget_marks_the_pictures_of_the_best_that_it_buys(page, folder):
    place, choice = max(enumerate(nstbench.choose(folder)), key=lambda each: len(each[1].table))
    table = choice.table
    assert len(table) == 4  # two backends by two choices of layers
    page.select_option("#budget-of", str(place))
    assert page.locator("#budget-of option:checked").inner_text() == choice.place
    for key, row in (("Home", table.index[0]), ("End", table.index[table["front"]][-1])):
        page.focus("#budget")
        page.keyboard.press(key)
        assert f": {table['name'][row]} (" in page.inner_text("#budget-says")
        expected = {trial_id for _, trial_id in table["trials"][row]}
        marked = page.locator(".tile.bought").evaluate_all("(tiles) => tiles.map((one) => one.dataset.trial)")
        assert set(marked) == expected
    draw_all(page)
    page.wait_for_function("byId('tradeoff-plot').data.some((t) => t.marker?.line?.width?.includes(3))")
    ringed = "(t) => (t.customdata ?? []).filter((_, at) => t.marker.line.width[at])"
    assert set(page.evaluate(f"byId('tradeoff-plot').data.flatMap({ringed})")) == expected


def test_content_sets_a_floor_under_what_a_budget_buys(page, folder):
    place, choice = max(enumerate(nstbench.choose(folder)), key=lambda each: len(each[1].table))
    page.select_option("#budget-of", str(place))
    limit = round(100 * choice.table["referee_msssim"].median()) / 100
    page.evaluate(
        "(at) => { byId('floor').value = at; byId('floor').dispatchEvent(new Event('input')) }", 100 * limit
    )
    floors = [f"referee_msssim>={limit}"]
    best = nstbench.choose(folder, within="1h", floor=floors)[place]
    assert f"MS-SSIM to the content at least {limit:g}: {best.table['name'][best.taken]} (" in (
        page.inner_text("#budget-says")
    )
    assert page.get_attribute("#floor", "aria-valuetext") == f"MS-SSIM to the content at least {limit:g}"
    page.focus("#floor")
    page.keyboard.press("End")
    if not (choice.table["referee_msssim"] >= 1).any():
        assert page.inner_text("#budget-says").endswith("nothing. No configuration has that.")
        assert page.locator(".tile.bought").count() == 0


def test_the_page_begins_with_what_to_take(page, folder):
    found = nstbench.choose(folder)
    assert page.locator("#summary .answer").all_inner_texts() == [f"{sentence(one)}." for one in found]
    said = page.locator("#summary .command code").all_inner_texts()
    assert [shlex.split(line)[:6] for line in said] == [shlex.split(one.stylize)[:6] for one in found]
    first = page.locator("main section").first
    assert first.get_attribute("id") == "summary"
    assert first.locator("p, code, dl").first.get_attribute("class") == "answer"


def test_content_stands_against_style_as_shares_of_the_trivial_answers(page, runs):
    draw_all(page)
    drawn = page.evaluate(
        "byId('balance-plot').data.filter((t) => t.customdata).map((t) => [t.customdata, t.x, t.y, t.text])"
    )
    points = {one: rest for all_of in drawn for one, *rest in zip(*all_of, strict=True)}
    judged = runs[runs["referee_total"].notna()]
    assert set(points) == set(judged["trial_id"])
    for run in judged.itertuples():
        content, style, _ = points[run.trial_id]
        assert content + style == pytest.approx(run.referee_total)  # as docs/judging.md defines it
        assert style == pytest.approx(run.referee_style / run.referee_style_of_content)
    assert {text for _, _, text in points.values() if text} <= {"low", "both", "not used"}


def test_the_table_sorts_both_ways_and_keeps_gaps_last(page, runs):
    header = page.locator("#table thead button", has_text="s / iteration")
    names = runs.assign(
        name=[" · ".join(filter(None, t)) for t in zip(runs["backend_label"], runs["label"], strict=True)]
    )
    for ascending, aria in ((True, "ascending"), (False, "descending")):
        header.click()
        assert page.locator("th[aria-sort]").get_attribute("aria-sort") == aria
        expected = names.sort_values("step_median_s", ascending=ascending, na_position="last", kind="stable")
        assert first_column(page)[: len(expected) - 2] == list(expected["name"])[:-2]
    assert all(name.startswith("fake") for name in first_column(page)[-2:])


def test_the_table_is_filtered_by_words_and_status(page, runs):
    page.fill("#find", "jax BOTH")
    assert first_column(page) == ["jax-vgg19 · both"]
    page.fill("#find", "")
    page.select_option("#status", "failed")
    assert len(first_column(page)) == (runs["status"] == "failed").sum() == 2
    assert page.inner_text("#found") == f"2 of {len(runs)}"


def test_failed_trials_are_shown_with_their_reason(page, runs):
    said = page.inner_text("#failures")
    failed = runs[runs["status"] == "failed"].iloc[0]
    assert f"\n{failed['error_message']}" in said
    assert "told to fail" in page.inner_text("#sheet")


def test_the_contact_sheet_is_laid_out_over_the_chosen_axes(page):
    def heads(scope):
        return page.locator(f"#sheet th[scope={scope}]").all_inner_texts()

    assert heads("col") == ["low", "both"]
    assert heads("row") == ["tfhub-fast", "tf-vgg19", "jax-vgg19", "fake"]
    page.select_option("#across", "backend_label")
    assert heads("col") == ["tfhub-fast", "tf-vgg19", "jax-vgg19", "fake"]
    assert heads("row") == []
    page.select_option("#only-style_layers", "both")
    assert page.locator("#sheet .tile").count() == 3  # one of each backend that has layers
    page.select_option("#down", "style_layers")
    assert heads("row") == ["low", "both", "not used"]
    assert page.locator("#sheet .tile").count() == 7


def test_pictures_are_shown_with_a_text_and_in_full_size(page, folder, runs):
    ok = runs[runs["image"].notna()].iloc[-1]
    tile = page.locator(f".tile[data-trial='{ok['trial_id']}']")
    tile.scroll_into_view_if_needed()
    assert tile.locator("img").get_attribute("alt") == "cat in the style of coffee, by jax-vgg19, both"
    tile.click()
    page.wait_for_function("byId('viewer-picture').src.startsWith('file:')")
    assert page.evaluate("[byId('viewer-picture').naturalWidth, byId('viewer-picture').naturalHeight]") == [
        ok["width"],
        ok["height"],
    ]
    assert page.locator("#viewer").evaluate("(dialog) => dialog.open")
    page.keyboard.press("Escape")
    assert not page.locator("#viewer").evaluate("(dialog) => dialog.open")
    assert page.evaluate("document.activeElement.dataset.trial") == ok["trial_id"]


def test_a_picture_says_how_it_was_made_and_what_it_came_to(page, folder, runs):
    ok = runs[runs["image"].notna()].iloc[-1]
    page.evaluate(f"view(trials.get('{ok['trial_id']}'))")
    rows = page.locator("#viewer dl").evaluate_all(
        "(lists) => lists.map((one) => [...one.children].map((cell) => cell.textContent))"
    )
    made, came_to = (dict(zip(cells[::2], cells[1::2], strict=True)) for cells in rows)
    assert list(made.items())[:2] == [("backend", "jax-vgg19"), ("style layers", "both")]
    assert (made["iterations"], made["beta"]) == ("6", "10")
    assert float(came_to["referee loss"]) == pytest.approx(ok["referee_total"], rel=5e-3)
    assert float(came_to["total loss as logged"]) == pytest.approx(ok["final_total"], rel=5e-4)
    again, like_it = page.locator("#viewer code").all_inner_texts()
    verb, short, place = shlex.split(again)[1:]
    assert (verb, place) == ("rerun", str(folder))
    assert ok["trial_id"].startswith(short)
    assert page.inner_text("#viewer h3 >> nth=0") == f"Trial {short}"
    words = shlex.split(like_it)
    assert words[:2] == ["nstbench", "stylize"]
    assert {"beta=10", "iterations=6", 'style_layers=["conv1_1","conv2_1"]'} <= set(words)
    page.locator("#viewer .copy").last.click()
    page.wait_for_function("[...document.querySelectorAll('#viewer .copy')].at(-1).textContent === 'Copied'")
    page.keyboard.press("Escape")
    page.focus("#find")
    page.keyboard.press("Control+v")
    assert page.input_value("#find") == like_it


def test_a_selected_trial_is_highlighted_everywhere_and_in_the_address(page, runs, open_page, folder):
    ok = runs[runs["final_total"].notna()].iloc[0]
    page.locator(f"tr[data-trial='{ok['trial_id']}'] button").click()
    draw_all(page)
    assert page.url.endswith(f"#trial={ok['trial_id']}")
    assert page.evaluate("document.querySelector('.tile.chosen').dataset.trial") == ok["trial_id"]
    assert page.evaluate("document.querySelector('tr.chosen').dataset.trial") == ok["trial_id"]
    thickest = max(curves(page), key=lambda trace: trace["width"])
    assert set(thickest["ids"]) == {ok["trial_id"], None}
    assert page.input_value("#scrubbed") == ok["trial_id"]
    page.click("#clear")
    assert chosen(page) is None
    page.goto(f"{(folder / 'report.html').as_uri()}#trial={ok['trial_id']}")
    page.reload()
    assert chosen(page) == ok["trial_id"]


def test_a_point_of_a_figure_selects_its_trial(page, runs):
    page.locator("#tradeoff").scroll_into_view_if_needed()
    page.wait_for_selector("#tradeoff-plot .points path")
    page.locator("#tradeoff-plot .scatterlayer .trace").last.locator(".points path").first.click(force=True)
    page.wait_for_function("selected !== null")
    assert chosen(page) in set(runs.loc[runs["backend_label"] == "jax-vgg19", "trial_id"])


def test_the_slider_moves_the_border_between_two_pictures(page, runs):
    page.select_option("#left", runs["image"].dropna().iloc[1])
    page.select_option("#right", runs["image"].dropna().iloc[2])
    clip = "getComputedStyle(byId('left-picture')).clipPath"
    before = page.evaluate(clip)
    page.focus("#border")
    page.keyboard.press("Home")
    assert page.input_value("#border") == "0"
    assert page.evaluate(clip) != before
    width = page.locator("#slider").bounding_box()["width"]
    page.locator("#slider").click(position={"x": width * 0.75, "y": 10})
    assert float(page.input_value("#border")) == pytest.approx(75, abs=1)
    assert runs["image"].dropna().iloc[1] in page.evaluate("byId('left-picture').dataset.path")


def test_the_scrubber_goes_through_the_pictures_of_a_trial(page, folder, runs):
    trial_id = runs[runs["final_total"].notna()]["trial_id"].iloc[0]
    images = pd.read_parquet(folder / "tables" / "images.parquet")
    mine = images[images["trial_id"] == trial_id]
    page.select_option("#scrubbed", trial_id)
    page.focus("#scrubber")
    page.keyboard.press("Home")
    seen = []
    for _ in mine.index:
        seen.append(
            (page.evaluate("byId('scrubber-picture').dataset.path"), page.inner_text("#scrubber-says"))
        )
        page.keyboard.press("ArrowRight")
    assert [path for path, _ in seen] == list(mine["path"])
    assert [int(said.split()[1]) for _, said in seen] == list(mine["iteration"]) == [2, 4, 6]


def test_everything_works_from_the_keyboard_alone(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.tile[data-trial] ')"):
            break
    page.keyboard.press("Enter")
    assert page.locator("#viewer").evaluate("(dialog) => dialog.open")
    first = chosen(page)
    page.keyboard.press("ArrowRight")
    assert chosen(page) != first
    page.keyboard.press("Escape")
    page.locator("#table thead button").nth(1).focus()
    page.keyboard.press("Space")
    assert page.locator("th[aria-sort]").count() == 1


@pytest.mark.parametrize(("scheme", "device"), [("light", {}), ("dark", PHONE)], ids=["desktop", "phone"])
def test_axe_finds_no_fault(folder, open_page, scheme, device):
    page = open_page(folder / "report.html", color_scheme=scheme, **device)
    draw_all(page)
    page.evaluate("select(data.trials[1].trial_id)")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    faults = faults_of(page)
    page.evaluate("view(data.trials.find((trial) => trial.image))")
    faults += faults_of(page)
    assert not faults, "\n".join(faults)


EDGES = """(all) => all.map((one) => one.getBoundingClientRect()).map(
  ({ left, top, right, bottom }) => [left, top, right, bottom]
)"""


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_ticks_are_few_and_do_not_lie_on_one_another(folder, open_page, device):
    page = open_page(folder / "report.html", **device)
    draw_all(page)
    page.wait_for_function(
        "[...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('.main-svg'))"
    )
    plots = page.locator(".plot")
    for place in range(plots.count()):
        for axis in ("x", "y"):
            ticks = plots.nth(place).locator(f".{axis}tick text")
            assert 1 <= ticks.count() <= 8
            boxes = ticks.evaluate_all(EDGES)
            first, second = (0, 2) if axis == "x" else (1, 3)
            boxes.sort(key=lambda box: box[first])
            apart = [later[first] - one[second] for one, later in itertools.pairwise(boxes)]
            turned = axis == "x" and ticks.first.get_attribute("transform").startswith("rotate")
            assert turned or all(gap > 0 for gap in apart), (place, axis, ticks.all_inner_texts())


def test_ticks_follow_where_the_reader_zooms(page):
    draw_all(page)
    page.wait_for_function("byId('tradeoff-plot').layout?.xaxis.type === 'log'")
    page.evaluate("Plotly.relayout(byId('tradeoff-plot'), { 'xaxis.range': [0.2, 0.4].map(Math.log10) })")
    page.wait_for_function(
        "byId('tradeoff-plot').layout.xaxis.tickvals.every((at) => at > 0.19 && at < 0.43)"
    )
    assert len(page.evaluate("byId('tradeoff-plot').layout.xaxis.ticktext")) > 2


def test_a_logarithmic_axis_has_two_to_seven_round_ticks_in_sight(page):
    lows, spans = (3e-9, 0.0012, 0.7, 9.9, 123456, 4e12), (1.05, 1.3, 2.5, 9, 40, 3000, 1e7, 1e30)
    for low, times in itertools.product(lows, spans):
        ticks = page.evaluate(f"logTicks([{low}, {low * times}])")
        values, texts = ticks["tickvals"], ticks["ticktext"]
        assert 2 <= len(values) <= 7, ticks
        assert values == sorted(set(values))
        assert all(low / 1.06 <= value <= low * times * 1.06 for value in values), ticks
        assert len(set(texts)) == len(values), ticks
        assert all(later / one > times**0.05 for one, later in itertools.pairwise(values)), ticks
        assert all("e" not in text and len(re.sub("</?sup>", "", text)) <= 9 for text in texts), ticks


def test_the_theme_follows_the_reader_and_the_button(folder, open_page):
    page = open_page(folder / "report.html", color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.click("#theme")
    assert page.evaluate(background) != dark
    assert page.get_attribute("#theme", "aria-pressed") == "false"


def test_a_phone_needs_no_sideways_scrolling(folder, open_page):
    page = open_page(folder / "report.html", **PHONE)
    draw_all(page)
    page.evaluate("select(data.trials[1].trial_id)")
    page.select_option("#across", "backend_label")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.querySelector('#sheet').scrollWidth > 390")  # it scrolls by itself


def test_it_prints_with_all_figures_and_without_controls(page):
    page.emulate_media(media="print")
    page.wait_for_function(
        "[...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('.main-svg'))"
    )
    assert not page.locator("nav").is_visible()
    assert not page.locator("#sheet-controls").is_visible()
    assert page.locator("#table tbody tr").count() == 7
    assert page.pdf().startswith(b"%PDF")


def test_alone_it_still_shows_thumbnails_and_embedded_it_shows_everything(folder, open_page, tmp_path):
    alone = tmp_path / "alone.html"
    write_report(open_results(folder), alone, embed=True)
    shutil.move(alone, tmp_path / "elsewhere.html")
    page = open_page(tmp_path / "elsewhere.html")
    page.evaluate("view(data.trials.find((trial) => trial.image))")
    page.wait_for_function("byId('viewer-picture').naturalWidth === 64")
    assert page.evaluate("byId('viewer-picture').src").startswith("data:image/png")


def test_values_wear_the_names_of_the_experiment_on_every_axis(tmp_path, open_page):
    layers = {"b-heavy": {"conv3_1": 1, "conv4_1": 50}, "a-heavy": {"conv3_1": 50, "conv4_1": 1}}
    sweep = {"style_layers": layers, "beta": {"weak": 1000000, "strong": 1000001}, "seed": [0, 1]}
    fixed = {name: value for name, value in EXPERIMENT["fixed"].items() if name not in sweep}
    measure = {"referee": "none", "isolation": "none"}
    changes = {"fixed": fixed, "sweep": sweep, "backends": ["fake"], "measure": measure}
    page = open_page(write_report(nstbench.sweep(EXPERIMENT | changes, tmp_path)))
    assert page.evaluate("data.axes.map((axis) => [axis.title, axis.values])") == [
        ["backend", ["fake"]],
        ["style layers", ["b-heavy", "a-heavy"]],
        ["beta", ["weak", "strong"]],
        ["seed", ["0", "1"]],
    ]
    page.select_option("#across", "style_layers")
    page.select_option("#down", "beta")
    page.select_option("#only-seed", "1")
    assert page.locator("#sheet th[scope=col]").all_inner_texts() == ["b-heavy", "a-heavy"]
    assert page.locator("#sheet th[scope=row]").all_inner_texts() == ["weak", "strong"]
    assert page.locator("#sheet .tile").count() == 4


NASTY = "</script><img src=x onerror=alert(1)> \"quoted\" & 'so' \u2028 %{x} 🎨"


def test_markup_in_names_and_messages_is_text(tmp_path, open_page):
    ok = made_record(made_trial(NASTY, NASTY))
    failed = made_record(
        made_trial("plain", "two", beta=2.0), status="failed", error_type="E", error_message=NASTY
    )
    results = made_results(tmp_path, [ok, failed])
    write_losses(tmp_path, ok.trial, 5)
    page = open_page(write_report(results))
    draw_all(page)
    page.evaluate("select(data.trials[0].trial_id)")
    assert page.evaluate("data.trials[0].backend_label") == NASTY
    assert page.locator("#table tbody th").first.text_content() == f"{NASTY} · {NASTY}"
    assert page.locator("#failures dd").text_content() == NASTY
    assert page.locator("#selected-name").text_content() == f"{NASTY} · {NASTY}"
    assert page.locator("img[onerror]").count() == 0
    assert "<img src=x" in page.locator("#phases").text_content()


@pytest.mark.parametrize("statuses", [[], ["refused"], ["interrupted", "failed"]])
def test_a_sweep_without_any_picture_has_a_report_too(tmp_path, open_page, statuses):
    nothing = {"phases": {}, "rounds": (), "final": {}, "optimise_s": None, "evaluations": None}
    records = [
        made_record(made_trial(beta=float(place)), status=status, error_message="why", **nothing)
        for place, status in enumerate(statuses)
    ]
    page = open_page(write_report(made_results(tmp_path, records)))
    page.evaluate("seeEverything()")
    assert page.locator("#table tbody tr").count() == len(statuses)
    assert "No trial" in page.inner_text("#curves")


def test_a_picture_that_was_removed_leaves_its_thumbnail(tmp_path, open_page):
    results = big_results(tmp_path, betas=1, rates=1, snapshots=1)
    path = write_report(results)
    shutil.rmtree(tmp_path / "trials")
    page = open_page(path, quiet=False)
    page.evaluate("view(data.trials.find((trial) => trial.image))")
    page.wait_for_function("byId('viewer-picture').naturalWidth > 0")
    assert page.evaluate("byId('viewer-picture').src").startswith("data:image/jpeg")


@pytest.mark.thorough
def test_of_two_hundred_trials_only_what_is_near_the_window_is_made(tmp_path, open_page):
    page = open_page(write_report(big_results(tmp_path, snapshots=0, size=96)))
    assert page.evaluate("typeof Plotly") == "undefined"  # no figure is near the window yet
    rows, last = page.locator("#table tr[data-trial]"), page.locator("#table tbody").last
    assert rows.count() == 50
    page.locator("#table thead").get_by_role("button", name="referee", exact=True).click()
    assert last.locator("tr[data-trial]").count() == 0
    page.locator("#table").scroll_into_view_if_needed()
    height = page.evaluate("byId('table').scrollHeight")
    page.evaluate("byId('table').scrollTo(0, byId('table').scrollHeight)")
    last.locator("tr[data-trial]").last.wait_for()
    assert rows.count() < 200
    assert page.evaluate("byId('table').scrollHeight") == pytest.approx(height, rel=0.02)
    referees = page.evaluate("sorted([...data.trials]).map((trial) => trial.trial_id)")
    assert last.locator("tr").evaluate_all("(rows) => rows.map((row) => row.dataset.trial)") == referees[150:]
    page.evaluate(f"select('{referees[120]}')")
    page.click("#show-row")
    assert page.locator("tr.chosen").get_attribute("data-trial") == referees[120]
    page.wait_for_function("document.querySelector('tr.chosen').getBoundingClientRect().bottom < innerHeight")
    page.select_option("#across", "beta")
    assert page.locator("#sheet .tile").count() == 200
    page.locator("#sheet").scroll_into_view_if_needed()
    page.wait_for_selector("#sheet .tile img[src]")
    assert page.locator("#sheet .tile img[src]").count() < 200
    draw_all(page)
    assert rows.count() == 200  # printed whole
    assert {of for trace in curves(page) for of in trace["ids"]} == {*referees, None}
    assert len(curves(page)) == 5 * 2 + 1  # those of a colour and a dash are drawn at once


def test_a_logarithmic_axis_takes_any_number_of_losses(page):
    assert page.evaluate("logAxis('loss', new Array(500000).fill(1).with(0, 1e9)).span") == [1, 1e9]
