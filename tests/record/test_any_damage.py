"""Whatever is done to a results folder: errors of nstbench alone, at once, and it can be merged or mended."""

import contextlib
import json
import os
import shutil
import signal
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nstbench.api import NstbenchError
from nstbench.cli.console.results_table import View, print_left_out, print_table
from nstbench.record import open_results
from nstbench.record.merge import merge
from nstbench.record.repair import repair
from nstbench.report.html import write_report

from .swept import copied, sweep_into

pytestmark = pytest.mark.thorough

LIMIT_S = 10
"""What waits never ends."""
BUSY_S = 2
"""Processor time: whatever else runs, a damaged folder takes no longer than a sound one, half a second."""
TABLES = ("runs", "losses", "timings", "images")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Return a folder as a sweep left it, with a page."""
    folder = tmp_path_factory.mktemp("sound") / "tiny"
    sweep_into(folder)
    write_report(open_results(folder))
    return folder


def truncate(path, data):
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(0, max(0, len(content) - 1)))])


def flip(path, data):
    content = bytearray(path.read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)


def other_json(path, data):
    """Put another value in the place of one somewhere in a JSON file, or of the whole."""
    if path.suffix != ".json":
        return truncate(path, data)
    found = whole = [json.loads(path.read_text())]
    key = 0
    while isinstance(found[key], dict | list) and found[key] and data.draw(st.booleans()):
        found = found[key]
        key = data.draw(st.sampled_from(sorted(found) if isinstance(found, dict) else range(len(found))))
    found[key] = data.draw(VALUES)
    return path.write_text(json.dumps(whole[0]))


def remove(path, data):
    path.unlink()


def be_a_folder(path, data):
    path.unlink()
    path.mkdir()


def be_a_pipe(path, data):
    path.unlink()
    os.mkfifo(path)


def be_a_link(path, data):
    path.unlink()
    path.symlink_to(data.draw(st.sampled_from(["nowhere", "/dev/zero", ".", path.name])))


def be_another_folder(path, data):
    parent = path.parent
    shutil.rmtree(parent)
    parent.symlink_to(data.draw(st.sampled_from(["nowhere", "/"])))


KINDS = (truncate, flip, other_json, remove, be_a_folder, be_a_pipe, be_a_link, be_another_folder)


@contextlib.contextmanager
def at_once():
    """Raise an error that nstbench does not expect where something waits or takes long."""

    def late(*_):
        raise AssertionError(f"not done within {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    begun = time.process_time()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        assert time.process_time() - begun < BUSY_S


def look_at(folder):
    """Look at everything, as `show` and `report` do."""
    results = open_results(folder)
    for name in TABLES:
        print_table(results, View(name, most=100), as_json=False)
    print_left_out(results)
    write_report(results)
    return results


@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_any_damage_is_told_and_mended(sound, data):
    folder = copied(sound, sound.parent / "damaged" / "tiny")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    for path in data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=3, unique=True)):
        if path.is_file() and not path.is_symlink() and path.resolve().is_relative_to(folder.resolve()):
            kind = data.draw(st.sampled_from(KINDS[:-1] if path.parent == folder else KINDS))
            kind(path, data)
    with contextlib.suppress(NstbenchError), at_once():
        look_at(folder)
    whole = sound.parent / "merged"
    shutil.rmtree(whole, ignore_errors=True)
    with contextlib.suppress(NstbenchError), at_once():
        merge([folder, sound], whole)
        assert set(open_results(whole).runs["status"]) == {"ok"}
    lines = []
    with at_once():
        repair(folder, lines.append)
    again = []
    repair(folder, again.append)
    assert again == [], lines
    results = look_at(folder)
    assert results.damaged == []
    assert "damaged" not in set(results.runs["status"])
