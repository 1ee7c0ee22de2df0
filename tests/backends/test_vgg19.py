"""What the parity ladder and the contract checks leave open of the VGG-19 backends, on small images."""

import importlib
from dataclasses import replace

import numpy as np
import pytest

from nstbench.api import (
    CHANNELS,
    GATYS_STYLE_LAYERS,
    LAYERS,
    TV_FORMS,
    BackendUnavailable,
    Problem,
    Settings,
    in_channels,
)

OPTIMISERS = ("adam", "sgd", "lbfgs")
RATES = {"adam": 0.02, "sgd": 1e-9, "lbfgs": 0.0}
"""Learning rates at which `problem()` descends; its gradients are far from 1, and L-BFGS has no rate."""

BACKENDS = {
    "jax": ("nstbench_jax", "JaxVgg19"),
    "tf": ("nstbench_tensorflow", "TensorFlowVgg19"),
    "torch": ("nstbench_torch", "TorchVgg19"),
}


@pytest.fixture(scope="module")
def weights():
    generator = np.random.Generator(np.random.Philox(7))
    made = {}
    for layer in LAYERS:
        fan_in = 9 * in_channels(layer)
        kernel = generator.standard_normal((3, 3, in_channels(layer), CHANNELS[layer])) * np.sqrt(2 / fan_in)
        bias = generator.standard_normal(CHANNELS[layer]) * 0.1
        made[layer] = kernel.astype(np.float32), bias.astype(np.float32)
    return made


@pytest.fixture(scope="module")
def started(weights):
    """Each backend started and loaded once; starting is slow."""
    return {name: start(name, weights) for name in BACKENDS}


def start(name, weights, **options):
    made = kind(name)(options)
    made.start("cpu")
    made.load(weights)
    return made


def kind(name):
    module, attribute = BACKENDS[name]
    return getattr(importlib.import_module(module), attribute)


@pytest.fixture(params=sorted(BACKENDS))
def backend(request, started):
    return started[request.param]


def problem(height=48, width=40, **changes):
    generator = np.random.Generator(np.random.Philox(3))
    content, style, init = (
        generator.random(shape, dtype=np.float32)
        for shape in ((height, width, 3), (37, 51, 3), (height, width, 3))
    )
    layers = dict.fromkeys(GATYS_STYLE_LAYERS[:3], 0.2)  # the ladder goes deeper
    pictures = {"content": content, "styles": (style,), "init": init}
    plain = Problem(
        **pictures, content_layers={"conv3_2": 1.0}, style_layers=layers, beta=100.0, learning_rate=0.02
    )
    return replace(plain, **changes)


FEW_LAYERS = {"style_layers": {"conv2_1": 1.0}, "content_layers": {"conv2_2": 1.0}}


def shallow(**changes):
    """A quick problem whose first steps stay away from 0 and 1, where clipping would interfere."""
    posed = problem(24, 20, **FEW_LAYERS, **changes)
    return replace(posed, init=0.25 + 0.5 * posed.init)


def second_style(height=33, width=40):
    """Another style image: smooth and dark, so that its Gram matrices are nothing like noise's."""
    y, x = np.mgrid[:height, :width]
    waves = [0.2 + 0.2 * np.sin(y / (3 + c) + x / 7) for c in range(3)]
    return np.stack(waves, axis=-1).astype(np.float32)


def trace(backend, problem, *counts):
    session = backend.prepare(problem)
    session.compile(max(counts))
    traces = [session.run(n) for n in counts]
    image = session.image()
    session.close()
    return np.concatenate([t.total for t in traces]), image, traces


@pytest.mark.parametrize("form", TV_FORMS)
def test_a_flat_image_has_a_finite_gradient(backend, form):
    posed = shallow(tv_form=form, tv_weight=10.0)
    posed = replace(posed, init=np.full_like(posed.init, 0.5))
    with_tv, without = (backend.evaluate(replace(posed, tv_weight=w)).gradient for w in (10.0, 0.0))
    np.testing.assert_allclose(with_tv, without, rtol=1e-5, atol=1e-5 * np.abs(without).max())


def adam_by_hand(gradient_of, x, posed, n):
    m = v = np.zeros(x.shape)
    for t in range(1, n + 1):
        g = gradient_of(x)
        m = posed.adam_beta1 * m + (1 - posed.adam_beta1) * g
        v = 0.999 * v + 0.001 * g**2
        direction = (m / (1 - posed.adam_beta1**t)) / (np.sqrt(v / (1 - 0.999**t)) + posed.adam_epsilon)
        rate = posed.learning_rate * posed.learning_rate_decay ** ((t - 1) / 100)
        x = np.clip(x - rate * direction, 0, 1)
    return x


def sgd_by_hand(gradient_of, x, posed, n):
    for t in range(n):
        rate = posed.learning_rate * posed.learning_rate_decay ** (t / 100)
        x = np.clip(x - rate * gradient_of(x), 0, 1)
    return x


