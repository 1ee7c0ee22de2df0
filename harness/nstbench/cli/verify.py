"""`nstbench verify`: does a backend compute what it is said to compute?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nstbench.cli.console import completion
from nstbench.cli.console.arguments import Device, Options, Precision

if TYPE_CHECKING:
    from rich.console import Console

    from nstbench.assets import WeightsSource
    from nstbench.parity.ladder import RungResult
    from nstbench.parity.verify import Request, Verification

COLOURS = {"ok": "green", "failed": "red"}


def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Backends [all that are ready].", autocompletion=completion.backends),
    ] = None,
    device: Device = "auto",
    precision: Precision = "highest",
    weights: Annotated[
        str, typer.Option("--weights", metavar="NAME", help="VGG-19 parameters to compare with.")
    ] = "random:0",
    option: Options = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare VGG-19 backends with a reference in float64.

    From one convolution to ten iterations. The outcome is remembered and shown with later results.
    Ends in 3 if a comparison failed, in 6 if a backend cannot run here or has no such device.
    """
    from nstbench.assets import resolve_weights
    from nstbench.cli.console.console import print_json, stderr, stdout
    from nstbench.parity.backends import verifiable_backends

    _check("--device", device, ("auto", "cpu", "gpu"))
    _check("--precision", precision, ("highest", "default", "bf16"))
    console, remarks = stderr() if as_json else stdout(), stderr()

    def say(line: str) -> None:
        remarks.print(line)

    chosen = verifiable_backends(names or [], say)
    source = resolve_weights(weights, Path.cwd(), say)
    requests = [_request(name, device, precision, source, option or []) for name in chosen]
    outcomes = [_verified(request, console, remarks) for request in requests]
    done = [outcome for outcome in outcomes if outcome is not None]
    if as_json:
        print_json([_plain(outcome) for outcome in done])
    raise typer.Exit(6 if len(done) < len(outcomes) else 3 if any(o.failed for o in done) else 0)


def _check(option: str, value: str, known: Sequence[str]) -> None:
    from nstbench.api import UsageError, did_you_mean

    if value not in known:
        raise UsageError(f"{option} {value!r}: it may be {', '.join(known)}.{did_you_mean(value, known)}")


def _request(name: str, device: str, precision: str, weights: WeightsSource, texts: Sequence[str]) -> Request:
    """Complete a backend's options; other backends of the same command must have them too."""
    from nstbench.experiment import read_options
    from nstbench.parity.verify import Request
    from nstbench.run.installed import installed

    found = installed(name)
    options = read_options(name, texts, found.usable().options)
    return Request(name, device, precision, weights, options, found.plugin.origin)


def _verified(request: Request, console: Console, remarks: Console) -> Verification | None:
    """Verify one backend, rung by rung; None if it does not start, which does not keep the others from it."""
    from nstbench.api import BackendUnavailable
    from nstbench.parity.verify import verify as climb

    what = f"{request.backend}, precision {request.precision}, weights {request.weights.name}"
    remarks.print(f"{what}:")
    try:
        outcome = climb(request, lambda rung: _print(rung, console))
    except BackendUnavailable as error:
        print(f"nstbench: {error}", file=sys.stderr)
        return None
    console.print(_summary(outcome), soft_wrap=True)
    return outcome


def _print(rung: RungResult, console: Console) -> None:
    colour = COLOURS.get(rung.status, "yellow")
    status = "FAILED" if rung.status == "failed" else rung.status
    console.print(f"{status:11} ", style=colour, end="")
    error = "" if rung.error is None else f"{rung.error:.2e}"
    line = f"{rung.name:18} {error:>8} (limit {rung.limit:.1e})  {rung.detail}"
    console.print(line, soft_wrap=True)


def _summary(outcome: Verification) -> str:
    how = "".join(f", {name} {value}" for name, value in _noteworthy(outcome).items())
    where = f"{outcome.request.backend} on {outcome.device_name}, precision {outcome.request.precision}{how}"
    failed = [rung.name for rung in outcome.rungs if rung.status == "failed"]
    if failed:
        return f"{where}: FAILED, first at: {failed[0]}"
    open_ = [rung.name for rung in outcome.rungs if rung.status == "not offered"]
    return (
        f"{where}: not verified, as it does not show: {', '.join(open_)}" if open_ else f"{where}: verified"
    )


def _noteworthy(outcome: Verification) -> dict[str, Any]:
    """Return the options that are not what they are by default, such as what `auto` came to."""
    from nstbench.run.installed import installed

    default = installed(outcome.request.backend).usable().complete({})
    return {name: value for name, value in outcome.options_taken.items() if value != default.get(name)}


def _plain(outcome: Verification) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "backend": outcome.request.backend,
        "device": outcome.device,
        "device_name": outcome.device_name,
        "precision": outcome.request.precision,
        "options_taken": outcome.options_taken,
        "weights": outcome.request.weights.name,
        "weights_sha256": outcome.request.weights.sha256,
        "passed": outcome.passed,
        "rungs": [asdict(rung) for rung in outcome.rungs],
    }
