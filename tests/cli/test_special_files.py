"""Pipes in the place of files, terminals' commands in names, full disks, no locks, no cache: a line each."""

import errno
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from nstbench.api import ResultsError
from nstbench.gate import environments
from nstbench.gate.checkout import Version
from nstbench.record import history_file
from nstbench.record.claim import claim_all
from nstbench.record.files import refuse_unwritable, write_atomic
from nstbench.record.history_file import add_to_history
from nstbench.run.verified import Setup, is_verified

pytestmark = pytest.mark.thorough

FULL = """
import errno, os, sys

left, real = int(sys.argv.pop(1)), os.fsync

def fsync(descriptor):
    global left
    left -= 1
    if left < 0:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    real(descriptor)

os.fsync = fsync
from nstbench.cli import main
main()
"""


@pytest.fixture
def pipe(tmp_path):
    """Return a named pipe that nobody writes into or reads."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_pipe_is_not_waited_for(nstbench, write, pipe):
    for suffix in ("yaml", "png", "npz"):
        os.link(pipe, pipe.with_suffix(f".{suffix}"))
    for arguments in (
        ["sweep", "pipe.yaml"],
        ["stylize", "pipe.png", "sample:coffee", "--backend", "fake"],
        ["sweep", write(), "--set", "measure.referee=pipe.npz"],
        ["check", "--pytest-json", "pipe", "--candidate", "pipe"],
        ["history", "show", "--file", "pipe"],
    ):
        done = nstbench(*arguments, check=False)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr


def test_a_pipe_and_a_socket_are_never_replaced(pipe, tmp_path):
    with pytest.raises(ResultsError, match="nobody reads from it"):
        write_atomic(pipe, b"x")
    with closing(socket.socket(socket.AF_UNIX)) as bound:
        bound.bind(str(tmp_path / "socket"))
        for writes in (refuse_unwritable, lambda path: write_atomic(path, b"x")):
            with pytest.raises(ResultsError, match="cannot be written"):
                writes(tmp_path / "socket")
    assert (tmp_path / "socket").is_socket()
    said = []
    reader = threading.Thread(target=lambda: said.append(pipe.read_bytes()))
    reader.start()
    while not said:
        try:
            write_atomic(pipe, b"x" * 100_000)
        except ResultsError:
            continue
        reader.join()
    assert said == [b"x" * 100_000]
    assert pipe.is_fifo()


def test_names_and_messages_command_no_terminal(nstbench, write, tmp_path):
    nstbench("sweep", write())
    (record,) = (tmp_path / "results/tiny/trials").glob("*/result.json")
    plan = tmp_path / "results/tiny/plan.json"
    evil = "\x1b]0;owned\x07\x1b[31m\u202e<script>alert(1)</script>"
    data = json.loads(plan.read_text())
    data["trials"][0] |= {"label": evil, "backend_label": evil}
    plan.write_text(json.dumps(data))
    data = json.loads(record.read_text())
    record.write_text(json.dumps(data | {"status": "failed", "error_message": evil}))
    shutil.copytree(tmp_path / "results/tiny", tmp_path / "results/other")
    for verb in (
        "show {0}",
        "show {0} --table images",
        "compare {0} results/other",
        "report {0}",
        "repair {0}",
    ):
        for more in ("", *((" --markdown", " --csv") if "compare" in verb else ())):
            done = nstbench(*(verb.format("results/tiny") + more).split(), check=False)
            assert not {"\x1b", "\x07", "\u202e"} & {*done.stdout, *done.stderr}, (verb, more)
            assert "Traceback" not in done.stderr
    assert "<script>alert" not in (tmp_path / "results/tiny/report.html").read_text()


def test_a_full_disk_keeps_what_is_finished_and_is_not_nothing_was_run(nstbench, write, tmp_path):
    path = write(write().read_text() + "sweep: {beta: [1, 2]}\n")
    command = [sys.executable, "-c", FULL, "11", "sweep", path]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert len([*(tmp_path / "results/tiny/trials").glob("*/result.json")]) == 1
    assert "1 run now" in nstbench("sweep", path).stderr


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EIO])
def test_a_file_system_without_locks_is_one_line_with_what_to_do(tmp_path, monkeypatch, code):
    def flock(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(ResultsError, match=r"has no locks .* NSTBENCH_LOCKS=soft"):
        claim_all([tmp_path / "folder/.lock"])
    monkeypatch.setenv("NSTBENCH_LOCKS", "soft")
    mine = claim_all([tmp_path / "folder/.lock"])
    assert claim_all([tmp_path / "folder/.lock"]) is None
    mine.release()
    assert claim_all([tmp_path / "folder/.lock"])


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: add_to_history(folder / "history.jsonl", []),
        lambda folder: environments.installed(
            "base", Version(folder, "c" * 40, "", "HEAD"), environments.Recipe(folder)
        ),
    ],
)
def test_whatever_is_locked_says_so_where_there_are_no_locks(tmp_path, monkeypatch, write):
    def flock(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(ResultsError, match=r"has no locks .* NSTBENCH_LOCKS=soft"):
        write(tmp_path)


def test_a_history_is_held_softly_too_and_says_by_what(tmp_path, monkeypatch):
    monkeypatch.setenv("NSTBENCH_LOCKS", "soft")
    monkeypatch.setattr(history_file, "PATIENCE_S", 0.01)
    left = tmp_path / ".history.jsonl.lock.soft"
    left.touch()
    with pytest.raises(ResultsError, match=r"history.jsonl: another process has held .*\.lock\.soft for"):
        add_to_history(tmp_path / "history.jsonl", [])
    left.unlink()
    assert add_to_history(tmp_path / "history.jsonl", []).rows == ()


def test_without_a_cache_a_sweep_says_so_once_and_goes_on(write, tmp_path, nstbench, monkeypatch):
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("NSTBENCH_CACHE", str(tmp_path / "cache"))
    done = nstbench("sweep", write())
    assert done.stderr.count("there is no cache") == 1
    texts = ("backend", "1.0", None, "cpu", "highest")
    assert not is_verified(Setup(*texts, options={}, cpu="cpu", packages={}, variables={}))
