"""Both VGG-19 backends, on small images and random weights, against the equations and each other."""

import importlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from nstbench.api import (
    CHANNELS,
    GATYS_STYLE_LAYERS,
    LAYERS,
    BackendUnavailable,
    Problem,
    in_channels,
)

from . import oracle

BACKENDS = {"jax": ("nstbench_jax", "JaxVgg19"), "tf": ("nstbench_tensorflow", "TensorFlowVgg19")}


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
    made = {}
    for name, (module, attribute) in BACKENDS.items():
        made[name] = getattr(importlib.import_module(module), attribute)()
        made[name].start("cpu")
        made[name].load(weights, {})
    return made


@pytest.fixture(params=sorted(BACKENDS))
def backend(request, started):
    return started[request.param]


def problem(height=48, width=40, **changes):
    generator = np.random.Generator(np.random.Philox(3))
    content, style, init = (
        generator.random(shape, dtype=np.float32)
        for shape in ((height, width, 3), (37, 51, 3), (height, width, 3))
    )
    plain = Problem(
        content, style, init, {"conv4_2": 1.0}, dict.fromkeys(GATYS_STYLE_LAYERS, 0.2), alpha=1.0, beta=100.0
    )
    return replace(plain, **changes)


def trace(backend, problem, *counts):
    session = backend.prepare(problem)
    session.compile(max(counts))
    traces = [session.run(n) for n in counts]
    image = session.image()
    session.close()
    return np.concatenate([t.total for t in traces]), image, traces


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"height": 51, "width": 37},
        {"pooling": "avg", "tv_weight": 30.0},
        {
            "content_layers": {"conv5_4": 0.75, "conv2_2": 0.25},
            "style_layers": {"conv3_4": 2, "conv1_2": 0.1},
        },
        {"alpha": 0.0},
    ],
    ids=["gatys", "odd size", "average pooling and tv", "other layers, any order", "style only"],
)
def test_the_losses_are_those_of_the_equations(backend, weights, changes):
    posed = problem(**changes)
    expected = oracle.losses(weights, posed)
    _, _, (first,) = trace(backend, posed, 1)
    seen = {name: getattr(first, name)[0] for name in ("total", "content", "style", "tv")}
    seen |= {layer: values[0] for layer, values in first.style_layers.items()}
    assert seen == {name: pytest.approx(value, rel=1e-4) for name, value in expected.items()}


def test_the_first_adam_step_moves_every_pixel_by_the_learning_rate_against_its_gradient(backend, weights):
    posed = problem(
        24, 24, style_layers={"conv2_1": 1.0}, content_layers={"conv2_2": 1.0}, learning_rate=0.01
    )
    posed = replace(posed, init=0.25 + 0.5 * posed.init)  # away from 0 and 1, where clipping would interfere
    _, image, _ = trace(backend, posed, 1)
    step = image - posed.init
    assert np.abs(step).mean() == pytest.approx(0.01, rel=1e-3)
    generator = np.random.default_rng(0)
    for y, x, c in generator.integers(0, (24, 24, 3), (6, 3)):
        nudge = np.zeros_like(posed.init)
        nudge[y, x, c] = 1e-3
        up, down = (oracle.losses(weights, replace(posed, init=posed.init + s * nudge)) for s in (1, -1))
        assert np.sign(step[y, x, c]) == -np.sign(up["total"] - down["total"])


def test_jax_and_tensorflow_descend_the_same_curve(started):
    curves = [trace(started[name], problem(), 20)[0] for name in sorted(BACKENDS)]
    np.testing.assert_allclose(curves[0][0], curves[1][0], rtol=1e-5)
    np.testing.assert_allclose(curves[0], curves[1], rtol=5e-3)
    assert curves[0][-1] < 0.5 * curves[0][0]


def test_run_is_additive_and_keeps_the_optimiser_state(backend):
    whole, whole_image, _ = trace(backend, problem(), 5)
    parts, parts_image, _ = trace(backend, problem(), 3, 2)
    np.testing.assert_allclose(parts, whole, rtol=1e-4)
    np.testing.assert_allclose(parts_image, whole_image, atol=1e-3)


def test_numbers_change_without_compiling_again(backend):
    trace(backend, problem(), 2)
    before = backend.compilations
    for alpha, beta in ((1.0, 10.0), (0.0, 1.0)):
        trace(backend, problem(alpha=alpha, beta=beta, learning_rate=0.1), 2)
    assert backend.compilations == before
    trace(backend, problem(56, 40), 2)
    assert backend.compilations == before + 1


def test_sessions_side_by_side_do_not_mix(backend):
    alone, _, _ = trace(backend, problem(), 4)
    first, second = backend.prepare(problem()), backend.prepare(problem(beta=1.0))
    seen = []
    for _ in range(2):
        seen.append(first.run(2).total)
        second.run(2)
    np.testing.assert_allclose(np.concatenate(seen), alone, rtol=1e-4)


def test_the_pastiche_keeps_the_content_size_and_range_and_the_inputs_stay(backend):
    posed = problem(51, 37, learning_rate=0.5)
    copies = [array.copy() for array in (posed.content, posed.style, posed.init)]
    _, image, _ = trace(backend, posed, 3)
    assert image.shape == (51, 37, 3)
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() <= 1
    for array, copy in zip((posed.content, posed.style, posed.init), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_half_precision_stays_near_full_precision(backend):
    full, _, _ = trace(backend, problem(), 1)
    half, _, _ = trace(backend, problem(precision="bf16"), 1)
    np.testing.assert_allclose(half, full, rtol=5e-2)
    assert half[0] != full[0]


@pytest.mark.parametrize("option", ["host", "device"])
def test_both_jax_loops_compute_the_same(started, option):
    reference, _, _ = trace(started["jax"], problem(), 4)
    other, _, _ = trace(started["jax"], problem(options={"loop": option}), 4)
    np.testing.assert_allclose(other, reference, rtol=1e-4)


def test_xla_computes_the_same_in_tensorflow(started):
    reference, _, _ = trace(started["tf"], problem(), 3, 1)
    other, _, _ = trace(started["tf"], problem(options={"xla": True}), 3, 1)
    np.testing.assert_allclose(other, reference, rtol=1e-4)


def test_a_missing_gpu_is_one_clear_line(backend):
    with pytest.raises(BackendUnavailable, match=r"no gpu device|sees no GPU"):
        type(backend)().start("gpu")


@pytest.mark.parametrize("module", [module for module, _ in BACKENDS.values()])
def test_importing_a_backend_imports_no_framework(module):
    code = f"import {module}, sys; print(sorted({{'jax', 'flax', 'tensorflow', 'keras'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
