"""Regions of a picture that have a style of their own: where each is, and what it is to be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nstbench.api import Array
from nstbench.referee.losses import style_energy
from nstbench.referee.network import Floats


@dataclass(frozen=True, slots=True)
class Masks:
    """Masks of a pastiche and of its styles, none or one for each style, as in `nstbench.api.Problem`.

    Attributes:
        content: (H, W) each; style: (h, w) each.
    """

    content: tuple[Array, ...] = ()
    style: tuple[Array, ...] = ()

    def of_style(self, at: int) -> Array | None:
        """Return the mask of a style, by its number; None if all of it counts."""
        return self.style[at] if self.style else None


NO_MASKS = Masks()


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A region; without content masks there is one, the whole picture.

    Attributes:
        share: b_i, which its energies are multiplied by.
        mask: (H, W) weights of pixels; None: all alike.
        goal: layer -> its Gram matrix A_i.
    """

    share: float
    mask: Array | None
    goal: Mapping[str, Floats]


def regions_of(
    grams: Sequence[Mapping[str, Floats]], blend: Sequence[float], masks: Sequence[Array] = ()
) -> list[Region]:
    """Give each style its region, or where there are no masks all of them, blended, the whole picture.

    Args:
        grams: layer -> A_i, for each style.
    """
    if masks:
        return [Region(*each) for each in zip(blend, masks, grams, strict=True)]
    return [Region(1.0, None, blended(grams, blend))]


def blended(styles: Sequence[Mapping[str, Floats]], blend: Sequence[float]) -> dict[str, Floats]:
    """Return layer -> sum b_i s_i of a statistic s_i of each style."""
    return {
        layer: np.sum([share * each[layer] for share, each in zip(blend, styles, strict=True)], axis=0)
        for layer in styles[0]
    }


def energy(grams: Sequence[Floats], regions: Sequence[Region], layer: str) -> float:
    """Return E_l = sum b_i E_l,i from the Gram matrix of each region."""
    pairs = zip(grams, regions, strict=True)
    return sum(region.share * style_energy(own, region.goal[layer]) for own, region in pairs)


def at_tap(mask: Array | None, tap: Floats) -> Floats | None:
    """Return a mask (H, W) at the positions of a tap: each the mean of the pixels that it stands for.

    It is the T^2 of Gatys and others (2017, section 4). None stands for all positions alike.
    """
    if mask is None:
        return None
    height, width = tap.shape[:2]
    side = 1 << int(np.log2(mask.shape[0] // height))
    blocks = mask[: height * side, : width * side].astype(np.float64).reshape(height, side, width, side)
    return np.asarray(blocks.mean(axis=(1, 3)))
