"""The problems of the parity ladder: small, and posed so that no mistake hides behind another number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nstbench.api import LAYERS, METHOD, Array, Problem, Setting, Settings, VggWeights, up_to
from nstbench.referee import evaluate, expose_epsilon, losses

FEW_LAYERS: Mapping[str, Any] = {
    "content_layers": {"conv2_2": 0.25, "conv3_2": 0.75},
    "style_layers": {"conv1_1": 0.5, "conv2_1": 0.3, "conv3_1": 0.2},
}
SHALLOW: Mapping[str, Any] = {"content_layers": {"conv1_1": 1.0}, "style_layers": {"conv1_1": 1.0}}
EVERY_LAYER: Mapping[str, Any] = {
    "content_layers": {"conv4_2": 0.75, "conv5_4": 0.25},
    "style_layers": {layer: (i + 1) / 136 for i, layer in enumerate(LAYERS)},
}


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """One problem that a backend and the referee both solve.

    Attributes:
        steps: how many iterations are compared.
        smooth: whether the first step is a smooth function of the gradient. Adam's is not where its epsilon
            is next to nothing: there it is the gradient's sign, which is arbitrary wherever the gradient
            is lost in rounding.
        next_size: height and width of a stage that goes on from where these iterations led; None: none does.
    """

    name: str
    problem: Problem
    steps: int = 10
    smooth: bool = True
    next_size: tuple[int, int] | None = None


def default_scenarios(weights: VggWeights, precision: str) -> list[Scenario]:
    """Pose what `nstbench verify` compares: even and odd sides, and between them every option.

    One scenario goes down to the deepest layer; ten iterations are as telling with a few layers, and cheaper.
    """
    common: dict[str, Any] = {"precision": precision}
    deep: dict[str, Any] = {**EVERY_LAYER, "blend": (0.3, 0.7), "tv_form": "absolute", "optimiser": "sgd"}
    average: dict[str, Any] = {**FEW_LAYERS, "pooling": "avg", "tv_form": "mahendran"}
    even = pose(weights, 32, 44, **FEW_LAYERS, **common)
    odd = pose(weights, 29, 37, **average, **common)
    slowing: dict[str, Any] = {"learning_rate_decay": 0.01}  # by a third over ten iterations
    of_adam = {name: each.default for name, each in METHOD.items() if each.traced and _is_adams(each)}
    return [
        # Odd at every pooling. With `random:0` no deep tap is so near zero, or another in its window, that
        # rounding decides the gradient; at 37 x 29 one was, at 1e-7 of the largest.
        Scenario("every layer, odd sides, two styles", pose(weights, 31, 47, **deep, **common), steps=1),
        Scenario("adam, even sides", even, next_size=(40, 55)),
        Scenario(
            "adam's defaults, average pooling, odd sides",
            replace(odd, **of_adam, **slowing),
            smooth=False,
        ),
        Scenario(
            "sgd, average pooling, odd sides",
            replace(pose(weights, 29, 37, **average, optimiser="sgd", **common), **slowing),
        ),
        Scenario("lbfgs, even sides", replace(even, optimiser="lbfgs"), smooth=False),
        regions_scenario(weights, **common),
        large_scenario(weights, **common),
        averaged_scenario(weights, **common),
        Scenario(
            "Wasserstein-2",
            pose(weights, 18, 23, blend=(0.3, 0.7), style_loss="wasserstein2", **FEW_LAYERS, **common),
            steps=1,
        ),
        Scenario("taps before ReLU", pose(weights, 16, 21, taps="conv", **FEW_LAYERS, **common), steps=1),
    ]


def regions_scenario(weights: VggWeights, **settings: Any) -> Scenario:
    """Pose a problem whose two styles have regions that overlap, of shares, sizes and shapes that differ."""
    problem = pose(
        weights,
        29,
        38,
        blend=(0.3, 0.7),
        content_masks=(ramp(29, 38), ramp(29, 38)[::-1] ** 3),
        style_masks=(ramp(33, 26) ** 2, ramp(25, 35)[:, ::-1]),
        **FEW_LAYERS,
        **settings,
    )
    return Scenario("two regions of a style each, adam", problem, steps=4)


def large_scenario(weights: VggWeights, **settings: Any) -> Scenario:
    """Pose a problem with tens of thousands of pixels, where sums are long, and one layer, to be quick."""
    problem = pose(weights, 183, 181, optimiser="lbfgs", **SHALLOW, **settings)
    return Scenario("lbfgs, one layer, 33,123 pixels", problem, steps=3, smooth=False)


def averaged_scenario(weights: VggWeights, **settings: Any) -> Scenario:
    """Pose a problem whose picture is an average, with steps so long that Adam's second moment matters.

    No pixel comes to 0 or 1: the average of clipped pixels would show that of clipping, too.
    """
    problem = pose(weights, 13, 17, averaging=0.9, adam_beta2=0.1, **SHALLOW, **settings)
    start = np.float32(0.25) + np.float32(0.5) * problem.init
    epsilon = 0.01 * problem.adam_epsilon
    eager = replace(problem, init=start, learning_rate=0.06, adam_epsilon=epsilon)
    return Scenario("the average of the iterates", eager, steps=4)


def pose(
    weights: VggWeights, height: int, width: int, blend: tuple[float, ...] = (1.0,), **settings: Any
) -> Problem:
    """Make a problem whose numbers suit the network, whatever its parameters.

    The start is noise, the content smooth, each style of another size. At the start the content loss is 1 of
    6 parts of the total, style 2, total variation 3: neither a weight left out nor two exchanged go unseen.
    SGD's first step moves the quickest pixel by 0.05. Adam's epsilon is as large as the gradient, so that
    where it stands in the formula matters.

    Args:
        settings: further fields of the problem.
    """
    start, *styles = noise((height, width), (33, 26), (25, 35))
    problem = Problem(
        content=waves(height, width),
        styles=(styles[0] * waves(33, 26), 0.5 * styles[1])[: len(blend)],
        init=start,
        alpha=1.0,
        beta=1.0,
        style_blend=blend,
        **settings,
    )
    weights = needed(weights, problem)
    now = losses(weights, problem, np.float32)
    problem = replace(problem, alpha=1 / now.content, beta=2 / now.style, tv_weight=3 / now.tv)
    slope = evaluate(weights, problem, np.float32).gradient
    sgd = problem.optimiser == "sgd"
    rate = 0.05 / float(np.abs(slope).max()) if sgd else 0.02
    return expose_epsilon(replace(problem, learning_rate=rate), slope)


def _is_adams(setting: Setting) -> bool:
    """Whether a setting matters to Adam alone."""
    return setting.matters(Settings(optimiser="adam")) and not setting.matters(Settings(optimiser="sgd"))


def needed(weights: VggWeights, problem: Problem) -> VggWeights:
    """Return the parameters down to the deepest layer: the referee casts all that it is given."""
    return {layer: weights[layer] for layer in up_to([*problem.content_layers, *problem.style_layers])}


def biased(weights: VggWeights) -> VggWeights:
    """Give untrained parameters biases, where they have none: zeros would hide a bias left out."""
    if any(bias.any() for _, bias in weights.values()):
        return weights
    generator = np.random.Generator(np.random.Philox(1))
    return {
        layer: (kernel, 6 * generator.random(bias.shape, dtype=np.float32) - 3)
        for layer, (kernel, bias) in weights.items()
    }


def noise(*sizes: tuple[int, int]) -> list[Array]:
    """Draw images (h, w, 3) uniformly from [0, 1); each of a size is always the same."""
    generator = np.random.Generator(np.random.Philox(0))
    return [generator.random((*size, 3), dtype=np.float32) for size in sizes]


def ramp(height: int, width: int) -> Array:
    """Make a mask, (height, width), from 0 in the upper left corner to 1 in the lower right one."""
    y, x = np.mgrid[:height, :width]
    return np.asarray((y + x) / (height + width - 2), np.float32)


def waves(height: int, width: int) -> Array:
    """Paint a smooth picture, (height, width, 3), of three colours that differ."""
    y, x = np.mgrid[:height, :width]
    channels = [0.5 + 0.3 * np.sin(y / (5 + 2 * c) + x / (9 - c)) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)
