from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nstbench.api import AssetError
from nstbench.assets import cache_dir, programs_dir
from nstbench.system.files import write_whole


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"NSTBENCH_CACHE": "own", "XDG_CACHE_HOME": "xdg"}, "own"),
        ({"NSTBENCH_CACHE": "~/own"}, "home/own"),
        ({"XDG_CACHE_HOME": "xdg"}, "xdg/nstbench"),
        ({"NSTBENCH_CACHE": "", "XDG_CACHE_HOME": ""}, "home/.cache/nstbench"),
        ({}, "home/.cache/nstbench"),
    ],
)
def test_the_cache_is_where_the_user_wants_it(tmp_path, monkeypatch, variables, expected):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("NSTBENCH_CACHE", "XDG_CACHE_HOME"):
        value = variables.get(name)
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value if value[:1] in ("", "~") else str(tmp_path / value))
    assert cache_dir() == tmp_path / expected
    assert cache_dir().is_dir()


def test_a_relative_xdg_folder_is_ignored(tmp_path, monkeypatch):
    monkeypatch.delenv("NSTBENCH_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_dir() == tmp_path / ".cache" / "nstbench"


def test_a_cache_that_cannot_be_made_says_which_variable_to_set(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NSTBENCH_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(AssetError, match="NSTBENCH_CACHE"):
        cache_dir()


def test_programs_lie_where_nobody_else_can_put_any(tmp_path, monkeypatch):
    monkeypatch.setenv("NSTBENCH_CACHE", str(tmp_path))
    folder = programs_dir("some")
    assert folder.is_relative_to(tmp_path) and folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0
    assert programs_dir("some") == folder != programs_dir("other")
    folder.chmod(0o770)
    assert programs_dir("some") is None


def test_without_a_cache_there_are_no_programs_either(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NSTBENCH_CACHE", str(tmp_path / "file"))
    assert programs_dir("some") is None


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_whole(path, b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_importing_the_room_loads_no_library_that_reads_images_or_weights():
    heavy = "{'PIL', 'h5py', 'skimage', 'pooch', 'requests', 'scipy'}"
    code = f"import sys, nstbench.assets; print(*({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
