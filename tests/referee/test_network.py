"""The network in NumPy against the definition of a convolution and a framework's float64."""

import numpy as np
import pytest
import tensorflow as tf

from nstbench.api import UsageError, tap_shape
from nstbench.referee import taps
from nstbench.referee.network import convolve

from .frameworks import tf_taps


def picture(height, width, seed=0):
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


def test_a_convolution_is_its_definition():
    generator = np.random.default_rng(1)
    x, kernel = generator.normal(size=(4, 5, 2)), generator.normal(size=(3, 3, 2, 3))
    out = convolve(x, kernel)
    for y, column in np.ndindex(4, 5):
        expected = np.zeros(3)
        for dy, dx in np.ndindex(3, 3):
            row, at = y + dy - 1, column + dx - 1
            if 0 <= row < 4 and 0 <= at < 5:
                expected += x[row, at] @ kernel[dy, dx]
        np.testing.assert_allclose(out[y, column], expected, rtol=1e-12)


@pytest.mark.parametrize("rows", [1, 2, 5, 6])
def test_blocks_of_rows_give_what_one_block_gives(rows):
    generator = np.random.default_rng(2)
    x, kernel = generator.normal(size=(13, 9, 4)), generator.normal(size=(3, 3, 4, 6))
    in_blocks = convolve(x, kernel, patch_bytes=rows * 9 * 9 * 4 * 8)
    np.testing.assert_allclose(in_blocks, convolve(x, kernel, patch_bytes=1 << 30), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_every_tap_of_an_odd_size_is_that_of_a_framework(weights, pooling):
    image = picture(35, 53)
    expected = tf_taps(weights, tf.constant(image, tf.float64), pooling)
    found = taps(weights, image, expected, pooling)
    assert list(found) == list(expected)
    for layer, tap in found.items():
        assert tap.shape == tap_shape(layer, 35, 53)
        np.testing.assert_allclose(tap, expected[layer], rtol=1e-10, atol=1e-9 * tap.max())


def test_taps_come_in_the_precision_asked_for_and_only_those_asked_for(weights):
    image = picture(20, 18)
    single = taps(weights, image, ["conv2_2", "conv1_1"], dtype=np.float32)
    double = taps(weights, image, ["conv2_2", "conv1_1"])
    assert set(single) == set(double) == {"conv1_1", "conv2_2"}
    for layer, tap in single.items():
        assert (tap.dtype, double[layer].dtype) == (np.float32, np.float64)
        np.testing.assert_allclose(tap, double[layer], rtol=1e-4, atol=1e-5 * tap.max())
        assert not np.array_equal(tap, double[layer])


@pytest.mark.parametrize(
    ("shape", "pooling", "said"),
    [
        ((32, 32), "max", r"a picture of shape \(32, 32\)"),
        ((32, 32, 4), "max", r"a picture of shape \(32, 32, 4\)"),
        ((15, 40, 3), "max", "40 x 15 pixels; conv5_1 sees nothing below 16"),
        ((32, 32, 3), "mean", "unknown pooling 'mean'; known: avg, max"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(weights, shape, pooling, said):
    with pytest.raises(UsageError, match=said) as refusal:
        taps(weights, np.zeros(shape, np.float32), ["conv5_1"], pooling)
    assert "\n" not in str(refusal.value)
