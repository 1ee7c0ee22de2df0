"""A problem with its network and targets, in NumPy: the losses and the gradient of an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from nstbench.api import Array, Problem, UsageError, VggWeights
from nstbench.referee.losses import (
    content_loss,
    gram,
    style_energy_gradient,
    total_variation,
    total_variation_gradient,
)
from nstbench.referee.network import Floats, Vgg19
from nstbench.referee.regions import Region, at_tap, blended, energy, regions_of
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


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """An image, every tap down to the deepest layer of the problem, and the statistics of its style.

    Attributes:
        grams: of each region; gaussians: of the whole image, for the style_loss `wasserstein2`.
    """

    image: Floats
    taps: Mapping[str, Floats]
    grams: Mapping[str, Sequence[Floats]]
    gaussians: Mapping[str, Gaussian]


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """A problem, the network that it asks for and its targets."""

    problem: Problem
    network: Vgg19
    content: Mapping[str, Floats]
    regions: Sequence[Region]
    gaussians: Mapping[str, Gaussian]

    def look(self, image: Floats) -> Seen:
        """Go through the network once."""
        found = dict(self.network.forward(image, layers_of(self.problem)))
        grams = {
            layer: [gram(found[layer], at_tap(each.mask, found[layer])) for each in self.regions]
            for layer in self.problem.style_layers
        }
        gaussians = {layer: gaussian(grams[layer][0], mean_of(found[layer])) for layer in self.gaussians}
        return Seen(np.asarray(image, self.network.dtype), found, grams, gaussians)

    def losses(self, seen: Seen) -> Losses:
        """Return the losses of an image."""
        problem = self.problem
        energies = {layer: self._energy(layer, seen) for layer in seen.grams}
        content = sum(
            weight * content_loss(seen.taps[layer], self.content[layer])
            for layer, weight in problem.content_layers.items()
        )
        style = sum(weight * energies[layer] for layer, weight in problem.style_layers.items())
        tv = total_variation(seen.image, problem.tv_form)
        total = problem.alpha * content + problem.beta * style + problem.tv_weight * tv
        return Losses(total, content, style, tv, energies)

    def gradient(self, seen: Seen) -> Floats:
        """Return the gradient of the total loss with respect to the image."""
        problem = self.problem
        seeds: dict[str, Floats] = {}
        for layer, weight in problem.content_layers.items():
            seeds[layer] = problem.alpha * weight * (seen.taps[layer] - self.content[layer])
        for layer, weight in problem.style_layers.items():
            slope = problem.beta * weight * self._energy_gradient(layer, seen)
            seeds[layer] = seeds.get(layer, 0) + slope
        of_tv = problem.tv_weight * total_variation_gradient(seen.image, problem.tv_form)
        return of_tv + self.network.backward(seen.taps, seeds)

    def _energy(self, layer: str, seen: Seen) -> float:
        if layer in self.gaussians:
            return wasserstein_energy(seen.gaussians[layer], self.gaussians[layer])
        return energy(seen.grams[layer], self.regions, layer)

    def _energy_gradient(self, layer: str, seen: Seen) -> Floats:
        tap = seen.taps[layer]
        if layer in self.gaussians:
            return wasserstein_energy_gradient(tap, seen.gaussians[layer], self.gaussians[layer])
        slope: Floats = np.zeros_like(tap)
        for region, own in zip(self.regions, seen.grams[layer], strict=True):
            of_region = style_energy_gradient(tap, own, region.goal[layer], at_tap(region.mask, tap))
            slope = slope + region.share * of_region
        return slope


def pose(weights: VggWeights, problem: Problem, dtype: DTypeLike) -> Posed:
    """Compute the targets of a problem.

    Raises:
        UsageError: it cannot be posed: a picture's shape, pooling, total variation, blend, masks.
    """
    _check(problem)
    cast: VggWeights = {
        layer: (np.asarray(kernel, dtype), np.asarray(bias, dtype))
        for layer, (kernel, bias) in weights.items()
    }
    network = Vgg19(cast, problem.pooling, dtype, problem.taps)
    content = network.taps(problem.content, problem.content_layers)
    regions = regions_of(_of_styles(gram, network, problem), problem.style_blend, problem.content_masks)
    gaussians = {}
    if problem.style_loss == "wasserstein2":
        means = blended(_of_styles(mean_of, network, problem), problem.style_blend)
        gaussians = {layer: gaussian(regions[0].goal[layer], mean) for layer, mean in means.items()}
    return Posed(problem, network, content, regions, gaussians)


def layers_of(problem: Problem) -> set[str]:
    """Return every layer that the loss looks at."""
    return {*problem.content_layers, *problem.style_layers}


def check_blend(styles: Sequence[Floats], blend: Sequence[float], *masks: Sequence[Array]) -> None:
    """Refuse styles that have not one weight each, and not one mask if there are any.

    Raises:
        UsageError: there are more or fewer weights or masks, or no style at all.
    """
    if not styles or len(styles) != len(blend):
        raise UsageError(f"{len(styles)} style images and {len(blend)} weights; give one weight for each")
    for each in masks:
        if each and len(each) != len(styles):
            raise UsageError(f"{len(styles)} style images and {len(each)} masks; give one mask for each")


def _check(problem: Problem) -> None:
    if np.shape(problem.content) != np.shape(problem.init):
        raise UsageError(
            f"init has the shape {np.shape(problem.init)}, the content image {np.shape(problem.content)}; "
            "they must agree"
        )
    check_blend(problem.styles, problem.style_blend, problem.content_masks, problem.style_masks)
    if problem.content_masks and problem.style_loss != "gram":
        raise UsageError(f"the style_loss {problem.style_loss} knows no content_masks; take gram")


def _of_styles(
    statistic: Callable[[Floats, Floats | None], Floats], network: Vgg19, problem: Problem
) -> list[dict[str, Floats]]:
    """Return layer -> a statistic of each style image: of all of it, or of what its mask says."""
    layers, found = problem.style_layers, []
    for style, mask in zip(problem.styles, problem.style_masks or (None,) * len(problem.styles), strict=True):
        seen = network.forward(style, layers)
        found.append({layer: statistic(tap, at_tap(mask, tap)) for layer, tap in seen if layer in layers})
    return found
