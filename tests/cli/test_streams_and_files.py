"""Whatever the operating system says is one line, and is asked for before anything is computed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

NSTBENCH = Path(sys.executable).with_name("nstbench")
LONG = "a" * 300


def one_line(nstbench, *arguments, code=2):
    """Run a verb that is to end so; return what it says."""
    done = nstbench(*arguments, check=False)
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def shell(tmp_path, command):
    """Run a command line of the shell, with `nstbench` for the command."""
    line = command.replace("nstbench", str(NSTBENCH), 1)
    return subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.fixture
def swept(nstbench, write):
    nstbench("sweep", write())


def test_a_name_that_begins_like_a_user_s_home_is_a_name_where_there_is_no_such_user(nstbench, tmp_path):
    options = ["sample:coffee", "--backend", "fake", "--set", "size=32"]
    said = one_line(nstbench, "stylize", "~photos/cat.jpg", *options)
    assert "inputs.content: " in said
    assert "~photos/cat.jpg: no such image" in said
    nstbench("stylize", "sample:cat", *options, "-o", "~cat.png")
    nstbench("stylize", "~cat.png", *options, "-o", "again.png")
    assert (tmp_path / "again.png").is_file()


def test_a_picture_whose_name_is_too_long_is_one_line(nstbench):
    assert "cannot read the image (File name too long)" in one_line(
        nstbench, "stylize", f"{LONG}.png", "sample:coffee", "--backend", "fake"
    )


@pytest.mark.parametrize("place", ["/proc/pastiche.png", f"{LONG}.png", "file/pastiche.png"])
def test_a_picture_that_could_not_be_written_is_not_made(nstbench, tmp_path, place):
    (tmp_path / "file").touch()
    options = ["--backend", "fake", "--set", "size=32", "-o", place]
    said = one_line(nstbench, "stylize", "sample:cat", "sample:coffee", *options)
    assert f"{place}: cannot be written: " in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["--junit", "file/junit.xml"],
        ["--junit", "."],
        ["--update-baseline", "--reason", "first", "--baseline", "/proc/baseline.json"],
        ["-o", "file/out"],
        ["-o", LONG],
    ],
)
def test_a_check_whose_outcome_could_not_be_written_is_not_made(nstbench, write, tmp_path, arguments):
    (tmp_path / "file").touch()
    one_line(nstbench, "check", write(), *arguments)


NOWHERE = [
    ["schema", "-o", "tiny.yaml/schema.json"],
    ["report", "results/tiny", "-o", "."],
    ["show", LONG],
    ["export", "results/tiny", "--to", "csv", "-o", "tiny.yaml"],
    ["rerun", "abc", LONG],
    ["history", "show", "--file", LONG],
    ["check", "tiny.yaml", "--base", "HEAD", "--project", LONG],
    ["check", "tiny.yaml", "--base-python", LONG],
    ["check", "--pytest-json", LONG, "--candidate", LONG],
    ["sweep", "tiny.yaml", "--set", "measure.referee=~nobody-of-this-name/weights.npz"],
]


def test_a_place_that_cannot_be_used_is_one_line(nstbench, swept):
    for arguments in NOWHERE:
        one_line(nstbench, *arguments)


def test_a_schema_goes_into_a_folder_that_is_made_and_through_a_device(nstbench, tmp_path):
    nstbench("schema", "-o", "new/folder/schema.json")
    written = (tmp_path / "new/folder/schema.json").read_text()
    assert json.loads(written)["properties"]
    assert nstbench("schema", "-o", "/dev/stdout").stdout == written


def test_a_full_disk_behind_standard_output_is_one_line_and_not_fine(swept, tmp_path):
    for verb in ("show results/tiny", "show results/tiny --json"):
        done = shell(tmp_path, f"nstbench {verb} > /dev/full")
        assert done.returncode == 2
        assert done.stderr == "nstbench: standard output cannot be written: No space left on device\n"


def test_what_a_verb_found_is_not_hidden_by_an_output_that_fails(write, tmp_path):
    path = write(write().read_text().replace("[fake]", "[{name: fake, options: {fault: raise}}]"))
    for redirection in ("> /dev/full", "2> /dev/full", ">&-", "2>&-", "2>&1 | true; exit ${PIPESTATUS[0]}"):
        assert shell(tmp_path, f"nstbench sweep {path} --force {redirection}").returncode == 3, redirection


def test_without_standard_output_or_with_a_reader_that_leaves_a_verb_is_quiet(swept, tmp_path):
    for verb in ("show results/tiny", "show results/tiny --json", "presets show coursera", "--version"):
        for line in (f"nstbench {verb} >&-", f"set -o pipefail; nstbench {verb} | true"):
            done = shell(tmp_path, line)
            assert (done.returncode, done.stderr) == (0, ""), line


@pytest.mark.parametrize("setting", ["PYTHONIOENCODING=ascii", "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"])
def test_what_ascii_lacks_is_spelt_out(swept, tmp_path, setting):
    shutil.move(tmp_path / "results/tiny", tmp_path / "results/größer")
    done = shell(tmp_path, f"{setting} nstbench show results/größer")
    assert done.returncode == 0, done.stderr
    assert "mad" in done.stdout
