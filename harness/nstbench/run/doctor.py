"""Is this machine ready, and if not, what to type."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import TypeAlias

from nstbench.api import NstbenchError, Plugin
from nstbench.assets import cache_dir, resolve_weights
from nstbench.run.executors import executors, find_executor
from nstbench.run.installed import installed_plugins
from nstbench.run.machine import providers, usable_cores, variables
from nstbench.system.child import Child, ChildEnded

START_TIMEOUT_S = 120.0

Found: TypeAlias = tuple[bool, str]
"""(fine, one line)"""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found of one thing.

    Attributes:
        fine: whether there is nothing to do about it.
        line: one line for people.
        usable: False for a backend that cannot be used here.
    """

    fine: bool
    line: str
    usable: bool


def examine_machine() -> Iterator[Diagnosis]:
    """Look at Python, packages, backends and their devices, executors, weights, cache and threads in turn.

    Every backend is started in a process of its own, so this takes seconds.
    """
    for look in (_python, _backends, _advice, _executors, _weights, _cache, _threads):
        for fine, line in look():
            yield Diagnosis(fine, line, usable=fine or look is not _backends)


def _python() -> Iterator[Found]:
    yield sys.version_info[:2] >= (3, 11), f"Python {sys.version.split()[0]}, nstbench {version('nstbench')}"


def _backends() -> Iterator[Found]:
    known = providers()
    for each in installed_plugins():
        try:
            can = each.ready()
        except NstbenchError as error:
            yield False, str(error)
            continue
        packages = [min(known[module]) for module in can.requires if module in known]
        good, line = _device(each.plugin)
        yield good, f"{line}" + "".join(f", {package} {version(package)}" for package in packages)


def _advice() -> Iterator[Found]:
    """Pass on what backends say of the versions that are installed."""
    for each in installed_plugins():
        with suppress(NstbenchError):  # one that is not ready has been named
            each.ready()
            try:
                known = each.plugin.planning().advise()
            except NstbenchError as error:
                yield False, str(error)
            else:
                yield from ((not advice.urgent, f"{each.plugin.name}: {advice.line}") for advice in known)


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
    return bool(good), f"{found.name}: {said}"


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
    yield True, "; ".join([f"executors: {', '.join(ready)}", *others])


def _weights() -> Iterator[Found]:
    try:
        resolve_weights("imagenet", Path.cwd())
    except NstbenchError as why:
        try:
            source = resolve_weights("bundled", Path.cwd())
        except NstbenchError as neither:
            yield False, f"weights: auto means nothing here: {why}; {neither}"
            return
        yield True, f"weights: auto means {source.name}, an edge-tuned VGG-16 deepened to VGG-19"
        yield True, f"weights: {why}"
    else:
        yield True, "weights: auto means imagenet"


def _cache() -> Iterator[Found]:
    try:
        folder = cache_dir()
    except NstbenchError as error:
        yield False, str(error)
        return
    yield os.access(folder, os.W_OK), f"cache: {folder}"


def _threads() -> Iterator[Found]:
    named: set[str] = set()
    for each in installed_plugins():
        named |= set(each.capabilities.variables) if each.capabilities else set()
    found = [f"{name}={value}" for name, value in variables(named).items()]
    yield (
        True,
        f"threads: {usable_cores()} cores" + (f"; the environment has {', '.join(found)}" if found else ""),
    )
    busy = os.getloadavg()[0]
    if busy > 0.5 * usable_cores():
        yield False, f"load: {busy:.1f} on {usable_cores()} cores; timings taken now will be noisy"
    else:
        yield True, f"load: {busy:.1f}, quiet enough to measure"
