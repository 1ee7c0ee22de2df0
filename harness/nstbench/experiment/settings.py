"""The settings of one trial, with what each may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from nstbench.api import GATYS_CONTENT_LAYERS, GATYS_STYLE_LAYERS, LAYERS
from nstbench.experiment.values import LayerNames, Reference, References, Strict, Weights

PARTIAL = {"partial": True}
"""Validation context for a few values on their own: rules about how settings fit together wait."""

KINDS = ("content", "style")

LEARNING_RATES = {"adam": 0.05, "sgd": 1e-8}
"""Step lengths that suit the other defaults; that of sgd multiplies the gradient as it is."""

TV_WEIGHT = 30_000.0
"""Weight of the total variation beside the default alpha and beta, in the units of Gatys et al."""

DEPENDENT = ("tv_weight", "learning_rate")
"""Settings whose default depends on others, see `Settings.default_of`."""

WEIGHTED = {
    "content_layers": "content_weights",
    "style_layers": "style_weights",
    "style": "style_blend",
}
"""Setting that lists things -> setting that weighs them; a mapping given for the first fills both."""


class Settings(Strict):
    """Everything that may differ from one trial to the next, complete and consistent.

    Layers are canonical names in network order, with their weights along. A mapping of layers to weights
    given for `content_layers` or `style_layers` fills the weights too.
    """

    content: Reference = Field(
        description="Content image: a path relative to the experiment file, or sample:NAME"
    )
    style: References = Field(
        description="Style image: a path relative to the experiment file, or sample:NAME; or several, blended"
    )
    style_blend: Weights = Field(None, description="One weight for each of several style images; null: equal")
    size: int = Field(256, ge=32, le=8192, description="Longer side of the pastiche, in pixels")
    style_size: int | None = Field(
        None,
        ge=32,
        le=8192,
        description="Longer side of the style image, in pixels; null: that of the pastiche",
    )
    style_scale: float = Field(
        1.0, gt=0, le=16, description="Where style_size is null: its size as a multiple of size"
    )
    weights: Reference = Field(
        "auto",
        description="VGG-19 parameters: auto, imagenet, bundled, random:SEED, or a path to .h5 or .npz",
    )
    content_layers: LayerNames = Field(
        GATYS_CONTENT_LAYERS, description="Layers whose activations stand for the content"
    )
    content_weights: Weights = Field(None, description="One weight for each content layer; null: 1/n each")
    style_layers: LayerNames = Field(
        GATYS_STYLE_LAYERS, description="Layers whose Gram matrices stand for the style"
    )
    style_weights: Weights = Field(None, description="One weight for each style layer; null: 1/n each")
    iterations: int = Field(60, ge=1, le=1_000_000, description="Optimiser steps")
    alpha: float = Field(1.0, ge=0, description="Weight of the content loss")
    beta: float = Field(3000.0, ge=0, description="Weight of the style loss")
    tv_weight: float | None = Field(
        None,
        ge=0,
        description=f"Weight of the total variation; null: {TV_WEIGHT:g} with the loss_scale gatys, else 0",
    )
    tv_form: Literal["squared", "absolute", "mahendran"] = Field(
        "squared", description="How differences of neighbouring pixels are summed"
    )
    loss_scale: Literal["gatys", "coursera", "keras-example", "tf-tutorial", "neural-style", "pystiche"] = (
        Field("gatys", description="Whose units alpha, beta, tv_weight and the layers' weights are in")
    )
    optimiser: Literal["adam", "sgd", "lbfgs"] = Field(
        "adam", description="How the pastiche is improved from its gradient"
    )
    learning_rate: float | None = Field(
        None,
        gt=0,
        description="Step length, in units of pixels from 0 to 1; null: "
        + ", ".join(f"{rate:g} for {optimiser}" for optimiser, rate in LEARNING_RATES.items()),
    )
    learning_rate_decay: float = Field(
        1.0, gt=0, le=1, description="Factor on the learning rate over every 100 iterations, applied smoothly"
    )
    adam_beta1: float = Field(0.9, ge=0, lt=1, description="Adam's decay of the first moment")
    adam_epsilon: float = Field(1e-8, gt=0, description="Adam's epsilon, outside the corrected root")
    patience: int = Field(
        0,
        ge=0,
        description="Stop once the total loss has not fallen by min_delta in so many iterations; 0: never",
    )
    min_delta: float = Field(
        0.001, ge=0, lt=1, description="For patience: the least fall that counts, as a share of the best loss"
    )
    init: Reference = Field(
        "content", description="What the pastiche starts as: content, style, noise, or an image like content"
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Seed of everything random")
    pooling: Literal["max", "avg"] = Field("max", description="Pooling between the blocks of VGG-19")
    precision: Literal["highest", "default", "bf16"] = Field(
        "highest", description="highest: true float32; default: the framework's choice; bf16: bfloat16"
    )
    preserve_colour: bool = Field(
        False, description="Keep the content's colour: only the luminance of the pastiche is taken"
    )
    deterministic: bool = Field(
        False, description="Use the framework's mode in which a repeated run gives identical bits"
    )
    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="Where to compute")

    @model_validator(mode="before")
    @classmethod
    def _weights_from_mappings(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        made = dict(data)
        for things, weights in WEIGHTED.items():
            given = made.get(things)
            if not isinstance(given, Mapping):
                continue
            if made.get(weights) is not None:
                raise _conflict(f"{things} gives weights already; remove {weights}", weights)
            made |= {things: list(given), weights: list(given.values()) or None}
        return made

    @model_validator(mode="after")
    def _fit_together(self, info: ValidationInfo) -> Settings:
        partial = bool(info.context and info.context.get("partial"))
        for things, weights in WEIGHTED.items():
            self._weigh(things, weights, partial)
        for kind in KINDS:
            self._put_in_network_order(kind)
        if partial:
            return self
        if not (self.alpha or self.beta or self.tv_weight):
            raise _conflict(
                "alpha, beta and tv_weight are all 0: nothing to minimise", "alpha", "beta", "tv_weight"
            )
        for name in DEPENDENT:
            if getattr(self, name) is None:
                object.__setattr__(self, name, self.default_of(name))
        if self.style_size and self.style_scale != 1:
            raise _conflict("style_size and style_scale say the same thing; remove one", "style_scale")
        return self

    def _weigh(self, things: str, weights: str, partial: bool) -> None:
        count, given = len(getattr(self, things)), getattr(self, weights)
        if given and len(given) != count and not partial:
            raise _conflict(
                f"{len(given)} {weights} for {count} {things}; give one for each", weights, things
            )

    def _put_in_network_order(self, kind: str) -> None:
        layers, weights = getattr(self, f"{kind}_layers"), getattr(self, f"{kind}_weights")
        if weights and len(weights) != len(layers):
            return
        order = sorted(range(len(layers)), key=lambda position: LAYERS.index(layers[position]))
        # Frozen for everyone else; the validator is still making it.
        object.__setattr__(self, f"{kind}_layers", tuple(layers[i] for i in order))
        if weights:
            object.__setattr__(self, f"{kind}_weights", tuple(weights[i] for i in order))

    def layer_weights(self, kind: str) -> dict[str, float]:
        """Return layer -> weight of a kind, `content` or `style`, in network order; 1/n each by default."""
        layers, weights = getattr(self, f"{kind}_layers"), getattr(self, f"{kind}_weights")
        return dict(zip(layers, weights or (1 / len(layers),) * len(layers), strict=True))

    def default_of(self, setting: str) -> Any:
        """Return what a setting is here where it is not given; some depend on others."""
        if setting == "learning_rate":  # L-BFGS has none; what stands there is left out of the trial
            return LEARNING_RATES.get(self.optimiser, LEARNING_RATES["adam"])
        if setting == "tv_weight":
            return TV_WEIGHT if self.loss_scale == "gatys" else 0.0
        return type(self).model_fields[setting].default

    @property
    def style_side(self) -> int:
        """Longer side of the style images, in pixels."""
        return self.style_size or max(1, round(self.size * self.style_scale))

    def blend(self) -> tuple[float, ...]:
        """Return the weight of each style image; they add up to 1."""
        given = self.style_blend or (1.0,) * len(self.style)
        return tuple(weight / sum(given) for weight in given)


def _conflict(text: str, *names: str) -> PydanticCustomError:
    return PydanticCustomError("conflict", "{text}", {"text": text, "names": list(names)})
