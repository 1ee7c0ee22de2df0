"""Losses, gradients and descent in NumPy against automatic differentiation in float64."""

from dataclasses import replace

import jax
import numpy as np
import optax
import pytest
import scipy.linalg

from nstbench.api import GATYS_STYLE_LAYERS, TV_FORMS, Problem, UsageError
from nstbench.referee import descend, evaluate, gram, losses, taps
from nstbench.referee.wasserstein import gaussian, mean_of, wasserstein_energy

from .frameworks import enable_x64, tf_evaluate, tf_gram


def problem(height=35, width=53, **changes):
    generator = np.random.default_rng(3)
    content, init, *styles = (
        generator.random(shape, np.float32)
        for shape in ((height, width, 3), (height, width, 3), (37, 41, 3), (50, 22, 3))
    )
    plain = Problem(
        content=content,
        styles=tuple(styles),
        init=init,
        content_layers={"conv4_2": 1.0, "conv2_2": 0.25},
        style_layers=dict.fromkeys(GATYS_STYLE_LAYERS, 0.2) | {"conv2_2": 0.5},  # conv2_2 on both sides
        beta=100.0,
        learning_rate=0.02,
        tv_weight=3e4,  # all three terms count
        style_blend=(0.7, 0.3),
    )
    return replace(plain, **changes)


def shallow(**changes):
    """A problem that takes little time: down to conv2_2 only."""
    layers = {"content_layers": {"conv2_2": 1.0}, "style_layers": {"conv1_1": 0.5, "conv2_1": 0.5}}
    return problem(17, 21, **layers, **changes)


def mask(height, width, seed):
    """Weights of pixels that are 0 in a part."""
    return np.random.default_rng(seed).random((height, width), np.float32).clip(0.3) - np.float32(0.3)


REGIONS = {"content_masks": (mask(35, 53, 1), mask(35, 53, 2))}
OF_STYLES = {"style_masks": (mask(37, 41, 3), mask(50, 22, 4))}

CASES = {
    "regions": problem(**REGIONS, **OF_STYLES),
    "regions of whole styles": problem(**REGIONS),
    "parts of styles": problem(**OF_STYLES),
    "max": problem(),
    "average, mahendran": problem(pooling="avg", tv_form="mahendran"),
    "before ReLU": problem(taps="conv"),
    "wasserstein-2": shallow(style_loss="wasserstein2"),
    "wasserstein-2, parts of styles": shallow(style_loss="wasserstein2", **OF_STYLES),
    "67 x 101": problem(67, 101, tv_form="absolute"),
}


@pytest.mark.parametrize("posed", CASES.values(), ids=CASES)
def test_losses_and_gradient_are_those_of_automatic_differentiation(weights, posed):
    expected, gradient = tf_evaluate(weights, posed)
    assert named(losses(weights, posed)) == pytest.approx(expected, rel=1e-9)
    assert_near(evaluate(weights, posed).gradient, gradient)


@pytest.mark.parametrize("form", TV_FORMS)
def test_total_variation_alone_has_the_gradient_of_automatic_differentiation(weights, form):
    posed = shallow(alpha=0.0, beta=0.0, tv_form=form)
    expected, gradient = tf_evaluate(weights, posed)
    assert losses(weights, posed).total == pytest.approx(expected["total"], rel=1e-12)
    assert_near(evaluate(weights, posed).gradient, gradient)


def named(found):
    return {name: getattr(found, name) for name in ("total", "content", "style", "tv")} | found.style_layers


def assert_near(gradient, expected):
    assert np.linalg.norm(gradient - expected) < 1e-7 * np.linalg.norm(expected)  # what float32 leaves


def test_an_evaluation_shows_the_layers_of_the_problem(weights):
    posed = problem()
    shown = evaluate(weights, posed)
    assert set(shown.taps) == {*posed.content_layers, *posed.style_layers}
    assert set(shown.grams) == set(posed.style_layers)
    expected = taps(weights, posed.init, shown.taps)
    for layer, tap in shown.taps.items():
        assert tap.dtype == np.float32
        np.testing.assert_array_equal(tap, expected[layer].astype(np.float32))
    for layer, matrix in shown.grams.items():
        np.testing.assert_allclose(matrix, tf_gram(expected[layer]), rtol=1e-6)
    assert shown.gradient.dtype == np.float32


