"""Who else has been at work on the machine, of whatever sweep."""

import fcntl
import os
from contextlib import closing

import pytest

import nstbench
from nstbench.run import at_work as module
from nstbench.run.at_work import AtWork
from nstbench.run.job import Painted
from nstbench.run.judging import Judging
from nstbench.run.sweep import Watcher

from .test_sweep import experiment


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    """Meet at a file of this test."""
    monkeypatch.setenv(module.VARIABLE, str(tmp_path))
    return tmp_path / module.NAME


class Visited(Watcher):
    """Has another sweep run from its beginning to its end while the first trial is half done."""

    def __init__(self, folder):
        self.folder, self.found = folder, None

    def event(self, job, event):
        if isinstance(event, Painted) and self.found is None:
            self.found = nstbench.sweep(experiment(), self.folder).runs


def test_of_two_sweeps_at_once_neither_takes_itself_to_be_alone(tmp_path):
    visited = Visited(tmp_path / "other")
    made = experiment(sweep={"beta": [1, 2]}, measure={"snapshot_every": 3})
    runs = nstbench.sweep(made, tmp_path / "one", watch=visited).runs
    assert list(visited.found["exclusive"]) == [False]
    assert list(runs["exclusive"]) == [False, True], "the second trial began when the other sweep had ended"
    again = nstbench.sweep(made, tmp_path / "one", overrides=["measure.exclusive=true"]).runs
    assert list(again["exclusive"]) == [True, True]


def test_the_referee_is_at_work_too(tmp_path, monkeypatch):
    seen, judge = [], Judging.judge

    def asking(*arguments):
        with closing(AtWork()) as other:
            seen.append(other.alone)
        return judge(*arguments)

    monkeypatch.setattr(Judging, "judge", asking)
    runs = nstbench.sweep(experiment(measure={"referee": "random:0"}), tmp_path / "one").runs
    assert seen == [False]
    assert list(runs["exclusive"]) == [True]


def test_who_comes_and_who_was_there_see_one_another_even_when_one_has_left():
    first = AtWork()
    assert first.alone
    second = AtWork()
    assert not second.alone
    second.close()
    assert not first.alone
    third = AtWork()
    first.close()
    assert not third.alone, "the first was there when it came"
    with closing(AtWork()) as fourth:
        assert not fourth.alone
    third.close()
    with closing(AtWork()) as last:
        assert last.alone


def test_what_a_forked_process_keeps_open_is_no_longer_at_work():
    first = AtWork()
    kept = os.dup(first._file)
    first.close()
    with closing(AtWork()) as second:
        assert second.alone
    os.close(kept)


def test_other_users_may_write_the_file(file):
    before = os.umask(0o077)
    try:
        AtWork().close()
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o666


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "no folder"])
def test_where_they_cannot_meet_others_are_not_known_and_nothing_fails(file, tmp_path, monkeypatch, kind):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("not to be emptied")
    match kind:
        case "folder":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case "link":
            file.symlink_to(elsewhere)
        case _:
            monkeypatch.setenv(module.VARIABLE, str(tmp_path / "none"))
    with closing(AtWork()) as one, closing(AtWork()) as two:
        assert one.alone and two.alone
    assert elsewhere.read_text() == "not to be emptied"


def test_nobody_waits_long_for_one_who_keeps_the_file_to_himself(file, monkeypatch):
    monkeypatch.setattr(module, "TRIES", 2)
    AtWork().close()
    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with closing(AtWork()) as work:
            assert work.alone
