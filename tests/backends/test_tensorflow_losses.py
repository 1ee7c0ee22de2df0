"""Gram matrices near float32 on hardware that multiplies in TensorFloat-32, simulated in NumPy."""

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

from nstbench_tensorflow.losses import gram, halves  # noqa: E402 - after TensorFlow is known to be there


def to_tensor_float_32(x):
    """Round to the nearest number with 10 fraction bits, as NVIDIA's tensor cores take it."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0xFFF + ((bits >> 13) & 1)) & 0xFFFFE000).astype(np.uint32).view(np.float32)


@pytest.fixture(scope="module")
def tap():
    return np.random.default_rng(0).gamma(0.5, 100.0, (31, 17, 24)).astype(np.float32)


def test_the_halves_add_up_and_the_first_loses_nothing(tap):
    upper, lower = (half.numpy() for half in halves(tf.constant(tap)))
    np.testing.assert_array_equal(upper + lower, tap)
    np.testing.assert_array_equal(to_tensor_float_32(upper), upper)
    assert np.abs(lower - to_tensor_float_32(lower)).max() <= 2.0**-21 * tap.max()


def test_split_products_are_a_hundred_times_nearer_than_tensor_float_32(tap):
    features = tap.reshape(-1, 24)
    exact = features.astype(np.float64).T @ features

    def error(*parts):
        rounded = [to_tensor_float_32(part).astype(np.float64) for part in parts]
        return np.abs(sum(a.T @ b for a in rounded for b in rounded) / exact - 1).max()

    split = [half.numpy() for half in halves(tf.constant(features))]
    assert error(*split) < 1e-6
    assert error(*split) < 0.01 * error(features)


def test_a_split_gram_matrix_and_its_gradient_are_those_of_a_whole_one(tap):
    target = np.random.default_rng(1).gamma(1.0, 1e4, (24, 24)).astype(np.float32)
    found = []
    for split in (False, True):
        x = tf.constant(tap)
        with tf.GradientTape() as tape:
            tape.watch(x)
            matrix = gram(x, split)
            loss = tf.reduce_sum((matrix - target) ** 2)
        found.append((matrix.numpy(), tape.gradient(loss, x).numpy()))
    for whole, split in zip(*found, strict=True):
        np.testing.assert_allclose(split, whole, rtol=1e-5, atol=1e-5 * np.abs(whole).max())
