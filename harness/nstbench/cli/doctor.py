"""`nstbench doctor`: is this machine ready, and if not, what to type."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from nstbench.api import NstbenchError

Check = tuple[bool, str]
"""(fine, one line)"""


def doctor() -> None:
    """Check Python, packages, backends and their devices, weights, cache and threads."""
    from nstbench.cli.console import stdout

    console, fine = stdout(), True
    for check in (_python, _backends, _weights, _cache, _threads):
        for good, line in check():
            fine = fine and good
            console.print("[green]ok[/green]   " if good else "[red]look[/red] ", end="")
            console.print(line, markup=False, soft_wrap=True)
    raise typer.Exit(0 if fine else 6)


def _python() -> Iterator[Check]:
    from importlib.metadata import version

    yield sys.version_info[:2] >= (3, 11), f"Python {sys.version.split()[0]}, nstbench {version('nstbench')}"


def _backends() -> Iterator[Check]:
    from nstbench.run.registry import plugins, readiness

    for name, plugin in plugins().items():
        try:
            state = readiness(plugin.load())
        except NstbenchError as error:
            yield False, str(error)
            continue
        yield (
            _device(name) if state.ready else (False, f"{name}: {state.reason}. Install it: {state.install}")
        )


def _device(name: str) -> Check:
    """Start a backend in a process of its own and see what device it takes."""
    code = (
        "from nstbench.run.machine import cpu_name; from nstbench.run.registry import plugin\n"
        f"device = plugin({name!r}).load().start('auto')\n"
        "print(); print(device.kind, device.name or cpu_name())"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    last = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines() or ["no output"]
    return (
        done.returncode == 0,
        f"{name}: {'starts on ' if done.returncode == 0 else 'does not start: '}{last[-1]}",
    )


def _weights() -> Iterator[Check]:
    from nstbench.assets import resolve_weights

    remarks: list[str] = []
    try:
        source = resolve_weights("auto", Path.cwd(), remarks.append)
    except NstbenchError as error:
        yield False, f"weights: {error}"
        return
    yield True, remarks[-1] if remarks else f"weights: auto means {source.name}"


def _cache() -> Iterator[Check]:
    from nstbench.assets import cache_dir

    folder = cache_dir()
    yield os.access(folder, os.W_OK), f"cache: {folder}"


def _threads() -> Iterator[Check]:
    from nstbench.run.machine import THREAD_VARIABLES, usable_cores

    limits = [f"{name}={os.environ[name]}" for name in THREAD_VARIABLES if name in os.environ]
    yield True, f"threads: {usable_cores()} cores" + (f"; limited by {', '.join(limits)}" if limits else "")
    busy = os.getloadavg()[0]
    if busy > 0.5 * usable_cores():
        yield False, f"load: {busy:.1f} on {usable_cores()} cores; timings taken now will be noisy"
    else:
        yield True, f"load: {busy:.1f}, quiet enough to measure"
