"""Finding backends through entry points, without importing their frameworks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nstbench.api.backend import Backend, require_capabilities
from nstbench.api.capabilities import Capabilities
from nstbench.api.errors import BackendUnavailable, UnknownName, one_line

if TYPE_CHECKING:  # reading the metadata of packages takes a moment to import
    from importlib.metadata import EntryPoint

GROUP = "nstbench.backends"


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed entry point: where a backend comes from."""

    name: str
    distribution: str
    version: str
    entry_point: EntryPoint

    def load(self) -> type[Backend]:
        """Return the backend's class; imports the plugin's module, which imports no framework.

        Raises:
            BackendUnavailable: the plugin itself is broken.
        """
        try:
            found = self.entry_point.load()
            if not (isinstance(found, type) and issubclass(found, Backend)):
                raise TypeError(f"{self.entry_point.value} is {found!r}, not a subclass of Backend")
            require_capabilities(found)
        except Exception as error:
            raise self._broken(error) from error
        return found

    def make(self, options: Mapping[str, Any] | None = None) -> Backend:
        """Make a backend with its options, as far as they differ from their defaults.

        Raises:
            BackendUnavailable: the plugin itself is broken; one that lacks a method is told by its name.
        """
        kind = self.load()
        try:
            return kind(options)
        except Exception as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> BackendUnavailable:
        where = f"the plugin {self.distribution} {self.version}"
        return BackendUnavailable(f"{self.name}: {where} cannot be loaded: {one_line(error)}")


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a backend can run here; if not, why and what to type."""

    ready: bool
    reason: str = ""
    install: str = ""


def plugins() -> Mapping[str, Plugin]:
    """Return the installed backends by name; of two with one name the first found counts."""
    from importlib.metadata import entry_points

    found: dict[str, Plugin] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        distribution = point.dist.name if point.dist else "?"
        version = point.dist.version if point.dist else "?"
        found.setdefault(point.name, Plugin(point.name, distribution, version, point))
    return found


def plugin(name: str) -> Plugin:
    """Return one backend's plugin.

    Raises:
        UnknownName: nothing installed answers to that name.
    """
    installed = plugins()
    if name not in installed:
        raise UnknownName("backend", name, installed)
    return installed[name]


def readiness(capabilities: Capabilities) -> Readiness:
    """Look for the modules that a backend requires, without importing them."""
    missing = [module for module in capabilities.requires if not _is_there(module)]
    if not missing:
        return Readiness(True)
    return Readiness(False, f"not installed: no module {missing[0]}", capabilities.install)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that a dotted name starts with
        return False
