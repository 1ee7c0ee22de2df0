"""The kinds of value that an experiment may hold, and how each is read."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from nstbench.api import UsageError, layer_name
from nstbench.api.setting import MOST_NUMBER
from nstbench.experiment.staging import read_stages

MOST_COUNT = 1_000_000
MOST_STYLES = 16


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
    seen: set[str] = set()
    for layer in layers:
        if layer in seen:
            raise PydanticCustomError("layers", "layer '{layer}' is listed twice; keep one", {"layer": layer})
        seen.add(layer)
    return layers


def _not_all_zero(weights: tuple[float, ...]) -> tuple[float, ...]:
    if not any(weights):
        raise PydanticCustomError("weights", "at least one weight must be above 0")
    return weights


def _auto_or_count(value: Any) -> Any:
    if value == "auto" or (type(value) is int and 1 <= value <= MOST_COUNT):
        return value
    raise PydanticCustomError("auto", f"must be 'auto' or a whole number from 1 to {MOST_COUNT:,}")


def _printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("printable", "must be printable text in one line")
    return text


Label: TypeAlias = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
LayerNames: TypeAlias = Annotated[
    tuple[Annotated[str, AfterValidator(_known_layer)], ...],
    BeforeValidator(_one_or_many),
    Field(min_length=1),
    AfterValidator(_no_repeats),
]
Weights: TypeAlias = Annotated[
    tuple[Annotated[float, Field(ge=0, le=MOST_NUMBER)], ...],
    BeforeValidator(_one_or_many),
    AfterValidator(_not_all_zero),
]
AutoOrCount: TypeAlias = Annotated[int | Literal["auto"], BeforeValidator(_auto_or_count)]
Reference: TypeAlias = Annotated[str, Field(min_length=1, max_length=4096)]
References: TypeAlias = Annotated[
    tuple[Reference, ...], BeforeValidator(_one_or_many), Field(min_length=1, max_length=MOST_STYLES)
]
Stages: TypeAlias = Annotated[Any, BeforeValidator(read_stages)]


class Strict(BaseModel):
    """Base of all that is read: frozen, no unknown keys, no guessing of types, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
