"""One ruler for every backend's pictures: fixed layers and max pooling, whatever a trial optimised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nstbench.api import Array, UsageError, VggWeights
from nstbench.referee.colour import blended_histogram, colour_distance, colour_histogram
from nstbench.referee.look import HELD_OUT_LAYERS, PRECISION, STYLE_LAYERS, Look, look_at
from nstbench.referee.losses import content_loss, total_variation
from nstbench.referee.multiscale import ms_ssim, ssim
from nstbench.referee.network import Floats, Vgg19
from nstbench.referee.posed import check_blend
from nstbench.referee.regions import NO_MASKS, Masks, Region, energy, regions_of
from nstbench.referee.sliced import LEVELS, blended_quantiles, quantiles, sliced_distance
from nstbench.referee.structure import self_similarity, structural_distance

RULER = 2
"""Raised whenever a figure is added or means something else: pictures judged by an older one are judged anew.

1 had no colour, sliced Wasserstein, MS-SSIM and CFSD.
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the referee says of one picture.

    Attributes:
        content: Lc at conv4_2.
        style: mean E_l over conv1_1, conv2_1, conv3_1, conv4_1 and conv5_1; each in `style_layers`. With
            masks E_l and `heldout` are those of the regions, see `nstbench.api.losses`.
        heldout: mean E_l over conv2_2 and conv3_4; each in `heldout_layers`.
        tv: squared differences between neighbours, summed.
        ssim: structural similarity to the content image (Wang et al. 2004), 7 x 7 window, mean of R, G and B.
        msssim: the same of luma at up to five scales, see `nstbench.referee.multiscale`.
        cfsd: how far what is alike in the content image is so no longer, at conv3_4, see
            `nstbench.referee.structure`.
        colour: distance of the colours from the style's, 0 to 1, see `nstbench.referee.colour`; it and `swd`
            None where there are masks, as they do not look at regions.
        swd: distance of the features from the style's, see `nstbench.referee.sliced`: at each of the five
            style layers in units of the content image's, then the mean, so the content image scores 1. None
            where that has no distance and the picture has.
        total: content in units of the style image's content loss, plus style in units of the content image's
            style loss. Either of these two scores about 1, a good pastiche less. Where the content image is
            the style image both units are nothing: that image itself then scores 0, any other None.
    """

    content: float
    style: float
    heldout: float
    tv: float
    ssim: float
    msssim: float
    cfsd: float
    colour: float | None
    swd: float | None
    total: float | None
    style_layers: Mapping[str, float]
    heldout_layers: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Referee:
    """Judges with one set of VGG-19 parameters, whatever parameters made a picture."""

    weights: VggWeights

    def against(
        self,
        content: Array,
        styles: Sequence[Array],
        style_blend: Sequence[float],
        style_itself: Array,
        masks: Masks = NO_MASKS,
    ) -> Judge:
        """Make the judge of pictures of one content in one style (or blend of styles).

        Args:
            content: (H, W, 3) float32 RGB in [0, 1]; at least 16 pixels a side, as conv5_1 asks.
            styles: (h, w, 3) each; sizes may differ.
            style_blend: a weight for each style's Gram matrices; they add up to 1.
            style_itself: the heaviest style image, resized to (H, W, 3).
            masks: of regions and styles, if there are any.

        Raises:
            UsageError: a wrong shape, or not one weight, or mask, for each style.
        """
        _check_size(style_itself, content)
        check_blend(styles, style_blend, masks.content, masks.style)
        network = Vgg19(self.weights, "max", PRECISION)
        regions = masks.content or (None,)
        seen, of_style = look_at(network, content, regions), look_at(network, style_itself, regions)
        looks = [look_at(network, style, [masks.of_style(at)]) for at, style in enumerate(styles)]
        if not (masks.content or masks.style):
            goal = _goal(content, seen, styles, looks, style_blend)
        else:
            goal = _masked_goal(content, seen, regions_of(_grams(looks), style_blend, masks.content))
        units = _Units(
            content_loss(of_style.content, seen.content),
            _energy(seen.grams, goal.regions, STYLE_LAYERS)[0],
            _sliced(seen, goal),
        )
        return Judge(
            network,
            goal,
            units,
            content_itself=_judgement(content, seen, goal, units),
            style_itself=_judgement(style_itself, of_style, goal, units),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Goal:
    """What pictures are held against: the content image, and the style or blend of styles.

    Of masks neither projections nor colours are told apart: there are none to compare with.
    """

    image: Array
    content: Floats
    structure: Floats
    regions: Sequence[Region]
    sliced: Mapping[str, Floats]
    colours: Floats | None


@dataclass(frozen=True, slots=True)
class _Units:
    """Content loss of the style image; style loss and sliced distances, by layer, of the content image."""

    content: float
    style: float
    sliced: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Judges pictures of one content in one style; made by `Referee.against`, targets computed once.

    Attributes:
        units: what losses and distances of the two images themselves are 1.
        content_itself, style_itself: judgements of these two, the ends of the scale.
    """

    network: Vgg19
    goal: _Goal
    units: _Units
    content_itself: Judgement
    style_itself: Judgement

    def judge(self, picture: Array) -> Judgement:
        """Judge a picture, (H, W, 3) float32 RGB in [0, 1] as decoded from its 8-bit file.

        Raises:
            UsageError: its shape is not that of the content image.
        """
        _check_size(picture, self.goal.image)
        seen = look_at(self.network, picture, [region.mask for region in self.goal.regions])
        return _judgement(picture, seen, self.goal, self.units)


