"""Finding backends through entry points, without importing them.

Each distribution is read by itself, so that one with damaged metadata hides no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from nstbench.api.capabilities import Capabilities
from nstbench.api.errors import UnknownName
from nstbench.api.plugin import Plugin

if TYPE_CHECKING:  # reading the metadata of packages takes a moment to import
    from importlib.metadata import Distribution

GROUP = "nstbench.backends"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a backend can run here; if not, why and what to type."""

    ready: bool
    reason: str = ""
    install: str = ""


def found_plugins() -> list[Plugin]:
    """Return every entry point of the group by name; those of one name in the order of `sys.path`."""
    from importlib.metadata import distributions

    unique: dict[tuple[str, str], Plugin] = {}
    for each in distributions():
        for made in _plugins_of(each):
            unique.setdefault(made.key, made)
    return sorted(unique.values(), key=lambda plugin: plugin.name)


def plugins() -> Mapping[str, Plugin]:
    """Return the installed backends by name; of two with one name the first found counts."""
    found: dict[str, Plugin] = {}
    for each in found_plugins():
        found.setdefault(each.name, each)
    return found


def plugin(name: str, origin: str = "") -> Plugin:
    """Return one backend's plugin.

    Args:
        origin: of several of that name, the one whose `origin` this is; else the first.

    Raises:
        UnknownName: nothing installed answers to that name.
    """
    installed = found_plugins()
    answering = [each for each in installed if each.name == name]
    if not answering:
        raise UnknownName("backend", name, {each.name for each in installed})
    return next((each for each in answering if each.origin == origin), answering[0])


def readiness(capabilities: Capabilities) -> Readiness:
    """Look for the modules that a backend requires, without importing them."""
    missing = [module for module in capabilities.requires if not _is_there(module)]
    if not missing:
        return Readiness(True)
    return Readiness(False, f"not installed: no module {missing[0]}", capabilities.install)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):  # the package that a dotted name starts with; no name
        return False


def _plugins_of(distribution: Distribution) -> Iterator[Plugin]:
    """Read the lines `NAME = MODULE:CLASS` of the group; one of another form is told when it is loaded."""
    from importlib.metadata import EntryPoint

    text = _text(distribution)
    if GROUP not in text or not _counts(distribution, text):
        return
    name, version = _called(distribution)
    section = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == GROUP:
            key, _, value = (part.strip() for part in line.partition("="))
            yield Plugin(key, name, version, EntryPoint(key, value, GROUP))


def _text(distribution: Distribution) -> str:
    try:
        return distribution.read_text("entry_points.txt") or ""
    except (OSError, ValueError):
        return ""


def _counts(distribution: Distribution, text: str) -> bool:
    """Whether no distribution of this name comes before it on `sys.path`."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import distribution as first_of

    try:
        return (first_of(_called(distribution)[0]).read_text("entry_points.txt") or "") == text
    except (PackageNotFoundError, OSError, ValueError):
        return True


def _called(distribution: Distribution) -> tuple[str, str]:
    """Return name and version, `?` for what the metadata does not tell."""
    try:
        metadata = distribution.metadata
        return str(metadata["Name"] or "?"), str(metadata["Version"] or "?")
    except Exception:
        return "?", "?"
