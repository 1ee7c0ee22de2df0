"""Finding backends through entry points, without importing their frameworks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from nstbench.api import Backend, BackendUnavailable, UnknownName, one_line

if TYPE_CHECKING:
    from nstbench.plan import BackendFacts

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
            backend: type[Backend] = self.entry_point.load()
            _ = backend.capabilities
        except Exception as error:
            raise BackendUnavailable(
                f"{self.name}: the plugin {self.distribution} {self.version} cannot be loaded: "
                f"{one_line(error)}"
            ) from error
        return backend

    def make(self, options: Mapping[str, Any] | None = None) -> Backend:
        """Make a backend with its options.

        Raises:
            BackendUnavailable: the plugin itself is broken.
        """
        return self.load()(options)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a backend can run here; if not, why and what to type."""

    ready: bool
    reason: str = ""
    install: str = ""


def plugins() -> Mapping[str, Plugin]:
    """Return the installed backends by name; of two with one name the first found counts."""
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


def readiness(backend: Backend | type[Backend]) -> Readiness:
    """Look for the modules a backend requires, without importing them."""
    missing = [module for module in backend.capabilities.requires if not _is_there(module)]
    if not missing:
        return Readiness(True)
    return Readiness(False, f"not installed: no module {missing[0]}", backend.capabilities.install)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that a dotted name starts with
        return False


def facts(name: str) -> BackendFacts:
    """Return what planning needs to know of a backend.

    Raises:
        UnknownName: nothing installed answers to that name.
        BackendUnavailable: the plugin is broken or its framework is not installed.
    """
    from nstbench.plan import BackendFacts  # here, as listing backends need not wait for pydantic

    found = plugin(name)
    backend = found.load()
    state = readiness(backend)
    if not state.ready:
        raise BackendUnavailable(
            f"{name}: {state.reason}. Install it: {state.install}; or choose others: --backend NAME"
        )
    return BackendFacts(name, found.version, backend.capabilities, found.make)
