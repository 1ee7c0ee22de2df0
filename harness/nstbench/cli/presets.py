"""`nstbench presets`: other projects' defaults, shown and converted from one's units to another's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from nstbench.api import UsageError
from nstbench.cli.console import completion

presets_app = typer.Typer(
    help="List other projects' defaults, show one, or convert units.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Size = Annotated[
    str, typer.Option("--size", metavar="SIZE", help="Size of the pastiche: 256, or HEIGHTxWIDTH.")
]


@presets_app.callback(invoke_without_command=True)
def presets(context: typer.Context, as_json: AsJson = False) -> None:
    """List the presets, or show or convert one."""
    if context.invoked_subcommand:
        return
    from nstbench.cli.console.console import print_json, stdout, table
    from nstbench.presets.presets import PRESETS

    if as_json:
        rows = [(each.name, each.summary, each.source) for each in PRESETS.values()]
        print_json([dict(zip(("name", "summary", "source"), row, strict=True)) for row in rows])
    else:
        stdout().print(table(("preset", ""), [(each.name, each.summary) for each in PRESETS.values()]))


@presets_app.command()
def show(
    name: Annotated[str, typer.Argument(help="A preset.", metavar="NAME", autocompletion=completion.presets)],
    size: Size = "256",
    as_json: AsJson = False,
) -> None:
    """Show a preset, as settings to paste into an experiment.

    Also shows what they are in canonical units.
    """
    from nstbench.cli.console.console import print_json
    from nstbench.presets.conversion import convert
    from nstbench.presets.presets import find_preset

    preset, (height, width) = find_preset(name), _size(size)
    canonical = convert(name, "gatys", {}, height, width)
    terms = {"content": preset.content_term, "style": preset.style_term, "tv": preset.tv_term}
    if as_json:
        print_json(
            {
                "name": preset.name,
                "summary": preset.summary,
                "source": preset.source,
                "terms": terms,
                "settings": preset.settings,
                "canonical": {"height": height, "width": width, "settings": canonical.settings},
                "departures": preset.departures,
            }
        )
        return
    _print_comments([f"{preset.name}: {preset.summary}", preset.source, ""])
    _print_comments(f"{kind} loss of a layer: {term}" for kind, term in terms.items() if kind != "tv")
    _print_comments([f"total variation: {preset.tv_term}", *_LEGEND, ""])
    _print_comments(["What nstbench does otherwise:", *(f"- {each}" for each in preset.departures)])
    print(f"preset: {preset.name}")
    _print_fixed(preset.settings)
    _print_comments(["", f"The same loss in canonical units, at {height}x{width}:"])
    _print_fixed(_rounded(canonical.settings), "# ")


@presets_app.command()
def convert(
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="NAME", help="Preset whose units are given.", autocompletion=completion.presets
        ),
    ],
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="NAME", help="Preset whose units are wanted.", autocompletion=completion.presets
        ),
    ],
    given: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KEY=VALUE]...", help="As in alpha=10; what is left out is the preset's own."
        ),
    ] = None,
    size: Size = "256",
    as_json: AsJson = False,
) -> None:
    """Say the same loss in another project's units.

    Prints settings to paste into an experiment.
    """
    from nstbench.cli.console.console import print_json
    from nstbench.presets import conversion

    height, width = _size(size)
    made = conversion.convert(source, to, dict(map(_setting, given or ())), height, width)
    if as_json:
        print_json({"height": height, "width": width, "settings": made.settings, "notes": made.notes})
        return
    _print_comments([f"from {source} to {to} at {height}x{width}", *made.notes])
    _print_fixed(_rounded(made.settings))


_LEGEND = (
    "K = sum (F - P)^2; E = sum (G - A)^2 / (4 N^2), Gram matrices divided by their M; N channels,",
    "M positions; TV of pixels from 0 to 1; H x W the size of the pastiche; with the style_loss",
    "wasserstein2 E is the squared Wasserstein-2 distance over N",
)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text.strip().lower())
    if not match:
        raise UsageError(f"--size: {text!r} is no size; give 256, or HEIGHTxWIDTH as in 300x400")
    return int(match[1]), int(match[2] or match[1])


def _setting(text: str) -> tuple[str, Any]:
    from nstbench.experiment.yaml12 import parse

    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} must be key=value, as in alpha=10")
    return name.strip(), parse(value.strip(), text).value


def _print_fixed(written: Mapping[str, Any], prefix: str = "") -> None:
    print(f"{prefix}fixed:")
    for name, value in written.items():
        print(f"{prefix}  {name}: {_yaml(value)}")


def _yaml(value: Any) -> str:
    """Write text that is a plain YAML scalar, numbers, and lists or mappings of these."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    return str(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(each) for key, each in value.items()}
    return float(f"{value:.10g}") if isinstance(value, float) else value


def _print_comments(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"# {line}".rstrip())
