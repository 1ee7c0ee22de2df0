"""Verdicts of the gate as people and programs read them."""

import json
import math
import re

import pytest

from nstbench.cli.console.check_text import figure, print_verdicts, to_json, to_markdown
from nstbench.cli.console.console import print_json
from nstbench.gate.statistics import estimate
from nstbench.gate.verdict import FAILED, INCONCLUSIVE, PASS, REGRESSION, Finding, Verdict

SLOWER = estimate([0.18, 0.2, 0.22], 0.05)
LEVEL = estimate([-0.01, 0.0, 0.01], 0.05)
STEP = Finding("fake", "step_min_s", REGRESSION, 0.1, 0.122, 0.05, estimate=SLOWER)
CALM = Finding("fake", "compile_s", PASS, 2.0, 2.0, 0.05, estimate=LEVEL, screening=True)
MEMORY = Finding("fake", "peak_rss_bytes", REGRESSION, 200e6, 300e6, 0.2)
FLOP = Finding("fake", "counted_gflop", PASS, 1.5, 1.5, 0.01)
LOST = Finding("fake", "referee_total", INCONCLUSIVE, None, 2.0, 0.02, "the baseline has no figure")
BROKEN = Finding("fake", "status", FAILED, reason="the candidate's trial diverged")
EVERYTHING = Verdict("new against old", (STEP, CALM, MEMORY, FLOP, LOST, BROKEN), ("numpy 1 against 2",))


@pytest.fixture
def printed(capsys):
    def printer(*verdicts):
        print_verdicts(verdicts)
        return capsys.readouterr().out

    return printer


def row(text, metric):
    (line,) = (line for line in text.splitlines() if re.match(rf"fake +{metric} ", line))
    return re.split(r"  +", line.strip())


