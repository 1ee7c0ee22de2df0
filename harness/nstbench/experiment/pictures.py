"""Several pictures where `inputs` usually has one: patterns such as `photos/*.jpg`, and lists of contents.

They are an axis, and are made one before anything else is read.
"""

# ruff: noqa: PTH207 - globs of pathlib know no absolute pattern

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from glob import escape, glob, has_magic
from typing import Any

from nstbench.experiment.places import Mistake, Path
from nstbench.experiment.settings import KINDS


@dataclass(frozen=True, slots=True)
class Spread:
    """What an experiment says, with several pictures of a kind as an axis of `sweep`.

    Attributes:
        origins: path of such an axis, or of a value on it -> where it was written.
    """

    data: Mapping[str, Any]
    origins: Mapping[Path, Path] = field(default_factory=dict)


def spread_pictures(data: Mapping[str, Any], base: pathlib.Path, mistakes: list[Mistake]) -> Spread:
    """Move several contents, and styles that a pattern fits, from `inputs` to the front of `sweep`.

    A list of styles stays where it is: these are blended into one.
    """
    inputs, sweep = data.get("inputs"), data.get("sweep") or {}
    if not (isinstance(inputs, Mapping) and isinstance(sweep, Mapping)):
        return Spread(data)
    mistakes += _patterns_to_blend(inputs.get("style"), base)
    several = [name for name in KINDS if _are_several(name, inputs.get(name), base)]
    axes: dict[str, list[Any]] = {}
    origins: dict[Path, Path] = {}
    for name in several:
        if data.get("search") or name in sweep:
            where = "sweep" if name in sweep else "search"
            text = f"several pictures are an axis, and there is a {where}; name one picture"
            mistakes.append(Mistake(("inputs", name), text))
            continue
        found = list(_each(inputs[name], ("inputs", name), base, mistakes))
        if found:
            axes[name] = [value for value, _ in found]
            origins["sweep", name] = ("inputs", name)
            origins |= {("sweep", name, at): origin for at, (_, origin) in enumerate(found)}
    left = {name: value for name, value in inputs.items() if name not in several}
    return Spread({**data, "inputs": left, "sweep": {**axes, **sweep}}, origins) if several else Spread(data)


def matching(text: str, base: pathlib.Path) -> list[str]:
    """Return the files that a pattern fits, in the order of their names, as paths from `base`.

    What is no pattern is returned as it is, and so is a name of which there is a file.
    """
    if not _is_pattern(text, base):
        return [text]
    found = glob(_expanded(text), root_dir=base, recursive=True)
    return sorted(path for path in found if (base / path).is_file())


def _is_pattern(text: str, base: pathlib.Path) -> bool:
    return has_magic(text) and not glob(escape(_expanded(text)), root_dir=base)


def _expanded(text: str) -> str:
    return os.path.expanduser(text)  # noqa: PTH111 - that of pathlib raises


def _are_several(name: str, value: Any, base: pathlib.Path) -> bool:
    if isinstance(value, list):
        return name == "content"
    return isinstance(value, str) and _is_pattern(value, base)


def _each(value: Any, path: Path, base: pathlib.Path, mistakes: list[Mistake]) -> Iterator[tuple[Any, Path]]:
    """Yield each picture and where it was written."""
    items = (
        [(each, (*path, at)) for at, each in enumerate(value)] if isinstance(value, list) else [(value, path)]
    )
    for item, where in items:
        found = matching(item, base) if isinstance(item, str) else [item]
        if not found:
            text = f"no file fits the pattern {item!r}, which starts from the folder {base.absolute()}"
            mistakes.append(Mistake(where, f"{text}; name files that are there, or sample:NAME"))
        yield from ((each, where) for each in found)
    if not items:
        mistakes.append(Mistake(path, "names no picture; give a path or sample:NAME"))


def _patterns_to_blend(styles: Any, base: pathlib.Path) -> Iterator[Mistake]:
    for at, style in enumerate(styles if isinstance(styles, list) else ()):
        if isinstance(style, str) and _is_pattern(style, base):
            text = f"a list of styles is blended into one, and {style!r} is a pattern; let it stand alone,"
            yield Mistake(("inputs", "style", at), f"{text} or give an axis: sweep: {{style: [A, B]}}")
