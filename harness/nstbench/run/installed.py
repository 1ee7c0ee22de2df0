"""What is known of installed plugins without importing them here: a broken one harms nobody else.

A process of its own imports them (`nstbench.run.looker`), once: what it says of a sound one is kept in the
cache folder for as long as no file changes that it came from.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import Any

from nstbench.api import (
    AssetError,
    BackendUnavailable,
    Capabilities,
    Plugin,
    UnknownName,
    found_plugins,
    readiness,
)
from nstbench.api.capabilities import wrong_types
from nstbench.api.patience import limit_s
from nstbench.assets.cache import cache_dir
from nstbench.run import looker
from nstbench.system.child import Child, ChildEnded
from nstbench.system.files import write_whole


@dataclass(frozen=True, slots=True)
class Installed:
    """A plugin that has been looked at.

    Attributes:
        capabilities: None if it is broken.
        fault: why it cannot be used; empty for a sound one.
        remark: which others answer to its name.
    """

    plugin: Plugin
    capabilities: Capabilities | None
    fault: str = ""
    remark: str = ""

    def usable(self) -> Capabilities:
        """Return its capabilities.

        Raises:
            BackendUnavailable: it is broken.
        """
        if self.capabilities is None:
            where = f"the plugin {self.plugin.distribution} {self.plugin.version}"
            raise BackendUnavailable(f"{self.plugin.name}: {where} cannot be loaded: {self.fault}")
        return self.capabilities

    def ready(self, advice: str = "") -> Capabilities:
        """Return its capabilities, if what it requires is installed.

        Args:
            advice: what else to do than to install that.

        Raises:
            BackendUnavailable: it is broken, or that is not installed.
        """
        state = readiness(can := self.usable())
        if not state.ready:
            raise BackendUnavailable(
                f"{self.plugin.name}: {state.reason}. Install it: {state.install}{advice}"
            )
        return can


_found: dict[tuple[str, ...], Installed] = {}
"""Name and search path -> the plugin that this process uses, once it has been found sound."""


def installed_plugins() -> list[Installed]:
    """Return all plugins by name. Of several with one name the first that is sound is used."""
    looked = _looked_at(found_plugins())
    return [each for _, group in groupby(looked, lambda it: it.plugin.name) for each in _ranked([*group])]


def installed(name: str) -> Installed:
    """Return the plugin that answers to a name; a sound one if there is one.

    Raises:
        UnknownName: there is none.
    """
    if (name, *sys.path) not in _found:
        plugins = found_plugins()
        answering = [each for each in plugins if each.name == name]
        if not answering:
            raise UnknownName("backend", name, {each.name for each in plugins})
        found = _ranked(_looked_at(answering))[0]
        if found.capabilities is None:
            return found
        _found[name, *sys.path] = found
    return _found[name, *sys.path]


def ready_backends() -> list[str]:
    """Return the backends that can run here; those that are known best, VGG-19 and its layers, come first.

    Raises:
        BackendUnavailable: there is none.
    """
    ready = [(each.plugin.name, can) for each in installed_plugins() if (can := each.capabilities)]
    ready = [(name, can) for name, can in ready if readiness(can).ready]
    if not ready:
        raise BackendUnavailable("no backend is ready here; `nstbench backends` says what to install")
    ready.sort(key=lambda each: (not each[1].has_ladder, not each[1].iterative))
    return [name for name, _ in ready]


def usual_options(name: str) -> Mapping[str, Any]:
    """Return a backend's options where nothing is given; nothing for one that is not usable here."""
    try:
        return installed(name).usable().complete({})
    except (UnknownName, BackendUnavailable):
        return {}


def urgent_advice(names: Iterable[str]) -> list[str]:
    """Return what backends advise and a sweep should say before it begins."""
    advised = [
        (name, advice)
        for name in dict.fromkeys(names)
        for advice in installed(name).plugin.planning().advise()
    ]
    return [f"{name}: {advice.line}" for name, advice in advised if advice.urgent]


def _ranked(answering: list[Installed]) -> list[Installed]:
    """Put those of one name in order, the one that is used first, and say of each what the others are."""
    used, *others = sorted(answering, key=lambda each: each.capabilities is None)
    if not others:
        return [used]
    also = ", ".join(each.plugin.origin for each in others)
    first = Installed(used.plugin, used.capabilities, used.fault, f"{also} answers to this name too")
    taken = f"{used.plugin.origin} answers to this name already"
    return [first, *(Installed(each.plugin, None, each.fault or taken) for each in others)]


