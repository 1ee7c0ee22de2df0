"""Seconds of one iteration, or one pass, of each shipped backend: compile and steady state apart."""

import importlib
from time import perf_counter

import pytest

from nstbench.api import GATYS_STYLE_LAYERS, Problem
from nstbench.assets import load_image, load_weights, resolve_weights

BACKENDS = {
    "jax-vgg19": ("nstbench_jax", "JaxVgg19"),
    "tf-vgg19": ("nstbench_tensorflow", "TensorFlowVgg19"),
    "tfhub-fast": ("nstbench_tfhub", "TfHubFast"),
}
ITERATIONS = 3


@pytest.mark.parametrize("size", [128, 256])
@pytest.mark.parametrize("name", BACKENDS)
def test_step(name, size, benchmark, tmp_path):
    module, attribute = BACKENDS[name]
    backend = getattr(importlib.import_module(module), attribute)()
    device = backend.start("auto")
    consumes = "weights" in backend.capabilities.consumes
    options = {key: option.default for key, option in backend.capabilities.options.items()}
    backend.load(load_weights(resolve_weights("random:0", tmp_path)) if consumes else None, options)
    content, style = (
        load_image(f"sample:{name}", size, tmp_path).pixels for name in ("astronaut", "strokes")
    )
    layers = dict.fromkeys(GATYS_STYLE_LAYERS, 0.2)
    problem = Problem(content, (style,), content, {"conv4_2": 1.0}, layers, 1.0, 100.0, options=options)
    session = backend.prepare(problem)
    start = perf_counter()
    session.compile(ITERATIONS)
    benchmark.extra_info |= {
        "compile_s": perf_counter() - start,
        "iterations": ITERATIONS,
        "device": device.kind,
    }
    benchmark.group = f"{size} px"
    benchmark.pedantic(session.run, args=(ITERATIONS,), rounds=5, warmup_rounds=1)
    assert session.image().shape == content.shape
    session.close()
