"""`nstbench backends`: what is installed, what it can do, and how to get what is missing."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nstbench.cli.backends_check import check
from nstbench.cli.backends_new import new

backends_app = typer.Typer(rich_markup_mode=None, invoke_without_command=True)
for verb in (check, new):
    backends_app.command()(verb)


@backends_app.callback()
def backends(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the installed backends; check one, or start a new one. Listing loads no framework."""
    if context.invoked_subcommand:
        return
    from nstbench.api import plugins

    listed = [_describe(plugin) for plugin in plugins().values()]
    if as_json:
        from nstbench.cli.console.console import print_json

        print_json(listed)
        return
    _print_table(listed)


def _describe(plugin: Any) -> dict[str, Any]:
    from nstbench.api import NstbenchError, readiness

    row = {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version}
    try:
        kind = plugin.load()
    except NstbenchError as error:
        return row | {"ready": False, "reason": str(error), "install": ""}
    can = kind.capabilities
    state = readiness(can)
    return row | {
        "ready": state.ready,
        "reason": state.reason,
        "install": state.install,
        "summary": can.summary,
        "iterative": can.iterative,
        "devices": list(can.devices),
        "consumes": sorted(can.consumes),
        "options": {
            name: {"default": o.default, "choices": list(o.choices), "help": o.help}
            for name, o in can.options.items()
        },
    }


def _print_table(listed: list[dict[str, Any]]) -> None:
    from nstbench.cli.console.console import stdout, table

    console = stdout()
    rows = [
        (
            row["name"],
            f"{row['distribution']} {row['version']}",
            ", ".join(row.get("devices", [])),
            "ready" if row["ready"] else row["reason"],
            row["install"],
        )
        for row in listed
    ]
    console.print(table(None, ("backend", "from", "devices", "state", "to install"), rows))
    for row in listed:
        if "summary" in row:
            console.print(f"\n[bold]{row['name']}[/bold]: {row['summary']}")
            console.print(f"  consumes: {' '.join(row['consumes'])}", soft_wrap=True)
            for name, option in row["options"].items():
                choices = f" ({'|'.join(map(str, option['choices']))})" if option["choices"] else ""
                console.print(
                    f"  option {name}={option['default']}{choices}: {option['help']}",
                    markup=False,
                    soft_wrap=True,
                )
