"""Results for other programs: tables as files, figures for a benchmark page, trials for trackers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstbench.api import UnknownName, UsageError
from nstbench.record import Results
from nstbench.record.files import write_atomic
from nstbench.record.nested import nested, nested_parquet
from nstbench.record.ownership import refuse_foreign_folder
from nstbench.record.rows import TrialRows, trials

TABLES = ("runs", "losses", "timings", "images")
MARK = ".nstbench-export"
"""A file in a folder that an export made, with the name of its format."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way out.

    Attributes:
        write: writes results to a path, a file or a folder as `place` is.
        place: its name below `export/` in the results folder, unless another is asked for; a folder if it has
            no suffix.
        takes_more: whether a folder holds other things of the kind, which stay as they are.
    """

    write: Callable[[Results, Path], None]
    place: str
    takes_more: Callable[[Path], bool] = lambda _: False

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of files."""
        return not Path(self.place).suffix


def export(results: Results, to: str, path: Path | None = None) -> Path:
    """Write results for another program; what an earlier export left there is replaced.

    Args:
        to: one of `FORMATS`.
        path: where to; default a place of its own in the results folder.

    Returns:
        The file or folder written.

    Raises:
        UnknownName: no such format.
        UsageError: several folders were opened and no path was given, the path is a folder that holds other
            things, or the format needs an extra.
        ResultsError: the results are damaged, or the place cannot be written.
    """
    if to not in FORMATS:
        raise UnknownName("format", to, FORMATS)
    chosen, results = FORMATS[to], results.shown
    if path is None and len(results.stores) > 1:
        raise UsageError(f"{len(results.stores)} results folders go into one export: say where with -o PATH")
    path = path or results.stores[0].path / "export" / chosen.place
    if chosen.is_folder and not chosen.takes_more(path):
        mark = path / MARK
        refuse_foreign_folder(path, lambda _: mark.is_file() and mark.read_text().strip() == to)
        write_atomic(mark, f"{to}\n".encode())
    chosen.write(results, path)
    return path


def benchmark_entries(results: Results) -> list[dict[str, Any]]:
    """Return figures in the form of github-action-benchmark's tool `customSmallerIsBetter`.

    Names hold no id, so that a figure keeps its name from one commit to the next. Only trials that went well
    have figures.
    """
    return [entry for trial in trials(results.shown) for entry in _entries(trial)]


def _entries(trial: TrialRows) -> Iterator[dict[str, Any]]:
    run = trial.run
    unit = "iteration" if run["iterations"] is not None else "pass"
    figures = (
        (f"seconds per {unit}", f"s/{unit}", run["step_median_s"], run["step_mad_s"]),
        ("compilation", "s", run["compile_s"], None),
        ("compilation from the cache", "s", run["compile_cached_s"], None),
        ("referee loss", "of the content image", run["referee_total"], None),
        ("peak host memory", "bytes", run["peak_rss_bytes"], None),
    )
    facts = ("device_name", "threads", "weights", "backend_version", "precision", "height", "width")
    extra = "\n".join(f"{name}: {run[name]}" for name in facts if run[name] is not None)
    for what, of, value, spread in figures:
        if run["status"] == "ok" and value is not None:
            entry = {"name": f"{run['experiment']} · {trial.name} · {what}", "unit": of, "value": value}
            yield entry | ({"range": f"± {spread:.3g}"} if spread is not None else {}) | {"extra": extra}


def _parquet(results: Results, folder: Path) -> None:
    write_atomic(folder / "runs.parquet", nested_parquet(results.runs))
    for name in TABLES[1:]:
        write_atomic(folder / f"{name}.parquet", getattr(results, name).to_parquet(index=False))


def _csv(results: Results, folder: Path) -> None:
    for name in TABLES:
        write_atomic(folder / f"{name}.csv", getattr(results, name).to_csv(index=False).encode())


def _json(results: Results, file: Path) -> None:
    frames = (nested(results.runs), *(getattr(results, name) for name in TABLES[1:]))
    texts = (frame.to_json(orient="records", double_precision=15) for frame in frames)
    tables = {name: json.loads(text) for name, text in zip(TABLES, texts, strict=True)}
    write_atomic(file, (json.dumps(tables, indent=1, allow_nan=False) + "\n").encode())


def _benchmark(results: Results, file: Path) -> None:
    content = json.dumps(benchmark_entries(results), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomic(file, (content + "\n").encode())


def _tensorboard(results: Results, folder: Path) -> None:
    from nstbench.export.tensorboard_events import write_events

    write_events(results, folder)


def _is_mlflow_store(folder: Path) -> bool:
    return (folder / "0" / "meta.yaml").is_file()


def _mlflow(results: Results, folder: Path) -> None:
    from nstbench.export.mlflow_runs import write_runs

    write_runs(results, folder)


FORMATS = {
    "parquet": Format(_parquet, "parquet"),
    "csv": Format(_csv, "csv"),
    "json": Format(_json, "tables.json"),
    "github-action-benchmark": Format(_benchmark, "github-action-benchmark.json"),
    "tensorboard": Format(_tensorboard, "tensorboard"),
    "mlflow": Format(_mlflow, "mlruns", _is_mlflow_store),
}
