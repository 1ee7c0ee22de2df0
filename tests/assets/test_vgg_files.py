from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import h5py
import numpy as np
import pytest

from nstbench.api import CHANNELS, LAYERS
from nstbench.assets.random_weights import random_weights
from nstbench.assets.vgg_files import read_vgg19

from .reading import refusal, same


def keras_name(layer):
    return f"block{layer[4]}_conv{layer[6]}"


@pytest.fixture(scope="module")
def weights():
    return random_weights(3)


@pytest.fixture(scope="module")
def classic(tmp_path_factory, weights):
    """As Keras wrote ImageNet's file: a group per layer, whose attribute lists its arrays in order."""
    path = tmp_path_factory.mktemp("classic") / "vgg19.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"input_1", *(keras_name(layer).encode() for layer in LAYERS)]
        file.create_group("input_1").attrs["weight_names"] = np.array([], "S1")
        for layer in LAYERS:
            group = file.create_group(keras_name(layer))
            names = [f"{keras_name(layer)}_W_1:0", f"{keras_name(layer)}_b_1:0"]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, weights[layer], strict=True):
                group.create_dataset(name, data=array)
    return path


@pytest.fixture
def archive(tmp_path, weights):
    arrays = {f"{layer}/{part}": a for layer in LAYERS for part, a in zip(("kernel", "bias"), weights[layer])}  # noqa: B905

    def write(**changes):
        kept = {key: value for key, value in {**arrays, **changes}.items() if value is not None}
        np.savez(tmp_path / "vgg.npz", **kept)
        return tmp_path / "vgg.npz"

    return write


def test_the_classic_layout_of_keras_is_read(classic, weights):
    same(read_vgg19(classic), weights)


def test_an_archive_of_numpy_is_read(archive, weights):
    same(read_vgg19(archive()), weights)


def test_half_precision_is_read_as_the_numbers_it_stands_for(tmp_path, weights):
    """How weights travel at half the size."""
    half = {layer: tuple(array.astype(np.float16) for array in weights[layer]) for layer in LAYERS}
    parts = {
        f"{layer}/{part}": half[layer][i] for layer in LAYERS for i, part in enumerate(("kernel", "bias"))
    }
    np.savez_compressed(tmp_path / "half.npz", **parts)
    same(
        read_vgg19(tmp_path / "half.npz"),
        {layer: tuple(array.astype(np.float32) for array in half[layer]) for layer in LAYERS},
    )


def test_double_precision_is_rounded_to_single(archive, weights):
    kernel, bias = weights["conv1_1"]
    path = archive(**{"conv1_1/kernel": kernel.astype(np.float64) * (1 + 1e-12), "conv1_1/bias": bias})
    same(read_vgg19(path), weights)


KERAS = """
import sys, warnings
import h5py, keras, numpy as np
from keras.src.legacy.saving import legacy_h5_format
warnings.simplefilter("ignore")
model = keras.applications.VGG19(weights=None, include_top=False)
for i, layer in enumerate(model.layers):
    if layer.weights:
        layer.set_weights([w + (w.ndim == 1) * i for w in layer.get_weights()])
model.save_weights(sys.argv[1] + "/new.weights.h5")
model.save(sys.argv[1] + "/model.h5")
with h5py.File(sys.argv[1] + "/classic.h5", "w") as file:
    legacy_h5_format.save_weights_to_hdf5_group(file, model)
np.savez(sys.argv[1] + "/truth.npz", **{
    f"{layer.name}_{i}": w for layer in model.layers for i, w in enumerate(layer.get_weights())})
"""


@pytest.mark.thorough
@pytest.mark.skipif(not (find_spec("keras") and find_spec("jax")), reason="needs keras and jax")
def test_whatever_keras_itself_saves_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    subprocess.run([sys.executable, "-c", KERAS, str(tmp_path)], check=True, capture_output=True)
    with np.load(tmp_path / "truth.npz") as truth:
        expected = {
            layer: (truth[f"{keras_name(layer)}_0"], truth[f"{keras_name(layer)}_1"]) for layer in LAYERS
        }
    for file in ("new.weights.h5", "classic.h5", "model.h5"):
        same(read_vgg19(tmp_path / file), expected)


def test_layers_of_the_new_layout_without_names_are_taken_in_order(tmp_path, weights):
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        for i, layer in enumerate(LAYERS):
            group = file.create_group(f"layers/conv2d{f'_{i}' if i else ''}/vars")
            group["0"], group["1"] = weights[layer]
        file.create_group("layers/max_pooling2d/vars")
    same(read_vgg19(tmp_path / "a.weights.h5"), weights)


