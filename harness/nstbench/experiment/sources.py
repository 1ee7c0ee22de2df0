"""What an experiment is made from: a file's bytes, or a Python mapping."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from typing import Any

import yaml

from nstbench.api import ExperimentError, did_you_mean, one_line
from nstbench.system.files import read_regular


def contents(file: pathlib.Path, shown_as: str) -> bytes:
    """Read a file.

    Raises:
        ExperimentError: it is not there or cannot be read.
    """
    try:
        return read_regular(file)
    except FileNotFoundError:
        known = [each.name for each in file.parent.glob("*.y*ml")] if file.parent.is_dir() else []
        raise ExperimentError([f"{shown_as}: no such file.{did_you_mean(file.name, known)}"]) from None
    except IsADirectoryError:
        raise ExperimentError([f"{shown_as}: a folder; name an experiment file in it"]) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ExperimentError([f"{shown_as}: cannot be read: {why}"]) from error


def named(text: str) -> str:
    """Make a name that can be a folder's."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip(".")[:100] or "experiment"


def written(value: Any) -> bytes:
    """Write what is plain as YAML that is read as the same.

    Raises:
        ExperimentError: it holds what YAML cannot.
    """
    try:
        return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True).encode()
    except (yaml.YAMLError, UnicodeError, RecursionError, ValueError) as error:
        why = one_line(error).removeprefix(f"{type(error).__name__}: ")
        raise ExperimentError([f"experiment: holds what YAML cannot: {why}"]) from error


class _Dumper(yaml.SafeDumper):
    """Writes text in quotes unless it is a name, so that none is a number by the rules of YAML 1.2."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    text.encode()  # half a surrogate pair is an error here, as it is when it is read
    style = None if re.fullmatch(r"[A-Za-z][\w.:/ -]*", text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def plain(value: Any) -> Any:
    """Tuples and mappings as a YAML file would give them."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
