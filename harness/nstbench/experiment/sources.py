"""What an experiment is made from: a file's bytes, or a Python mapping."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from typing import Any

from nstbench.api import ExperimentError, did_you_mean
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


def plain(value: Any) -> Any:
    """Tuples and mappings as a YAML file would give them."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
