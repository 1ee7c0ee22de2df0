"""A plugin that is broken is listed with its reason, and harms nobody else."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from nstbench.api import BackendUnavailable
from nstbench.api.patience import LIMIT
from nstbench.experiment import experiment_from_mapping
from nstbench.run import installed as module
from nstbench.run.installed import installed, installed_plugins
from nstbench.run.sweep import prepare_sweep

from .. import zoo
from ..command import NSTBENCH


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Install the whole zoo, a sound plugin before it and after it, and names that are answered twice."""
    folder = tmp_path_factory.mktemp("zoo")
    for name, (source, _) in zoo.BROKEN.items():
        zoo.plugin(folder, name, source)
    zoo.plugin(folder, "aardvark", zoo.SOUND)
    zoo.plugin(folder, "zebra", zoo.SOUND)
    zoo.plugin(folder, "noisy", zoo.NOISY)
    zoo.plugin(folder, "jax-vgg19", "raise ValueError('a fraud')", "fraud")
    zoo.plugin(folder, "twice", zoo.SOUND, "first")
    zoo.plugin(folder, "twice", zoo.SOUND, "second")
    zoo.install(folder, "malformed", ["a line of no form", "odd = no colon", "zeal = zebra_module:Fine"])
    (folder / "damaged-1.0.dist-info").mkdir()
    (folder / "damaged-1.0.dist-info" / "entry_points.txt").write_bytes(b"[nstbench.backends]\n\xff = x:y")
    return folder


@pytest.fixture(scope="module")
def listed(folder, cache):
    """List once, through the command line as a user would; the time limit is short."""
    return run(folder, "backends", "--json")


def run(folder, *arguments):

    variables = {"PYTHONPATH": str(folder), LIMIT: "3"}
    command = [NSTBENCH, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | variables)


@pytest.fixture(scope="module")
def rows(listed):
    assert listed.returncode == 0 and not listed.stderr
    return json.loads(listed.stdout)


@pytest.mark.thorough
@pytest.mark.parametrize("name", zoo.BROKEN)
def test_a_broken_plugin_is_listed_with_a_short_reason(rows, name):
    (row,) = (row for row in rows if row["name"] == name)
    assert not row["ready"] and row["distribution"] == name
    assert zoo.BROKEN[name][1] in row["reason"]
    assert row["reason"].isprintable() and 0 < len(row["reason"]) < 300


@pytest.mark.parametrize("name", ["aardvark", "zebra", "noisy", "zeal", "fake", "tfhub-fast"])
def test_the_sound_ones_are_as_ever(rows, name):
    (row,) = (row for row in rows if row["name"] == name)
    assert row["ready"] and not row["reason"] and row["consumes"]


def test_a_line_of_no_form_is_listed_as_such(rows):
    for name in ("a line of no form", "odd"):
        (row,) = (row for row in rows if row["name"] == name)
        assert row["distribution"] == "malformed" and "NAME = MODULE:CLASS" in row["reason"]


def test_a_broken_plugin_does_not_take_the_name_of_a_sound_one(rows):
    used, fraud = (row for row in rows if row["name"] == "jax-vgg19")
    assert used["distribution"] == "nstbench" and used["ready"]
    assert "fraud 1.0, fraud_module:Fine answers to this name too" in used["reason"]
    assert fraud["distribution"] == "fraud" and "a fraud" in fraud["reason"]
    used, other = (row for row in rows if row["name"] == "twice")
    assert used["ready"] and not other["ready"] and "answers to this name already" in other["reason"]


def test_texts_of_plugins_are_no_commands_to_the_terminal(tmp_path):
    zoo.plugin(tmp_path, "noisy", zoo.NOISY)
    zoo.plugin(tmp_path, "raises", zoo.BROKEN["raises-escapes"][0])
    done = run(tmp_path, "backends")
    assert done.returncode == 0 and r"\x1b[2J[red]gone" in done.stdout
    assert r"noisy: [bold]\x1b[2Jloud[/bold]" in done.stdout
    assert done.stdout.replace("\n", "").isprintable()


