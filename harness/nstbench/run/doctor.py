"""Is this machine ready, and if not, what to type."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import TypeAlias

from nstbench.api import NstbenchError, Plugin
from nstbench.assets import cache_dir, resolve_weights, why_no_imagenet
from nstbench.run.executors import executors, find_executor
from nstbench.run.installed import Installed, installed_plugins
from nstbench.run.machine import providers, usable_cores, variables, visible_gpus
from nstbench.system.child import Child, ChildEnded

START_TIMEOUT_S = 120.0

OK, LOOK, OFF = "ok", "look", "off"
"""Nothing to do; something to look at; not installed, which is no fault."""

Found: TypeAlias = tuple[str, str]
"""(one of these, one line)"""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found of one thing.

    Attributes:
        about: what was looked at, `backends` for instance.
        state: `ok`, `look`, or `off` for a backend that is not installed.
        line: one line for people.
    """

    about: str
    state: str
    line: str


def examine_machine(start: bool = False) -> Iterator[Diagnosis]:
    """Look at Python, packages, backends and their devices, executors, weights, cache and threads in turn.

    Args:
        start: start every backend in a process of its own, all at once, to see the device that it takes. That
            takes as long as the frameworks take to import.
    """
    looks: tuple[Callable[[], Iterable[Found]], ...] = (
        *(_python, lambda: _backends(start), _advice, _executors, _weights, _cache, _threads),
    )
    about = ("python", "backends", "advice", "executors", "weights", "cache", "threads")
    for name, look in zip(about, looks, strict=True):
        yield from (Diagnosis(name, state, line) for state, line in look())


def is_usable(found: Iterable[Diagnosis]) -> bool:
    """Whether there is a backend to run, and none that is installed and broken."""
    states = {each.state for each in found if each.about == "backends"}
    return OK in states and LOOK not in states


def _python() -> Iterator[Found]:
    yield (
        OK if sys.version_info[:2] >= (3, 11) else LOOK,
        f"Python {sys.version.split()[0]}, nstbench {version('nstbench')}",
    )


def _backends(start: bool) -> Iterator[Found]:
    known, plugins = providers(), installed_plugins()
    ready: list[Installed] = []
    for each in plugins:
        try:
            each.ready()
        except NstbenchError as error:
            yield OFF if each.capabilities else LOOK, str(error)
        else:
            ready.append(each)
    with ThreadPoolExecutor(max(1, len(ready))) as pool:
        probe = _device if start else _installed
        answers = pool.map(probe, [each.plugin for each in ready])
        for each, (state, line) in zip(ready, answers, strict=True):
            requires = each.usable().requires
            packages = [min(known[module]) for module in requires if module in known]
            yield state, line + "".join(f", {package} {version(package)}" for package in packages)
    if ready and not start:
        yield (
            OK,
            f"GPUs: {', '.join(visible_gpus()) or 'none'}; --start starts every backend to see its device",
        )


def _installed(found: Plugin) -> Found:
    return OK, f"{found.name}: installed"


def _advice() -> Iterator[Found]:
    """Pass on what backends say of the versions that are installed."""
    for each in installed_plugins():
        with suppress(NstbenchError):  # one that is not ready has been named
            each.ready()
            try:
                known = each.plugin.planning().advise()
            except NstbenchError as error:
                yield LOOK, str(error)
            else:
                yield from (
                    (LOOK if advice.urgent else OK, f"{each.plugin.name}: {advice.line}") for advice in known
                )


def _device(found: Plugin) -> Found:
    """Start a backend in a process of its own and see what device it takes."""
    code = (
        "import json, os, sys; from nstbench.api import one_line, plugin\n"
        "from nstbench.run.machine import cpu_name\n"
        "try:\n"
        f"    device = plugin({found.name!r}, {found.origin!r}).make().start('auto')\n"
        "    said = True, f'starts on {device.kind} {device.name or cpu_name()}'\n"
        "except Exception as error: said = False, f'does not start: {one_line(error)}'\n"
        "os.write(int(sys.argv[-1]), json.dumps(said).encode() + b'\\n')"
    )
    with TemporaryFile() as output:
        child = Child([sys.executable, "-P", "-c", code], output)
        try:
            good, said = child.hear(monotonic() + START_TIMEOUT_S)
        except TimeoutError:
            good, said = False, f"does not start within {START_TIMEOUT_S:g} s; look at the driver"
        except (ChildEnded, ValueError, TypeError) as error:
            output.seek(0)
            printed = output.read().decode(errors="replace").strip().splitlines()
            good, said = False, f"does not start: {printed[-1] if printed else error}"
        finally:
            child.close()
    return OK if good else LOOK, f"{found.name}: {said}"


def _executors() -> Iterator[Found]:
    """Name those that run, and what to type for the others."""
    ready, others = [], []
    for name in executors():
        try:
            find_executor(name)
        except NstbenchError as error:
            others.append(str(error))
        else:
            ready.append(name)
    yield OK, "; ".join([f"executors: {', '.join(ready)}", *others])


def _weights() -> Iterator[Found]:
    """Say what `auto` is, without downloading anything."""
    why_not = why_no_imagenet()
    if not why_not:
        yield OK, "weights: auto means imagenet"
        return
    try:
        source = resolve_weights("bundled", Path.cwd())
    except NstbenchError as neither:
        yield LOOK, f"weights: auto means nothing here: {why_not}; {neither}"
    else:
        yield OK, f"weights: auto means {source.name}, an edge-tuned VGG-16 deepened to VGG-19: {why_not}"


def _cache() -> Iterator[Found]:
    try:
        folder = cache_dir()
    except NstbenchError as error:
        yield LOOK, str(error)
        return
    yield OK if os.access(folder, os.W_OK) else LOOK, f"cache: {folder}"


def _threads() -> Iterator[Found]:
    named: set[str] = set()
    for each in installed_plugins():
        named |= set(each.capabilities.variables) if each.capabilities else set()
    found = [f"{name}={value}" for name, value in variables(named).items()]
    yield (
        OK,
        f"threads: {usable_cores()} cores" + (f"; the environment has {', '.join(found)}" if found else ""),
    )
    busy = os.getloadavg()[0]
    if busy > 0.5 * usable_cores():
        yield LOOK, f"load: {busy:.1f} on {usable_cores()} cores; timings taken now will be noisy"
    else:
        yield OK, f"load: {busy:.1f}, quiet enough to measure"
