"""nstbench: sweep, time and compare neural-style-transfer backends.

    import nstbench
    results = nstbench.sweep("experiments/layers.yaml")
    results = nstbench.open_results("results/layers")
    results.runs, results.losses, results.timings, results.images
    results.contact_sheet(), results.plot_losses()
    nstbench.compare("results/before", "results/after").groups

Nothing heavy is imported until one of these is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nstbench.compare.compare import Comparison
    from nstbench.record import Results
    from nstbench.report.notebook import ResultsView
    from nstbench.run.sweep import Redo, Watcher

__all__ = ["Results", "compare", "open_results", "sweep"]


def open_results(*paths: str | Path, outside_plan: bool = False) -> ResultsView:
    """Open one or more results folders; in a notebook they show themselves.

    Args:
        outside_plan: whether what is drawn and compared has also the rows that the folder's present plan has
            no longer. The tables always have them, marked in `runs.planned`.

    Raises:
        ResultsError: a folder is missing or was not made by a sweep.
    """
    from pathlib import Path

    from nstbench.report.notebook import ResultsView

    return ResultsView([Path(path) for path in paths], outside_plan)


def sweep(
    experiment: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    overrides: Sequence[str] = (),
    redo: Redo | None = None,
    join: bool = False,
    watch: Watcher | None = None,
) -> ResultsView:
    """Run an experiment, or what is missing of it, and open its results.

    Args:
        experiment: a YAML file, or the same content as a mapping (paths in it are relative to the working
            directory).
        out: the results folder; default `results/<name>`.
        overrides: `key=value`, as the command line's `--set`.
        redo: which finished trials to do again; default none. If these were measured with other settings or
            other code than now, a warning says so.
        join: take over a folder of another experiment; its rows stay, outside the plan.
        watch: told how it goes.

    Raises:
        ExperimentError: every mistake in the experiment, before anything runs.
        UsageError: the folder holds something else, or another experiment.
        BackendUnavailable: a backend it names is not installed or has no such device.
    """
    from nstbench.run.api import sweep as run

    done = run(experiment, out, overrides=overrides, redo=redo, join=join, watch=watch)
    return open_results(*(store.path for store in done.stores))


def compare(
    *paths: str | Path, by: str | None = None, base: str | None = None, outside_plan: bool = False
) -> Comparison:
    """Compare trials that are equal but for one thing: folders, backends, or a setting.

    Args:
        paths: results folders.
        by: a column of `runs`; default `results`, the folder, if there are several, else `backend`.
        base: the value of `by` that the others are compared with; default the first one found.
        outside_plan: whether to compare also rows that the present plan of a folder has no longer.

    Raises:
        UsageError: there is nothing to compare, or `by` or `base` is unknown.
        ResultsError: a folder is missing or was not made by a sweep.
    """
    from nstbench.compare.compare import compare_folders

    return compare_folders(*paths, by=by, base=base, outside_plan=outside_plan)


def __getattr__(name: str) -> Any:
    if name == "Results":
        from nstbench.record import Results

        return Results
    raise AttributeError(f"module 'nstbench' has no attribute {name!r}")
