"""Whatever a backend does, it costs its trial and nothing else: one row that says what happened."""

import json
import signal

import psutil
import pytest
from nstbench_faulty import FAULTS, IMAGES, IN_RUN, LEFT, PEAKS, TRACES

from nstbench import sweep
from nstbench.record import open_results
from nstbench.report.html import write_report

SOUND = {
    "name": "faults",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "iterations": 4, "alpha": 1},
    "measure": {"referee": "none", "chunk": 2},
}
SAYS = {
    **dict.fromkeys(IN_RUN, "the worker process"),
    **dict.fromkeys(TRACES, "Session.run(2)"),
    **dict.fromkeys(IMAGES, "Session.image"),
    **dict.fromkeys(PEAKS, "Backend.peak_device_bytes: found"),
    "exits with words": "exited with 5, having said last: the driver is gone\\x1b[2J; see trials/",
    "finished too early": "without a record",
    "closed pipe": "closed its way to answer",
    "pipe in other hands": "exited with 9",
    "real-time signal": f"was ended by signal {signal.SIGRTMIN + 1}",
    "text that is no Unicode": "RuntimeError: \\udc80 and \\x1b[31m red",
    "no text": "RuntimeError (nstbench_faulty.py:",
    "pixels that are no numbers": "not finite",
    "compilations that are no number": "Backend.compilations: found nan",
    "operations of text": "Session.flop: found 'many'",
    "no device": "Backend.start: found None",
    "options that are objects": "Backend.taken: found",
}


@pytest.fixture(scope="module")
def experiment():
    """Have all faults, each in a worker of its own, and sound trials before, between and after them."""
    wrong = [{"name": "faulty", "label": fault, "options": {"wrong": fault}} for fault in FAULTS]
    half = len(wrong) // 2
    sound = [{"name": "faulty", "label": f"sound {i}", "options": {"at": i}} for i in (1, 2, 3)]
    return SOUND | {"backends": [sound[0], *wrong[:half], sound[1], *wrong[half:], sound[2]]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, experiment):
    """Sweep once."""
    folder = tmp_path_factory.mktemp("faults") / "results"
    sweep(experiment, folder)
    return folder


@pytest.fixture(scope="module")
def runs(folder):
    return open_results(folder).runs.set_index("backend_label")


@pytest.mark.thorough
def test_every_planned_trial_has_one_row_and_the_sound_ones_are_ok(runs):
    assert len(runs) == len(FAULTS) + 3 and runs.index.is_unique
    assert {label for label, row in runs.iterrows() if row["status"] == "ok"} == {
        "sound 1",
        "sound 2",
        "sound 3",
    }


@pytest.mark.parametrize("fault", FAULTS)
def test_the_row_says_what_happened_in_one_line(runs, fault):
    row = runs.loc[fault]
    assert row["status"] == "failed"
    assert SAYS[fault] in row["error_message"]
    assert len(row["error_message"].splitlines()) == 1 and row["error_message"].isprintable()


def no_json(name):
    raise AssertionError(f"{name} is no JSON")


def test_what_is_left_can_be_read_shown_and_gone_on_with(folder, experiment, nstbench):
    for path in folder.glob("trials/*/result.json"):
        json.loads(path.read_text(), parse_constant=no_json)
    write_report(open_results(folder))
    assert "sound 3" in nstbench("show", folder).stdout
    before = open_results(folder).runs
    assert sweep(experiment, folder).runs.equals(before), "nothing was run again"


def test_nothing_that_was_started_is_left(runs):
    left = [each.cmdline() for each in psutil.process_iter(["cmdline"]) if each.info["cmdline"] == LEFT]
    assert not left
