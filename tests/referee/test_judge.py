"""The judge's figures against two frameworks in float64, and the ends of its scale."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from nstbench.api import GATYS_STYLE_LAYERS, Problem, UsageError
from nstbench.assets import load_image, load_weights, resize, resolve_weights
from nstbench.referee import Masks, Referee, descend, gram, taps

from .frameworks import jax_losses, tf_losses

HELD_OUT = ("conv2_2", "conv3_4")
ALL_STYLE = (*GATYS_STYLE_LAYERS, *HELD_OUT)


def sample(name, size):
    return load_image(f"sample:{name}", size, Path()).pixels


def eight_bit(picture):
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.float32) / np.float32(255)


def posed(content, style, init):
    layers = dict.fromkeys(ALL_STYLE, 1.0)
    pictures = {"content": content, "styles": (style,), "init": init}
    return Problem(**pictures, content_layers={"conv4_2": 1.0}, style_layers=layers, beta=100.0)


@pytest.fixture(scope="module")
def pair():
    """A content and a style image of another size, and the style in the content's size."""
    content, style = sample("astronaut", 64), sample("strokes", 48)
    return content, style, resize(style, *content.shape[:2])


@pytest.fixture(scope="module")
def judge(weights, pair):
    content, style, style_itself = pair
    return Referee(weights).against(content, [style], [1.0], style_itself)


@pytest.mark.thorough
def test_a_judgement_equals_two_frameworks_in_double_precision(pair):
    weights = load_weights(resolve_weights("bundled", Path()))
    content, style, style_itself = pair
    judge = Referee(weights).against(content, [style], [1.0], style_itself)
    # Near its targets, where the differences cancel most, stands what a descent leaves.
    pastiche = eight_bit(descend(weights, posed(content, style, content), 12, np.float32)[0])
    seen = judge.judge(pastiche)
    figures = {"content": seen.content, **seen.style_layers, **seen.heldout_layers}
    problem = posed(content, style, pastiche)
    by_tf = tf_losses(weights, problem, tf.constant(pastiche, tf.float64))
    assert figures == pytest.approx({name: float(by_tf[name]) for name in figures}, rel=1e-5)
    by_jax = jax_losses(weights, problem)
    assert figures == pytest.approx(by_jax, rel=1e-5)
    assert seen.style == pytest.approx(np.mean([by_jax[layer] for layer in GATYS_STYLE_LAYERS]), rel=1e-5)
    assert seen.heldout == pytest.approx(np.mean([by_jax[layer] for layer in HELD_OUT]), rel=1e-5)
    assert seen.tv == pytest.approx(float(by_tf["tv"]))


def test_where_the_content_is_the_style_it_scores_nothing_and_other_pictures_have_no_score(weights, pair):
    content, _, style_itself = pair
    judge = Referee(weights).against(content, [content], [1.0], content)
    assert (judge.units.content, judge.units.style) == (0, 0)
    itself = judge.judge(content)
    assert (itself.total, itself.swd, judge.style_itself.total) == (0, 0, 0)
    other = judge.judge(style_itself)
    assert other.total is other.swd is None
    assert min(other.content, other.style, other.heldout) > 0


@pytest.mark.parametrize("colour", [0.0, 0.5, 1.0])
def test_pictures_of_one_colour_are_judged_in_numbers(weights, pair, colour):
    content, style, style_itself = pair
    flat = np.full_like(content, colour)
    for judge in (
        Referee(weights).against(flat, [style], [1.0], style_itself),
        Referee(weights).against(content, [flat], [1.0], flat),
    ):
        for picture in (flat, content):
            seen = judge.judge(picture)
            assert np.isfinite([seen.content, seen.style, seen.heldout, seen.tv, seen.ssim, seen.total]).all()
    assert Referee(weights).against(flat, [flat], [1.0], flat).judge(flat).total == 0


def test_the_content_image_is_one_end_of_the_scale(judge, pair):
    itself = judge.content_itself
    assert itself == judge.judge(pair[0])
    assert itself.content == 0
    assert itself.ssim == pytest.approx(1, abs=1e-12)
    assert itself.total == 1


def test_the_style_image_is_the_other_end_and_a_pastiche_lies_between(weights, judge, pair):
    content, style, style_itself = pair
    itself = judge.style_itself
    assert itself == judge.judge(style_itself)
    assert itself.style < 0.2 * judge.content_itself.style
    assert itself.total == pytest.approx(1 + itself.style / judge.content_itself.style)
    assert itself.ssim < 0.5
    pastiche = judge.judge(eight_bit(descend(weights, posed(content, style, content), 12, np.float32)[0]))
    assert pastiche.total < 0.9
    assert 0 < pastiche.content < itself.content
    assert pastiche.heldout < judge.content_itself.heldout


