"""A user's defaults: what beats what, what is refused, and that experiments stay what they are."""

import json
import re

import pytest

import nstbench
from nstbench.api import UsageError
from nstbench.assets.annotated import note_in
from nstbench.cli.app import app
from nstbench.cli.console.defaults import DEFAULTS, config_file, default, given, is_quiet, results_home
from tests.house import ROOT, SOURCES


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Write the user's file; returns its path."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    file = config_file()
    file.parent.mkdir()

    def written(text):
        file.write_text(text)
        return file

    return written


def test_a_variable_beats_the_file_and_each_says_where_it_is_from(config, monkeypatch):
    file = config('# mine\nbackend = "fake"\nquiet = true\n')
    monkeypatch.setenv("NSTBENCH_BACKEND", "other")
    assert {name: (each.value, each.origin) for name, each in given().items()} == {
        "backend": ("other", "NSTBENCH_BACKEND"),
        "quiet": (True, f"{file}:3"),
    }
    assert is_quiet()
    monkeypatch.setenv("NSTBENCH_QUIET", "0")
    assert not is_quiet()
    monkeypatch.setenv("NSTBENCH_BACKEND", "")
    assert default("backend") == "fake", "an empty variable says nothing"
    assert default("weights") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('\nbakend = "x"', r":2: unknown key 'bakend'; allowed: backend, .*\. Did you mean 'backend'\?$"),
        ("[sweep]\nbeta = 3", r":1: unknown key 'sweep'"),
        ('device = "tpu"', r":1: device must be auto, cpu, gpu, found 'tpu'$"),
        ("# \nbackend = 3", r":2: backend must be a text, found 3$"),
        ('quiet = "yes"', r":1: quiet must be true or false, found 'yes'$"),
        ("a = 1\nb = ", r":2: not valid TOML: Invalid value"),
        ("x = [\n\n=", r":3: not valid TOML"),
    ],
)
def test_what_the_file_may_not_say_is_one_line_with_its_place(config, text, said):
    file = config(text)
    with pytest.raises(UsageError, match=f"^{re.escape(str(file))}{said}") as refused:
        given()
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "text", "said"), [("DEVICE", "tpu", "auto, cpu, gpu"), ("QUIET", "2", "true or false")]
)
def test_what_a_variable_may_not_say_is_one_line_too(config, monkeypatch, name, text, said):
    monkeypatch.setenv(f"NSTBENCH_{name}", text)
    with pytest.raises(UsageError, match=f"^NSTBENCH_{name}: {name.lower()} must be {said}, found '{text}'$"):
        given()


def called(*words):
    return app([*words], standalone_mode=False)


def test_stylize_takes_them_unless_it_is_told_otherwise(config):
    config('backend = "fake"\ndevice = "cpu"\nquiet = true\n')
    called("stylize", "sample:cat", "sample:coffee", "--set", "size=32", "--set", "iterations=2")
    note = note_in(config_file().parents[1] / "pastiche.png")
    assert (note["backend"], note["settings"]["device"]) == ("fake", "cpu")
    words = ("--set", "size=32", "--set", "iterations=2", "--set", "device=auto", "-o", "b.png")
    called("stylize", "sample:cat", "sample:coffee", *words)
    assert "device" not in note_in(config_file().parents[1] / "b.png")["settings"], "auto is built in"


def test_results_have_a_home_and_experiments_mean_what_they_meant(config, tmp_path, capsys, monkeypatch):
    plain = {
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "iterations": 2},
        "measure": {"referee": "none", "isolation": "none"},
        "backends": ["fake"],
    }
    (tmp_path / "tiny.yaml").write_text(json.dumps(plain))
    before = nstbench.plan_trials("tiny.yaml").trials
    config('backend = "other"\nweights = "random:7"\ndevice = "gpu"\nresults = "~/swept"\nquiet = true\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    assert nstbench.plan_trials("tiny.yaml").trials == before
    assert results_home("results") == tmp_path / "swept"
    called("sweep", "tiny.yaml")
    called("list")
    told = capsys.readouterr()
    assert str(tmp_path / "swept" / "tiny") in told.out
    assert told.err == ""


def test_the_doctor_says_which_are_given_and_what_is_wrong_with_them(config, capsys):
    config('results = "swept"\n')
    called("doctor")
    assert f"defaults: results = swept ({config_file()}:1)" in capsys.readouterr().out


def test_only_the_doctor_goes_on_with_a_file_that_is_wrong(config, capsys):
    file = config("results = 3\n")
    with pytest.raises(UsageError, match="results must be a text"):
        called("list")
    called("doctor")
    assert f"look {file}:1: results must be a text, found 3" in capsys.readouterr().out


def test_every_variable_that_nstbench_reads_is_in_the_guide():
    guide = (ROOT / "docs" / "install.md").read_text()
    read = {name for path in SOURCES for name in re.findall(r"\bNSTBENCH_[A-Z_]+\b", path.read_text())}
    listed = set(re.findall(r"^\| `(NSTBENCH_[A-Z_]+)` \|", guide, re.MULTILINE))
    assert listed == read | {each.variable for each in DEFAULTS.values()}
    for each in DEFAULTS.values():
        assert f"| `{each.variable}` | `{each.name}` | {each.says} |" in guide
