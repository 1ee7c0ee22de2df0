"""Trials that are finished stay: what they were measured with, and what of a change is not done, is said."""

import json
import os

import pytest

import nstbench as python
from nstbench.api import plugin
from nstbench.record import RunRecord
from nstbench.run.code import code_of
from nstbench.run.sweep import Redo

pytestmark = pytest.mark.thorough

EXPERIMENT = """
name: tiny
inputs: {content: sample:cat, style: sample:coffee}
fixed: {size: 32}
sweep: {iterations: [4, 6]}
measure: {referee: none}
backends: [BACKEND]
"""
MODULE = "from nstbench.testing.fakes import FakeBackend\n\n\nclass Mine(FakeBackend):\n    pass\n"


@pytest.fixture
def sweep(nstbench, tmp_path):
    """Sweep with a plugin whose installation is editable; returns the lines on standard error."""
    place = tmp_path / "plugin"
    facts = place / "mine-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[nstbench.backends]\nmine = mine:Mine\n")
    (place / "mine.py").write_text(MODULE)

    def run(measure="{referee: none}", *arguments):
        text = EXPERIMENT.replace("BACKEND", "mine").replace("{referee: none}", measure)
        (tmp_path / "tiny.yaml").write_text(text)
        environment = os.environ | {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
        return nstbench("sweep", "tiny.yaml", *arguments, env=environment)

    run.module = place / "mine.py"
    return run


def codes(tmp_path):
    return {json.loads(path.read_text())["backend_code"] for path in tmp_path.rglob("result.json")}


def test_measuring_otherwise_is_not_done_in_silence(sweep):
    sweep()
    again = "{referee: none, snapshot_every: 2, threads: 1}"
    said = sweep(again).stderr
    assert "0 run now" in said
    assert (
        "not applied to 2 finished trials: measured with other settings"
        " (snapshot_every none -> 2, threads auto -> 1)\n"
    ) in said
    assert "to run them again: nstbench sweep tiny.yaml --force\n" in said
    assert "not applied without --force to 2 finished trials" in sweep(again, "--dry-run").stdout
    forced = sweep(again, "--force").stderr
    assert "2 run now" in forced and "not applied" not in forced
    assert "not applied" not in sweep(again).stderr


def test_other_code_under_the_same_version_is_not_measured_in_silence(sweep, tmp_path):
    sweep()
    assert "not applied" not in sweep().stderr
    (before,) = codes(tmp_path)
    sweep.module.write_text(MODULE + "# another\n")
    said = sweep().stderr
    assert "0 run now" in said
    assert "not applied to 2 finished trials: measured with other code of mine 1.0\n" in said
    assert codes(tmp_path) == {before}
    sweep("{referee: none}", "--force")
    (after,) = codes(tmp_path)
    assert after != before
    assert "not applied" not in sweep().stderr


def test_what_a_trial_takes_no_notice_of_is_not_said(tmp_path):
    plain = {
        "name": "tiny",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "iterations": 4},
        "backends": ["fake", "colour-transfer"],
    }
    asked = {"referee": "none", "rounds": 3, "timeout_s": 60}
    python.sweep(plain | {"measure": asked}, tmp_path)
    python.sweep(plain | {"measure": asked | {"timeout_s": 70}}, tmp_path)
    with pytest.warns(
        UserWarning, match=r"^1 finished trial: measured with other settings \(rounds 3 -> 4\); "
    ):
        python.sweep(plain | {"measure": asked | {"rounds": 4}}, tmp_path)
    python.sweep(plain | {"measure": asked | {"rounds": 4}}, tmp_path, redo=Redo(everything=True))
    python.sweep(plain | {"measure": asked | {"rounds": 4}}, tmp_path)


def test_another_referee_is_not_asked_in_silence(tmp_path):
    def plain(referee):
        return {
            "name": "tiny",
            "inputs": {"content": "sample:cat", "style": "sample:coffee"},
            "fixed": {"size": 32},
            "measure": {"referee": referee},
            "backends": ["colour-transfer"],
        }

    python.sweep(plain("random:0"), tmp_path)
    with pytest.warns(UserWarning, match=r"judged by a referee with other weights \(random:0\)"):
        python.sweep(plain("random:1"), tmp_path)


def test_a_record_of_an_earlier_version_is_not_said_to_differ(tmp_path):
    plain = {
        "name": "tiny",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32},
        "measure": {"referee": "none"},
        "backends": ["colour-transfer"],
    }
    python.sweep(plain, tmp_path)
    (path,) = tmp_path.glob("trials/*/result.json")
    record = json.loads(path.read_text())
    for name in ("measure", "backend_code", "commit", "changed"):
        del record[name]
    path.write_text(json.dumps(record))
    assert RunRecord.from_json(record).backend_code is None
    python.sweep(plain | {"measure": {"referee": "none", "rounds": 9}}, tmp_path)


def test_the_code_of_a_package_is_all_of_its_source_files(tmp_path, monkeypatch):
    package = tmp_path / "some_backend"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('nobody may import it')\n")
    (package / "inner" / "losses.py").write_text("1\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = plugin("fake")
    point = type(found.entry_point)("x", "some_backend.backend:Backend", "nstbench.backends")
    one = type(found)("x", "x", "1.0", point)
    seen = [code_of(one)]
    (package / "inner" / "losses.py").write_text("2\n")
    seen.append(code_of(one))
    (package / "inner" / "losses.py").rename(package / "losses.py")
    seen.append(code_of(one))
    assert len(set(seen)) == 3 and None not in seen
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "losses.pyc").write_text("bytes")
    assert code_of(one) == seen[-1]