def _goal(
    image: Array, seen: Look, styles: Sequence[Array], looks: Sequence[Look], blend: Sequence[float]
) -> _Goal:
    return _Goal(
        image,
        seen.content,
        self_similarity(seen.structure),
        regions_of(_grams(looks), blend),
        {
            layer: blended_quantiles([look.sliced[layer] for look in looks], blend, min(LEVELS, own.shape[1]))
            for layer, own in seen.sliced.items()
        },
        blended_histogram(styles, blend),
    )


def _masked_goal(image: Array, seen: Look, regions: Sequence[Region]) -> _Goal:
    return _Goal(image, seen.content, self_similarity(seen.structure), regions, {}, None)


def _grams(looks: Sequence[Look]) -> list[dict[str, Floats]]:
    """Return the Gram matrices of images that are seen whole, or through one mask."""
    return [{layer: own for layer, (own,) in look.grams.items()} for look in looks]


def _judgement(picture: Array, seen: Look, goal: _Goal, units: _Units) -> Judgement:
    content = content_loss(seen.content, goal.content)
    style, style_layers = _energy(seen.grams, goal.regions, STYLE_LAYERS)
    heldout, heldout_layers = _energy(seen.grams, goal.regions, HELD_OUT_LAYERS)
    sliced = [_share(distance, units.sliced[layer]) for layer, distance in _sliced(seen, goal).items()]
    return Judgement(
        content=content,
        style=style,
        heldout=heldout,
        tv=total_variation(picture),
        ssim=ssim(picture, goal.image),
        msssim=ms_ssim(picture, goal.image),
        cfsd=structural_distance(self_similarity(seen.structure), goal.structure),
        colour=None if goal.colours is None else colour_distance(colour_histogram(picture), goal.colours),
        swd=_mean(sliced),
        total=_total(_share(content, units.content), _share(style, units.style)),
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


def _mean(shares: Sequence[float | None]) -> float | None:
    known = [share for share in shares if share is not None]
    return sum(known) / len(known) if known and len(known) == len(shares) else None


def _sliced(seen: Look, goal: _Goal) -> dict[str, float]:
    """Return the sliced Wasserstein distance from the style at each style layer."""
    return {
        layer: sliced_distance(quantiles(seen.sliced[layer], target.shape[1]), target)
        for layer, target in goal.sliced.items()
    }


def _energy(
    grams: Mapping[str, Sequence[Floats]], regions: Sequence[Region], layers: Sequence[str]
) -> tuple[float, dict[str, float]]:
    """Return the mean E_l and every E_l."""
    energies = {layer: energy(grams[layer], regions, layer) for layer in layers}
    return sum(energies.values()) / len(layers), energies


def _check_size(picture: Array, content: Array) -> None:
    if np.shape(picture) != np.shape(content):
        raise UsageError(
            f"a picture of shape {np.shape(picture)} cannot be judged by a content image of shape "
            f"{np.shape(content)}; resize it first"
        )