def test_the_distance_of_two_gaussians_is_that_of_exact_square_roots():
    generator = np.random.default_rng(5)
    mixing = np.eye(6) + 0.2 * generator.normal(size=(2, 6, 6))
    one, other = (generator.normal(size=(20, 30, 6)) @ each + generator.normal(size=6) for each in mixing)
    found = wasserstein_energy(*(gaussian(gram(tap), mean_of(tap)) for tap in (one, other)))
    c, d = (np.cov(tap.reshape(-1, 6).T, bias=True) + 1e-4 * np.eye(6) for tap in (one, other))
    root = scipy.linalg.sqrtm(d)
    apart = np.mean(one, (0, 1)) - np.mean(other, (0, 1))
    expected = apart @ apart + np.trace(c + d - 2 * scipy.linalg.sqrtm(root @ c @ root))
    assert found == pytest.approx(expected / 6, rel=1e-9)
    same = gaussian(gram(one), mean_of(one))
    assert wasserstein_energy(same, same) == pytest.approx(0, abs=1e-9)


def test_a_gram_matrix_of_many_positions_is_that_of_all_at_once():
    tap = np.random.default_rng(4).random((150, 130, 5), np.float32)
    np.testing.assert_allclose(gram(tap), tf_gram(tap.astype(np.float64)), rtol=1e-12)


def test_single_precision_is_near_double(weights):
    single, double = (losses(weights, problem(), dtype) for dtype in (np.float32, np.float64))
    assert single.total == pytest.approx(double.total, rel=1e-5)
    assert single.total != double.total
    gradients = [evaluate(weights, problem(), dtype).gradient for dtype in (np.float32, np.float64)]
    assert np.linalg.norm(gradients[0] - gradients[1]) < 1e-3 * np.linalg.norm(gradients[1])


def test_of_equal_maxima_one_alone_has_the_gradient(weights):
    flat = np.full((17, 21, 3), 0.25, np.float32)
    posed = replace(shallow(tv_weight=0.0), init=flat)
    assert_near(evaluate(weights, posed).gradient, tf_evaluate(weights, posed)[1])


UPDATES = {
    "adam": {"learning_rate": 0.05},
    # Gradients small enough for epsilon to matter.
    "other adam": {
        "alpha": 1e-6,
        "beta": 1e-4,
        "adam_beta1": 0.99,
        "adam_epsilon": 0.1,
        "learning_rate_decay": 0.5,
    },
    "averaged": {"averaging": 0.8, "adam_beta2": 0.9},
    "sgd": {"optimiser": "sgd", "learning_rate": 1e-9, "learning_rate_decay": 0.9},
}


@pytest.mark.parametrize("changes", UPDATES.values(), ids=UPDATES)
def test_a_descent_takes_the_steps_of_optax(weights, changes):
    posed = shallow(**changes)
    image, totals = descend(weights, posed, 5)
    with enable_x64():
        expected, expected_totals = by_optax(weights, posed, 5)
    assert totals == pytest.approx(expected_totals, rel=1e-6)
    np.testing.assert_allclose(image, expected, atol=1e-6)
    assert np.abs(image - posed.init).mean() > 1e-3
    assert totals[-1] < totals[0]


def by_optax(weights, posed, n):
    schedule = optax.exponential_decay(posed.learning_rate, 100, posed.learning_rate_decay)
    if posed.optimiser == "sgd":
        optimiser = optax.sgd(schedule)
    else:
        betas = {"b1": posed.adam_beta1, "b2": posed.adam_beta2}
        optimiser = optax.adam(schedule, **betas, eps=posed.adam_epsilon)
    image = jax.numpy.asarray(posed.init, jax.numpy.float64)
    state, totals = optimiser.init(image), []
    ema = optax.ema(posed.averaging, debias=True)
    average, seen_so_far = ema.update(image, ema.init(image))
    for _ in range(n):
        seen, gradient = tf_evaluate(weights, replace(posed, init=np.asarray(image)))
        update, state = optimiser.update(jax.numpy.asarray(gradient), state)
        image = jax.numpy.clip(image + update, 0, 1)
        average, seen_so_far = ema.update(image, seen_so_far)
        totals.append(seen["total"])
    return np.asarray(average), totals


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"init": np.zeros((16, 21, 3), np.float32)}, r"init has the shape \(16, 21, 3\), the content image"),
        ({"content_masks": (mask(35, 53, 1),)}, "2 style images and 1 masks; give one mask for each"),
        (
            {"content_masks": (mask(17, 21, 1), mask(17, 21, 2)), "style_loss": "wasserstein2"},
            "the style_loss wasserstein2 knows no content_masks; take gram",
        ),
        ({"style_blend": (1.0,)}, "2 style images and 1 weights; give one weight for each"),
        ({"tv_form": "cubed"}, "unknown total variation 'cubed'; known: squared, absolute, mahendran"),
        ({"optimiser": "lbfgs"}, "does not know the optimiser 'lbfgs'; known: adam, sgd"),
    ],
)
def test_a_problem_that_cannot_be_posed_is_refused_in_one_line(weights, changes, said):
    with pytest.raises(UsageError, match=said) as refusal:
        descend(weights, replace(shallow(), **changes), 1)
    assert "\n" not in str(refusal.value)
