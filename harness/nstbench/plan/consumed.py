"""What of a point's settings a backend takes notice of, and which of them it cannot do."""

from __future__ import annotations

from typing import Any

from nstbench.api import VGG_SETTINGS, Capabilities
from nstbench.experiment.settings import DEPENDENT, KINDS, Settings
from nstbench.presets.conversion import scaled_layer_weights, scaled_tv_weight

ALWAYS = frozenset({"preserve_colour"})
"""Settings that the harness carries out itself, for every backend."""

ALWAYS_IF_ITERATIVE = frozenset({"patience", "min_delta", "loss_scale"})

PROMISES = ("style_blend", "deterministic")
"""Settings that no backend may pass over: the result would not be what was asked for."""

WORKED_OUT = frozenset({"style_scale"})
"""Settings that others contain once they are worked out."""

NEUTRAL = {"tv_weight": 0.0}
"""Value of a setting at which it makes no difference not to have it, where that is not the default."""

REPLACEABLE = frozenset({"content", "style", "size", "style_size", "weights", "seed", "device"})
"""Settings that an iterative backend may pass over, having no use for them."""


def noticed(settings: Settings, capabilities: Capabilities) -> frozenset[str]:
    """Name the settings that decide what a backend makes of this point.

    Those it consumes, those the harness carries out for it, and those it is refused for, so that a point
    that it refuses is not taken for one that it does.
    """
    own = capabilities.consumes | ALWAYS | _beyond(settings, capabilities)
    if capabilities.iterative:
        own |= ALWAYS_IF_ITERATIVE
    if settings.init == "noise" and "init" in own:
        own |= {"seed"}  # the harness draws the noise
    if "style_size" in own:
        own |= {"style_scale"}
    return own - _idle(settings)


def consumed(settings: Settings, capabilities: Capabilities, height: int, width: int) -> dict[str, Any]:
    """Return the settings a backend takes notice of, every default and every unit worked out.

    Args:
        height, width: of the pastiche in pixels, as some loss scales depend on them.
    """
    complete = _complete(settings) | {"style_size": settings.style_side}
    complete["style"] = settings.style[0] if len(settings.style) == 1 else list(settings.style)
    complete["tv_weight"] = scaled_tv_weight(settings.loss_scale, settings.tv_weight or 0.0, settings.tv_form)
    own = noticed(settings, capabilities) - WORKED_OUT
    for kind in KINDS:
        if f"{kind}_layers" in own:
            given = settings.layer_weights(kind)
            weights = scaled_layer_weights(settings.loss_scale, kind, given, height, width)
            complete |= {f"{kind}_layers": list(weights), f"{kind}_weights": list(weights.values())}
    return {name: value for name, value in complete.items() if name in own}


def asked(settings: Settings) -> dict[str, Any]:
    """Return every setting in JSON types, as it was asked for; equal weights are spelled out.

    None stands for what was left to a default that depends on other settings.
    """
    return _complete(settings) | {name: None for name in DEPENDENT if name not in settings.model_fields_set}


def _complete(settings: Settings) -> dict[str, Any]:
    weights = {f"{kind}_weights": list(settings.layer_weights(kind).values()) for kind in KINDS}
    return {**settings.model_dump(mode="json"), **weights, "style_blend": list(settings.blend())}


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
    return None


def _beyond(settings: Settings, capabilities: Capabilities) -> frozenset[str]:
    """Name the settings that were asked for and that a backend does not have."""
    watched = VGG_SETTINGS - REPLACEABLE if capabilities.iterative else frozenset(PROMISES)
    lacking = watched - capabilities.consumes - _idle(settings)
    return frozenset(
        name
        for name in lacking
        if name == "style_blend"
        or getattr(settings, name) not in (settings.default_of(name), NEUTRAL.get(name))
    )


def _idle(settings: Settings) -> frozenset[str]:
    """Name the settings that change nothing beside the others."""
    idle = {
        "style_scale": settings.style_size is not None,
        "style_blend": len(settings.style) == 1,
        "tv_form": settings.tv_weight == 0,
        "learning_rate": settings.optimiser == "lbfgs",
        "learning_rate_decay": settings.optimiser == "lbfgs",
        "adam_beta1": settings.optimiser != "adam",
        "adam_epsilon": settings.optimiser != "adam",
        "min_delta": settings.patience == 0,
    }
    return frozenset(name for name, yes in idle.items() if yes)
