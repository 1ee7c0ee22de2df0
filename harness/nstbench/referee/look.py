"""What the referee keeps of a picture's way through the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nstbench.api import GATYS_STYLE_LAYERS, Array
from nstbench.referee.losses import gram
from nstbench.referee.network import Floats, Vgg19
from nstbench.referee.regions import at_tap
from nstbench.referee.sliced import projections
from nstbench.referee.structure import grid

CONTENT_LAYER, STRUCTURE_LAYER = "conv4_2", "conv3_4"
STYLE_LAYERS = GATYS_STYLE_LAYERS
HELD_OUT_LAYERS = ("conv2_2", "conv3_4")
"""Layers that no default optimises: a picture that suits only what was optimised shows here."""

PRECISION = np.float32
"""Of the taps; Gram matrices and sums are float64.

Against float64 throughout, at 128 px: pastiches and blends, 5e-7 relative at most in any loss. A style image
with noise of one 8-bit step, where G - A cancels most, 5e-5; no picture was worse but the style image with
one pixel in 500 changed by two steps, 2e-4, and there E_l itself is next to nothing. Float64 throughout
takes twice as long.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What is kept of a picture's taps.

    Attributes:
        content: the tap of `CONTENT_LAYER`.
        structure: features of the tap of `STRUCTURE_LAYER`.
        grams: of the style layers and those held out, one for each region.
        sliced: sorted projections of each style layer's tap.
    """

    content: Floats
    structure: Floats
    grams: Mapping[str, Sequence[Floats]]
    sliced: Mapping[str, Floats]


def look_at(network: Vgg19, picture: Array, masks: Sequence[Array | None] = (None,)) -> Look:
    """Go through the network once; whole taps are let go at once but that of the content.

    Args:
        masks: of its regions, (H, W) each; None stands for the whole picture.
    """
    kept, grams, sliced = {}, {}, {}
    for layer, tap in network.forward(picture, STYLE_LAYERS):
        if layer == CONTENT_LAYER:
            kept[layer] = tap
        if layer == STRUCTURE_LAYER:
            kept[layer] = grid(tap)
        if layer in STYLE_LAYERS or layer in HELD_OUT_LAYERS:
            grams[layer] = [gram(tap, at_tap(mask, tap)) for mask in masks]
        if layer in STYLE_LAYERS:
            sliced[layer] = projections(tap)
    return Look(kept[CONTENT_LAYER], kept[STRUCTURE_LAYER], grams, sliced)
