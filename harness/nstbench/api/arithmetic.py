"""The equations of `nstbench.api.losses`, in whatever a framework computes with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import matmul
from typing import Any, NamedTuple

from nstbench.api.losses import ROUNDING
from nstbench.api.vgg19 import CHANNELS
from nstbench.api.wasserstein import Gaussians, identity_like

Layers = Mapping[str, Any]
"""Layer -> an array of the framework."""


class Look(NamedTuple):
    """What the network makes of an image, or should.

    Attributes:
        taps: of content layers.
        grams: Gram matrices of style layers; of n regions stacked (n, N, N), times sqrt(b_i).
        means: of the style layers' features (N,), for the style_loss `wasserstein2`; else empty.
        roots: of targets that have means: square roots of the covariance matrices.
    """

    taps: Layers
    grams: Layers
    means: Layers = {}  # noqa: RUF012 - a tuple's, and nobody writes into it
    roots: Layers = {}  # noqa: RUF012


def _difference(x: Any, axis: int) -> Any:
    return x[1:] - x[:-1] if axis == 0 else x[:, 1:] - x[:, :-1]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """The loss, from the few functions that frameworks have under different names.

    Attributes:
        total: x -> the sum of all its elements.
        square, absolute: x -> its elements squared, or without their sign.
        where: (condition, a, b) -> a where the condition holds, else b.
        difference: (x, axis) -> x less its predecessor along an axis, 0 or 1.
        product, identity: as `Gaussians` takes them.
    """

    total: Callable[[Any], Any]
    square: Callable[[Any], Any]
    absolute: Callable[[Any], Any]
    where: Callable[[Any, Any, Any], Any]
    difference: Callable[..., Any] = _difference
    product: Callable[[Any, Any], Any] = matmul
    identity: Callable[[Any], Any] = identity_like

    @property
    def gaussians(self) -> Gaussians:
        """Distances of Gaussians by the same functions."""
        return Gaussians(self.total, self.square, self.product, self.identity)

    def aim(
        self,
        taps: Layers,
        styles: Sequence[Look],
        shares: Sequence[Any],
        stack: Callable[..., Any] | None = None,
    ) -> Look:
        """Return the targets: taps of the content image, and statistics of the style images.

        Args:
            styles: what the network makes of each, and shares: its b_i.
            stack: of arrays along a new first axis, where each style has a region of its own; without it the
                styles are blended.
        """
        if stack:
            return Look(taps, in_regions([style.grams for style in styles], shares, stack))
        grams = blend([style.grams for style in styles], shares)
        means = blend([style.means for style in styles], shares)
        of = self.gaussians
        roots = {layer: of.root(of.covariance(grams[layer], mean)) for layer, mean in means.items()}
        return Look(taps, grams, means, roots)

    def losses(self, numbers: Layers, seen: Look, targets: Look, tv: Any) -> list[Any]:
        """Return the row of losses of an image: `LOSS_COLUMNS`, then E_l of the style layers in sorted order.

        The terms of a sum are added in the order in which the targets name their layers.

        Args:
            numbers: as `nstbench.api.numbers` returns them, each as the framework computes with it.
            seen: what the network makes of the image.
            tv: its total variation.
        """
        content = sum(
            numbers[f"content {layer}"] * 0.5 * self.distance(seen.taps[layer], tap)
            for layer, tap in targets.taps.items()
        )
        energies = {layer: self.energy(layer, seen, targets) for layer in targets.grams}
        style = sum(numbers[f"style {layer}"] * energy for layer, energy in energies.items())
        total = numbers["alpha"] * content + numbers["beta"] * style + numbers["tv_weight"] * tv
        return [total, content, style, tv, *(energies[layer] for layer in sorted(energies))]

    def energy(self, layer: str, seen: Look, targets: Look) -> Any:
        """Return E_l of a style layer."""
        gram, wanted = seen.grams[layer], targets.grams[layer]
        if layer in targets.roots:
            target = wanted, targets.means[layer], targets.roots[layer]
            return self.gaussians.distance(gram, seen.means[layer], target)
        return self.distance(gram, wanted) / (4.0 * CHANNELS[layer] ** 2)

    def distance(self, seen: Any, target: Any) -> Any:
        """Return sum (seen - target)^2, or 0 where that is less than `ROUNDING` can make."""
        squares = self.total(self.square(seen - target))
        return self.where(squares < ROUNDING**2 * self.total(self.square(target)), 0.0, squares)

    def total_variation(self, image: Any, form: str) -> Any:
        """Return the total variation of an (H, W, 3) image in one of `TV_FORMS`."""
        dy, dx = self.difference(image, axis=0), self.difference(image, axis=1)
        if form == "mahendran":
            return self.total((self.square(dy[:, :-1]) + self.square(dx[:-1])) ** 1.25)
        size = self.square if form == "squared" else self.absolute
        return self.total(size(dy)) + self.total(size(dx))


def in_regions(styles: Sequence[Layers], shares: Sequence[Any], stack: Callable[..., Any]) -> dict[str, Any]:
    """Return layer -> (regions, N, N), sqrt(b_i) A_i of each style image: the targets of its region.

    Args:
        stack: of arrays along a new first axis.
    """
    return {
        layer: stack([share**0.5 * grams[layer] for share, grams in zip(shares, styles, strict=True)])
        for layer in styles[0]
    }


def blend(styles: Sequence[Layers], shares: Sequence[Any]) -> dict[str, Any]:
    """Return layer -> A = sum b_i A_i from the Gram matrices of each style image and its share b_i."""
    return {
        layer: sum(share * grams[layer] for share, grams in zip(shares, styles, strict=True))
        for layer in styles[0]
    }
