"""Chunks and predicted costs, against numbers worked out by other means."""

import math

import pytest

from nstbench.api import FEEDFORWARD_SETTINGS
from nstbench.experiment import experiment_from_mapping
from nstbench.plan import chunk_size, predict
from nstbench.plan.planner import plan_trials


@pytest.mark.parametrize(
    ("checkpoints", "limit", "expected"),
    [
        ([100], "auto", 10),
        ([20, 40, 80], "auto", 10),
        ([10, 20, 100], "auto", 5),
        ([40], "auto", 8),
        ([10], "auto", 2),
        ([3], "auto", 1),
        ([1], "auto", 1),
        ([7, 11], "auto", 1),
        ([97], "auto", 1),
        ([30, 45], 100, 15),
        ([30, 45], 4, 3),
        ([30], 1, 1),
        ([], "auto", 1),
    ],
)
def test_a_chunk_divides_every_checkpoint(checkpoints, limit, expected):
    assert chunk_size(checkpoints, limit) == expected


def test_no_larger_chunk_would_do():
    for checkpoints in ([12, 18], [1000, 250], [64], [35, 70, 105]):
        for limit in range(1, 40):
            brute = max(n for n in range(1, limit + 1) if all(c % n == 0 for c in checkpoints))
            assert chunk_size(checkpoints, limit) == brute


@pytest.fixture
def trial(facts, shelf):
    def maker(backend="jax-vgg19", **fixed):
        data = {"inputs": {"content": "a", "style": "b"}, "fixed": fixed, "backends": [backend]}
        (made,) = plan_trials(experiment_from_mapping(data), facts, shelf).trials
        return made

    return maker


def test_arithmetic_is_that_of_the_published_table(trial):
    # The stand-in images are half as high as wide: 256 x 128 has half the pixels of the table's 101.5 GFLOP.
    thousand, one = (predict(trial(size=256, iterations=n)).gflop for n in (1001, 1))
    assert (thousand - one) / 1000 == pytest.approx(101.5 / 2, rel=0.002)


def test_targets_cost_about_a_forward_pass_of_each_image(trial):
    """Counted by hand for 64 x 32 pixels: 9 * 3 inputs to each of 64 channels, and a 64 x 64 Gram matrix."""
    layers = {"content_layers": "conv1_1", "style_layers": "conv1_1"}
    convolution, gram = 2 * 9 * 3 * 64 * 2048, 2 * 64**2 * 2048
    expected = 3 * (2 * convolution + 3 * gram) + convolution + (convolution + gram)
    assert predict(trial(size=64, iterations=3, **layers)).gflop == pytest.approx(expected / 1e9)


def test_time_is_arithmetic_over_pace(trial):
    cost = predict(trial(size=64), 200.0)
    assert cost.seconds == pytest.approx(cost.gflop / 200)
    assert predict(trial(size=64)).seconds < math.inf


def test_memory_grows_with_pixels_and_halves_with_half_precision(trial):
    small, large = predict(trial(size=256)).bytes, predict(trial(size=512)).bytes
    weights = 80_097_536  # 20,024,384 parameters of VGG-19 without its head, float32
    assert (large - weights) == pytest.approx(4 * (small - weights), rel=1e-6)
    assert predict(trial(size=256, style_layers="conv1_1")).bytes < small


def test_memory_of_one_layer_is_counted_by_hand(trial):
    cost = predict(trial(size=64, style_layers="conv2_1", content_layers="conv1_1"))
    kept = 64 * 2048 + 64 * 2048 + 64 * 512 + 128 * 512  # conv1_1, conv1_2, pool1, conv2_1
    assert cost.bytes == 80_097_536 + 2 * 4 * kept


def test_nothing_is_known_of_a_single_pass(trial):
    assert "iterations" not in FEEDFORWARD_SETTINGS
    cost = predict(trial("fast", size=64))
    assert (cost.gflop, cost.bytes, cost.seconds) == (None, None, None)
