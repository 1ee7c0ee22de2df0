"""Results as HTML for a notebook: counts, the inputs, a row with a small picture for each trial."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from nstbench.record import Results
from nstbench.record.layout import input_path
from nstbench.record.rows import TrialRows, trials
from nstbench.record.words import compiling, number, seconds
from nstbench.report.page_pictures import hashes
from nstbench.report.thumbnails import thumbnail

SIDE, MOST_ROWS = 96, 40
"""Beyond so many rows a notebook becomes heavy; the tables and the report have the rest."""

HEADS = ("", "backend", "trial", "status", "s/iteration", "compile", "total loss", "referee", "SSIM")


def results_html(results: Results) -> str:
    """Return a summary and the columns that people look at first; nothing in it runs or is fetched."""
    results = results.shown
    shown = list(trials(results))
    rows = "".join(_row(trial) for trial in shown[:MOST_ROWS])
    heads = "".join(f"<th>{head}</th>" for head in HEADS)
    more = len(shown) - MOST_ROWS
    rest = f"<p>and {more} more; <code>.runs</code> has all of them</p>" if more > 0 else ""
    return f"<div>{_summary(results)}<table><tr>{heads}</tr>{rows}</table>{rest}</div>"


def _summary(results: Results) -> str:
    counts = results.runs["status"].value_counts()
    said = ", ".join(f"{count} {status}" for status, count in counts.items()) or "no trials"
    said += f" ({results.left_out} more outside the present plan)" if results.left_out else ""
    names = ", ".join(dict.fromkeys(results.runs["experiment"].dropna()))
    folders = ", ".join(str(store.path) for store in results.stores)
    return f"<p><b>{escape(names)}</b> {escape(said)} in {escape(folders)}</p><p>{_inputs(results)}</p>"


def _inputs(results: Results) -> str:
    """Show each content and style image once, if the folder keeps them."""
    once = results.runs.drop_duplicates(["content_sha256", "style_sha256"])
    found = dict(pair[::-1] for row in once.itertuples() for pair in hashes(row))
    pictures = []
    for digits, name in found.items():
        paths = (store.path / input_path(digits) for store in results.stores)
        if uri := next(filter(None, (thumbnail(path, SIDE) for path in paths)), None):
            pictures.append(_picture(uri, str(name)))
    return " ".join(pictures)


def _row(trial: TrialRows) -> str:
    cells = "".join(f"<td>{cell}</td>" for cell in _cells(trial))
    return f"<tr>{cells}</tr>"


def _cells(trial: TrialRows) -> Iterator[str]:
    run = trial.run
    uri = thumbnail(trial.picture, SIDE) if trial.picture else None
    yield _picture(uri, trial.name) if uri else ""
    yield escape(run["backend_label"] or "")
    yield escape(run["label"] or "")
    yield escape(": ".join(filter(None, (run["status"], run["error_message"]))))
    yield seconds(run["step_median_s"])
    yield compiling(run["compile_s"], run["compile_cached_s"])
    yield from (number(run[name]) for name in ("final_total", "referee_total", "referee_ssim"))


def _picture(uri: str, name: str) -> str:
    said = escape(name, quote=True)
    return f'<img src="{uri}" alt="{said}" title="{said}" style="display: inline">'
