"""`nstbench noise` as users type it."""

import json

import pytest

from nstbench.gate.side import Side
from nstbench.run.api import sweep

EXPERIMENT = """
name: tiny
inputs: {content: sample:cat, style: sample:coffee}
fixed: {size: 32, iterations: 8, alpha: 1, beta: 10}
measure: {referee: none, chunk: 2}
backends: [{name: fake, options: {step_s: 0.01}}]
"""
BROKEN = EXPERIMENT.replace(
    "backends: [", "backends: [{name: fake, label: broken, options: {fault: raise}}, "
)


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Run the verb in this process, sides included; returns exit code, output, errors."""
    from nstbench.cli import main

    def run(*arguments, text=EXPERIMENT):
        (tmp_path / "tiny.yaml").write_text(text)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(
            Side, "sweep", lambda side, experiment, base, folder, *_: sweep(experiment, folder)
        )
        monkeypatch.setattr("sys.argv", ["nstbench", "noise", "tiny.yaml", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return run


@pytest.mark.thorough
def test_the_table_says_what_can_be_seen_and_nothing_is_left(typed, tmp_path):
    code, out, err = typed("--pairs", "3", "--wanted", "0.2")
    assert code == 0
    head, row = out.strip().splitlines()
    assert "pairs for +0.2" in head
    assert row.split()[:2] == ["fake", "step_min_s"]
    assert float(row.split()[2]) == pytest.approx(10, rel=0.9)
    assert err.splitlines()[0] == "rehearsal: 2 runs"
    assert err.splitlines()[1].startswith("measuring: 6 runs, about ")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.yaml"]


@pytest.mark.thorough
def test_a_trial_that_fails_ends_in_3_and_the_others_are_told(typed):
    code, out, err = typed("--pairs", "3", "--json", text=BROKEN)
    assert code == 3
    assert "broken: failed: RuntimeError: told to fail" in err
    told = json.loads(out)
    (found,) = told["noise"]
    assert (told["wanted"], found["subject"]) == (0.1, "fake")
    assert found["seconds"] == pytest.approx(0.01, rel=0.9)
    assert found["detectable"] >= 0.05 and found["spread"] > 0


@pytest.mark.parametrize("override", ["iterations=2", "precision=bf16"])
def test_nothing_to_measure_as_a_process_ends_in_5(nstbench, tmp_path, override):
    """Too short, or refused."""
    (tmp_path / "tiny.yaml").write_text(EXPERIMENT)
    done = nstbench("noise", "tiny.yaml", "--set", override, check=False)
    assert done.returncode == 5
    assert "no trial has a steady round" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--wanted", "0"], "--wanted 0: a slow-down is a share above 0"),
        (["--wanted", "0.05"], "--wanted 0.05: the experiment allows 0.05"),
        (["--wanted", "0.2", "--set", "gate.step_min_s=0.3"], "the experiment allows 0.3"),
        (["--pairs", "2"], "--pairs"),
        (["--set", "iterations=-1"], "must be at least 1"),
        (["--backend", "fakee"], "Did you mean 'fake'?"),
    ],
)
def test_bad_usage_ends_in_2_before_anything_runs(typed, arguments, said):
    code, out, err = typed(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "rehearsal" not in err