def cells(markdown):
    """Take the tables of a text apart, where their bars are not escaped."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_a_timed_metric_shows_both_sides_the_interval_and_what_could_be_found(printed):
    text = printed(EVERYTHING)
    change, find = "+22.1 % (+18.1 to +26.3)", f"{100 * SLOWER.detectable:.2g} % and more"
    assert row(text, "step_min_s") == [
        "fake", "step_min_s", "100 ms", "122 ms", change, "5 %", find, "REGRESSION",
    ]  # fmt: skip
    assert row(text, "compile_s")[2:4] == ["2 s", "2 s"]
    assert row(text, "compile_s")[-1] == "pass"


@pytest.mark.parametrize("allowance", [0.125, 0.0005, 1.505])
def test_an_allowance_is_shown_as_it_is(printed, allowance):
    grown = Finding("fake", "final_total", REGRESSION, 1.0, 1 + 1.01 * allowance, allowance)
    assert (
        float(row(printed(Verdict("new", (grown,))), "final_total")[5].removesuffix(" %")) == 100 * allowance
    )


def test_of_the_noise_free_metrics_only_what_did_not_pass_is_shown(printed):
    text = printed(EVERYTHING)
    assert row(text, "peak_rss_bytes") == [
        "fake", "peak_rss_bytes", "200 MB", "300 MB", "+50 %", "20 %", "REGRESSION",
    ]  # fmt: skip
    assert "counted_gflop" not in text


def test_reasons_and_remarks_are_told(printed):
    lines = printed(EVERYTHING).splitlines()
    assert "- fake, referee_total: the baseline has no figure" in lines
    assert "- fake, status: the candidate's trial diverged" in lines
    assert "- numpy 1 against 2" in lines


def test_the_headline_counts_the_findings_of_all_verdicts_worst_first(printed):
    other = Verdict("again", (FLOP, FLOP, LOST))
    said = "Regression: 2 regression, 1 failed, 2 inconclusive, 4 pass"
    assert printed(EVERYTHING, other).splitlines()[-1] == said
    assert to_markdown([EVERYTHING, other]).splitlines()[0] == f"**{said}**"


@pytest.mark.parametrize(
    ("findings", "headline"),
    [
        ((FLOP,), "Pass: 1 pass"),
        ((FLOP, LOST), "Inconclusive: 1 inconclusive, 1 pass"),
        ((LOST, BROKEN), "The candidate failed: 1 failed, 1 inconclusive"),
        ((), "Inconclusive: nothing was judged"),
    ],
)
def test_the_headline_is_the_worst(printed, findings, headline):
    assert printed(Verdict("x", findings)).splitlines()[-1] == headline


def test_where_everything_passed_without_pairs_there_is_no_table(printed):
    assert printed(Verdict("x", (FLOP,))).split() == ["x", "Pass:", "1", "pass"]
    assert "|" not in to_markdown([Verdict("x", (FLOP,))])


@pytest.mark.parametrize(
    ("base", "candidate", "change"),
    [
        (1, 2, "+100 %"),
        (1, 1.994, "+99 %"),
        (1, 1.997, "+100 %"),
        (2, 1, "-50 %"),
        (3, 40, "+1233 %"),
        (8, 8.01, "+0.12 %"),
    ],
)
def test_a_change_is_readable_whatever_its_size(printed, base, candidate, change):
    finding = Finding("fake", "compile_count", REGRESSION, base, candidate, 1.5)
    assert row(printed(Verdict("x", (finding,))), "compile_count")[4:6] == [change, "150 %"]


@pytest.mark.parametrize(("base", "candidate"), [(0, 1), (None, 1.0), (1.0, None)])
def test_a_change_from_nothing_has_no_share(base, candidate):
    (_, _, body) = cells(to_markdown([Verdict("x", (Finding("f", "m", REGRESSION, base, candidate, 0.0),))]))
    assert body[4] == ""


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("step_min_s", 0.0123, "12.3 ms"),
        ("compile_s", 14.0, "14 s"),
        ("peak_rss_bytes", 3.5e9, "3.50 GB"),
        ("compile_count", 2, "2"),
        ("referee_ssim", 0.4321, "0.4321"),
        ("losses", 1234567.0, "1.23457e+06"),
        ("compile_s", None, ""),
        ("peak_rss_bytes", None, ""),
        ("losses", None, ""),
        ("losses", math.nan, ""),
    ],
)
def test_a_figure_has_the_unit_of_its_name(metric, value, text):
    assert figure(metric, value) == text


def test_markdown_has_one_table_with_as_many_cells_in_each_row():
    found = cells(to_markdown([EVERYTHING]))
    assert [cell.lstrip(">") for cell in found[0]][:4] == ["trial", "metric", "base", "candidate"]
    assert {len(line) for line in found} == {8}
    assert set(found[1]) == {"---", "---:"}
    assert len(found) == 2 + 5


def test_no_name_breaks_the_markdown_or_hides_in_it():
    hostile = "a|b <img> `c` *d*\n| e"
    safe = r"a\|b &lt;img&gt; \`c\` \*d\* \| e"
    verdict = Verdict(hostile, (Finding(hostile, "status", FAILED, reason=hostile),), (hostile,))
    text = to_markdown([verdict])
    assert "<" not in text
    assert [line[0] for line in cells(text)] == ["trial", "---", safe]
    assert safe in text.splitlines()
    assert f"- {safe}, status: {safe}" in text.splitlines()
    assert f"- {safe}" in text.splitlines()


def test_what_looks_like_markup_is_printed_as_it_is(printed):
    text = printed(Verdict("[red]x[/red]", (Finding("[bold]f", "m", FAILED, reason="[/] why"),)))
    assert "[red]x[/red]" in text
    assert "- [bold]f, m: [/] why" in text


def test_json_holds_everything_that_was_found(capsys):
    print_json(to_json([EVERYTHING, Verdict("x", (FLOP,))]))
    found = json.loads(capsys.readouterr().out)
    assert (found["outcome"], [each["outcome"] for each in found["verdicts"]]) == (
        REGRESSION,
        [REGRESSION, PASS],
    )
    first = found["verdicts"][0]
    assert (first["title"], first["remarks"]) == (EVERYTHING.title, list(EVERYTHING.remarks))
    back = [
        Finding(**{**each, "estimate": each["estimate"] and type(SLOWER)(**each["estimate"])})
        for each in first["findings"]
    ]
    assert tuple(back) == EVERYTHING.findings


def test_nothing_at_all_is_inconclusive_in_every_form(printed):
    assert printed().strip() == "Inconclusive: nothing was judged"
    assert to_markdown([]) == "**Inconclusive: nothing was judged**"
    assert to_json([]) == {"outcome": INCONCLUSIVE, "verdicts": []}


def test_an_allowance_in_units_of_its_own_is_no_percentage():
    finding = Finding("fake", "referee_ssim", REGRESSION, 0.6, 0.5, 0.02)
    text = to_markdown([Verdict("t", (finding,))])
    assert "| 0.02 |" in text
    assert "2 %" not in text
