"""`nstbench backends check`: hold one backend to the contract."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nstbench.cli.console import completion
from nstbench.cli.console.arguments import Device

if TYPE_CHECKING:
    from nstbench.api import Plugin
    from nstbench.testing import Outcome, Subject

COLOURS = {"ok": "green", "failed": "red", "n/a": "dim"}


def check(
    name: Annotated[str, typer.Argument(help="An installed backend.", autocompletion=completion.backends)],
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="CHECK", help="Only this check; may be repeated.")
    ] = None,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try a backend on small problems: does it keep the contract?

    Ends in 3 if it breaks one, in 6 if what it requires is not installed or it does not start.
    """
    from nstbench.cli.console.console import print_json
    from nstbench.testing import examine, find_checks

    chosen = find_checks(only or [])
    subject, outcomes = _started(_find(name), device), []
    for outcome in examine(subject, chosen):
        outcomes.append(outcome)
        if not as_json:
            _print(outcome)
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    if as_json:
        print_json([asdict(outcome) for outcome in outcomes])
    else:
        counts = Counter(outcome.status for outcome in outcomes)
        print(f"{name}: {counts['ok']} ok, {failed} failed, {counts['n/a']} not applicable")
    raise typer.Exit(3 if failed else 0)


def _find(name: str) -> Plugin:
    from nstbench.run.installed import installed

    found = installed(name)
    found.ready()
    return found.plugin


def _started(found: Plugin, device: str) -> Subject:
    from nstbench.api import BackendUnavailable, NstbenchError, with_place

    try:
        return _start(found, device)
    except NstbenchError:
        raise
    except Exception as error:
        raise BackendUnavailable(f"{found.name}: does not start: {with_place(error)}. See --debug") from error


def _start(found: Plugin, device: str) -> Subject:
    from nstbench.api import UsageError
    from nstbench.testing import start

    if device not in (known := ("auto", "cpu", "gpu")):
        raise UsageError(f"--device {device!r}: it may be {', '.join(known)}")
    if "weights" not in found.load().capabilities.consumes:
        return start(found, device=device)
    from nstbench.assets import load_weights, resolve_weights
    from nstbench.cli.console.console import stderr

    weights = load_weights(resolve_weights("random:0", Path.cwd(), stderr().print))
    return start(found, weights, device=device)


def _print(outcome: Outcome) -> None:
    from nstbench.api import debugging
    from nstbench.cli.console.console import stderr, stdout

    console, colour = stdout(), COLOURS[outcome.status]
    status = "FAILED" if outcome.status == "failed" else outcome.status
    console.print(f"{status:7}", style=colour, end="")
    said = f": {outcome.message}" if outcome.message else ""
    console.print(f"{outcome.check}{said}", soft_wrap=True)
    if outcome.traceback and debugging():
        stderr().print(outcome.traceback)
