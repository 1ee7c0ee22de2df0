"""The action and the files for CI: what they call exists, and what the action runs does what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nstbench.experiment.yaml12 import parse

from .house import ROOT
from .test_guides import shown_commands, understood

TO_COPY = sorted((ROOT / "docs").glob("*.yml"))
EXPERIMENT = """
inputs: {content: "sample:cat", style: "sample:coffee"}
fixed: {size: 32, iterations: 1}
backends: [fake]
measure: {referee: none}
"""


def read(path):
    return parse(path.read_text(), path.name).value


@pytest.mark.parametrize("path", TO_COPY, ids=lambda path: path.stem)
def test_a_file_to_copy_runs_commands_that_exist(path):
    jobs = read(path).get("jobs", {})
    runs = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    runs += read(path).get("performance", {}).get("script", [])
    lines = re.findall(r"^\s*nstbench .*$", "\n".join(run.replace("\n-", " -") for run in runs), re.MULTILINE)
    for words in shown_commands("```console\n" + "".join(f"$ {line.strip()}\n" for line in lines) + "```\n"):
        assert understood(words) == "nstbench check"


def test_the_workflow_to_copy_gives_the_action_what_it_takes():
    steps = read(ROOT / "docs/github-workflow.yml")["jobs"]["check"]["steps"]
    (given,) = [step["with"] for step in steps if step["uses"].startswith("nstbench/")]
    inputs = read(ROOT / "action.yml")["inputs"]
    assert {name for name, each in inputs.items() if each.get("required")} <= given.keys() <= inputs.keys()


def test_the_guide_lists_the_inputs_of_the_action():
    listed = re.findall(r"^\| `([\w-]+)` \|", (ROOT / "docs/ci.md").read_text(), re.MULTILINE)
    assert listed == [*read(ROOT / "action.yml")["inputs"]]


def test_the_action_writes_tables_annotations_and_the_exit_code(tmp_path):
    (tmp_path / "e.yaml").write_text(EXPERIMENT)
    given = {"EXPERIMENT": "e.yaml", "FOLDER": "out", "SET": "beta=10\nalpha=2", "INCONCLUSIVE": "fail"}
    told = {"GITHUB_STEP_SUMMARY": "summary.md", "GITHUB_OUTPUT": "outputs"}
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", ROOT / "action/check.sh"],
        cwd=tmp_path,
        env=os.environ | given | told | path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert (tmp_path / "outputs").read_text() == "code=5\nfolder=out\n"
    assert "**Inconclusive" in (tmp_path / "summary.md").read_text()
    assert re.search(r"^::notice title=.*::.*no baseline", done.stdout, re.MULTILINE)
    assert "::error title=nstbench::What is free of noise: nstbench check ended in 5" in done.stdout
