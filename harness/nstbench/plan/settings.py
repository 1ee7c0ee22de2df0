"""The settings of one trial and the measuring policy, with what each may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from nstbench.api import GATYS_CONTENT_LAYERS, GATYS_STYLE_LAYERS, LAYERS, UsageError, layer_name

PARTIAL = {"partial": True}
"""Validation context for a few values on their own: rules about how settings fit together wait."""

KINDS = ("content", "style")


def _one_or_many(value: Any) -> Any:
    """A tuple from a list; one layer or weight may stand without a list around it."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _known_layer(name: str) -> str:
    try:
        return layer_name(name)
    except UsageError as error:
        raise PydanticCustomError("layer", "{text}", {"text": str(error)}) from error


def _no_repeats(layers: tuple[str, ...]) -> tuple[str, ...]:
    for position, layer in enumerate(layers):
        if layer in layers[:position]:
            raise PydanticCustomError("layers", "layer '{layer}' is listed twice; keep one", {"layer": layer})
    return layers


def _not_all_zero(weights: tuple[float, ...] | None) -> tuple[float, ...] | None:
    if weights is not None and not any(weights):
        raise PydanticCustomError("weights", "at least one weight must be above 0")
    return weights


def _auto_or_count(value: Any) -> Any:
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    raise PydanticCustomError("auto", "must be 'auto' or a whole number of at least 1")


LayerNames: TypeAlias = Annotated[
    tuple[Annotated[str, AfterValidator(_known_layer)], ...],
    BeforeValidator(_one_or_many),
    Field(min_length=1),
    AfterValidator(_no_repeats),
]
LayerWeights: TypeAlias = Annotated[
    tuple[Annotated[float, Field(ge=0)], ...] | None,
    BeforeValidator(_one_or_many),
    AfterValidator(_not_all_zero),
]
AutoOrCount: TypeAlias = Annotated[int | Literal["auto"], BeforeValidator(_auto_or_count)]
Reference: TypeAlias = Annotated[str, Field(min_length=1, max_length=4096)]


class Strict(BaseModel):
    """Base of all that is read: frozen, no unknown keys, no guessing of types, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Settings(Strict):
    """Everything that may differ from one trial to the next, complete and consistent.

    Layers are canonical names in network order, with their weights along. A mapping of layers to weights
    given for `content_layers` or `style_layers` fills the weights too.
    """

    content: Reference = Field(
        description="Content image: a path relative to the experiment file, or sample:NAME"
    )
    style: Reference = Field(
        description="Style image: a path relative to the experiment file, or sample:NAME"
    )
    size: int = Field(256, ge=32, le=8192, description="Longer side of the pastiche, in pixels")
    style_size: int | None = Field(
        None, ge=32, le=8192, description="Longer side of the style image, in pixels; null: the same as size"
    )
    weights: Reference = Field(
        "auto",
        description="VGG-19 parameters: auto, imagenet, bundled, random:SEED, or a path to .h5 or .npz",
    )
    content_layers: LayerNames = Field(
        GATYS_CONTENT_LAYERS, description="Layers whose activations stand for the content"
    )
    content_weights: LayerWeights = Field(
        None, description="One weight for each content layer; null: 1/n each"
    )
    style_layers: LayerNames = Field(
        GATYS_STYLE_LAYERS, description="Layers whose Gram matrices stand for the style"
    )
    style_weights: LayerWeights = Field(None, description="One weight for each style layer; null: 1/n each")
    iterations: int = Field(100, ge=1, le=1_000_000, description="Optimiser steps")
    alpha: float = Field(1.0, ge=0, description="Weight of the content loss")
    beta: float = Field(100.0, ge=0, description="Weight of the style loss")
    tv_weight: float = Field(0.0, ge=0, description="Weight of the total variation")
    optimiser: Literal["adam"] = Field("adam", description="How the pastiche is improved from its gradient")
    learning_rate: float = Field(0.02, gt=0, description="Step length, in units of pixels from 0 to 1")
    init: Literal["content", "style", "noise"] = Field("content", description="What the pastiche starts as")
    pooling: Literal["max", "avg"] = Field("max", description="Pooling between the blocks of VGG-19")
    precision: Literal["highest", "default", "bf16"] = Field(
        "highest", description="highest: true float32; default: the framework's choice; bf16: bfloat16"
    )
    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="Where to compute")

    @model_validator(mode="before")
    @classmethod
    def _weights_from_mappings(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        made = dict(data)
        for kind in KINDS:
            layers = made.get(f"{kind}_layers")
            if not isinstance(layers, Mapping):
                continue
            if made.get(f"{kind}_weights") is not None:
                raise _conflict(
                    f"{kind}_layers gives weights already; remove {kind}_weights", f"{kind}_weights"
                )
            made |= {f"{kind}_layers": list(layers), f"{kind}_weights": list(layers.values()) or None}
        return made

    @model_validator(mode="after")
    def _fit_together(self, info: ValidationInfo) -> Settings:
        partial = bool(info.context and info.context.get("partial"))
        for kind in KINDS:
            self._put_in_network_order(kind, partial)
        if not partial and not (self.alpha or self.beta or self.tv_weight):
            raise _conflict(
                "alpha, beta and tv_weight are all 0: nothing to minimise", "alpha", "beta", "tv_weight"
            )
        return self

    def _put_in_network_order(self, kind: str, partial: bool) -> None:
        layers, weights = getattr(self, f"{kind}_layers"), getattr(self, f"{kind}_weights")
        if weights and len(weights) != len(layers):
            if partial:
                return
            text = f"{len(weights)} {kind}_weights for {len(layers)} {kind}_layers; give one for each"
            raise _conflict(text, f"{kind}_weights", f"{kind}_layers")
        order = sorted(range(len(layers)), key=lambda position: LAYERS.index(layers[position]))
        # Frozen for everyone else; the validator is still making it.
        object.__setattr__(self, f"{kind}_layers", tuple(layers[i] for i in order))
        if weights:
            object.__setattr__(self, f"{kind}_weights", tuple(weights[i] for i in order))

    def layer_weights(self, kind: str) -> dict[str, float]:
        """Return layer -> weight of a kind, `content` or `style`, in network order; 1/n each by default."""
        layers, weights = getattr(self, f"{kind}_layers"), getattr(self, f"{kind}_weights")
        return dict(zip(layers, weights or (1 / len(layers),) * len(layers), strict=True))


class Measure(Strict):
    """How trials are measured; no part of what a trial is."""

    rounds: int = Field(5, ge=2, le=1000, description="Timing rounds of a single-pass backend")
    chunk: AutoOrCount = Field("auto", description="Iterations for each call of the backend")
    isolation: Literal["backend", "trial", "none"] = Field(
        "backend", description="A fresh process for each backend, for each trial, or none (for debugging)"
    )
    share_trajectories: bool = Field(
        True, description="Run trials that differ only in iterations as one, with checkpoints"
    )
    threads: AutoOrCount = Field("auto", description="Threads of a worker process")
    timeout_s: float = Field(1800.0, gt=0, description="Longest time for one trial, in seconds")


def _conflict(text: str, *names: str) -> PydanticCustomError:
    return PydanticCustomError("conflict", "{text}", {"text": text, "names": list(names)})
