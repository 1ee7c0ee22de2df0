"""`nstbench compare` as users type it."""

import csv
import io
import json
import re

import pytest

from tests.report.scenes import a_failure, a_folder, a_record, a_trial

HOSTILE = "x|y <b>*[z]*"


@pytest.fixture
def folders(tmp_path):
    """Two folders: what takes 100 ms in `a` takes 120 ms in `b`; one trial failed there."""
    trials = [a_trial({"seed": seed}) for seed in (0, 1, 2)]
    a_folder(tmp_path / "a", *map(a_record, trials))
    slow = [a_record(trial, step_s=0.12) for trial in trials[:2]]
    a_folder(tmp_path / "b", *slow, a_failure(trials[2], message=HOSTILE))
    return "a", "b"


def test_the_terminal_shows_tables_cautions_and_what_is_left_out(nstbench, folders):
    shown = nstbench("compare", *folders, "--pairs").stdout
    assert "2 pairs of trials equal but for results; compared with a" in shown
    assert re.search(r"^b +2 of 3 +120 ms +1\.2 .*20 % more time", shown, re.MULTILINE)
    assert "1 of 6 trials are not ok: 1 failed" in shown
    assert "not compared: 2" in shown
    assert f"failed: {HOSTILE}" in shown
    assert "\x1b" not in shown


def test_no_difference_is_told_of_a_busy_machine_without_that(nstbench, folders, tmp_path):
    trials = [a_trial({"seed": seed}) for seed in (0, 1)]
    busy = [a_record(trials[0], step_s=0.2, others_share=0.43), a_record(trials[1], step_s=0.2)]
    a_folder(tmp_path / "c", *busy)
    shown = nstbench("compare", "a", "c", "--pairs").stdout
    assert re.search(r"^c .*100 % more time \(disturbed\)", shown, re.MULTILINE)
    assert len(re.findall(r"time \(disturbed\)", shown)) == 2, "of the group, and of one pair"
    kept = shown.split("keep in mind")[1].splitlines()
    assert kept[1].startswith("- 1 of 2 pairs were disturbed while they were timed")
    assert "other programs had 43 % of the CPU cores during 1 of 5 trials" in shown
    found = json.loads(nstbench("compare", "a", "c", "--json").stdout)
    assert found["groups"][1]["disturbed"] == 1
    assert [pair["disturbed"] for pair in found["pairs"]] == [True, False]


def test_tables_keep_to_100_columns(nstbench, folders):
    shown = nstbench("compare", *folders).stdout
    tables = shown.split("keep in mind")[0]
    assert max(map(len, tables.splitlines())) <= 100


def test_a_trial_that_never_got_there_is_shown_as_longer_than_it_ran(nstbench, folders):
    assert "> 4 s" in nstbench("compare", *folders).stdout


def test_json_holds_everything(nstbench, folders):
    found = json.loads(nstbench("compare", *folders, "--json").stdout)
    assert (found["by"], found["base"]) == ("results", "a")
    assert [group["group"] for group in found["groups"]] == ["a", "b"]
    assert found["groups"][0]["step_ratio"] is None
    assert found["groups"][1]["step_ratio"] == pytest.approx(1.2)
    assert len(found["pairs"]) == 2
    assert {row["reason"] for row in found["unpaired"]} == {
        f"failed: {HOSTILE}",
        "none of b is equal: the nearest differs in seed",
    }
    assert found["cautions"]


def test_csv_has_a_line_for_each_pair(nstbench, folders):
    rows = list(csv.DictReader(io.StringIO(nstbench("compare", *folders, "--csv").stdout)))
    assert [float(row["step_ratio"]) for row in rows] == pytest.approx([1.2, 1.2])


def test_markdown_has_tables_that_no_name_can_break(nstbench, folders):
    text = nstbench("compare", *folders, "--markdown").stdout
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert len(tables) == 4
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    assert r"x\|y &lt;b&gt;\*\[z\]\*" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a"], "nothing to compare with: every trial has backend_label 'fake'"),
        (["a", "b", "--by", "sed"], "Did you mean 'seed'?"),
        (["a", "b", "--base", "c"], "known: a, b."),
        (["a", "no-such"], "no-such: not a results folder"),
        (["a", "b", "--json", "--csv"], "exclude each other"),
    ],
)
def test_bad_usage_is_one_line_and_ends_in_2(nstbench, folders, arguments, said):
    done = nstbench("compare", *arguments, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_nothing_in_common_is_said_and_no_error(nstbench, folders, tmp_path):
    a_folder(tmp_path / "c", a_record(a_trial({"beta": 1.0})))
    shown = nstbench("compare", "a", "c").stdout
    assert "0 pairs" in shown
    assert "the nearest differs in beta" in shown
