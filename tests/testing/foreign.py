"""A test file of somebody else's project, copied out of here and run there by test_plugin.py."""

import gc
import sys
from dataclasses import replace

import pytest


class Clock:
    """Stands still but for what is said to take time."""

    now = 0.0

    def __call__(self):
        return self.now


CLOCK = Clock()


def test_a_session_that_times_nothing_loads_nothing():
    assert not {"numpy", "nstbench.api", "nstbench.testing.timing"} & set(sys.modules)


@pytest.mark.benchmark(timer=CLOCK)
def test_steady_state_is_timed_apart(step_benchmark, monkeypatch):
    from nstbench.testing.fakes import FakeSession

    calls, run = [], FakeSession.run

    def slow_to_compile(self, chunk):
        calls.append(("compile", chunk))
        CLOCK.now += 7.0

    def slow_to_warm_up(self, n):
        assert not gc.isenabled()
        CLOCK.now += 0.25 * n if ("run", n) in calls else 100.0
        calls.append(("run", n))
        return run(self, n)

    monkeypatch.setattr("nstbench.testing.timing.perf_counter", CLOCK)
    monkeypatch.setattr(FakeSession, "compile", slow_to_compile)
    monkeypatch.setattr(FakeSession, "run", slow_to_warm_up)
    monkeypatch.setattr(FakeSession, "close", lambda self: calls.append("close"))
    picture = step_benchmark("fake", 32, rounds=4, iterations=2, options={"at": 5}, precision="default")
    assert calls == [("compile", 2), *[("run", 2)] * 5, "close"]
    assert gc.isenabled()
    assert_is_the_shipped_pair_after(picture, iterations=10)


def assert_is_the_shipped_pair_after(picture, iterations):
    """Compare with the closed form of the stand-in's iterations."""
    from pathlib import Path

    import numpy as np

    from nstbench.assets import load_image
    from nstbench.testing.fakes import RATE

    content, style = (load_image(f"sample:{name}", 32, Path()).pixels for name in ("astronaut", "strokes"))
    goal = style.mean(axis=(0, 1))
    np.testing.assert_allclose(picture, goal + (content - goal) * (1 - RATE) ** iterations, atol=1e-5)


@pytest.mark.benchmark(group="mine")
def test_weights_are_those_asked_for(step_benchmark, monkeypatch):
    from nstbench.api import VGG_SETTINGS
    from nstbench.assets.random_weights import random_weights
    from nstbench.testing import FakeBackend

    loaded = []
    monkeypatch.setattr(FakeBackend, "capabilities", replace(FakeBackend.capabilities, consumes=VGG_SETTINGS))
    monkeypatch.setattr(FakeBackend, "load", lambda self, weights: loaded.append(weights))
    step_benchmark("fake", 16, rounds=1, iterations=1, weights="random:3")
    (weights,) = loaded
    assert (weights["conv3_1"][0] == random_weights(3)["conv3_1"][0]).all()
