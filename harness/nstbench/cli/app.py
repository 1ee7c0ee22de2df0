"""The typer application: verbs, global options, exit codes.

Exit codes, one cause each: 0 fine; 1 a bug in nstbench; 2 bad usage or a bad experiment, nothing was run, or
a file that cannot be read or written; 3 some trials failed, all were refused, or what one came to could not
be kept or merged; 4 a regression is confirmed; 5 a check that can say nothing; 6 what a requested backend
needs is not installed, or there is no such device; 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from contextlib import suppress
from typing import Annotated

import typer

from nstbench.api import DEBUG, NstbenchError, debugging, printable
from nstbench.cli.backends import backends_app
from nstbench.cli.check import FilesAfterOptions, check
from nstbench.cli.choose import choose
from nstbench.cli.compare import compare
from nstbench.cli.console.defaults import is_quiet, set_quiet
from nstbench.cli.console.exit_codes import code_of_error
from nstbench.cli.console.streams import make_streams_last
from nstbench.cli.doctor import doctor
from nstbench.cli.export import export
from nstbench.cli.history import history_app
from nstbench.cli.init import init
from nstbench.cli.list import list as list_results
from nstbench.cli.merge import merge
from nstbench.cli.noise import noise
from nstbench.cli.presets import presets_app
from nstbench.cli.prune import prune
from nstbench.cli.repair import repair
from nstbench.cli.report import report
from nstbench.cli.rerun import rerun
from nstbench.cli.schema import schema
from nstbench.cli.show import show
from nstbench.cli.stylize import stylize
from nstbench.cli.sweep import sweep
from nstbench.cli.verify import verify
from nstbench.cli.watch import watch

app = typer.Typer(
    name="nstbench",
    help="Sweep, time and compare neural-style-transfer backends.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (
    *(init, sweep, watch, show, choose, compare, report, export, repair, prune, merge),
    *(stylize, rerun, verify, noise, doctor, schema),
):
    app.command()(verb)
app.command("list")(list_results)
app.command(cls=FilesAfterOptions)(check)
for name, verbs in (("backends", backends_app), ("history", history_app), ("presets", presets_app)):
    app.add_typer(verbs, name=name)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"nstbench {version('nstbench')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error, a backend's too.")
    ] = False,
    quiet: Annotated[
        bool | None,
        typer.Option("-q", "--quiet/--no-quiet", help="Print results and errors; no progress, no remarks."),
    ] = None,
) -> None:
    """Sweep, time and compare neural-style-transfer backends."""
    if debug:
        os.environ[DEBUG] = "1"
    if quiet is not None:
        set_quiet(quiet)
    if context.invoked_subcommand != "doctor":  # which says itself what is wrong with defaults
        is_quiet()


def main() -> None:
    """Run the command line; an expected error is one line (or one line per mistake) on standard error."""
    # pydantic looks for plugins of its own in every distribution, and ends at a malformed line in one.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(200_000, 50, 50)  # of ten thousand trials hardly an object is garbage
    stdout = make_streams_last()
    code = _code()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    if stdout and stdout.error:
        print(f"nstbench: standard output cannot be written: {stdout.error.strerror}", file=sys.stderr)
        code = code or 2
    sys.exit(code)


def _code() -> int:
    """Run the verb; return the exit code. Only a bug in nstbench is raised."""
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except (NstbenchError, OSError) as error:
        if debugging():
            traceback.print_exc()
        told = printable(str(error) if isinstance(error, NstbenchError) else _in_words(error))
        print(f"nstbench: {told}" if "\n" not in told else told, file=sys.stderr)
        return code_of_error(error) if isinstance(error, NstbenchError) else 2
    return 0


def _in_words(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    return f"{os.fsdecode(error.filename)}: {what}" if error.filename else what
