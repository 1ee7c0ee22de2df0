"""The arithmetic of an iteration as a compiler counts it, against the equations; and who does not tell."""

from types import SimpleNamespace

import pytest

from nstbench.api import (
    GATYS_CONTENT_LAYERS,
    GATYS_STYLE_LAYERS,
    gflop_per_iteration,
    in_channels,
    plugin,
    tap_shape,
    up_to,
)
from nstbench.testing import start

pytestmark = pytest.mark.thorough

TAPS = (*GATYS_CONTENT_LAYERS, *GATYS_STYLE_LAYERS)


def without_padding(height, width):
    """Count as `gflop_per_iteration` does, but no product with a zero of the padding.

    And two for a Gram matrix: its gradient is symmetric, so that one product gives what two would.
    """
    flop = 0
    for layer in up_to(TAPS):
        h, w, channels = tap_shape(layer, height, width)
        flop += 2 * 2 * in_channels(layer) * channels * (3 * h - 2) * (3 * w - 2)
    for layer in GATYS_STYLE_LAYERS:
        h, w, channels = tap_shape(layer, height, width)
        flop += 2 * 2 * channels**2 * h * w
    return flop / 1e9


def posed(subject, height, width, **changes):
    layers = {
        "content_layers": dict.fromkeys(GATYS_CONTENT_LAYERS, 1.0),
        "style_layers": dict.fromkeys(GATYS_STYLE_LAYERS, 0.2),
    }
    return subject.problem(height, width, **layers, **changes)


def counted(subject, problem, chunk=1):
    session = subject.backend.prepare(problem)
    try:
        session.compile(chunk)
        return session.flop()
    finally:
        session.close()


@pytest.fixture(scope="module")
def jax():
    pytest.importorskip("jax")
    return start(plugin("jax-vgg19"), options={"convolution": "xla"}, device="cpu")


def test_what_xla_counts_is_the_hand_count_without_the_padding(jax):
    height, width = 48, 80
    gflop = counted(jax, posed(jax, height, width)) / 1e9
    # The products with zeros are the difference to the estimate: 9 % at 64 x 64, less where taps are larger.
    # What remains, 0.3 %, is everything but convolutions and Gram matrices: ReLU, pooling, losses, Adam.
    assert gflop == pytest.approx(without_padding(height, width), rel=0.005)
    assert 0.8 < gflop / gflop_per_iteration(TAPS, GATYS_STYLE_LAYERS, height, width) < 1


def test_minimal_filtering_takes_half_the_products(jax):
    """And a few more, since the rows are cut in fours, and for its sums before and after."""
    other = start(plugin("jax-vgg19"), device="cpu")
    plain, minimal = (counted(each, posed(each, 64, 64)) for each in (jax, other))
    assert 0.5 < minimal / plain < 0.65


def test_for_lbfgs_it_is_that_of_one_evaluation(jax):
    gflop = counted(jax, posed(jax, 64, 64, optimiser="lbfgs")) / 1e9
    assert gflop == pytest.approx(without_padding(64, 64), rel=0.005)


def test_a_loop_on_the_device_counts_one_iteration_too(jax):
    other = start(
        plugin("jax-vgg19"), options={"convolution": "xla", "loop": "device", "unroll": 4}, device="cpu"
    )
    on_host, on_device = (counted(each, each.problem(), chunk=7) for each in (jax, other))
    assert on_device == pytest.approx(on_host, rel=1e-3)


def test_a_program_that_calls_a_library_is_not_counted():
    jax = pytest.importorskip("jax")
    from nstbench_jax.update import counted_flop

    matrix = jax.numpy.eye(64)
    product, factor = (
        jax.jit(function).lower(matrix).compile() for function in (lambda a: a @ a, jax.numpy.linalg.cholesky)
    )
    assert counted_flop(product) == 2 * 64**3
    assert factor.cost_analysis()["flops"] > 0, "XLA has a number, though LAPACK does the work"
    assert counted_flop(factor) is None


@pytest.mark.parametrize(
    ("analysis", "flop"),
    [
        ({"flops": 12}, 12.0),
        ([{"flops": 12.0}], 12.0),
        ([], None),
        (None, None),
        ({}, None),
        ({"bytes accessed": 3.0}, None),
        ({"flops": -1.0}, None),
        ({"flops": float("nan")}, None),
    ],
)
def test_every_way_in_which_jax_answers_is_understood(analysis, flop):
    pytest.importorskip("jax")
    from nstbench_jax.update import counted_flop

    compiled = SimpleNamespace(cost_analysis=lambda: analysis, as_text=lambda: "ROOT add.1 = f32[] add(a, b)")
    assert counted_flop(compiled) == flop


def test_tensorflow_does_not_tell():
    # Its profiler's count of the graph has the gradients of all kernels too, which nobody asks for: 47 % more
    # than the estimate at 64 x 64. What XLA counts, TensorFlow has no public way to ask for.
    pytest.importorskip("tensorflow")
    subject = start(plugin("tf-vgg19"), device="cpu")
    shallow = {"content_layers": {"conv1_1": 1.0}, "style_layers": {"conv1_1": 1.0}}
    assert counted(subject, subject.problem(**shallow)) is None