def test_a_sweep_uses_the_sound_one_of_two(folder, rows, tmp_path):
    for name in ("twin", "fake"):
        zoo.plugin(
            tmp_path, "twin", "raise ValueError('a fraud')" if name == "twin" else zoo.SOUND, name + "-of-two"
        )
    (tmp_path / "e.yaml").write_text(
        "inputs: {content: sample:cat, style: sample:coffee}\nfixed: {size: 32, iterations: 2}\n"
        "measure: {referee: none}\nbackends: [twin]\n"
    )
    done = run(tmp_path, "sweep", tmp_path / "e.yaml", "-o", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["status"] == "ok"


@pytest.mark.parametrize("verb", ["sweep --dry-run", "backends check", "verify"])
def test_who_asks_for_a_broken_one_is_told_in_one_line(folder, rows, tmp_path, verb):
    name, path = "exits-at-once", tmp_path / "e.yaml"
    path.write_text(f"inputs: {{content: sample:cat, style: sample:coffee}}\nbackends: [{name}]\n")
    done = run(folder, *verb.split(), path if verb.startswith("sweep") else name)
    assert done.returncode == 6 and not done.stdout
    assert done.stderr.startswith(f"nstbench: {name}: the plugin {name} 1.0 cannot be loaded: ")
    assert done.stderr.count("\n") == 1


def planned(name):
    return {"inputs": {"content": "sample:cat", "style": "sample:coffee"}, "backends": [name]}


ANSWERS = {
    "identify-raises": ("identify", "raise RuntimeError('no')", "fails in `identify`: RuntimeError: no"),
    "identify-exits": ("identify", "raise SystemExit(3)", "fails in `identify`: SystemExit: 3"),
    "identify-answers-5": ("identify", "return 5", "fails in `identify`: TypeError: a Network or None"),
    "refuse-raises": ("refuse", "1 / 0", "fails in `refuse`: ZeroDivisionError"),
    "refuse-answers-a-list": ("refuse", "return []", "fails in `refuse`: TypeError: a sentence or None"),
    "identify-ends": ("identify", "import os; os._exit(0)", "fails in `identify`: EndsProcess: it ends the"),
    "refuse-ends": (
        "refuse",
        "from os import _exit; _exit(0)",
        "fails in `refuse`: EndsProcess: it ends the",
    ),
    "advise-raises": ("advise", "raise OSError('disk')", "fails in `advise`: OSError: disk"),
    "advise-answers-none": ("advise", "return None", "fails in `advise`: TypeError"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_planning_asks_is_told_as_the_plugins_fault(nstbench, tmp_path, monkeypatch, name):
    method, body, said = ANSWERS[name]
    zoo.plugin(tmp_path, name, zoo.SOUND + f"    def {method}(self, *settings): print('hm'); {body}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BackendUnavailable) as told:
        prepare_sweep(experiment_from_mapping(planned(name)), tmp_path / "out")
    assert str(told.value).startswith(f"{name}: the plugin {name} 1.0 {said}")


def test_a_plugin_whose_signal_ends_planning_is_named_by_its_place(tmp_path):
    crashes = (
        "    def refuse(self, settings):\n        import os, signal; os.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    zoo.plugin(tmp_path, "crashes", zoo.SOUND + crashes)

    (tmp_path / "e.yaml").write_text(json.dumps(planned("crashes")))
    done = run(tmp_path, "sweep", tmp_path / "e.yaml", "--dry-run")
    assert "Fatal Python error: Segmentation fault" in done.stderr, done.stderr
    assert re.search(r'crashes.*", line \d+ in refuse', done.stderr)


@pytest.mark.filterwarnings("ignore:os.fork")  # some test before may have imported JAX; this child only ends
def test_a_fork_of_a_plugin_may_end_while_planning_asks(nstbench, tmp_path, monkeypatch):
    forks = "    def refuse(self, settings):\n        import os\n        child = os.fork() or os._exit(5)\n"
    waits = "        return f'the child said {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}'\n"
    zoo.plugin(tmp_path, "forks", zoo.SOUND + forks + waits)
    monkeypatch.syspath_prepend(tmp_path)
    (trial,) = prepare_sweep(experiment_from_mapping(planned("forks")), tmp_path / "out").plan.trials
    assert trial.refusal == "the child said 5"


@pytest.mark.timeout(0)  # which is the alarm that planning uses
@pytest.mark.parametrize("method", ["__init__", "identify", "refuse", "advise"])
def test_a_plugin_that_hangs_when_planning_asks_is_named(tmp_path, monkeypatch, method):
    name = f"hangs-in-{method.strip('_')}"
    hangs = f"""
    def {method}(self, *_):
        import sys, time
        while "looker" not in sys.argv[0]:
            try: time.sleep(600)
            except Exception: pass
"""
    zoo.plugin(tmp_path, name, zoo.SOUND + hangs)
    monkeypatch.syspath_prepend(tmp_path)
    installed(name).usable()
    monkeypatch.setenv(LIMIT, "0.2")
    where = "cannot be loaded" if method == "__init__" else f"fails in `{method}`"
    with pytest.raises(BackendUnavailable) as told:
        prepare_sweep(experiment_from_mapping(planned(name)), tmp_path / "out")
    said = f"{name}: the plugin {name} 1.0 {where}: TookTooLong: more than 0.2 s ({LIMIT})"
    assert str(told.value).partition(" at ")[0] == said
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def test_a_sound_plugin_is_looked_at_once_until_its_files_change(tmp_path, monkeypatch):
    zoo.plugin(tmp_path, "kept", zoo.CAPABILITIES.format("summary='one'"))
    monkeypatch.syspath_prepend(tmp_path)
    asked = []
    real = module._ask
    monkeypatch.setattr(
        module, "_ask", lambda plugins: asked.extend(p.name for p in plugins) or real(plugins)
    )

    def summary():
        module._found.clear()
        return installed("kept").usable().summary

    assert [summary(), summary()] == ["one", "one"] and asked == ["kept"]
    (tmp_path / "kept_module.py").write_text(zoo.CAPABILITIES.format("summary='two'"))
    assert [summary(), summary()] == ["two", "two"] and asked == ["kept"] * 2
    (tmp_path / "kept_module.py").write_text("raise ValueError")
    module._found.clear()
    assert installed("kept").fault.startswith("ValueError")


def test_listing_costs_one_process_and_no_import_here(tmp_path, monkeypatch):
    zoo.plugin(tmp_path, "elsewhere", zoo.SOUND)
    monkeypatch.syspath_prepend(tmp_path)
    started = []
    real = module.Child
    monkeypatch.setattr(module, "Child", lambda *arguments: started.append(1) or real(*arguments))
    begun = time.monotonic()
    assert "elsewhere" in {each.plugin.name for each in installed_plugins()}
    assert len(started) == 1 and "elsewhere_module" not in sys.modules and time.monotonic() - begun < 20
