"""The report: one HTML file that carries its style, its scripts and its data, and asks nobody for more."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined
from plotly.offline import get_plotlyjs

from nstbench.api import UsageError
from nstbench.comparison.stylize_line import Defaults, no_defaults
from nstbench.record import Results
from nstbench.record.files import write_atomic
from nstbench.record.inside import write_inside
from nstbench.record.layout import REPORT
from nstbench.report.history_page import history_data
from nstbench.report.page import page_data, summary
from nstbench.report.page_values import json_in_html

SCRIPTS = (
    *("format", "copy", "state", "pictures", "viewer", "sheet", "slider", "scrubber", "ticks", "plots"),
    *("curves", "budget", "tradeoff", "balance", "phases", "effects", "over_commits", "table", "main"),
)
"""In the order they are loaded; `main` starts the others."""


def write_report(
    results: Results, path: Path | None = None, embed: bool = False, defaults: Defaults = no_defaults
) -> Path:
    """Write the report of one results folder.

    Args:
        path: where to; default `report.html` in the results folder.
        embed: carry pictures in full size, up to 100 MB, so that the file can be sent around alone.
        defaults: tells the options of a backend that need no mention in a command.

    Returns:
        The path of the page.

    Raises:
        UsageError: several folders were opened together.
        ResultsError: the results are damaged, or the file cannot be written.
    """
    if len(results.stores) != 1:
        raise UsageError(f"a report is about one results folder, not {len(results.stores)}; make one of each")
    results, folder = results.shown, results.stores[0].path
    if path is None:
        write_inside(folder, REPORT, report_html(results, ".", embed, defaults=defaults).encode())
        return folder / REPORT
    root = os.path.relpath(folder, path.parent)
    write_atomic(path, report_html(results, root, embed, defaults=defaults).encode())
    return path


def report_html(
    results: Results,
    root: str = ".",
    embed: bool = False,
    plotly_at: str | None = None,
    defaults: Defaults = no_defaults,
) -> str:
    """Return the page.

    Args:
        root: the results folder as seen from the page, for links to pictures in full size.
        embed: carry these instead.
        plotly_at: where a server has `plotly_js()`. The page then carries neither that nor any picture.
        defaults: as in `write_report`.

    Raises:
        ResultsError: the results are damaged.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    head = summary(results)
    page = page_data(results, embed, carry=plotly_at is None, defaults=defaults)
    past = history_data(results, head["experiment"])
    return environment.from_string(template("report.html")).render(
        summary=head,
        choices=page["choices"],
        history=past,
        notes=page["notes"],
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        version=version("nstbench"),
        css=template("report.css"),
        theme=template("theme.js"),
        plotly="" if plotly_at else plotly_js(),
        plotly_at=plotly_at,
        scripts=[template(f"{name}.js") for name in SCRIPTS],
        data=json_in_html(page | {"root": quote(Path(root).as_posix()), "history": past}),
    )


def plotly_js() -> str:
    """Return the library that draws the figures."""
    return str(get_plotlyjs())


def template(name: str) -> str:
    """Return a file that the page is made of."""
    return (files("nstbench.report") / "templates" / name).read_text(encoding="utf-8")
