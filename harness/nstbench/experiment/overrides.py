"""`--set key=value`: change an experiment without editing its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nstbench.api import SETTINGS, ExperimentError, did_you_mean
from nstbench.experiment.gate import Gate
from nstbench.experiment.measure import Measure
from nstbench.experiment.places import Mistake, Path
from nstbench.experiment.shape import FIXABLE, PICTURES, SEARCH_RULES, SWEEP_RULES
from nstbench.experiment.yaml12 import parse

SCALARS = ("name", "description", "preset", "seed")


@dataclass(frozen=True, slots=True)
class Override:
    """One `--set`: the text, where its value goes, the value."""

    text: str
    path: Path
    value: Any

    @property
    def key(self) -> str:
        """The setting's own name."""
        return str(self.path[-1])

    @property
    def sets_one_value(self) -> bool:
        """Whether it gives a setting one value everywhere."""
        return self.path[0] in ("fixed", "inputs", "seed")


@dataclass(frozen=True, slots=True)
class Overridden:
    """An experiment's data after the overrides.

    Attributes:
        data: a changed copy.
        overlay: path -> the override that set it.
        settings: the settings that now have one value.
    """

    data: dict[str, Any]
    overlay: Mapping[Path, str]
    settings: frozenset[str]


def apply_overrides(data: Mapping[str, Any], texts: Sequence[str], mistakes: list[Mistake]) -> Overridden:
    """Apply `key=value` texts in order; values follow the rules of the file, paths too.

    A setting gets its one value everywhere: in `fixed` (`content` and `style`: in `inputs`; `seed`: at the
    top level), no longer as an axis, and no longer in `include`, where entries that say nothing else go. Of
    axes that advance together, all must be set or none. `sweep.KEY=[...]` gives an axis in place of a fixed
    value, `search.KEY` likewise, and `measure.KEY`, `gate.KEY`, `name` and `description` set what they name.
    """
    given = [found for text in texts if (found := _read(text, mistakes))]
    fixed = {each.key: each for each in given if each.sets_one_value}
    made = dict(data)
    if isinstance(sweep := made.get("sweep"), Mapping):
        replaced = {each.key: None for each in given if each.path == ("sweep", "zip")}
        made["sweep"] = _unswept({**sweep, **replaced}, fixed, mistakes)
    if isinstance(search := made.get("search"), Mapping):
        made["search"] = {name: value for name, value in search.items() if name not in fixed}
    swept = {name for each in given if each.path[0] in ("sweep", "search") for name in _axes_of(each)}
    made = {name: value for name, value in made.items() if name != "seed" or name not in swept}
    for section in ("fixed", "inputs"):
        if isinstance(written := made.get(section), Mapping):
            made[section] = {name: value for name, value in written.items() if name not in swept}
    for each in given:
        if each.path[0] == "sweep" and _is_zipped(made.get("sweep"), each.key):
            text = f"{each.key} is in sweep.zip already; give sweep.zip as a whole"
            mistakes.append(Mistake(_place(each.text), text))
        else:
            _put(made, each.path, each.value)
    overlay = {_place(text): _shown(text) for text in texts} | {
        each.path: _shown(each.text) for each in given
    }
    reswept = {each.key for each in given if each.path[0] in ("sweep", "search")}
    return Overridden(made, overlay, frozenset(fixed) - reswept)


def target(key: str) -> Path | None:
    """Return where the value of a key goes, or None for an unknown key."""
    if key in SCALARS:
        return (key,)
    section, dot, name = key.rpartition(".")
    known = {
        "fixed": FIXABLE,
        "inputs": PICTURES,
        "measure": Measure.model_fields,
        "gate": Gate.model_fields,
        "sweep": (*SETTINGS, *SWEEP_RULES),
        "search": (*SETTINGS, *SEARCH_RULES),
    }
    if dot:
        return (section, name) if name in known.get(section, ()) else None
    return next(((home, key) for home in ("fixed", "inputs") if key in known[home]), None)


