"""nstbench: sweep, time and compare neural-style-transfer backends.

    import nstbench
    results = nstbench.sweep("experiments/layers.yaml")
    results = nstbench.open_results("results/layers")
    results.runs, results.losses, results.timings, results.images
    results.contact_sheet(), results.plot_losses()
    nstbench.choose("results/layers", within=10)[0].stylize
    nstbench.compare("results/before", "results/after").groups
    nstbench.check("experiments/layers.yaml", base="main")

Nothing heavy is imported until one of these is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nstbench.comparison.choose import Choice
    from nstbench.comparison.compare import Comparison
    from nstbench.experiment import ExperimentLike
    from nstbench.gate.noise import MeasuredNoise
    from nstbench.gate.pairs import PairWatcher
    from nstbench.gate.verdict import Verdict
    from nstbench.gate.watch import CheckWatcher
    from nstbench.plan import Plan
    from nstbench.record import Results
    from nstbench.report.notebook import ResultsView
    from nstbench.run.sweep import Limits, Parallel, Redo, Watcher

__all__ = [
    "Limits",
    "Parallel",
    "Redo",
    "Results",
    "Watcher",
    "check",
    "choose",
    "compare",
    "noise",
    "open_results",
    "plan_trials",
    "sweep",
]


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


def plan_trials(experiment: ExperimentLike, *, overrides: Sequence[str] = ()) -> Plan:
    """Plan an experiment and run nothing: its trials, in the order in which a sweep does them.

    Args:
        experiment, overrides: as `sweep` takes them.

    Raises:
        ExperimentError: every mistake in the experiment.
        BackendUnavailable: a backend it names is not installed.
    """
    from nstbench.run.api import plan_trials as plan

    return plan(experiment, overrides)


def sweep(
    experiment: ExperimentLike,
    out: str | Path | None = None,
    *,
    overrides: Sequence[str] = (),
    redo: Redo | None = None,
    join: bool = False,
    watch: Watcher | None = None,
    limits: Limits | None = None,
    parallel: Parallel | None = None,
) -> ResultsView:
    """Run an experiment, or what is missing of it, and open its results.

    Args:
        experiment: a YAML file, or the same content as a mapping (paths in it are relative to the working
            directory), or what `nstbench.experiment.load_experiment` returned.
        out: the results folder; default `results/<name>`.
        overrides: `key=value`, as the command line's `--set`.
        redo: which finished trials to do again; default none. If these were measured with other settings or
            other code than now, a warning says so.
        join: take over a folder of another experiment; its rows stay, outside the plan.
        watch: told how it goes.
        limits: when to give up; default when all is done.
        parallel: who runs the trials, which devices to use at once, and how many CPU jobs; default one trial
            at a time on this machine.

    Raises:
        ExperimentError: every mistake in the experiment, before anything runs.
        UsageError: the folder holds something else, or another experiment, or a device is not there.
        BackendUnavailable: a backend it names is not installed or has no such device.
    """
    from nstbench.run.api import sweep as run

    done = run(
        experiment,
        out,
        overrides=overrides,
        redo=redo,
        join=join,
        watch=watch,
        limits=limits,
        parallel=parallel,
    )
    return open_results(*(store.path for store in done.stores))


def choose(
    *paths: str | Path,
    within: float | str | None = None,
    at_least: float | None = None,
    quality: str | None = None,
    floor: Sequence[str] = (),
    pictures: int = 1,
    size: int | None = None,
    device: str | None = None,
    outside_plan: bool = False,
) -> list[Choice]:
    """Say which backend and settings to take, for each device and size of picture in the results.

    Wishes are those of `nstbench.comparison.wish`, a floor is as `referee_msssim>=0.2`; paths as `compare`.
    """
    from nstbench.comparison.choose import choose_folders
    from nstbench.comparison.wish import wish
    from nstbench.run.installed import usual_options

    wanted = wish(quality, within, at_least, pictures, (size, device)).with_floors(floor)
    return choose_folders(*paths, wanted=wanted, outside_plan=outside_plan, defaults=usual_options)


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
    from nstbench.comparison.compare import compare_folders

    return compare_folders(*paths, by=by, base=base, outside_plan=outside_plan)


def check(
    experiment: ExperimentLike,
    *,
    baseline: str | Path | None = None,
    base: str | None = None,
    candidate: str | None = None,
    base_python: str | Path | None = None,
    candidate_python: str | Path | None = None,
    project: str | Path | None = None,
    own_dependencies: bool = False,
    extras: str = "",
    overrides: Sequence[str] = (),
    backends: Sequence[str] = (),
    out: str | Path | None = None,
    watch: CheckWatcher | None = None,
) -> list[Verdict]:
    """Decide whether a change made an experiment slower or worse; returns a verdict for each comparison.

    Without a base, one sweep is held against a committed baseline. With one, both versions are timed in pairs
    of fresh processes, and a sweep is held against the baseline only if that is named.

    Args:
        experiment, overrides: as `sweep` takes them.
        baseline: default `results/baselines/NAME.json`; `nstbench.gate.check.update_baseline` writes it.
        base, candidate: git references of your project; default of the candidate: `.`, the working tree.
        base_python, candidate_python: instead of these, interpreters of environments that are ready.
        project, own_dependencies, extras: see `nstbench.gate.sides.Versions`.
        backends: names or labels that replace the experiment's list.
        out: an empty folder for what is measured; default `results/check/NAME/TIME`.
        watch: told how it goes.

    Raises:
        UsageError, ExperimentError: before anything runs. What breaks later is in the verdicts.
    """
    from nstbench.experiment import experiment_from
    from nstbench.gate.check import check as decide
    from nstbench.gate.sides import Versions

    versions = Versions(base, candidate, base_python, candidate_python, project, own_dependencies, extras)
    return decide(experiment_from(experiment, overrides, backends), versions, baseline, out, watch)


def noise(
    experiment: ExperimentLike,
    *,
    pairs: int = 10,
    wanted: float = 0.1,
    overrides: Sequence[str] = (),
    backends: Sequence[str] = (),
    watch: PairWatcher | None = None,
) -> MeasuredNoise:
    """Run an experiment against itself, to learn what slow-down `check` can see on this machine.

    Args:
        experiment, overrides, backends: as `check` takes them.
        pairs: how many pairs of runs to take, at least 3.
        wanted: the slow-down that is to be seen, as a share: 0.1 for 10 %.
        watch: told how it goes.

    Raises:
        UsageError, ExperimentError, BackendUnavailable: before anything runs.
        nstbench.gate.side.SideBroken: the experiment does not run at all.
    """
    from nstbench.experiment import experiment_from
    from nstbench.gate.noise import noise as measure

    return measure(experiment_from(experiment, overrides, backends), pairs, wanted, watch)


def __getattr__(name: str) -> Any:
    if name == "Results":
        return import_module("nstbench.record").Results
    if name in ("Limits", "Parallel", "Redo", "Watcher"):
        return getattr(import_module("nstbench.run.sweep"), name)
    if name == "__version__":
        return import_module("importlib.metadata").version("nstbench")
    raise AttributeError(f"module 'nstbench' has no attribute {name!r}")
