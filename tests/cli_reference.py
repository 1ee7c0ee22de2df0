"""The reference of the command line, made from the program: `python -m tests.cli_reference > docs/cli.md`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

HEAD = """# Command line

Made from the program by `python -m tests.cli_reference > docs/cli.md`; `-h` after any command says the same.
Progress and remarks go to standard error, tables and JSON to standard output. What you would type each time
may stand in [a file or a variable](install.md#defaults-of-your-own).

## Exit codes

| code | |
|---|---|
| 0 | fine |
| 1 | a bug in nstbench |
| 2 | bad usage or a bad experiment, nothing was run; or a file that cannot be read or written |
| 3 | some trials failed, all were refused, or what one came to could not be kept (a full disk) or merged |
| 4 | a regression is confirmed |
| 5 | a check that can say nothing |
| 6 | a requested backend is not installed or has no such device |
| 130 | interrupted, finished trials are kept |
"""


def reference(app: Any) -> str:
    """Return the reference of a typer application: a section for each command, a row for each parameter."""
    return "\n".join([HEAD, *_sections(get_command(app), "nstbench")])


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield a command and those below it, each with the words that call it."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, f"{path} {name}")


def _sections(root: Any, name: str) -> Iterator[str]:
    for path, command in commands(root, name):
        shown = [each for each in command.params if not each.hidden]
        yield f"## {path}\n"
        yield f"```text\n{' '.join([path, *_usage(command, shown)])}\n```\n"
        yield inspect.cleandoc(command.help or "") + "\n"
        if shown:
            yield "\n".join(["| | |", "|---|---|", *map(_row, shown)]) + "\n"


def _usage(command: Any, shown: list[Any]) -> Iterator[str]:
    if any(_is_option(each) for each in shown):
        yield "[OPTIONS]"
    for each in shown:
        if not _is_option(each):
            yield _argument(each) if each.required or each.metavar else f"[{_argument(each)}]"
    if hasattr(command, "commands"):
        yield "COMMAND"


def _row(parameter: Any) -> str:
    """Describe a parameter by what every version of typer tells of it."""
    if _is_option(parameter):
        value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
        name = ", ".join(f"`{name}{value}`" for name in parameter.opts)
    else:
        name = f"`{_argument(parameter)}`"
    said = " ".join((parameter.help or "").split())
    if isinstance(parameter.default, str | int | float) and not isinstance(parameter.default, bool):
        said += f" Default: {parameter.default}."
    if _is_option(parameter) and parameter.required:
        said += " Required."
    return f"| {_cell(name)} | {_cell(said)} |"


def _is_option(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "option")


def _argument(parameter: Any) -> str:
    return parameter.metavar or parameter.name.upper() + "..." * (parameter.nargs == -1)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    from nstbench.cli.app import app

    print(reference(app), end="")