def _read(text: str, mistakes: list[Mistake]) -> Override | None:
    key, equals, written = (part.strip() for part in text.partition("="))
    path = target(key)
    if not equals:
        mistakes.append(Mistake(_place(text), "must be key=value, as in size=128"))
    elif path is None:
        mistakes.append(Mistake(_place(text), _unknown(key)))
    else:
        try:
            return Override(text, path, parse(written, "value").value)
        except ExperimentError as error:
            mistakes += [Mistake(_place(text), each.partition(": ")[2]) for each in error.problems]
    return None


def _place(text: str) -> Path:
    return ("--set", text)


def _shown(text: str) -> str:
    return f"--set {text!r}"


def _unknown(key: str) -> str:
    known = [*SETTINGS, *SCALARS, *(f"measure.{name}" for name in Measure.model_fields)]
    known += [f"gate.{name}" for name in Gate.model_fields]
    for section, rules in (("sweep", SWEEP_RULES), ("search", SEARCH_RULES)):
        named = key.startswith(f"{section}.")
        known += [f"{section}.{name}" for name in (*SETTINGS, *rules)] if named else []
    hint = did_you_mean(key, known)
    others = ", ".join((*SCALARS, "measure.KEY", "gate.KEY", "sweep.KEY", "search.KEY"))
    return f"unknown key {key!r}; allowed: a setting, {others}.{hint}"


def _put(data: dict[str, Any], path: Path, value: Any) -> None:
    """Set a value; a section that is no mapping stays as it is, to be refused where it stands."""
    section, key = str(path[0]), str(path[-1])
    if len(path) == 1:
        data[key] = value
    elif data.get(section) is None or isinstance(data[section], Mapping):
        data[section] = {**(data.get(section) or {}), key: value}


def _unswept(
    sweep: Mapping[str, Any], fixed: Mapping[str, Override], mistakes: list[Mistake]
) -> dict[str, Any]:
    kept = {name: value for name, value in sweep.items() if name not in fixed}
    if "zip" in kept:
        kept["zip"] = _each(kept["zip"], lambda group: _unzipped(group, fixed, mistakes))
    if "include" in kept:
        kept["include"] = _each(kept["include"], lambda entry: _without(entry, fixed))
    return kept


def _axes_of(override: Override) -> list[str]:
    """Name the settings that an override of the sections `sweep` and `search` makes axes."""
    if override.key not in SWEEP_RULES:
        return [override.key]
    groups = override.value if isinstance(override.value, list) else [override.value]
    mappings = [group for group in groups if isinstance(group, Mapping)]
    return [str(name) for group in mappings for name in group] if override.key == "zip" else []


def _each(value: Any, change: Callable[[Mapping[str, Any]], Any]) -> Any:
    """Change one mapping, or each of a list; what becomes None keeps its position, and marks stay true."""
    if isinstance(value, list):
        return [change(entry) if isinstance(entry, Mapping) else entry for entry in value]
    return change(value) if isinstance(value, Mapping) else value


def _without(entry: Mapping[str, Any], fixed: Mapping[str, Override]) -> Mapping[str, Any] | None:
    kept = {name: value for name, value in entry.items() if name not in fixed}
    return None if entry and not kept else kept


def _unzipped(
    group: Mapping[str, Any], fixed: Mapping[str, Override], mistakes: list[Mistake]
) -> Mapping[str, Any] | None:
    touched = [name for name in group if name in fixed]
    others = [name for name in group if name not in fixed]
    if touched and others:
        rest = " and ".join(others)
        text = f"{touched[0]} advances together with {rest} in sweep.zip; set all of them or none"
        mistakes.append(Mistake(_place(fixed[touched[0]].text), text))
    return None if touched else group


def _is_zipped(sweep: Any, name: str) -> bool:
    groups = sweep.get("zip") if isinstance(sweep, Mapping) else None
    listed = groups if isinstance(groups, list) else [groups]
    return any(isinstance(group, Mapping) and name in group for group in listed)