HALF_EACH_STEP = 0.5**100
"""A decay over 100 iterations that halves the learning rate with every single one."""


@pytest.mark.parametrize(
    ("by_hand", "changes"),
    [
        (adam_by_hand, {"optimiser": "adam", "learning_rate": 0.02}),
        (adam_by_hand, {"optimiser": "adam", "adam_beta1": 0.5, "adam_epsilon": 1.0}),
        (adam_by_hand, {"optimiser": "adam", "learning_rate_decay": HALF_EACH_STEP}),
        (sgd_by_hand, {"optimiser": "sgd", "learning_rate": 0.01}),
        (sgd_by_hand, {"optimiser": "sgd", "learning_rate": 0.05}),
        (sgd_by_hand, {"optimiser": "sgd", "learning_rate": 0.02, "learning_rate_decay": HALF_EACH_STEP}),
    ],
    ids=["adam", "beta1 and epsilon", "adam decays", "sgd", "sgd clips", "sgd decays"],
)
def test_a_step_is_that_of_the_rule_computed_by_hand(backend, by_hand, changes):
    posed = shallow(**changes)
    largest = np.abs(backend.evaluate(posed).gradient).max()
    posed = replace(posed, alpha=10 / largest, beta=1000 / largest)  # gradients of about 1 to 10
    _, image, _ = trace(backend, posed, 2, 2)

    def gradient_of(x):
        return backend.evaluate(replace(posed, init=x.astype(np.float32))).gradient.astype(np.float64)

    expected = by_hand(gradient_of, posed.init.astype(np.float64), posed, 4)
    moved = np.linalg.norm(expected - posed.init)
    assert moved > 0.1
    assert np.linalg.norm(image - expected) < 2e-3 * moved


@pytest.mark.thorough
def test_all_reach_the_same_loss_with_lbfgs(started):
    """Their line searches differ, so that the ways differ and the depth hardly does."""
    posed = problem(init=second_style(48, 40), optimiser="lbfgs")
    curves = [trace(started[name], posed, 60)[0] for name in sorted(BACKENDS)]
    for curve in curves:
        assert curve[0] == pytest.approx(curves[0][0], rel=1e-5)
        assert curve[-1] < 0.05 * curve[0]
        assert curve[-1] == pytest.approx(curves[0][-1], rel=0.1)


@pytest.mark.thorough
def test_lbfgs_falls_much_faster_than_adam_for_as_many_evaluations(backend):
    smooth = problem(init=second_style(48, 40))
    curve, image, traces = trace(backend, replace(smooth, optimiser="lbfgs"), 10, 10)
    evaluations = [each.evaluations for each in traces]
    assert min(evaluations) >= 10
    assert np.all(np.diff(curve) < 0)
    adam, _, (measured,) = trace(backend, smooth, sum(evaluations))
    assert measured.evaluations == sum(evaluations)
    assert curve[-1] < 0.5 * adam[-1]
    assert 0 <= image.min() < image.max() <= 1


def test_where_lbfgs_is_drawn_beyond_the_bounds_its_losses_are_those_of_its_picture(backend):
    posed = shallow(optimiser="lbfgs", alpha=0.0)
    posed = replace(posed, styles=(np.tile([[[1.0], [0.0]]], (8, 8, 3)).astype(np.float32),))
    session = backend.prepare(posed)
    session.run(8)
    image = session.image()
    reached = session.run(1).total[0]
    session.close()
    of_picture, _, _ = trace(backend, replace(posed, init=image), 1)
    assert (image.min(), image.max()) == (0, 1)
    assert reached == pytest.approx(of_picture[0], rel=1e-5)


STAYING = [("jax", {}), ("jax", {"loop": "device"}), ("tf", {}), ("tf", {"xla": True}), ("torch", {})]


