"""What of a point's settings a backend takes notice of, and which of them it cannot do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from nstbench.api import SETTINGS, VGG_SETTINGS, Capabilities, Settings
from nstbench.experiment import Point
from nstbench.experiment.settings import DEPENDENT
from nstbench.plan.trial import in_json
from nstbench.presets.conversion import scaled_layer_weights, scaled_tv_weight

PROMISES = ("style_blend", "content_masks", "style_masks", "deterministic")
"""Settings that no backend may pass over: the result would not be what was asked for."""

CONTAINED = frozenset({"style_scale"})
"""Settings that others contain once they are worked out."""

NEUTRAL = {"tv_weight": 0.0}
"""Value of a setting at which it makes no difference not to have it, where that is not the default."""

REPLACEABLE = frozenset({"content", "style", "size", "style_size", "weights", "seed", "device"})
"""Settings that an iterative backend may pass over, having no use for them."""


def noticed(settings: Settings, capabilities: Capabilities) -> tuple[str, ...]:
    """Name the settings that decide what a backend makes of this point, in the order of `SETTINGS`.

    Those it consumes, those the harness carries out for it, and those it is refused for, so that a point
    that it refuses is not taken for one that it does.
    """
    own = capabilities.consumes | _carried_out(capabilities) | _beyond(settings, capabilities)
    if settings.init == "noise" and "init" in own:
        own |= {"seed"}  # the harness draws the noise
    if "style_size" not in own:
        own -= {"style_scale"}
    return tuple(name for name, setting in SETTINGS.items() if name in own and setting.matters(settings))


def consumed(settings: Settings, capabilities: Capabilities, height: int, width: int) -> Settings:
    """Return the settings a backend takes notice of, worked out; the others have their defaults.

    Args:
        height, width: of the pastiche in pixels, as some loss scales depend on them.
    """
    complete = _worked_out(settings, height, width)
    own = noticed(settings, capabilities)
    return Settings(**{name: getattr(complete, name) for name in own if name not in CONTAINED})


def _worked_out(settings: Settings, height: int, width: int) -> Settings:
    """Spell out sizes and weights, in the units of `nstbench.api.losses`."""
    scale = settings.loss_scale

    def scaled(kind: str) -> tuple[float, ...]:
        given = settings.layer_weights(kind)
        return tuple(scaled_layer_weights(scale, kind, given, height, width).values())

    return replace(
        settings,
        style_blend=settings.blend(),
        style_size=settings.style_side,
        tv_weight=scaled_tv_weight(scale, settings.tv_weight, height * width, settings.tv_form),
        content_weights=scaled("content"),
        style_weights=scaled("style"),
    )


def asked(point: Point, names: Collection[str]) -> dict[str, Any]:
    """Return these settings in JSON types, as they were asked for; equal weights are spelled out.

    None stands for what was left to a default that depends on other settings.
    """
    settings = point.settings
    spelled = replace(
        settings,
        style_blend=settings.blend(),
        content_weights=tuple(settings.layer_weights("content").values()),
        style_weights=tuple(settings.layer_weights("style").values()),
    )
    left = {name: None for name in DEPENDENT if name not in point.origins}
    return {name: left.get(name, in_json(getattr(spelled, name))) for name in names}


def refusal(name: str, settings: Settings, capabilities: Capabilities) -> str | None:
    """Say why a backend cannot do this point, as far as its capabilities tell; or None.

    A single-pass network has no iterations, layers or optimiser, and everybody knows. An iterative backend
    that lacks one of these solves another problem than the one asked for, so it is refused by name.
    """
    known = capabilities.devices
    if "device" in capabilities.consumes and settings.device not in ("auto", *known):
        return f"{name} does not compute on {settings.device!r}; it has {' and '.join(known)}"
    for setting in sorted(_beyond(settings, capabilities)):
        if setting == "style_blend":
            return f"{name} takes one style image, not {len(settings.style)}"
        return f"{name} has no setting {setting!r}; leave it at its default, or leave {name} out"
    if capabilities.iterative and settings.balanced_layers and not capabilities.has_ladder:
        return f"{name} has no layers of VGG-19 whose losses could be balanced"
    return None


def _beyond(settings: Settings, capabilities: Capabilities) -> frozenset[str]:
    """Name the settings that were asked for and that a backend does not have."""
    watched = VGG_SETTINGS - REPLACEABLE if capabilities.iterative else frozenset(PROMISES)
    return frozenset(
        name
        for name in watched - capabilities.consumes
        if SETTINGS[name].matters(settings) and (name == "style_blend" or _is_wanted(name, settings))
    )


def _is_wanted(name: str, settings: Settings) -> bool:
    return getattr(settings, name) not in (SETTINGS[name].default_beside(settings), NEUTRAL.get(name))


def _carried_out(capabilities: Capabilities) -> frozenset[str]:
    """Name the settings that the harness carries out itself for a backend."""
    own = {name: each for name, each in SETTINGS.items() if each.consumer == "harness"}
    return frozenset(name for name, each in own.items() if capabilities.iterative or not each.iterative)
