"""The JSON Schema of experiment files, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from nstbench.api import LAYERS, SETTINGS, Stage
from nstbench.experiment.gate import Gate
from nstbench.experiment.measure import Measure
from nstbench.experiment.search import RULES, Limits
from nstbench.experiment.settings import KINDS, MASKS, WEIGHTED, WRITTEN
from nstbench.experiment.shape import FIXABLE, PICTURES, BackendEntry, Outline
from nstbench.experiment.staging import MOST_STAGES

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12), made from the same models that check a file.

    What only the loader can say is not in it: layers listed twice, axes of unequal length, unknown backends.
    """
    settings = _settings()
    top = _properties(Outline)
    top["inputs"] = _section({name: _setting(name) for name in PICTURES} | _contents(), top["inputs"])
    top["fixed"] = _section({name: _setting(name) for name in FIXABLE}, top["fixed"])
    top["sweep"] = _sweep(top["sweep"])
    top["search"] = _search(top["search"])
    top["measure"] = _section(_properties(Measure), top["measure"])
    top["gate"] = _section(_properties(Gate), top["gate"])
    top["backends"] = {"type": "array", "minItems": 1, "items": _backend(), **_description(top["backends"])}
    definitions = {
        "layer": _layer(),
        **_groups(),
        **{f"setting_{name}": each for name, each in settings.items()},
    }
    return {
        "$schema": DRAFT,
        "title": "nstbench experiment",
        "type": "object",
        "additionalProperties": False,
        "properties": top,
        "$defs": definitions,
    }


def _properties(model: type[BaseModel]) -> dict[str, Any]:
    """Return the properties of a model, without the titles pydantic makes up."""
    properties: dict[str, Any] = model.model_json_schema()["properties"]
    for each in properties.values():
        each.pop("title", None)
    return properties


def _settings() -> dict[str, Any]:
    """Return the schema of each setting's value."""
    settings = _properties(WRITTEN)
    weight = {"type": "number", "minimum": 0}
    layer = {"$ref": "#/$defs/layer"}
    numbers = {"type": "array", "items": weight, "minItems": 1}
    for things, weights in WEIGHTED.items():
        one = {"type": "string", "minLength": 1} if things in KINDS else layer
        many = {"type": "array", "items": one, "minItems": 1, "uniqueItems": True}
        weighted = {"type": "object", "additionalProperties": weight, "minProperties": 1}
        named = {} if things in KINDS else {"propertyNames": layer}
        settings[things] = _description(settings[things]) | {"anyOf": [many, weighted | named, one]}
        either = {"anyOf": [numbers, weight, {"type": "null"}]}
        settings[weights] = _description(settings[weights]) | either
    path = {"type": "string", "minLength": 1}
    either = {"anyOf": [{"type": "array", "items": path, "minItems": 1}, path, {"type": "null"}]}
    settings |= {masks: _description(settings[masks]) | either for masks in MASKS}
    whole = {"type": "integer", "minimum": 1}
    stage = {
        "type": "object",
        "properties": dict.fromkeys(Stage._fields, whole),
        "required": [*Stage._fields],
    }
    pair = {"type": "array", "minItems": 2, "maxItems": 2, "items": whole}
    several = {"type": "array", "minItems": 1, "maxItems": MOST_STAGES, "items": {"anyOf": [stage, pair]}}
    count = whole | {"maximum": MOST_STAGES}
    either = {"anyOf": [count, several, {"type": "null"}]}
    settings["stages"] = _description(settings["stages"]) | either
    return settings


def _setting(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/setting_{name}"}


def _contents() -> dict[str, Any]:
    """Several contents are an axis; of styles a list is one value."""
    several = {"type": "array", "minItems": 1, "items": _setting("content")}
    return {"content": {"anyOf": [_setting("content"), several]}}


def _axis(name: str) -> dict[str, Any]:
    """A list of values, or a mapping of labels to values."""
    values = {"type": "array", "minItems": 1, "items": _setting(name)}
    labelled = {"type": "object", "minProperties": 1, "additionalProperties": _setting(name)}
    return {"description": f"Axis: {SETTINGS[name].says}", "anyOf": [values, labelled]}


def _sweep(described: dict[str, Any]) -> dict[str, Any]:
    axes = {name: _axis(name) for name in SETTINGS}
    rules = {name: {"$ref": f"#/$defs/{name}"} for name in ("zip", "include", "exclude")}
    return _section({**axes, **rules}, described)


def _search(described: dict[str, Any]) -> dict[str, Any]:
    limits = {
        "type": "object",
        "required": ["low", "high"],
        "additionalProperties": False,
        "properties": _properties(Limits),
    }
    axes = {
        name: {
            "description": f"Axis: {each.says}",
            "anyOf": [limits, {"type": "array", "items": _setting(name)}],
        }
        if each.kind in ("number", "count")
        else _axis(name)
        for name, each in SETTINGS.items()
    }
    return _section({**axes, **_properties(RULES)}, described)


def _groups() -> dict[str, Any]:
    points = {name: _setting(name) for name in SETTINGS}
    named = {name: {"description": "A value of the axis, or its label"} for name in SETTINGS}
    axes = {name: _axis(name) for name in SETTINGS}
    return {
        "zip": _one_or_more(axes, "Axes that advance together; each group multiplies like one axis"),
        "include": _one_or_more(points, "Points besides the product, on top of fixed"),
        "exclude": _one_or_more(named, "Points of the product to leave out"),
    }


def _one_or_more(properties: dict[str, Any], description: str) -> dict[str, Any]:
    entry = {"type": "object", "additionalProperties": False, "properties": properties}
    array = {"type": "array", "items": {"anyOf": [entry, {"type": "null"}]}}
    return {"description": description, "anyOf": [entry, array, {"type": "null"}]}


def _section(properties: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    kind = {"type": ["object", "null"], "additionalProperties": False, "properties": properties}
    return kind | _description(described)


def _backend() -> dict[str, Any]:
    properties = _properties(BackendEntry)
    options = _description(properties["options"]) | {
        "type": ["object", "null"],
        "additionalProperties": {"type": ["boolean", "number", "string"]},
    }
    entry = {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {**properties, "options": options},
    }
    return {"anyOf": [{"type": "string", "minLength": 1}, entry]}


def _layer() -> dict[str, Any]:
    """A layer's name, as it is called here, in Keras or by its ReLU."""
    keras = [f"block{layer[4]}_conv{layer[6]}" for layer in LAYERS]
    relu = [layer.replace("conv", "relu") for layer in LAYERS]
    return {"description": "A convolution of VGG-19, tapped after its ReLU", "enum": [*LAYERS, *keras, *relu]}


def _description(described: dict[str, Any]) -> dict[str, Any]:
    """Keep what a person reads: the description and the default."""
    return {name: described[name] for name in ("description", "default") if name in described}
