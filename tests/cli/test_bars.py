"""What is drawn on a terminal while trials run."""

import io
import re

import pytest
from rich.console import Console

import nstbench
from nstbench import Parallel
from nstbench.cli.console.progress import ProgressWatcher

from ..run.test_sweep import experiment, fake


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("TERM", "xterm")

    def draw(made, parallel=None):
        screen = io.StringIO()
        with ProgressWatcher(Console(file=screen, force_terminal=True, width=150)) as watch:
            nstbench.sweep(made, tmp_path, parallel=parallel, watch=watch)
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())

    return draw


def made(**more):
    return experiment(backends=[fake(gpu=True, step_s=0.15)], **more)


def test_each_device_has_a_bar_with_its_name_and_pace(drawn):
    text = drawn(made(sweep={"beta": [1, 2, 3]}), Parallel(("gpu",)))
    for device in ("gpu:0", "gpu:1"):
        assert re.search(rf"{device} fake\s.* \d/6, [\d.]+/s, loss [\d.e+]+", text), device
    assert "3/3 trials" in text


def test_the_bar_of_the_sweep_measures_work_and_not_trials(drawn, tmp_path):
    """The longer of two trials has ten times the iterations, so the shorter one is a tenth of the work."""
    text = drawn(experiment(fixed={"size": 32}, sweep={"iterations": [4, 40], "beta": [10]}))
    assert "[1/2]" in text
    assert "2/2 trials" in text
