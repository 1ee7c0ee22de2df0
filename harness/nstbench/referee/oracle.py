"""Whole problems in NumPy: losses, gradient and descent that no framework had a hand in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike

from nstbench.api import Array, Evaluation, Problem, UsageError, VggWeights
from nstbench.referee.losses import (
    content_loss,
    gram,
    style_energy,
    style_energy_gradient,
    total_variation,
    total_variation_gradient,
)
from nstbench.referee.network import Floats, Vgg19
from nstbench.referee.wasserstein import (
    Gaussian,
    gaussian,
    mean_of,
    wasserstein_energy,
    wasserstein_energy_gradient,
)


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """The losses of one image; content, style and tv before alpha, beta and tv_weight, E_l before w_l."""

    total: float
    content: float
    style: float
    tv: float
    style_layers: Mapping[str, float]


def losses(weights: VggWeights, problem: Problem, dtype: DTypeLike = np.float64) -> Losses:
    """Return the losses of `problem.init`.

    Raises:
        UsageError: the problem cannot be posed: a picture's shape, pooling, total variation, blend.
    """
    posed = _pose(weights, problem, dtype)
    return posed.losses(posed.look(problem.init))


def evaluate(weights: VggWeights, problem: Problem, dtype: DTypeLike = np.float64) -> Evaluation:
    """Return taps, Gram matrices and the gradient of the total loss at `problem.init`, computed in `dtype`.

    What is returned is rounded to float32, as the contract has it.

    Raises:
        UsageError: as for `losses`.
    """
    posed = _pose(weights, problem, dtype)
    seen = posed.look(problem.init)
    return Evaluation(
        {layer: seen.taps[layer].astype(np.float32) for layer in _layers(problem)},
        {layer: matrix.astype(np.float32) for layer, matrix in seen.grams.items()},
        posed.gradient(seen).astype(np.float32),
    )


def descend(
    weights: VggWeights, problem: Problem, n: int, dtype: DTypeLike = np.float64
) -> tuple[Floats, list[float]]:
    """Take n steps of Adam (Kingma and Ba 2015, algorithm 1) or gradient descent, each clipped to [0, 1].

    Returns:
        The image, (H, W, 3) of `dtype`, or the average of the images; and the total loss before each update.

    Raises:
        UsageError: an optimiser other than `adam` and `sgd`, or as for `losses`.
    """
    if problem.optimiser not in ("adam", "sgd"):
        raise UsageError(f"the referee does not know the optimiser {problem.optimiser!r}; known: adam, sgd")
    posed = _pose(weights, problem, dtype)
    image: Floats = np.asarray(problem.init, dtype)
    totals, first, second = [], np.zeros_like(image), np.zeros_like(image)
    decay, beta2 = problem.averaging, problem.adam_beta2
    average: Floats = (1 - decay) * image
    for t in range(n):
        seen = posed.look(image)
        totals.append(posed.losses(seen).total)
        step = posed.gradient(seen)
        if problem.optimiser == "adam":
            first = problem.adam_beta1 * first + (1 - problem.adam_beta1) * step
            second = beta2 * second + (1 - beta2) * step**2
            root = np.sqrt(second / (1 - beta2 ** (t + 1)))
            step = first / (1 - problem.adam_beta1 ** (t + 1)) / (root + problem.adam_epsilon)
        rate = problem.learning_rate * problem.learning_rate_decay ** (t / 100)
        image = np.clip(image - rate * step, 0, 1)
        average = decay * average + (1 - decay) * image
    return average / (1 - decay ** (n + 1)), totals


def expose_epsilon(problem: Problem, slope: Array) -> Problem:
    """Make Adam's epsilon as large as the gradient, so that where it stands in the formula matters.

    Args:
        slope: the gradient at the start; the root of its mean square is taken.
    """
    return replace(problem, adam_epsilon=float(np.sqrt(np.mean(slope**2))))


def blended_grams(
    network: Vgg19, styles: Sequence[Floats], blend: Sequence[float], layers: Iterable[str]
) -> dict[str, Floats]:
    """Return the style targets: layer -> A = sum b_i A_i, each A_i divided by its own image's positions.

    Raises:
        UsageError: not one weight for each style, or a style that is no picture.
    """
    check_blend(styles, blend)
    return _blended(gram, network, styles, blend, tuple(layers))


def _blended(
    statistic: Callable[[Floats], Floats],
    network: Vgg19,
    styles: Sequence[Floats],
    blend: Sequence[float],
    layers: Sequence[str],
) -> dict[str, Floats]:
    blended: dict[str, Floats] = {}
    for style, share in zip(styles, blend, strict=True):
        for layer, tap in network.forward(style, layers):
            if layer in layers:
                blended[layer] = blended.get(layer, 0) + share * statistic(tap)
    return blended


def check_blend(styles: Sequence[Floats], blend: Sequence[float]) -> None:
    """Refuse styles that have not one weight each.

    Raises:
        UsageError: there are more or fewer weights, or no style at all.
    """
    if not styles or len(styles) != len(blend):
        raise UsageError(f"{len(styles)} style images and {len(blend)} weights; give one weight for each")


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """An image, every tap down to the deepest layer of the problem, and the statistics of its style."""

    image: Floats
    taps: Mapping[str, Floats]
    grams: Mapping[str, Floats]
    gaussians: Mapping[str, Gaussian]


@dataclass(frozen=True, slots=True, eq=False)
class _Posed:
    """A problem, the network that it asks for and its targets."""

    problem: Problem
    network: Vgg19
    content: Mapping[str, Floats]
    style: Mapping[str, Floats]
    gaussians: Mapping[str, Gaussian]

    def look(self, image: Floats) -> _Seen:
        found = dict(self.network.forward(image, _layers(self.problem)))
        grams = {layer: gram(found[layer]) for layer in self.problem.style_layers}
        gaussians = {layer: gaussian(grams[layer], mean_of(found[layer])) for layer in self.gaussians}
        return _Seen(np.asarray(image, self.network.dtype), found, grams, gaussians)

    def losses(self, seen: _Seen) -> Losses:
        problem = self.problem
        energies = {layer: self._energy(layer, seen) for layer in self.style}
        content = sum(
            weight * content_loss(seen.taps[layer], self.content[layer])
            for layer, weight in problem.content_layers.items()
        )
        style = sum(weight * energies[layer] for layer, weight in problem.style_layers.items())
        tv = total_variation(seen.image, problem.tv_form)
        total = problem.alpha * content + problem.beta * style + problem.tv_weight * tv
        return Losses(total, content, style, tv, energies)

    def gradient(self, seen: _Seen) -> Floats:
        problem = self.problem
        seeds: dict[str, Floats] = {}
        for layer, weight in problem.content_layers.items():
            seeds[layer] = problem.alpha * weight * (seen.taps[layer] - self.content[layer])
        for layer, weight in problem.style_layers.items():
            slope = problem.beta * weight * self._energy_gradient(layer, seen)
            seeds[layer] = seeds.get(layer, 0) + slope
        of_tv = problem.tv_weight * total_variation_gradient(seen.image, problem.tv_form)
        return of_tv + self.network.backward(seen.taps, seeds)

    def _energy(self, layer: str, seen: _Seen) -> float:
        if layer in self.gaussians:
            return wasserstein_energy(seen.gaussians[layer], self.gaussians[layer])
        return style_energy(seen.grams[layer], self.style[layer])

    def _energy_gradient(self, layer: str, seen: _Seen) -> Floats:
        tap = seen.taps[layer]
        if layer in self.gaussians:
            return wasserstein_energy_gradient(tap, seen.gaussians[layer], self.gaussians[layer])
        return style_energy_gradient(tap, seen.grams[layer], self.style[layer])


def _layers(problem: Problem) -> set[str]:
    return {*problem.content_layers, *problem.style_layers}


def _pose(weights: VggWeights, problem: Problem, dtype: DTypeLike) -> _Posed:
    if np.shape(problem.content) != np.shape(problem.init):
        raise UsageError(
            f"init has the shape {np.shape(problem.init)}, the content image {np.shape(problem.content)}; "
            "they must agree"
        )
    cast: VggWeights = {
        layer: (np.asarray(kernel, dtype), np.asarray(bias, dtype))
        for layer, (kernel, bias) in weights.items()
    }
    network = Vgg19(cast, problem.pooling, dtype, problem.taps)
    content = network.taps(problem.content, problem.content_layers)
    of_style = network, problem.styles, problem.style_blend, tuple(problem.style_layers)
    style, gaussians = blended_grams(*of_style), {}
    if problem.style_loss == "wasserstein2":
        means = _blended(mean_of, *of_style)
        gaussians = {layer: gaussian(style[layer], mean) for layer, mean in means.items()}
    return _Posed(problem, network, content, style, gaussians)
