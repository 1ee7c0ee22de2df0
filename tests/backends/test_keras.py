"""Keras's own VGG-19, on TensorFlow, agrees with the referee and with ours: a third party's word."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nstbench.api import BGR_MEAN, LAYERS, Problem
from nstbench.assets import load_weights, resolve_weights
from nstbench.parity.scenarios import biased, noise
from nstbench.referee import evaluate, gram

pytestmark = pytest.mark.thorough

HEIGHT, WIDTH = 37, 45
SCRIPT = """
import sys, warnings
warnings.simplefilter("ignore")
import keras, numpy as np
source, target = sys.argv[1:]
given = np.load(source)
network = keras.applications.VGG19(include_top=False, weights=None, input_shape=(None, None, 3))
names = [f"block{layer[4]}_conv{layer[6]}" for layer in given["layers"]]
for layer, name in zip(given["layers"], names):
    network.get_layer(name).set_weights([given[f"{layer}_kernel"], given[f"{layer}_bias"]])
prepared = keras.applications.vgg19.preprocess_input(given["image"][None] * 255)
every = keras.Model(network.input, [network.get_layer(name).output for name in names])
taps = dict(zip(given["layers"], every(prepared)))
found = {layer: keras.ops.convert_to_numpy(tap)[0] for layer, tap in taps.items()}
np.savez(target, prepared=prepared[0], backend=keras.backend.backend(), **found)
"""


@pytest.fixture(scope="module")
def weights():
    return biased(load_weights(resolve_weights("random:0", Path())))


@pytest.fixture(scope="module")
def image():
    return noise((HEIGHT, WIDTH))[0]


@pytest.fixture(scope="module")
def keras(weights, image, tmp_path_factory):
    """What Keras makes of the picture, in a process of its own."""
    folder = tmp_path_factory.mktemp("keras")
    arrays = {
        f"{layer}_{part}": each
        for layer in LAYERS
        for part, each in zip(("kernel", "bias"), weights[layer], strict=True)
    }
    np.savez(folder / "given.npz", image=image, layers=LAYERS, **arrays)
    settings = {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT, folder / "given.npz", folder / "found.npz"],
        env=os.environ | settings | {"KERAS_HOME": str(folder)},
        check=True,
        capture_output=True,
    )
    with np.load(folder / "found.npz") as found:
        assert found["backend"] == "tensorflow"
        return dict(found)


@pytest.fixture(scope="module")
def views(weights, image):
    """The referee's and our backends' taps and Gram matrices of every layer."""
    every = dict.fromkeys(LAYERS, 1.0)
    posed = Problem(
        content=image, styles=(image,), init=image, content_layers={"conv1_1": 1.0}, style_layers=every
    )
    made = {"referee": evaluate(weights, posed)}
    for module, attribute in (("nstbench_jax", "JaxVgg19"), ("nstbench_tensorflow", "TensorFlowVgg19")):
        backend = getattr(importlib.import_module(module), attribute)()
        backend.start("cpu")
        backend.load(weights)
        made[module] = backend.evaluate(posed)
    return made


def test_keras_prepares_a_picture_as_the_contract_says(keras, image):
    expected = image.astype(np.float64)[..., ::-1] * 255 - np.array(BGR_MEAN)
    np.testing.assert_allclose(keras["prepared"], expected, atol=1e-4)


@pytest.mark.parametrize("who", ["referee", "nstbench_jax", "nstbench_tensorflow"])
def test_every_tap_and_gram_matrix_is_that_of_keras(keras, views, who):
    for layer in LAYERS:
        tap, matrix = keras[layer], gram(keras[layer])
        np.testing.assert_allclose(views[who].taps[layer], tap, rtol=1e-4, atol=1e-5 * tap.max())
        np.testing.assert_allclose(views[who].grams[layer], matrix, rtol=1e-4, atol=1e-5 * matrix.max())
