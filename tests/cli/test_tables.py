"""Tables on a terminal of 80 columns: what is shown, what is left out, and in which order."""

import io
import json
from dataclasses import replace

import pytest

from nstbench.api import UnknownName, UsageError
from nstbench.cli import show as show_module
from nstbench.cli.console import console as consoles
from nstbench.cli.console.console import PlainConsole, table
from nstbench.cli.console.reasons import _lines
from nstbench.cli.console.results_table import _runs
from nstbench.comparison.axes import axes
from nstbench.comparison.conditions import where
from nstbench.record import open_results
from nstbench.record.words import short_ids
from tests.report.scenes import a_failure, a_folder, a_record, a_trial

show = show_module.show
LONG = "KeyError: 'style' at pixel_adam.py:41"


def drawn(shown, width):
    """Return the lines of a table on a terminal of so many columns."""
    out = io.StringIO()
    PlainConsole(file=out, width=width).print(shown)
    return out.getvalue().rstrip("\n").split("\n")


def labelled(label, **settings):
    trial = a_trial(settings, backend_label="a-backend-with-a-name", axes={"beta": label})
    return replace(trial, label=f"{label}, of all trials").identified()


@pytest.fixture
def results(tmp_path):
    trials = {label: labelled(label, beta=beta) for label, beta in (("weak", 10.0), ("strong", 99.0))}
    failed = [a_failure(labelled("lost", beta=beta), message=LONG) for beta in (5.0, 6.0)]
    records = [a_record(trials["weak"]), a_record(trials["strong"], step_s=0.2)]
    return open_results(a_folder(tmp_path / "made", *records, *failed))


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_a_table_is_no_wider_than_the_terminal_and_no_word_of_it_is_broken(results, width):
    lines = drawn(_runs(results, results.runs), width)
    assert max(map(len, lines)) <= width
    known = "trial backend point status s/iteration ± mad compile total loss referee SSIM picture"
    assert {"trial", "backend"} <= {*lines[0].split()} <= {*known.split()}
    assert all(sum(trial_id[:8] in line for line in lines) == 1 for trial_id in results.runs["trial_id"])


def test_what_there_is_no_room_for_is_named_and_a_wide_table_leaves_nothing_out(results):
    assert drawn(_runs(results, results.runs), 80)[-1].startswith("left out at this width: ± mad")
    wide = drawn(_runs(results, results.runs), 400)
    assert len(wide) == 1 + 4
    assert any(line.rstrip().endswith(results.runs["image"][0]) for line in wide)


def test_paths_keep_their_end_and_text_wraps_between_words():
    shown = table((">n", "text", "/path"), [(1, "some words and more words", "results/made/trials/a/b.png")])
    lines = drawn(shown, 42)
    assert lines[0].split() == ["n", "text", "path"]
    assert "…/" in lines[1] and lines[1].rstrip().endswith("b.png")
    words = [word for line in lines[1:] for word in line.split()[line is lines[1] :] if "…" not in word]
    assert words == ["some", "words", "and", "more", "words"]


def test_equal_reasons_are_one_line_with_the_place_and_the_log(results, tmp_path):
    failed = results.runs["trial_id"][2]
    log = tmp_path / "made" / "trials" / failed / "log.txt"
    log.touch()
    assert _lines(results, results.runs) == [f"a-backend-with-a-name: failed: {LONG}; {log} (2 trials)"]


def printed(capsys, *arguments, **options):
    show([*arguments], **options)
    return capsys.readouterr().out


def test_show_sorts_filters_and_chooses_columns(results, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(consoles, "NOT_A_TERMINAL_WIDTH", 80)
    folder = tmp_path / "made"
    text = printed(capsys, folder, columns="beta,image", sort="-beta", where=["status=ok"])
    head, first, second = text.splitlines()
    assert head.split() == ["trial_id", "beta", "image"]
    assert (first.split()[1], second.split()[1]) == ("strong", "weak")
    rows = json.loads(printed(capsys, folder, columns="beta", sort="beta", as_json=True))
    assert rows == [{"beta": beta} for beta in (5.0, 6.0, 10.0, 99.0)]
    losses = printed(capsys, folder, table="images", where=["beta=weak"])
    assert losses.count(".png") == 1


def test_conditions_take_names_and_values_and_say_what_there_is(results):
    assert len(where(results, ["beta=weak"]).runs) == len(where(results, ["beta=10"]).runs) == 1
    assert len(where(results, ["backend=a-backend-with-a-name", "status=ok"]).runs) == 2
    for condition, error, said in (
        ("status=oks", UsageError, "status is ok, failed. Did you mean 'ok'?"),
        ("stats=ok", UnknownName, "Did you mean 'status'?"),
        ("status", UsageError, "COLUMN=VALUE"),
    ):
        with pytest.raises(error, match=said.replace("?", r"\?")):
            where(results, [condition])


def test_ids_are_as_long_as_it_takes_to_tell_trials_apart():
    assert short_ids(["0123456789ab", "ffffffffffff"]) == ["01234567", "ffffffff"]
    assert short_ids(["0123456789ab", "0123456780ab"]) == ["0123456789", "0123456780"]


def test_layers_of_a_backend_that_takes_no_weights_go_by_the_name_of_the_others(tmp_path):
    """Else the name would stand for two values, and so for none: the axis would be split."""
    names = {"shallow": {"style_layers": ["conv1_1", "conv2_1"], "style_weights": [0.5, 0.5]}}
    names["deep"] = {"style_layers": ["conv3_1", "conv4_1"], "style_weights": [1.0, 20.0]}
    records = []
    for label, settings in names.items():
        for less, backend in ({}, "fake"), ({"style_weights": None}, "without-weights"):
            trial = a_trial(settings | less, backend=backend, axes={"style_layers": label})
            records.append(a_record(replace(trial, label=label)))
    (_, layers) = axes(open_results(a_folder(tmp_path / "made", *records)).runs)
    assert layers.values == ("shallow", "deep")
    assert layers.of_row == ("shallow", "shallow", "deep", "deep")
