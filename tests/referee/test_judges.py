"""Each further judge against an independent computation, and where its scale begins and ends."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import linear_sum_assignment
from scipy.special import log_softmax, rel_entr, softmax

from nstbench.assets import load_image, resize
from nstbench.referee import Referee, taps
from nstbench.referee.colour import blended_histogram, colour_distance, colour_histogram
from nstbench.referee.multiscale import ms_ssim
from nstbench.referee.sliced import (
    DIRECTIONS,
    LEVELS,
    blended_quantiles,
    directions,
    projections,
    quantiles,
    sliced_distance,
)
from nstbench.referee.structure import POSITIONS, grid, self_similarity, structural_distance


def sample(name, size):
    return load_image(f"sample:{name}", size, Path()).pixels


def noise(*shape, seed=0):
    return np.random.Generator(np.random.Philox(seed)).random(shape, np.float32)


def histogram_by_definition(image):
    """Equations 1 to 3 of Afifi, Brubaker and Brown 2021, a pixel at a time."""
    bins = np.linspace(-3, 3, 64)
    found = np.zeros((3, 64, 64))
    for pixel in image.reshape(-1, 3).astype(float):
        logs, bright = np.log(pixel + 1e-6), np.sqrt((pixel**2).sum() + 1e-6)
        for channel, (first, second) in enumerate(((1, 2), (0, 2), (0, 1))):
            u, v = logs[channel] - logs[first], logs[channel] - logs[second]
            by_u, by_v = (1 / (1 + ((at - bins) / 0.02) ** 2) for at in (u, v))
            found[channel] += bright * np.outer(by_u, by_v)
    return found / found.sum()


def test_a_colour_histogram_is_that_of_its_paper():
    picture = sample("astronaut", 24)
    picture[0, 0], picture[1, 1] = 0, 1
    np.testing.assert_allclose(colour_histogram(picture), histogram_by_definition(picture), rtol=2e-4)


def test_colours_in_common_are_0_apart_and_colours_that_are_not_1():
    picture = sample("astronaut", 48)
    own = colour_histogram(picture)
    assert own.sum() == pytest.approx(1)
    assert colour_distance(own, colour_histogram(picture[::-1, ::-1])) == pytest.approx(0, abs=1e-3)
    assert colour_distance(own, colour_histogram(picture * np.float32(0.5))) < 0.1  # shades of one colour
    red, green = (np.full((8, 8, 3), colour, np.float32) for colour in ([0.8, 0.2, 0.2], [0.2, 0.8, 0.2]))
    assert 0.9 < colour_distance(colour_histogram(red), colour_histogram(green)) <= 1
    assert colour_distance(own, colour_histogram(sample("strokes", 48))) > 0.2


def test_styles_are_blended_by_their_shares_whatever_their_size():
    small, large = noise(4, 4, 3), noise(32, 16, 3, seed=1) * np.float32([1, 0.2, 0.2])
    blended = blended_histogram([small, large], [0.25, 0.75])
    expected = 0.25 * colour_histogram(small) + 0.75 * colour_histogram(large)
    np.testing.assert_allclose(blended, expected)


def test_ms_ssim_is_that_of_tensorflow():
    weights = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    content = sample("astronaut", 192)
    for shape, scales in (((192, 176), 5), ((96, 176), 4), ((48, 64), 3), ((16, 24), 1)):
        one = content[: shape[0], : shape[1]]
        other = np.clip(one[:, ::-1] * 0.3 + one * 0.6 + 0.1 * noise(*shape, 3), 0, 1)
        pair = [tf.constant((image @ np.float32([0.299, 0.587, 0.114]))[..., None]) for image in (one, other)]
        shares = np.array(weights[:scales]) / sum(weights[:scales])
        expected = float(tf.image.ssim_multiscale(*pair, 1.0, power_factors=shares.tolist()))
        assert 0.1 < expected < 0.95
        assert ms_ssim(other, one) == pytest.approx(expected, abs=2e-5)


def test_ms_ssim_is_1_for_a_picture_itself_and_next_to_nothing_for_noise_or_a_negative():
    content = sample("astronaut", 128)
    assert ms_ssim(content, content) == pytest.approx(1)
    assert ms_ssim(np.clip(content + 0.02, 0, 1), content) > 0.9
    assert ms_ssim(noise(*content.shape), content) < 0.05
    assert ms_ssim(1 - content, content) == 0


def test_one_directions_distance_is_the_cheapest_assignment_of_features():
    one, other = noise(6, 8, 5), noise(8, 6, 5, seed=1)
    seen, target = (quantiles(projections(tap), 48) for tap in (one, other))
    costs = []
    for direction in directions(5):
        gaps = np.subtract.outer(one.reshape(-1, 5) @ direction, other.reshape(-1, 5) @ direction)
        costs.append((gaps**2)[linear_sum_assignment(gaps**2)].mean())
    assert sliced_distance(seen, target) == pytest.approx(np.mean(costs), rel=1e-4)


def test_a_blend_of_styles_is_their_mixture_whatever_their_sizes():
    one, other = noise(4, 4, 5), noise(2, 4, 5, seed=1)
    mixture = np.concatenate([*[one.reshape(1, 16, 5)] * 3, *[other.reshape(1, 8, 5)] * 2], axis=1)
    blended = blended_quantiles([projections(one), projections(other)], [0.75, 0.25], 64)
    np.testing.assert_allclose(blended, projections(mixture), rtol=1e-6)


def test_quantiles_are_the_middles_of_equal_parts():
    values = np.arange(18.0).reshape(2, 9)
    np.testing.assert_array_equal(quantiles(values, 3), [[1, 4, 7], [10, 13, 16]])
    np.testing.assert_array_equal(quantiles(values[:, :3], 9)[0], np.repeat([0, 1, 2], 3))


def test_images_of_many_positions_are_compared_at_some_of_their_quantiles():
    one, other = projections(noise(96, 96, 3)), projections(noise(96, 96, 3, seed=1) ** 2)
    whole = np.square(one - other).mean()
    some = sliced_distance(quantiles(one, LEVELS), quantiles(other, LEVELS))
    assert some == pytest.approx(whole, rel=1e-3)
    half = quantiles(projections(noise(48, 96, 3)), LEVELS)
    assert sliced_distance(half, quantiles(one, LEVELS)) < 0.02 * some


def test_directions_are_of_length_1_point_everywhere_and_stay_as_they_are():
    found = directions(512)
    assert found.shape == (DIRECTIONS, 512)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)
    assert np.abs(found @ found.T - np.eye(DIRECTIONS)).max() < 0.2
    assert np.abs(found.mean(axis=1)).max() < 0.01
    np.testing.assert_allclose(directions(3)[0], (-0.408698, -0.912447, 0.020168), atol=1e-6)


def test_structural_distance_is_the_divergence_of_softmax_rows():
    content, pastiche = noise(5, 7, 6), noise(5, 7, 6, seed=1)
    content[0, 0] = 0  # no direction: as alike to every position
    rows = []
    for tap in (content, pastiche):
        features = [row.astype(float) for row in tap.reshape(-1, 6)]
        cosines = [[a @ b / (np.linalg.norm(a) * np.linalg.norm(b) or 1) for b in features] for a in features]
        rows.append(np.array(cosines))
    expected = np.mean([rel_entr(softmax(a), softmax(b)).sum() for a, b in zip(*rows, strict=True)])
    found = [self_similarity(grid(tap)) for tap in (content, pastiche)]
    np.testing.assert_allclose(found[0], log_softmax(rows[0], axis=1), rtol=1e-5)
    assert structural_distance(found[1], found[0]) == pytest.approx(expected, rel=1e-4)
    assert structural_distance(found[0], found[0]) == 0


@pytest.mark.parametrize(
    ("height", "width", "kept"),
    [(32, 32, (32, 32)), (64, 42, (32, 21)), (33, 32, (17, 16)), (96, 64, (32, 22)), (1, 9, (1, 9))],
)
def test_positions_of_large_taps_are_taken_on_a_grid(height, width, kept):
    tap = np.arange(height * width, dtype=float).reshape(height, width, 1)
    found = grid(tap)
    assert len(found) == kept[0] * kept[1] <= POSITIONS
    step = -(-height // kept[0])
    np.testing.assert_array_equal(found[:, 0], tap[::step, ::step].ravel())


@pytest.fixture(scope="module")
def judge(weights):
    content, style = sample("astronaut", 64), sample("strokes", 48)
    return (
        Referee(weights).against(content, [style], [1.0], resize(style, *content.shape[:2])),
        content,
        style,
    )


def test_the_two_trivial_answers_lie_at_opposite_ends(judge):
    judge, _, _ = judge
    content, style = judge.content_itself, judge.style_itself
    assert (content.msssim, content.cfsd, content.swd) == (pytest.approx(1), 0, 1)
    assert style.msssim < 0.2
    assert style.cfsd > 0
    assert style.colour < 0.5 * content.colour
    assert style.swd < 0.2


def test_the_judge_takes_each_style_layer_as_a_share_of_what_the_content_has(judge, weights):
    judge, content, style = judge
    picture = np.rint((0.5 * content + 0.5 * noise(*content.shape)) * 255).astype(np.float32) / 255
    layers = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
    seen = {name: taps(weights, image, layers, "max", np.float32) for name, image in
            (("picture", picture), ("content", content), ("style", style))}  # fmt: skip
    shares = []
    for layer in layers:
        count = min(LEVELS, seen["content"][layer][..., 0].size)
        own, itself, target = (quantiles(projections(seen[name][layer]), count) for name in seen)
        shares.append(sliced_distance(own, target) / sliced_distance(itself, target))
    judgement = judge.judge(picture)
    assert judgement.swd == pytest.approx(np.mean(shares), rel=1e-4)
    structure = [
        self_similarity(grid(taps(weights, image, ["conv3_4"], "max", np.float32)["conv3_4"]))
        for image in (picture, content)
    ]
    assert judgement.cfsd == pytest.approx(structural_distance(*structure), rel=1e-4)
    histograms = colour_histogram(picture), colour_histogram(style)
    assert judgement.colour == pytest.approx(colour_distance(*histograms), rel=1e-6)
    assert judgement.msssim == ms_ssim(picture, content)
