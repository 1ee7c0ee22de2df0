"""`nstbench init`: a file that is right as it is, and that replaces nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

import nstbench
from nstbench.api import AssetError, UsageError
from nstbench.assets import load_image, save_png
from nstbench.cli.console.experiments import the_experiment
from nstbench.cli.init import init
from nstbench.experiment import load_experiment


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_experiment_is_valid_small_and_uses_the_samples(here):
    init()
    made = load_experiment(here / "my.yaml")
    assert (made.name, len(made.backends)) == ("my", 1)
    (trial, _) = nstbench.plan_trials(here / "my.yaml", overrides=["weights=random:0"]).trials
    assert (trial.settings.content, trial.settings.style) == ("sample:cat", ("sample:strokes",))
    assert trial.label == "shallow"
    assert max(trial.height, trial.width) * trial.settings.iterations <= 128 * 20


def test_own_pictures_are_named_as_the_file_has_to_name_them(here):
    name = 'a "photo": 1.png'
    save_png(load_image("sample:cat", 32, here).pixels, here / name)
    init(name, "sample:waves", here / "deep" / "er" / "exp.yaml")
    (trial, _) = nstbench.plan_trials(here / "deep/er/exp.yaml", overrides=["weights=random:0"]).trials
    assert trial.settings.style == ("sample:waves",)
    with pytest.raises(AssetError, match=r"gone\.png"):
        init("gone.png")


def test_a_sweep_takes_the_only_experiment_that_is_here(here):
    (here / "compose.yaml").write_text("services: {}\n")
    (here / "other.yaml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match=r"no experiment is here: .* `nstbench init`"):
        the_experiment(None)
    init()
    assert the_experiment(None) == Path("my.yaml")
    init(out=Path("more.yml"))
    with pytest.raises(UsageError, match=r"which experiment\? Here are more.yml, my.yaml; name one"):
        the_experiment(None)
    assert the_experiment(Path("any.yaml")) == Path("any.yaml")


def test_no_file_is_replaced(here):
    (here / "my.yaml").write_text("mine")
    with pytest.raises(UsageError, match="exists, and stays as it is"):
        init()
    assert (here / "my.yaml").read_text() == "mine"


def test_the_package_says_its_version_and_can_be_run():
    from importlib.metadata import version

    assert nstbench.__version__ == version("nstbench")
    command = [sys.executable, "-m", "nstbench", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"nstbench {version('nstbench')}\n"
