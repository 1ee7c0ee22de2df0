"""What there is to know of one setting, and how a field of the settings is declared with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What there is to know of one setting.

    Attributes:
        kind: `number`, `count`, `choice`, `switch`, `layers`, `weights`, `stages`, `image`, `images`, `masks`
            or `file`.
        default: where nothing is given and nothing is worked out; that of a trial that ignores it.
        says: what it means, for people.
        least, above, most, below: limits of a number or count, each None without one.
        choices: the allowed values of a choice.
        null: whether an experiment may say null, which is then also the default.
        worked_out: the value where nothing is given, from the other settings; None if that is `default`.
        consumer: `backend`, or `harness` for what nstbench carries out itself.
        iterative: whether only iterative backends have a use for it.
        traced: whether it is a number that compiled programs take as an argument.
        matters: whether it changes anything beside the others.
        later: whether there were trials before there was the setting: its default is no part of an identity.
        contrast: two values between which whoever obeys it gives different results, for the contract checks.
        column: what its column means, where that is not what it says.
    """

    name: str = ""
    kind: str
    default: Any
    says: str
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    null: bool = False
    worked_out: Callable[[Any], Any] | None = None
    consumer: str = "backend"
    iterative: bool = True
    traced: bool = False
    matters: Callable[[Any], bool] = lambda _: True
    later: bool = False
    contrast: tuple[float, float] | None = None
    column: str = ""

    @property
    def title(self) -> str:
        """What pages call it."""
        return self.name.replace("_", " ")

    def default_beside(self, settings: Any) -> Any:
        """Return its value where nothing is given; some depend on the other settings."""
        return self.worked_out(settings) if self.worked_out else self.default


MOST_NUMBER = 1e30
"""The largest number that a setting may be where nothing less is said: float32 ends at 3.4e38."""


def declare(kind: str, default: Any, says: str, **more: Any) -> Any:
    """Declare a field of the settings."""
    if kind == "number" and not {"most", "below"} & more.keys():
        more["most"] = MOST_NUMBER
    about = Setting(kind=kind, default=default, says=says, **more)
    return field(default=default, metadata={"setting": about})


def number(default: float, says: str, **more: Any) -> Any:
    """Declare a number that compiled programs take as an argument."""
    return declare("number", default, says, traced=True, **more)


def choice(default: str, choices: tuple[str, ...], says: str, **more: Any) -> Any:
    """Declare a choice."""
    return declare("choice", default, says, choices=choices, **more)


def described(kind: type) -> dict[str, Setting]:
    """Return the descriptions of a class of settings by name."""
    return {each.name: replace(each.metadata["setting"], name=each.name) for each in fields(kind)}
