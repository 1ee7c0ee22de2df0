"""Read settings as an experiment writes them; what each may be says the table `nstbench.api.SETTINGS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, ValidationInfo, create_model, model_validator
from pydantic_core import PydanticCustomError

from nstbench.api import LAYERS, SETTINGS, Setting, Settings
from nstbench.experiment.staging import disagreement, spelled_out
from nstbench.experiment.values import LayerNames, Reference, References, Stages, Strict, Weights

PARTIAL = {"partial": True}
"""Validation context for a few values on their own: rules about how settings fit together wait."""

KINDS = ("content", "style")

MASKS = tuple(name for name, setting in SETTINGS.items() if setting.kind == "masks")

DEPENDENT = tuple(name for name, setting in SETTINGS.items() if setting.worked_out)
"""Settings whose default depends on others, see `nstbench.api.Setting.default_beside`."""

WEIGHTED = {
    "content_layers": "content_weights",
    "style_layers": "style_weights",
    "style": "style_blend",
}
"""Setting that lists things -> setting that weighs them; a mapping given for the first fills both."""

_TYPES: Mapping[str, Any] = {
    "number": float,
    "count": int,
    "switch": bool,
    "layers": LayerNames,
    "weights": Weights,
    "stages": Stages,
    "image": Reference,
    "images": References,
    "masks": References,
    "file": Reference,
}
"""Kind of setting -> type of the values that an experiment may write, but for choices."""


class Written(Strict):
    """Settings as written, consistent: None where a default depends on others. `WRITTEN` has the fields.

    Layers are canonical names in network order, with their weights along. A mapping of layers to weights
    given for `content_layers` or `style_layers` fills the weights too.
    """

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
    def _fit_together(self, info: ValidationInfo) -> Written:
        partial = bool(info.context and info.context.get("partial"))
        for things, weights in WEIGHTED.items():
            self._weigh(things, weights, partial)
        for kind in KINDS:
            self._put_in_network_order(kind)
        if partial:
            return self
        terms = ("alpha", "beta", "tv_weight")
        if not any(getattr(self, name) for name in terms):
            raise _conflict("alpha, beta and tv_weight are all 0: nothing to minimise", *terms)
        given = dict(self)
        self._match_masks(given)
        if given["style_size"] and given["style_scale"] != 1:
            raise _conflict("style_size and style_scale say the same thing; remove one", "style_scale")
        if wrong := disagreement(given, self.model_fields_set):
            raise _conflict(wrong[0], *wrong[1])
        return self

    def _match_masks(self, given: Mapping[str, Any]) -> None:
        for masks in MASKS:
            count, styles = len(given[masks] or ()), len(given["style"])
            if count not in (0, styles):
                text = f"{count} {masks} for {styles} style images; give one for each"
                raise _conflict(text, masks, "style")
        if given["content_masks"] and given["style_loss"] != "gram":
            text = f"content_masks go with style_loss: gram, not with {given['style_loss']}; change one"
            raise _conflict(text, "content_masks", "style_loss")

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

    def complete(self) -> Settings:
        """Return the settings, those worked out that were left to a default that depends on others."""
        left = [name for name in DEPENDENT if getattr(self, name) is None]
        given = {name: value for name, value in self if name not in left}
        settings = Settings(**given | spelled_out(given))
        return replace(settings, **{name: SETTINGS[name].default_beside(settings) for name in left})


def _field(setting: Setting) -> Any:
    """Return type and field of a setting for pydantic."""
    kind = Literal[setting.choices] if setting.choices else _TYPES[setting.kind]
    required = setting.kind in ("image", "images")
    default = ... if required else None if setting.null else setting.default
    limits = {"ge": setting.least, "gt": setting.above, "le": setting.most, "lt": setting.below}
    given: dict[str, Any] = {name: limit for name, limit in limits.items() if limit is not None}
    field: Any = Field(default, description=setting.says, **given)
    return (kind | None if setting.null else kind), field


WRITTEN: type[Written] = create_model(
    "Written", __base__=Written, **{name: _field(setting) for name, setting in SETTINGS.items()}
)
"""`Written` with a field for every setting."""


def _conflict(text: str, *names: str) -> PydanticCustomError:
    return PydanticCustomError("conflict", "{text}", {"text": text, "names": list(names)})
