"""The stand-in does what its closed form says, and its terms are those of the contract."""

import numpy as np
import pytest

from nstbench.api import Settings, UsageError, plugin
from nstbench.testing import FakeBackend, start
from nstbench.testing.fakes import RATE, total_variation


@pytest.fixture(scope="module")
def subject():
    return start(plugin("fake"))


@pytest.mark.parametrize(("optimiser", "rate"), [("adam", RATE), ("sgd", RATE / 2), ("lbfgs", RATE * 2)])
def test_after_k_steps_the_image_is_that_of_the_closed_form(subject, optimiser, rate):
    problem = subject.problem(optimiser=optimiser, style_blend=(0.3, 0.7))
    goal = 0.3 * problem.styles[0].mean(axis=(0, 1)) + 0.7 * problem.styles[1].mean(axis=(0, 1))
    expected = goal + (problem.init - goal) * (1 - rate) ** 5
    progress = subject.advance(problem, 5)
    np.testing.assert_allclose(progress.image, expected, atol=1e-5)
    assert progress.traces[0].evaluations == (10 if optimiser == "lbfgs" else 5)


def test_decay_slows_it_smoothly(subject):
    problem = subject.problem(learning_rate_decay=1e-4)
    goal = problem.style.mean(axis=(0, 1))
    left = np.prod([1 - RATE * 1e-4 ** (t / 100) for t in range(4)])
    expected = goal + (problem.init - goal) * left
    np.testing.assert_allclose(subject.advance(problem, 4).image, expected, atol=1e-5)


def test_total_variation_is_that_of_the_equations():
    image = np.array([[0.0, 0.5], [0.25, 1.0]], np.float32)[..., None]
    dy, dx = (0.25, 0.5), (0.5, 0.75)
    assert total_variation(image, "squared") == pytest.approx(sum(d * d for d in dy + dx))
    assert total_variation(image, "absolute") == pytest.approx(sum(dy + dx))
    assert total_variation(image, "mahendran") == pytest.approx((0.25**2 + 0.5**2) ** 1.25)


def test_it_refuses_what_it_lacks_and_does_not_guess(subject):
    assert FakeBackend().refuse(Settings(taps="conv")) == "taps before ReLU are beyond it"
    assert "bf16" in FakeBackend().refuse(Settings(precision="bf16"))
    with pytest.raises(UsageError, match="unknown optimiser 'newton'"):
        subject.advance(subject.problem(optimiser="newton"), 1)
