"""The backends of an experiment: which, with what options, called what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nstbench.experiment.messages import shown, validated
from nstbench.experiment.places import Mistake, Path
from nstbench.experiment.shape import BackendEntry


@dataclass(frozen=True, slots=True)
class BackendChoice:
    """One backend of an experiment.

    Attributes:
        options: as written; the planner completes and checks them.
        label: what tables call it; differs from every other's.
        path: where it stands.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    path: Path = field(default=(), compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return it as an entry of the list, spelled out."""
        return {"name": self.name, "options": dict(self.options), "label": self.label}


def read_backends(
    entries: Sequence[Any], wanted: Sequence[str], mistakes: list[Mistake]
) -> tuple[BackendChoice, ...]:
    """Understand the list `backends`.

    Args:
        wanted: names or labels that replace the list; each keeps the options the file gives it.
    """
    read = [_entry(entry, ("backends", position), mistakes) for position, entry in enumerate(entries)]
    chosen = _labelled([choice for choice in read if choice])
    labels: set[str] = set()
    for choice in chosen:
        if choice.label in labels:
            text = (
                f"backend {choice.label!r} is listed twice; remove one, or give it other options or a label"
            )
            mistakes.append(Mistake(choice.path, text))
        labels.add(choice.label)
    if not entries and not wanted:
        mistakes.append(Mistake(("backends",), "'backends' is missing or empty; name at least one backend"))
    return _selected(chosen, wanted) if wanted else tuple(chosen)


def cli_overlay(wanted: Sequence[str]) -> dict[Path, str]:
    """Name the places of backends that the command line asked for."""
    return {_cli_place(name): f"--backend {name!r}" for name in wanted}


def _cli_place(name: str) -> Path:
    return ("--backend", name)


def _entry(entry: Any, path: Path, mistakes: list[Mistake]) -> BackendChoice | None:
    if isinstance(entry, str) and entry:
        entry = {"name": entry}
    if not isinstance(entry, Mapping):
        text = f"must be a backend's name, or a mapping with name, options and label, found {shown(entry)}"
        mistakes.append(Mistake(path, text))
        return None
    read = validated(BackendEntry, entry, path, mistakes)
    return BackendChoice(read.name, read.options, read.label or "", path) if read else None


def _labelled(choices: Sequence[BackendChoice]) -> list[BackendChoice]:
    """Give a label to those without: the name, with the options where the name alone is not enough."""
    names = Counter(choice.name for choice in choices if not choice.label)
    return [
        choice if choice.label else replace(choice, label=_label(choice, alone=names[choice.name] == 1))
        for choice in choices
    ]


def _label(choice: BackendChoice, alone: bool) -> str:
    if alone or not choice.options:
        return choice.name
    options = (
        f"{key}={str(value).lower() if isinstance(value, bool) else value}"
        for key, value in choice.options.items()
    )
    return f"{choice.name}[{','.join(options)}]"


def _selected(choices: Sequence[BackendChoice], wanted: Sequence[str]) -> tuple[BackendChoice, ...]:
    selected: dict[str, BackendChoice] = {}
    for name in wanted:
        known = [choice for choice in choices if name in (choice.name, choice.label)]
        for choice in known or [BackendChoice(name, label=name, path=_cli_place(name))]:
            selected.setdefault(choice.label, choice)
    return tuple(selected.values())
