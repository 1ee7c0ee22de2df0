"""An installed plugin: its class, its objects, and what planning asks them; a fault has its plugin's name."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from nstbench.api.backend import Backend, require_capabilities
from nstbench.api.capabilities import Advice, Network
from nstbench.api.errors import BackendUnavailable, NstbenchError, with_place
from nstbench.api.patience import not_to_be_ended, within_limit
from nstbench.api.settings import Settings

if TYPE_CHECKING:  # reading the metadata of packages takes a moment to import
    from importlib.metadata import EntryPoint

T = TypeVar("T")

TARGET = re.compile(r"[\w.]+\s*:\s*[\w.]+\s*(\[.*\])?")


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed entry point: where a backend comes from."""

    name: str
    distribution: str
    version: str
    entry_point: EntryPoint

    @property
    def origin(self) -> str:
        """What tells it from others of its name: `DISTRIBUTION VERSION, MODULE:CLASS`."""
        return f"{self.distribution} {self.version}, {self.entry_point.value}"

    @property
    def key(self) -> tuple[str, str]:
        """Name and origin: no two plugins have both in common."""
        return self.name, self.origin

    def load(self) -> type[Backend]:
        """Return the backend's class; imports the plugin's module, which imports no framework.

        What it prints goes to standard error.

        Raises:
            BackendUnavailable: the plugin itself is broken.
        """
        with self._blamed("cannot be loaded"):
            if not (self.name and TARGET.fullmatch(self.entry_point.value)):
                raise ValueError("its entry point is no line `NAME = MODULE:CLASS`")
            found = self.entry_point.load()
            if not (isinstance(found, type) and issubclass(found, Backend)):
                raise TypeError(f"{self.entry_point.value} is {found!r}, not a subclass of Backend")
            require_capabilities(found)
        return found

    def make(self, options: Mapping[str, Any] | None = None) -> Backend:
        """Make a backend with its options, as far as they differ from their defaults.

        Raises:
            BackendUnavailable: the plugin itself is broken; one that lacks a method is told by its name.
        """
        kind = self.load()
        with self._blamed("cannot be loaded"):
            return kind(options)

    def planning(self, options: Mapping[str, Any] | None = None) -> Planning:
        """Make a backend that is only asked what planning asks.

        Raises:
            BackendUnavailable: the plugin itself is broken, or takes longer than `nstbench.api.patience` has.
        """
        with within_limit(), not_to_be_ended():
            return Planning(self, self.make(options))

    @contextmanager
    def _blamed(self, what: str, *passing: type[BaseException]) -> Iterator[None]:
        """Tell what is raised, an exit too but not what may pass, as this plugin's fault, in one line."""
        try:
            with redirect_stdout(sys.stderr):
                yield
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, *passing)):
                raise
            where = f"the plugin {self.distribution} {self.version}"
            package = self.entry_point.value.partition(":")[0].partition(".")[0]
            raise BackendUnavailable(f"{self.name}: {where} {what}: {with_place(error, package)}") from error


@dataclass(frozen=True, slots=True)
class Planning:
    """A backend before anything runs. What it raises, or answers that is none, is told as its plugin's fault.

    Errors that nstbench raises on purpose pass: a backend may say so that a file is missing.
    """

    plugin: Plugin
    backend: Backend

    def identify(self) -> Network | None:
        """Ask `Backend.identify`.

        Raises:
            BackendUnavailable: it fails, or takes too long.
        """
        return self._answer("identify", self.backend.identify, _network)

    def refuse(self, settings: Settings) -> str | None:
        """Ask `Backend.refuse`.

        Raises:
            BackendUnavailable: it fails, or takes too long.
        """
        return self._answer("refuse", lambda: self.backend.refuse(settings), _sentence)

    def advise(self) -> tuple[Advice, ...]:
        """Ask `Backend.advise`.

        Raises:
            BackendUnavailable: it fails, or takes too long.
        """
        return self._answer("advise", self.backend.advise, _advice)

    def _answer(self, method: str, ask: Callable[[], Any], checked: Callable[[Any], T]) -> T:
        with self.plugin._blamed(f"fails in `{method}`", NstbenchError), within_limit(), not_to_be_ended():
            return checked(ask())


def _network(answer: Any) -> Network | None:
    texts = isinstance(answer, Network) and isinstance(answer.name, str) and isinstance(answer.sha256, str)
    if not (answer is None or texts):
        raise TypeError(f"a Network or None is allowed, found {answer!r:.60}")
    found: Network | None = answer
    return found


def _sentence(answer: Any) -> str | None:
    if not (answer is None or (isinstance(answer, str) and answer.strip())):
        raise TypeError(f"a sentence or None is allowed, found {answer!r:.60}")
    return answer if answer is None else " ".join(answer.split())


def _advice(answer: Any) -> tuple[Advice, ...]:
    made = tuple(answer)
    if not all(isinstance(each, Advice) and isinstance(each.line, str) for each in made):
        raise TypeError(f"a sequence of Advice is allowed, found {answer!r:.60}")
    return made
