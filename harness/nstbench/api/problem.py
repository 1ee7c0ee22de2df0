"""What a backend is given to solve, and what it may show of its workings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from nstbench.api.errors import UnknownName
from nstbench.api.vgg19 import Array


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One style-transfer problem: all that a backend sees.

    Attributes:
        content: (H, W, 3) float32 RGB in [0, 1], already resized; so is `init`, where the pastiche starts.
        styles: one or more of (h, w, 3) float32 RGB in [0, 1]; sizes may differ.
        content_layers, style_layers: canonical layer name -> weight w_l.
        alpha, beta, tv_weight, tv_form: see `nstbench.api.losses`.
        style_blend: weight b_i of each style's Gram matrices; they add up to 1.
        optimiser: `adam`, `sgd` or `lbfgs`. All keep the image in [0, 1], so that the losses are those of
            the picture: Adam and SGD clip it after every step, L-BFGS is bounded.
        learning_rate: in units of [0, 1] pixels; L-BFGS has none.
        learning_rate_decay: factor over 100 iterations: step t = 0, 1, ... uses
            learning_rate * learning_rate_decay^(t / 100).
        adam_beta1, adam_epsilon: of Kingma and Ba (2015), algorithm 1; beta2 is 0.999.
        precision: `highest` (true float32), `default` (the framework's choice) or `bf16`.
        options: the backend's own options, complete with defaults.
    """

    content: Array
    styles: tuple[Array, ...]
    init: Array
    content_layers: Mapping[str, float]
    style_layers: Mapping[str, float]
    alpha: float
    beta: float
    tv_weight: float = 0.0
    tv_form: str = "squared"
    style_blend: tuple[float, ...] = (1.0,)
    optimiser: str = "adam"
    learning_rate: float = 0.02
    learning_rate_decay: float = 1.0
    adam_beta1: float = 0.9
    adam_epsilon: float = 1e-8
    pooling: str = "max"
    precision: str = "highest"
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def expect(self, **known: Collection[str]) -> None:
        """Make sure that each named setting has a value the backend knows, as in `pooling=("max", "avg")`.

        Raises:
            UnknownName: one has not; without this it would run as something else, under the wrong name.
        """
        for setting, values in known.items():
            if (value := getattr(self, setting)) not in values:
                raise UnknownName(setting, value, values)

    @property
    def style(self) -> Array:
        """The style image, for a backend that takes one: the first."""
        return self.styles[0]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What a backend's network makes of a problem's `init`.

    Attributes:
        taps: every content and style layer of the problem -> (h, w, channels) float32.
        grams: every style layer -> (N, N) float32, divided by its number of positions.
        gradient: (H, W, 3) float32, of the total loss with respect to `init`.
    """

    taps: Mapping[str, Array]
    grams: Mapping[str, Array]
    gradient: Array
