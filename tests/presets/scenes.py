"""Random taps and pictures, and the canonical losses of them in float64, from the contract."""

from functools import cache

import numpy as np

from nstbench.api import tap_shape
from nstbench.referee import gram
from nstbench.referee.wasserstein import gaussian, mean_of, wasserstein_energy

from .foreign_losses import SAME_SIZE, flat_border, foreign_losses, rows

SIZES = [(32, 48), (53, 37), (16, 31)]
TAPS = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv4_1", "conv4_2", "conv5_1", "conv5_2")


def some_taps(seed, height, width):
    generator = np.random.default_rng(seed)
    return {
        layer: np.maximum(0, generator.normal(1, 2, tap_shape(layer, height, width))) * 30 for layer in TAPS
    }


def some_image(height, width):
    return np.random.default_rng(3).random((height, width, 3))


def canonical_content(taps, target, weights):
    return sum(w * np.sum((taps[layer] - target[layer]) ** 2) / 2 for layer, w in weights.items())


def canonical_style(taps, target, weights, style_loss="gram"):
    total = 0.0
    for layer, weight in weights.items():
        if style_loss == "wasserstein2":
            pair = (gaussian(gram(tap), mean_of(tap)) for tap in (taps[layer], target[layer]))
            total += weight * wasserstein_energy(*pair)
            continue
        f, s = rows(taps[layer]), rows(target[layer])
        seen, wanted = f @ f.T / f.shape[1], s @ s.T / s.shape[1]
        total += weight * np.sum((seen - wanted) ** 2) / (4 * len(f) ** 2)
    return total


def canonical_tv(image, form):
    dy, dx = np.diff(image, axis=0), np.diff(image, axis=1)
    if form == "squared":
        return np.sum(dy**2) + np.sum(dx**2)
    if form == "absolute":
        return np.sum(np.abs(dy)) + np.sum(np.abs(dx))
    return np.sum((dy[:, :-1] ** 2 + dx[:-1] ** 2) ** 1.25)


@cache
def scene(name, size):
    """Taps of pastiche, content and style, and an image that the project treats as we do up to the edge."""
    style_size = size if name in SAME_SIZE else (size[1] + 5, size[0] + 9)
    image = some_image(*size)
    image = flat_border(image) if name == "neural-style" else image
    image = np.full_like(image, 0.5) if name == "crowsonkb" else image  # its variation is another one
    return some_taps(0, *size), some_taps(1, *size), some_taps(2, *style_size), image


@cache
def theirs(name, size):
    """The project's losses of its scene."""
    return foreign_losses(name, *scene(name, size))