def _looked_at(plugins: Sequence[Plugin]) -> list[Installed]:
    looked = {plugin.key: _kept(plugin) for plugin in plugins}
    new = [plugin for plugin in plugins if looked[plugin.key] is None]
    looked |= {plugin.key: _understood(plugin, answer) for plugin, answer in _answered(new)}
    return [each for each in looked.values() if each]


def _answered(plugins: Sequence[Plugin]) -> Iterator[tuple[Plugin, Mapping[str, Any] | None]]:
    """Yield every plugin with its answer; None for one that ends the process that looks at it."""
    answers = _ask(plugins)
    yield from ((plugins[number], answer) for number, answer in answers.items())
    lost = [plugin for number, plugin in enumerate(plugins) if number not in answers]
    if len(plugins) == 1:
        yield from ((plugin, None) for plugin in lost)
    elif lost:  # one of those at hand has ended the process: each of them gets one of its own
        for plugin in lost[: looker.AT_ONCE]:
            yield from _answered([plugin])
        yield from _answered(lost[looker.AT_ONCE :])


def _understood(plugin: Plugin, answer: Mapping[str, Any] | None) -> Installed:
    if answer is None:
        return Installed(plugin, None, "to import it ends the process that does so")
    if answer["fault"]:
        return Installed(plugin, None, answer["fault"])
    try:
        can = looker.read(answer["capabilities"])
        wrong = wrong_types(can)
    except (TypeError, KeyError, AttributeError) as error:
        wrong = [f"what it answers cannot be read: {error!r:.60}"]
    if wrong:
        return Installed(plugin, None, "; ".join(wrong))
    _keep(plugin, answer)
    return Installed(plugin, can)


def _ask(plugins: Sequence[Plugin]) -> dict[int, Any]:
    """Return position -> answer of those that answer."""
    answers: dict[int, Any] = {}
    if not plugins:
        return answers
    limit = limit_s()
    with Path(os.devnull).open("w") as nowhere:
        child = Child([sys.executable, "-P", "-m", "nstbench.run.looker"], nowhere)
    try:
        named = [[each.name, each.distribution, each.version, each.entry_point.value] for each in plugins]
        child.send({"path": sys.path, "plugins": named, "limit_s": limit})
        deadline = monotonic() + limit * (1 + len(plugins)) + 10
        while len(answers) < len(plugins):
            number, answer = child.hear(deadline)
            answers[number] = answer
    except (ChildEnded, TimeoutError, ValueError, TypeError):
        pass
    finally:
        child.close()
    return answers


def _place(plugin: Plugin) -> Path:
    """Where the answer of a plugin is kept: its name, origin and search path, Python and nstbench."""
    known = [plugin.name, plugin.origin, sys.path, sys.version, sys.prefix, version("nstbench")]
    digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()
    return cache_dir() / "plugins" / f"{digest[:16]}.json"


def _keep(plugin: Plugin, answer: Mapping[str, Any]) -> None:
    with suppress(AssetError, OSError, TypeError, KeyError):  # without, it is looked at again next time
        files, path = answer["files"], _place(plugin)
        kept = {"capabilities": answer["capabilities"], "files": files, "state": _state(files)}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(kept).encode())


def _kept(plugin: Plugin) -> Installed | None:
    """Return what was kept, if everything that it came from is as it was then."""
    try:
        kept = json.loads(_place(plugin).read_bytes())
        can = looker.read(kept["capabilities"])
        if wrong_types(can) or kept["state"] != _state(kept["files"]):
            return None
    except (AssetError, OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return Installed(plugin, can)


def _state(files: Iterable[str]) -> dict[str, list[int]]:
    """Return what tells whether files have changed; of their folders too, as one that is new may hide one."""
    paths = {Path(file) for file in files}
    paths |= {path.parent for path in paths} | {path for path in map(Path, sys.path) if path.is_dir()}
    found = {str(path): path.stat() for path in paths}
    return {path: [of.st_mtime_ns, of.st_ctime_ns, of.st_size] for path, of in found.items()}
