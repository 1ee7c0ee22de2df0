"""The outline of an experiment file, and which part of it each key belongs to."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from nstbench.api import SETTINGS
from nstbench.experiment.gate import Gate
from nstbench.experiment.measure import Measure
from nstbench.experiment.settings import KINDS, MASKS
from nstbench.experiment.values import Label, Strict

NAME = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$"
"""Names become folders, so none begins with a dot."""

PICTURES = (*KINDS, *MASKS)
"""Settings that stand under `inputs`."""

FIXABLE = tuple(name for name in SETTINGS if name not in (*PICTURES, "seed"))
"""Settings that stand under `fixed`: the images stand under `inputs`, the seed at the top level."""

SWEEP_RULES = ("zip", "include", "exclude")
SEARCH_RULES = ("trials", "for", "within_s")
"""What stands in `sweep` and in `search` beside settings."""

_SEED = SETTINGS["seed"]


def _empty_section(value: Any) -> Any:
    """A heading with nothing below it, as when all its lines are commented out."""
    return {} if value is None else value


Section: TypeAlias = Annotated[dict[str, Any], BeforeValidator(_empty_section)]


class Outline(Strict):
    """An experiment file's top level."""

    name: str | None = Field(
        None,
        pattern=NAME,
        max_length=100,
        description="What its results folder is called; default: the file's name",
    )
    description: str = Field("", description="The question it answers")
    inputs: Section = Field({}, description="The two images, and masks")
    fixed: Section = Field({}, description="Settings with one value")
    sweep: Section = Field({}, description="Axes, multiplied in file order: the first varies slowest")
    search: Section = Field({}, description="Axes that are ranges or choices, tried where it looks best")
    backends: list[Any] = Field([], description="Who does the work: names, or name with options and label")
    preset: str | None = Field(
        None, description="A known project's settings as defaults; `nstbench presets` lists them"
    )
    seed: int = Field(
        _SEED.default, ge=_SEED.least, le=_SEED.most, description=f"{_SEED.says}, unless an axis varies it"
    )
    measure: Section = Field({}, description="How trials are measured")
    gate: Section = Field({}, description="What `nstbench check` allows to get worse, and by how much")


class Inputs(Strict):
    """The images; each may also be an axis."""

    content: Any = Field(None, description=SETTINGS["content"].says)
    style: Any = Field(None, description=SETTINGS["style"].says)
    content_masks: Any = Field(None, description=SETTINGS["content_masks"].says)
    style_masks: Any = Field(None, description=SETTINGS["style_masks"].says)


class BackendEntry(Strict):
    """One entry of `backends`."""

    name: Label = Field(description="As `nstbench backends` lists it")
    options: Section = Field({}, description="Options of this backend")
    label: Label | None = Field(None, description="Tells entries of one backend apart in tables")


def belongs(key: str) -> str:
    """Say where a key that stands in the wrong section belongs, or nothing."""
    homes = {
        **dict.fromkeys(FIXABLE, "fixed or sweep"),
        **dict.fromkeys(PICTURES, "inputs or sweep"),
        **dict.fromkeys(Measure.model_fields, "measure"),
        **dict.fromkeys(Gate.model_fields, "gate"),
        **dict.fromkeys(SWEEP_RULES, "sweep"),
        **dict.fromkeys(SEARCH_RULES, "search"),
        **dict.fromkeys(Outline.model_fields, "the top level"),
        "seed": "the top level or sweep",
    }
    return f" {key!r} belongs under {homes[key]}." if key in homes else ""