@pytest.mark.parametrize(
    ("fill", "told"),
    [
        (lambda file: file.update(layers=[1.0]), "/layers is a dataset; expected a group"),
        (lambda file: file.update(model_weights=1.0), "/model_weights is a dataset; expected a group"),
        (
            lambda file: file.update({"layers/conv2d/vars": [1.0]}),
            "conv2d/vars is a dataset; expected a group",
        ),
        (lambda file: file.create_group("layers/conv2d"), "/layers/conv2d has no vars"),
        (lambda file: file.create_group("layers/conv2d/vars/0"), "vars/0 is a group; expected a dataset"),
        (lambda file: file.create_group("layers"), "it holds nothing; expected conv2d, conv2d_1"),
        (lambda file: file.create_group("block1_conv1"), "block1_conv1 has weight_names []; expected kernel"),
        (
            lambda file: file.create_group("conv1_1").attrs.update(weight_names=[1, 2]),
            "conv1_1 has weight_names [1, 2]; expected kernel and bias",
        ),
    ],
)
def test_what_else_an_hdf5_file_holds_is_told_with_what_is_expected(tmp_path, fill, told):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        fill(file)
    assert told in refusal(tmp_path / "other.h5")


def test_what_else_an_archive_holds_is_told_with_what_is_expected(tmp_path):
    for arrays, told in (
        ({"conv1_1": [1.0]}, "it holds 'conv1_1'; expected conv1_1/kernel, conv1_1/bias"),
        ({"conv1_1/kernel": np.array("text")}, "conv1_1/kernel is an array of <U4; expected one of numbers"),
    ):
        np.savez(tmp_path / "other.npz", **arrays)
        assert told in refusal(tmp_path / "other.npz")


@pytest.mark.parametrize("kept", [0, 100, 50_000, 40_000_000])
def test_a_truncated_hdf5_file_is_refused(tmp_path, classic, kept):
    (tmp_path / "cut.h5").write_bytes(classic.read_bytes()[:kept])
    assert "damaged" in refusal(tmp_path / "cut.h5")


@pytest.mark.parametrize("kept", [0, 100, 40_000_000])
def test_a_truncated_archive_is_refused(archive, kept):
    path = archive()
    path.write_bytes(path.read_bytes()[:kept])
    assert "damaged" in refusal(path)


def test_missing_layers_are_named(archive, tmp_path):
    path = archive(**{"conv3_4/kernel": None, "conv5_4/bias": None})
    assert "conv3_4, conv5_4 not found" in refusal(path)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["dense"] = [1.0]
    assert "it holds 'dense'; expected a group layers" in refusal(tmp_path / "other.h5")


def test_a_wrong_shape_names_the_layer_and_both_shapes(archive, weights):
    turned = weights["conv2_1"][0].transpose(3, 2, 0, 1)
    message = refusal(archive(**{"conv2_1/kernel": turned}))
    assert "conv2_1 kernel has shape (128, 64, 3, 3); it must be (3, 3, 64, 128)" in message
    assert "conv4_2 bias has shape (1,)" in refusal(archive(**{"conv4_2/bias": np.zeros(1, np.float32)}))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_values_that_are_not_finite_are_refused(archive, value):
    bias = np.zeros(CHANNELS["conv5_1"])
    bias[7] = value
    assert "conv5_1 bias holds values that are not finite" in refusal(archive(**{"conv5_1/bias": bias}))


def test_whole_numbers_are_refused(archive):
    assert "conv1_2 bias has type int64" in refusal(archive(**{"conv1_2/bias": np.zeros(64, np.int64)}))


def test_an_archive_that_would_run_code_is_refused(archive):
    bias = np.array([print] * 64, object)
    assert "damaged, or no VGG-19" in refusal(archive(**{"conv1_2/bias": bias}))


def test_a_single_array_is_no_archive(tmp_path):
    with (tmp_path / "a.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    assert "not a zip file" in refusal(tmp_path / "a.npz")


def test_a_group_that_is_no_layer_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["block1_conv1"] = [1.0]
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_group("block1_conv1").attrs["weight_names"] = [b"only"]
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["layers"] = [1.0]
    for name in "abc":
        assert "damaged, or no VGG-19" in refusal(tmp_path / f"{name}.h5")
