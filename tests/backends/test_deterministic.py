"""With `deterministic`, a trial repeated in a fresh process gives identical bits, on all cores."""

import hashlib
import importlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from nstbench.api import CHANNELS, Problem, in_channels, up_to

pytestmark = pytest.mark.thorough

ITERATIVE = {
    "jax": "nstbench_jax:JaxVgg19",
    "tf": "nstbench_tensorflow:TensorFlowVgg19",
    "torch": "nstbench_torch:TorchVgg19",
}
WITH_TENSORFLOW = {"tf": ITERATIVE["tf"], "tfhub": "nstbench_tfhub:TfHubFast"}
VARIANTS = {
    "jax": [("adam", {}), ("lbfgs", {})],
    "tf": [("adam", {}), ("lbfgs", {}), ("adam", {"xla": True})],
    "torch": [("adam", {}), ("lbfgs", {})],
}
LAYERS = ("conv1_1", "conv2_1")


def start(backend, weights, **options):
    module, _, attribute = backend.partition(":")
    made = getattr(importlib.import_module(module), attribute)(options)
    made.start("cpu", deterministic=True)
    made.load(weights)
    return made


def main(name):
    """Run every variant of one backend and print digests: what a fresh process does."""
    os.sched_setaffinity(0, range(os.cpu_count()))  # all there are, whatever pytest's process was given
    generator = np.random.default_rng(1)
    weights = {}
    for layer in up_to((*LAYERS, "conv2_2")):
        shape = (3, 3, in_channels(layer), CHANNELS[layer])
        kernel = generator.standard_normal(shape, np.float32) * np.float32((2 / 9 / shape[2]) ** 0.5)
        weights[layer] = kernel, np.zeros(shape[3], np.float32)
    content, style, init = (generator.random((64, 56, 3), np.float32) for _ in range(3))
    layers = {"content_layers": {"conv2_2": 1.0}, "style_layers": dict.fromkeys(LAYERS, 1.0)}
    pictures = {"content": content, "styles": (style,), "init": init}
    digests = []
    for optimiser, options in VARIANTS[name]:
        backend = start(ITERATIVE[name], weights, **options)
        posed = Problem(**pictures, **layers, beta=100.0, tv_weight=1.0, optimiser=optimiser)
        session = backend.prepare(posed)
        session.compile(6)
        trace = session.run(6)
        digests += [hashlib.sha256(array.tobytes()).hexdigest() for array in (trace.total, session.image())]
        session.close()
    print(json.dumps({"digests": digests, "flags": os.environ["XLA_FLAGS"]}))


@pytest.fixture(scope="module", params=sorted(ITERATIVE))
def repeated(request):
    """What two processes say of the same trials, in each other's way so that their threads take other turns.

    Their XLA_FLAGS ask for something.
    """
    command = [sys.executable, "-P", __file__, request.param]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    runs = [subprocess.Popen(command, **pipes) for _ in range(2)]
    answers = [run.communicate() for run in runs]
    for run, (_, errors) in zip(runs, answers, strict=True):
        assert run.returncode == 0, errors
    return request.param, [json.loads(output.splitlines()[-1]) for output, _ in answers]


def test_losses_and_image_have_the_same_bits_in_two_processes(repeated):
    name, (first, second) = repeated
    assert first["digests"] == second["digests"]
    assert len(set(first["digests"])) == 2 * len(VARIANTS[name])


def test_xla_is_told_and_keeps_what_it_was_told_before(repeated):
    name, (first, _) = repeated
    if name == "torch":
        assert first["flags"] == os.environ["XLA_FLAGS"]
        return
    assert first["flags"].startswith(f"{os.environ['XLA_FLAGS']} ")
    assert first["flags"].endswith(" --xla_gpu_deterministic_ops=true")


@pytest.mark.parametrize("backend", WITH_TENSORFLOW.values(), ids=WITH_TENSORFLOW.keys())
def test_tensorflow_is_told_only_if_asked(backend):
    """In that mode TensorFlow refuses random numbers without a seed."""
    module, _, attribute = backend.partition(":")
    code = (
        f"from {module} import {attribute} as Backend; Backend().start('cpu')\n"
        "import tensorflow as tf\n"
        "print(float(tf.random.uniform(())) < 2); Backend().start('cpu', deterministic=True)\n"
        "try: print(tf.random.uniform(()))\n"
        "except RuntimeError as error: print('refused:', 'determinism' in str(error))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["True", "refused: True", ""]


if __name__ == "__main__":
    main(sys.argv[1])
