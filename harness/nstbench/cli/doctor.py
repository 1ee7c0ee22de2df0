"""`nstbench doctor`: is this machine ready, and if not, what to type."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import typer

from nstbench.api import NstbenchError

Check = tuple[bool, str]
"""(fine, one line)"""

START_TIMEOUT_S = 120


def doctor() -> None:
    """Check Python, packages, backends and their devices, weights, cache and threads.

    Ends in 6 if a backend cannot be used here, else in 0: the rest is advice.
    """
    from nstbench.cli.console.console import stdout

    console, usable = stdout(), True
    for check in (_python, _backends, _advice, _weights, _cache, _threads):
        for good, line in check():
            usable = usable and (good or check is not _backends)
            console.print("[green]ok[/green]   " if good else "[red]look[/red] ", end="")
            console.print(line, markup=False, soft_wrap=True)
    raise typer.Exit(0 if usable else 6)


def _python() -> Iterator[Check]:
    from importlib.metadata import version

    yield sys.version_info[:2] >= (3, 11), f"Python {sys.version.split()[0]}, nstbench {version('nstbench')}"


def _backends() -> Iterator[Check]:
    from importlib.metadata import packages_distributions, version

    from nstbench.api import plugins, readiness

    providers = packages_distributions()
    for name, plugin in plugins().items():
        try:
            backend = plugin.make()
        except NstbenchError as error:
            yield False, str(error)
            continue
        state = readiness(backend.capabilities)
        if not state.ready:
            yield False, f"{name}: {state.reason}. Install it: {state.install}"
            continue
        packages = [providers[module][0] for module in backend.capabilities.requires if module in providers]
        good, line = _device(name)
        yield good, f"{line}" + "".join(f", {package} {version(package)}" for package in packages)


def _advice() -> Iterator[Check]:
    """Pass on what backends say of the versions that are installed."""
    from nstbench.api import plugins, readiness

    for name, plugin in plugins().items():
        with suppress(NstbenchError):  # one that cannot be loaded has been named
            backend = plugin.make()
            if readiness(backend.capabilities).ready:
                yield from ((not advice.urgent, f"{name}: {advice.line}") for advice in backend.advise())


def _device(name: str) -> Check:
    """Start a backend in a process of its own and see what device it takes."""
    code = (
        "import sys; from nstbench.api import one_line\n"
        "from nstbench.run.machine import cpu_name; from nstbench.api import plugin\n"
        f"try: device = plugin({name!r}).make().start('auto')\n"
        "except Exception as error: sys.exit('\\n' + one_line(error))\n"
        "print(); print(device.kind, device.name or cpu_name())"
    )
    command = [sys.executable, "-P", "-c", code]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return False, f"{name}: does not start within {START_TIMEOUT_S} s; look at the driver"
    last = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or ["no output"]
    verb = "starts on" if done.returncode == 0 else "does not start:"
    return done.returncode == 0, f"{name}: {verb} {last[-1]}"


def _weights() -> Iterator[Check]:
    from nstbench.assets import resolve_weights

    remarks: list[str] = []
    try:
        source = resolve_weights("auto", Path.cwd(), remarks.append)
    except NstbenchError as error:
        yield False, str(error)
        return
    yield True, f"weights: auto means {source.name}"
    for remark in remarks:
        yield True, remark


def _cache() -> Iterator[Check]:
    from nstbench.assets import cache_dir

    try:
        folder = cache_dir()
    except NstbenchError as error:
        yield False, str(error)
        return
    yield os.access(folder, os.W_OK), f"cache: {folder}"


def _threads() -> Iterator[Check]:
    from nstbench.api import plugins
    from nstbench.run.machine import usable_cores, variables

    named: set[str] = set()
    for plugin in plugins().values():
        with suppress(NstbenchError):
            named |= set(plugin.load().capabilities.variables)
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
