"""From a project's units of the loss to the canonical ones, and through these to another project's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nstbench.api import METHOD, TV_FORMS, UnknownName, UsageError, layer_name, smallest_side, tap_shape
from nstbench.presets.presets import Preset, find_preset

_TERMS = {"content": "alpha", "style": "beta"}
CONVERTIBLE = (
    *_TERMS.values(),
    "tv_weight",
    "tv_form",
    "taps",
    "style_loss",
    *(f"{kind}_{what}" for kind in _TERMS for what in ("layers", "weights")),
)
"""The settings whose meaning depends on the units of the loss."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """The same total loss in other units.

    Attributes:
        settings: complete: `loss_scale`, and everything `CONVERTIBLE` with layers as layer -> weight.
        notes: what a reader must know of them, a sentence each.
    """

    settings: Mapping[str, Any]
    notes: tuple[str, ...]


def scaled_layer_weights(
    loss_scale: str, kind: str, weights: Mapping[str, float], height: int, width: int
) -> dict[str, float]:
    """Fold a project's units into its layer weights, so that alpha and beta stay its own numbers.

    Args:
        loss_scale: name of a preset; `gatys` leaves the weights as they are.
        kind: `content` or `style`.
        weights: layer -> weight in the project's units.
        height, width: of the pastiche, in pixels. A project that does not divide Gram matrices by their
            positions is matched exactly where the taps of the style image have as many as the pastiche's.

    Returns:
        Layer -> weight w_l of the canonical losses of `nstbench.api.losses`.

    Raises:
        UnknownName: there is no such preset.
    """
    scale, made = find_preset(loss_scale).scale, {}
    for layer, weight in weights.items():
        tall, wide, channels = tap_shape(layer, height, width)
        # Too small a pastiche is refused where layers matter; here it must only not divide by 0.
        positions = max(1, tall * wide)
        if kind == "content":
            factor = scale.content_factor(channels, positions)
        else:
            factor = scale.style_factor(channels, positions, height * width)
        made[layer] = weight * factor
    return made


def scaled_tv_weight(loss_scale: str, tv_weight: float, pixels: int, tv_form: str | None = None) -> float:
    """Turn a project's weight of the total variation into that of pixels from 0 to 1.

    Args:
        pixels: of the pastiche.
        tv_form: one of `TV_FORMS`; None for the project's own.

    Raises:
        UnknownName: there is no such preset or form.
    """
    preset = find_preset(loss_scale)
    form = tv_form or preset.tv_form
    if form not in TV_FORMS:
        raise UnknownName("tv_form", form, TV_FORMS)
    return tv_weight * preset.scale.tv_factor(form, pixels)


def convert(from_: str, to: str, settings: Mapping[str, Any], height: int, width: int) -> Conversion:
    """Say the same total loss in the units of another project.

    Where the two weigh layers alike, alpha and beta carry the whole difference, and usual layer weights turn
    into usual ones. Where they do not, no alpha and beta alone would do: the layers get weights that make up
    for it, with the sum that is usual with `to`.

    Args:
        from_, to: names of presets.
        settings: any of `CONVERTIBLE`, in the units of `from_`; its defaults for those missing.
        height, width: of the pastiche, in pixels.

    Raises:
        UnknownName: there is no such preset, setting or form of total variation.
        UsageError: layers and weights do not fit together, or the pastiche is too small for a layer.
    """
    for name in settings:
        if name not in CONVERTIBLE:
            raise UnknownName("setting that can be converted", name, CONVERTIBLE)
    source, target = find_preset(from_), find_preset(to)
    made: dict[str, Any] = {"loss_scale": to}
    notes: list[str] = []
    for kind, term in _TERMS.items():
        own = _layer_weights(source, kind, settings)
        raw = _reweighted(source, target, kind, own, (height, width))
        factor = _sum_over_usual(target, kind, raw) / _sum_over_usual(source, kind, own)
        weights = {layer: weight / factor for layer, weight in raw.items()}
        made |= {f"{kind}_layers": weights, term: factor * _number(term, source, settings)}
        if not _proportional(raw, own):
            notes.append(
                f"{from_} and {to} weigh {kind} layers differently:"
                f" {term} goes with the weights in {kind}_layers"
            )
    if source.scale.content_mean != target.scale.content_mean:
        notes.append(f"only one of {from_} and {to} averages content: alpha holds at {height}x{width}")
    variation, beside = _variation(source, target, settings, (height, width))
    made |= variation
    notes += beside
    made |= {name: _chosen(name, source, settings) for name in ("taps", "style_loss")}
    if made["style_loss"] != (usual := _chosen("style_loss", target, {})):
        notes.append(f"the style stays {made['style_loss']}; that of {to} is {usual}, no multiple of it")
    return Conversion(made, tuple(notes))


def _variation(
    source: Preset, target: Preset, settings: Mapping[str, Any], size: tuple[int, int]
) -> tuple[dict[str, Any], list[str]]:
    """Say the total variation in the units of `target`, in its form, and what there is to note."""
    form, pixels = settings.get("tv_form") or source.tv_form, math.prod(size)
    weight = scaled_tv_weight(source.name, _number("tv_weight", source, settings), pixels, form)
    made = {"tv_weight": weight / scaled_tv_weight(target.name, 1.0, pixels, form), "tv_form": form}
    notes = []
    if weight and source.scale.tv_mean != target.scale.tv_mean:
        both = f"{source.name} and {target.name}"
        notes.append(f"only one of {both} averages variation: tv_weight holds at {size[0]}x{size[1]}")
    if weight and form != target.tv_form:
        other = f"that of {target.name} is {target.tv_form}, no multiple of it"
        notes.append(f"total variation stays {form}; {other}")
    return made, notes


def _reweighted(
    source: Preset, target: Preset, kind: str, weights: Mapping[str, float], size: tuple[int, int]
) -> dict[str, float]:
    """Layer weights that, with alpha and beta as they are, make the same loss in the units of `target`."""
    needed = smallest_side(weights)
    if min(size) < needed:
        found = "x".join(map(str, size))
        raise UsageError(f"{found} is too small for the {kind} layers; both sides must be at least {needed}")
    canonical = scaled_layer_weights(source.name, kind, weights, *size)
    units = scaled_layer_weights(target.name, kind, dict.fromkeys(weights, 1.0), *size)
    return {layer: weight / units[layer] for layer, weight in canonical.items()}


def _sum_over_usual(preset: Preset, kind: str, weights: Mapping[str, float]) -> float:
    usual = preset.layer_weights(kind, tuple(weights))
    return math.fsum(weights.values()) / math.fsum(usual.values())


def _proportional(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    factor = math.fsum(one.values()) / math.fsum(other.values())
    return all(math.isclose(one[layer], factor * other[layer], rel_tol=1e-9) for layer in one)


def _layer_weights(preset: Preset, kind: str, settings: Mapping[str, Any]) -> dict[str, float]:
    layers: Any = settings.get(f"{kind}_layers")
    weights: Any = settings.get(f"{kind}_weights")
    if isinstance(layers, Mapping):
        if weights is not None:
            raise UsageError(f"{kind}_layers gives weights already; remove {kind}_weights")
        layers, weights = list(layers), list(layers.values())
    own = preset.layer_weights(kind, preset.settings[f"{kind}_layers"])
    names = [layer_name(each) for each in _listed(layers) or own]
    usual = [1 / len(names)] * len(names) if layers else list(own.values())
    given = _listed(weights) or usual
    if len(given) != len(names) or len(set(names)) != len(names):
        raise UsageError(
            f"{len(given)} {kind}_weights for {len(set(names))} different {kind}_layers; give one for each"
        )
    checked = [_checked(f"{kind}_weights", each) for each in given]
    if not any(checked):
        raise UsageError(f"{kind}_weights are all 0; at least one must be above 0")
    return dict(zip(names, checked, strict=True))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _chosen(name: str, preset: Preset, settings: Mapping[str, Any]) -> str:
    value, setting = settings.get(name), METHOD[name]
    if value is not None and value not in setting.choices:
        raise UnknownName(name, value, setting.choices)
    return str(value or preset.settings.get(name, setting.default))


def _number(name: str, preset: Preset, settings: Mapping[str, Any]) -> float:
    return _checked(name, settings.get(name, preset.settings.get(name, 0.0)))


def _checked(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise UsageError(f"{name} must be a number of at least 0, found {value!r}")
    return float(value)