@pytest.mark.parametrize("changes", [{}, {"beta": 0.0, "styles": (second_style(),)}], ids=["style", "alpha"])
@pytest.mark.parametrize(("name", "options"), STAYING)
def test_an_image_that_is_all_that_is_asked_for_stays_as_it_is(weights, name, options, changes):
    """Content is style, or the content alone counts: what is left of a loss is rounding, and no direction."""
    content = problem().content
    posed = problem(styles=(content,), init=content)
    totals, image, _ = trace(start(name, weights, **options), replace(posed, **changes), 4)
    assert list(totals) == [0, 0, 0, 0]
    np.testing.assert_array_equal(image, content)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_a_loss_that_is_not_a_number_shows_and_ends(backend, optimiser):
    posed = shallow(optimiser=optimiser)
    posed = replace(posed, init=np.full_like(posed.init, np.nan))
    totals, _, traces = trace(backend, posed, 3, 1)
    assert [len(each.total) for each in traces] == [3, 1]
    assert not np.isfinite(totals).any()


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_numbers_change_without_compiling_again(backend, optimiser):
    style = problem().style, second_style()
    posed = shallow(optimiser=optimiser, styles=style, style_blend=(0.5, 0.5))
    trace(backend, posed, 2)
    before = backend.compilations
    changes = {
        "alpha": 0.0,
        "beta": 10.0,
        "tv_weight": 3.0,
        "style_blend": (0.1, 0.9),
        "learning_rate": 0.1,
        "learning_rate_decay": 0.9,
        "adam_beta1": 0.5,
        "adam_epsilon": 1e-3,
        "content_layers": {"conv2_2": 0.5},
        "style_layers": {"conv2_1": 0.3},
        "styles": style[:1],
    }
    for name, value in changes.items():
        blend = {"style_blend": (1.0,)} if name == "styles" else {}
        trace(backend, replace(posed, **{name: value}, **blend), 2)
        assert backend.compilations == before, name
    trace(backend, replace(posed, tv_form="absolute"), 2)
    assert backend.compilations == before + (before > 0)  # PyTorch compiles if asked to


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_half_precision_works_with_every_option(backend, optimiser):
    two = {"styles": (problem().style, second_style()), "style_blend": (0.5, 0.5)}
    posed = shallow(
        optimiser=optimiser, learning_rate=RATES[optimiser], tv_form="mahendran", tv_weight=1.0, **two
    )
    full, _, _ = trace(backend, posed, 3)
    half, _, _ = trace(backend, replace(posed, precision="bf16"), 3)
    np.testing.assert_allclose(half[0], full[0], rtol=5e-2)
    assert half[0] != full[0]
    assert half[-1] < half[0]


@pytest.mark.parametrize("option", ["host", "device"])
def test_both_jax_loops_compute_the_same(started, weights, option):
    reference, _, _ = trace(started["jax"], problem(), 4)
    other, _, _ = trace(start("jax", weights, loop=option), problem(), 4)
    np.testing.assert_allclose(other, reference, rtol=1e-4)


@pytest.mark.thorough
def test_an_unrolled_loop_computes_the_same_and_as_many_iterations_as_asked_for(started, weights):
    """Also where they are no multiple of a round, or fewer than one."""
    posed, counts = shallow(), (7, 4, 1, 3)
    expected, picture, _ = trace(started["jax"], posed, *counts)
    unrolled = start("jax", weights, loop="device", unroll=4)
    totals, image, traces = trace(unrolled, posed, *counts)
    assert [len(each.total) for each in traces] == list(counts)
    np.testing.assert_allclose(totals, expected, rtol=1e-4)
    np.testing.assert_allclose(image, picture, atol=1e-3)
    assert unrolled.compilations == 1


@pytest.mark.parametrize(
    ("options", "refused"),
    [({"loop": "device", "unroll": 4}, False), ({"loop": "host", "unroll": 2}, True), ({"unroll": 4}, True)],
)
def test_unrolling_is_refused_where_the_host_may_loop(options, refused):
    reason = kind("jax")(options).refuse(Settings())
    assert (reason is not None) == refused
    assert reason is None or "options.loop: device" in reason


def test_xla_computes_the_same_in_tensorflow(started, weights):
    reference, _, _ = trace(started["tf"], problem(), 3, 1)
    other, _, _ = trace(start("tf", weights, xla=True), problem(), 3, 1)
    np.testing.assert_allclose(other, reference, rtol=1e-4)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # about its own use of what it deprecates
@pytest.mark.parametrize("optimiser", ["adam", "lbfgs"])
def test_torch_compile_computes_the_same_and_another_number_compiles_nothing(started, weights, optimiser):
    few = {
        "style_layers": {"conv1_1": 1.0},
        "content_layers": {"conv2_1": 1.0},
    }  # each kernel takes g++ a second
    posed = replace(shallow(optimiser=optimiser), **few)
    reference, _, _ = trace(started["torch"], posed, 3, 1)
    compiled = start("torch", weights, compile=True)
    other, _, _ = trace(compiled, posed, 3, 1)
    np.testing.assert_allclose(other, reference, rtol=1e-4)
    assert compiled.compilations == 1
    trace(compiled, replace(posed, beta=7.0, learning_rate=0.01), 2)
    assert compiled.compilations == 1
    trace(compiled, replace(posed, content_layers={"conv1_1": 1.0}), 2)
    assert compiled.compilations == 2


def test_torch_compile_without_a_compiler_is_one_clear_line(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(BackendUnavailable, match=r"needs a C\+\+ compiler"):
        kind("torch")({"compile": True}).start("cpu")


def test_a_missing_gpu_is_one_clear_line(backend):
    with pytest.raises(BackendUnavailable, match=r"no gpu device|sees no GPU"):
        type(backend)().start("gpu")
