"""Writing whole files, with processes that really die half way."""

import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nstbench.api import ResultsError
from nstbench.record.files import read_json, refuse_unwritable, write_atomic, write_json

DIES_BEFORE_THE_RENAME = """
import os, signal, sys
from pathlib import Path
from nstbench.api import ResultsError
from nstbench.record.files import write_atomic

Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
write_atomic(Path(sys.argv[1]), b'{"half": ')
"""


def die_while_writing(path):
    done = subprocess.run([sys.executable, "-c", DIES_BEFORE_THE_RENAME, path], check=False)
    assert done.returncode == -signal.SIGKILL


def test_what_is_written_is_read_in_a_folder_made_for_it(tmp_path):
    path = tmp_path / "a" / "b" / "value.json"
    write_json(path, {"one": [1, 2.5, None, "ü"]})
    assert read_json(path) == {"one": [1, 2.5, None, "ü"]}
    assert [each.name for each in path.parent.iterdir()] == ["value.json"]


def test_a_writer_killed_before_the_rename_leaves_the_old_file(tmp_path):
    path = tmp_path / "result.json"
    write_json(path, {"old": True})
    die_while_writing(path)
    assert json.loads(path.read_text()) == {"old": True}
    assert len(list(tmp_path.iterdir())) == 2, "it died elsewhere than in the middle"


def test_a_writer_killed_before_the_rename_leaves_no_result(trial, folder):
    store, one = folder(planned=[trial()]), trial()
    die_while_writing(store.trial_folder(one.trial_id) / "result.json")
    assert [p for p in store.trial_folder(one.trial_id).iterdir() if p.name.startswith(".result.json.")]
    assert store.record(one.trial_id) is None
    assert [each.status for each in store.records()] == ["interrupted"]


def test_what_a_killed_writer_left_does_not_hinder_the_next(trial, record, folder):
    one = trial()
    store = folder(planned=[one])
    die_while_writing(store.trial_folder(one.trial_id) / "result.json")
    store.write_record(record(one))
    assert store.records() == [record(one)]


@pytest.mark.parametrize(("error", "told"), [(OSError, ResultsError), (KeyboardInterrupt, KeyboardInterrupt)])
def test_an_interrupted_writer_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch, error, told):
    def interrupted(self, target):
        raise error("in the middle")

    path = tmp_path / "value.json"
    write_atomic(path, b"old")
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(told, match="in the middle"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_numbers_that_json_lacks_are_refused_and_the_old_file_stays(tmp_path):
    path = tmp_path / "value.json"
    write_json(path, 1)
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, math.nan)
    assert read_json(path) == 1


def test_a_device_is_written_and_stays_one(tmp_path):
    write_atomic(Path("/dev/null"), b"x")
    assert not Path("/dev/null").is_file()
    with pytest.raises(ResultsError, match="/dev/full: cannot be written: No space left on device"):
        write_atomic(Path("/dev/full"), b"x")


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "link").symlink_to("elsewhere/file")
    write_atomic(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere/file").read_bytes() == b"x"


def test_links_in_a_circle_and_names_without_room_for_more_are_no_obstacle_but_one_line(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(ResultsError, match="circle: cannot be written"):
        write_atomic(tmp_path / "circle", b"x")
    write_atomic(tmp_path / ("a" * 255), b"x")
    assert (tmp_path / ("a" * 255)).read_bytes() == b"x"


def test_to_ask_whether_a_file_can_be_written_leaves_it_as_it_is(tmp_path):
    (tmp_path / "there").write_bytes(b"x")
    refuse_unwritable(tmp_path / "there")
    refuse_unwritable(tmp_path / "folder/new")
    assert (tmp_path / "there").read_bytes() == b"x"
    assert list((tmp_path / "folder").iterdir()) == []