def test_structural_similarity_is_that_of_its_paper(judge, pair):
    picture, content = (image.astype(float) for image in (pair[2], pair[0]))
    windows = [
        np.lib.stride_tricks.sliding_window_view(image, (7, 7), axis=(0, 1)).reshape(-1, 49)
        for image in (picture, content)
    ]
    (mean_x, mean_y), (var_x, var_y) = ([f(w) for w in windows] for f in (
        lambda w: w.mean(1), lambda w: w.var(1, ddof=1)))  # fmt: skip
    both = ((windows[0] - mean_x[:, None]) * (windows[1] - mean_y[:, None])).sum(1) / 48
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2 * mean_x * mean_y + c1) * (2 * both + c2)
    similarity /= (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    assert judge.judge(pair[2]).ssim == pytest.approx(similarity.mean(), abs=1e-9)


def test_blended_styles_are_judged_by_the_blend_of_their_gram_matrices(weights, pair):
    content, style, style_itself = pair
    other = sample("waves", 40)
    seen, *alone = (gram(taps(weights, image, ["conv2_1"])["conv2_1"]) for image in (content, style, other))
    expected = np.square(seen - (0.75 * alone[0] + 0.25 * alone[1])).sum() / (4 * 128**2)
    judge = Referee(weights).against(content, [style, other], [0.75, 0.25], style_itself)
    assert judge.content_itself.style_layers["conv2_1"] == pytest.approx(expected, rel=1e-5)


def test_with_masks_each_region_is_judged_by_its_own_style(weights, pair):
    content, style, style_itself = pair
    left = np.zeros(content.shape[:2], np.float32)
    left[:, :32] = 1
    other = sample("waves", 64)
    judge = Referee(weights).against(
        content, [style, other], [0.75, 0.25], style_itself, Masks((left, 1 - left))
    )
    collage = np.where(left[:, :, None] > 0, style_itself, other)
    swapped = np.where(left[:, :, None] > 0, other, style_itself)
    seen, worse = judge.judge(collage), judge.judge(swapped)
    assert seen.style < 0.5 * worse.style  # near the border deep layers see both styles
    assert (seen.colour, seen.swd) == (None, None)
    halves = [
        0.75 * (by_left(weights, collage, 0) - whole(weights, style)) ** 2,
        0.25 * (by_left(weights, collage, 1) - whole(weights, other)) ** 2,
    ]
    expected = np.sum(halves) / (4 * 64**2)
    assert seen.style_layers["conv1_1"] == pytest.approx(expected, rel=1e-4)


def by_left(weights, picture, half):
    """The Gram matrix of the left half, 0, or the right one, 1, of a picture of 64 pixels."""
    return gram(taps(weights, picture, ["conv1_1"])["conv1_1"][:, 32 * half : 32 * half + 32])


def whole(weights, picture):
    return gram(taps(weights, picture, ["conv1_1"])["conv1_1"])


@pytest.mark.parametrize("shape", [(64, 60, 3), (64, 64), (64, 64, 4)])
def test_a_picture_of_another_shape_is_refused_in_one_line(judge, shape):
    with pytest.raises(UsageError, match="cannot be judged by a content image of shape") as refusal:
        judge.judge(np.zeros(shape, np.float32))
    assert "\n" not in str(refusal.value)


def test_wrong_inputs_of_a_judge_are_refused(weights, pair):
    content, style, style_itself = pair
    with pytest.raises(UsageError, match="resize it first"):
        Referee(weights).against(content, [style], [1.0], style)
    with pytest.raises(UsageError, match="1 style images and 2 weights"):
        Referee(weights).against(content, [style], [0.5, 0.5], style_itself)
    with pytest.raises(UsageError, match="sees nothing below 16 a side"):
        Referee(weights).against(content[:12], [style], [1.0], style_itself[:12])


def test_a_megapixel_is_judged_in_two_gigabytes(weights):
    # Sixteen times a sixteenth of the pixels: the megapixel itself takes too long for a test.
    picture = np.random.default_rng(0).random((256, 256, 3), np.float32)
    judge = Referee(weights).against(picture, [picture[:32, :32]], [1.0], picture[::-1])
    tracemalloc.start()
    judge.judge(picture)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    tap = 256 * 256 * 64 * 4
    assert 2 * tap < peak  # conv1_2 and what it is made from
    assert 16 * peak < 1.7e9  # interpreter, libraries and parameters take 0.2 GB
