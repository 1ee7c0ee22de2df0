"""`nstbench backends`: what is installed, what it can do, and how to get what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nstbench.cli.backends_check import check
from nstbench.cli.backends_new import new

if TYPE_CHECKING:
    from collections.abc import Collection

    from nstbench.run.installed import Installed

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
    from nstbench.run.installed import installed_plugins

    listed = [_describe(each) for each in installed_plugins()]
    if as_json:
        from nstbench.cli.console.console import print_json

        print_json(listed)
        return
    _print_table(listed)


def _describe(found: Installed) -> dict[str, Any]:
    from nstbench.api import readiness

    plugin, can = found.plugin, found.capabilities
    row = {"name": plugin.name, "distribution": plugin.distribution, "version": plugin.version}
    if can is None:
        return row | {
            "ready": False,
            "reason": "; ".join(filter(None, (found.fault, found.remark))),
            "install": "",
        }
    state = readiness(can)
    return row | {
        "ready": state.ready,
        "reason": "; ".join(filter(None, (state.reason, found.remark))),
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
            "; ".join(filter(None, ("ready" * row["ready"], row["reason"]))),
            row["install"],
        )
        for row in listed
    ]
    console.print(table(("backend", "from", "devices", "state", "to install"), rows))
    for row in listed:
        if "summary" in row:
            console.print(f"\n{row['name']}", style="bold", end="")
            console.print(f": {row['summary']}")
            console.print(f"  consumes: {_in_short(row['consumes'])}", soft_wrap=True)
            for name, option in row["options"].items():
                choices = f" ({'|'.join(map(str, option['choices']))})" if option["choices"] else ""
                console.print(
                    f"  option {name}={option['default']}{choices}: {option['help']}",
                    soft_wrap=True,
                )


def _in_short(consumed: Collection[str]) -> str:
    """Name settings, or those that are missing if these are fewer; some are never a backend's affair."""
    from nstbench.api import FEEDFORWARD_SETTINGS, SETTINGS, VGG_SETTINGS

    any_backend = VGG_SETTINGS | FEEDFORWARD_SETTINGS
    left_out = [name for name in SETTINGS if name in any_backend - {*consumed}]
    if len(left_out) >= len(consumed):
        return " ".join(name for name in SETTINGS if name in consumed)
    return f"every setting but {' '.join(left_out)}" if left_out else "every setting"
