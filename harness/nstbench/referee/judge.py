"""One ruler for every backend's pictures: fixed layers and max pooling, whatever a trial optimised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nstbench.api import GATYS_STYLE_LAYERS, Array, UsageError, VggWeights
from nstbench.referee.losses import content_loss, gram, style_energy, total_variation
from nstbench.referee.network import Floats, Vgg19
from nstbench.referee.oracle import blended_grams

CONTENT_LAYER = "conv4_2"
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


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the referee says of one picture.

    Attributes:
        content: Lc at conv4_2.
        style: mean E_l over conv1_1, conv2_1, conv3_1, conv4_1 and conv5_1; each in `style_layers`.
        heldout: mean E_l over conv2_2 and conv3_4; each in `heldout_layers`.
        tv: squared differences between neighbours, summed.
        ssim: structural similarity to the content image (Wang et al. 2004), 7 x 7 window, mean of R, G and B.
        total: content in units of the style image's content loss, plus style in units of the content image's
            style loss. Either of these two scores about 1, a good pastiche less. Where the content image is
            the style image both units are nothing: that image itself then scores 0, any other None.
    """

    content: float
    style: float
    heldout: float
    tv: float
    ssim: float
    total: float | None
    style_layers: Mapping[str, float]
    heldout_layers: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Referee:
    """Judges with one set of VGG-19 parameters, whatever parameters made a picture."""

    weights: VggWeights

    def against(
        self, content: Array, styles: Sequence[Array], style_blend: Sequence[float], style_itself: Array
    ) -> Judge:
        """Make the judge of pictures of one content in one style (or blend of styles).

        Args:
            content: (H, W, 3) float32 RGB in [0, 1]; at least 16 pixels a side, as conv5_1 asks.
            styles: (h, w, 3) each; sizes may differ.
            style_blend: a weight for each style's Gram matrices; they add up to 1.
            style_itself: the heaviest style image, resized to (H, W, 3).

        Raises:
            UsageError: a wrong shape, or not one weight for each style.
        """
        _check_size(style_itself, content)
        layers = (*STYLE_LAYERS, *HELD_OUT_LAYERS)
        network = Vgg19(self.weights, "max", PRECISION)
        targets = blended_grams(network, styles, style_blend, layers)
        tap, grams = _look(network, content)
        goal = _Goal(content, tap, targets)
        style_tap, style_grams = _look(network, style_itself)
        units = content_loss(style_tap, tap), _energy(grams, targets, STYLE_LAYERS)[0]
        return Judge(
            network,
            goal,
            units,
            content_itself=_judgement(content, tap, grams, goal, units),
            style_itself=_judgement(style_itself, style_tap, style_grams, goal, units),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Goal:
    """What pictures are held against: the content image with its tap, and the style's Gram matrices."""

    content: Array
    tap: Floats
    grams: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Judges pictures of one content in one style; made by `Referee.against`, targets computed once.

    Attributes:
        units: content loss of the style image and style loss of the content image.
        content_itself, style_itself: judgements of these two, the ends of the scale.
    """

    network: Vgg19
    goal: _Goal
    units: tuple[float, float]
    content_itself: Judgement
    style_itself: Judgement

    def judge(self, picture: Array) -> Judgement:
        """Judge a picture, (H, W, 3) float32 RGB in [0, 1] as decoded from its 8-bit file.

        Raises:
            UsageError: its shape is not that of the content image.
        """
        _check_size(picture, self.goal.content)
        return _judgement(picture, *_look(self.network, picture), self.goal, self.units)


def _judgement(
    picture: Array, tap: Floats, grams: Mapping[str, Floats], goal: _Goal, units: tuple[float, float]
) -> Judgement:
    content = content_loss(tap, goal.tap)
    style, style_layers = _energy(grams, goal.grams, STYLE_LAYERS)
    heldout, heldout_layers = _energy(grams, goal.grams, HELD_OUT_LAYERS)
    return Judgement(
        content=content,
        style=style,
        heldout=heldout,
        tv=total_variation(picture),
        ssim=_ssim(picture, goal.content),
        total=_total(_share(content, units[0]), _share(style, units[1])),
        style_layers=style_layers,
        heldout_layers=heldout_layers,
    )


def _share(loss: float, unit: float) -> float | None:
    """Return a loss in units of another. Of nothing, nothing is a share of 0, and something has no share."""
    if unit:
        return loss / unit
    return None if loss else 0.0


def _total(content: float | None, style: float | None) -> float | None:
    return None if content is None or style is None else content + style


def _look(network: Vgg19, picture: Array) -> tuple[Floats, dict[str, Floats]]:
    """Return the content tap and the Gram matrices; every other tap is let go at once."""
    kept, grams = {}, {}
    for layer, tap in network.forward(picture, STYLE_LAYERS):
        if layer == CONTENT_LAYER:
            kept[layer] = tap
        elif layer in STYLE_LAYERS or layer in HELD_OUT_LAYERS:
            grams[layer] = gram(tap)
    return kept[CONTENT_LAYER], grams


def _energy(
    grams: Mapping[str, Floats], targets: Mapping[str, Floats], layers: Sequence[str]
) -> tuple[float, dict[str, float]]:
    """Return the mean E_l and every E_l."""
    energies = {layer: style_energy(grams[layer], targets[layer]) for layer in layers}
    return sum(energies.values()) / len(layers), energies


def _ssim(picture: Array, content: Array) -> float:
    from skimage.metrics import structural_similarity

    pair = picture.astype(np.float64), content.astype(np.float64)
    return float(structural_similarity(*pair, channel_axis=-1, data_range=1))


def _check_size(picture: Array, content: Array) -> None:
    if np.shape(picture) != np.shape(content):
        raise UsageError(
            f"a picture of shape {np.shape(picture)} cannot be judged by a content image of shape "
            f"{np.shape(content)}; resize it first"
        )
