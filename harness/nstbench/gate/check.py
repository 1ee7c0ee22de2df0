"""`nstbench.check`: an experiment against its baseline, and two versions against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import nstbench
from nstbench.api import UsageError
from nstbench.assets import cache_dir
from nstbench.experiment import Experiment
from nstbench.gate.baseline import Baseline, baseline_of, read_baseline, without_refused, write_baseline
from nstbench.gate.checkout import Version
from nstbench.gate.cores import cores_in_order
from nstbench.gate.environments import Recipe
from nstbench.gate.measured import read_measured
from nstbench.gate.noise_free import check_noise_free
from nstbench.gate.pairs import Pairs
from nstbench.gate.side import BASE, CANDIDATE, Side, SideBroken
from nstbench.gate.sides import Versions, find_sides, ready_sides
from nstbench.gate.timing import TOGETHER, broken_side, check_timing
from nstbench.gate.verdict import INCONCLUSIVE, Finding, Verdict
from nstbench.gate.watch import CheckWatcher
from nstbench.record.files import refuse_unwritable, refuse_unwritable_folder, write_atomic


def check(
    experiment: Experiment,
    versions: Versions,
    baseline: str | Path | None = None,
    out: str | Path | None = None,
    watch: CheckWatcher | None = None,
) -> list[Verdict]:
    """Do what `nstbench.check` documents, the cheap and certain first."""
    _refuse_search(experiment)
    found, watch = find_sides(versions), watch or CheckWatcher()
    if found:
        # What does not depend on a version; the backends may be known to the versions only.
        nstbench.plan_trials(replace(experiment, backends=()))
    folder = _folder(experiment, out)
    verdicts = []
    if baseline is not None or not found:
        path = _baseline_path(experiment, baseline)
        verdicts.append(_against_baseline(experiment, path, folder / "sweep", watch))
    if found:
        recipe = Recipe(cache_dir() / "environments", versions.own_dependencies, versions.extras)
        verdicts.append(_against_base(experiment, found, recipe, folder, watch))
    return verdicts


def update_baseline(
    experiment: Experiment,
    reason: str,
    baseline: str | Path | None = None,
    out: str | Path | None = None,
    watch: CheckWatcher | None = None,
) -> Path:
    """Sweep once and write the baseline; return where to.

    Args:
        reason: why it is written, for those who read the diff.
        baseline, out, watch: see `nstbench.check`.

    Raises:
        UsageError: there is no reason, or a trial failed, and a baseline is of what works.
        ExperimentError, BackendUnavailable: as `nstbench.sweep` does.
    """
    if not reason.strip():
        raise UsageError("check: --update-baseline needs --reason TEXT: those who read the diff will ask")
    _refuse_search(experiment)
    folder, watch = _folder(experiment, out), watch or CheckWatcher()
    refuse_unwritable(path := _baseline_path(experiment, baseline))
    made = without_refused(_swept(experiment, folder / "sweep", reason, watch))
    if not made.trials:
        raise UsageError(f"no baseline written: every trial was refused (see {folder})")
    broken = [subject for subject, figures in made.trials.items() if figures["status"] != "ok"]
    if broken:
        raise UsageError(f"no baseline written: not ok: {', '.join(broken)} (see {folder})")
    write_baseline(path, made)
    return path


def _refuse_search(experiment: Experiment) -> None:
    if experiment.search:
        raise UsageError(
            "check: a search has no fixed trials to compare; check an experiment with what it found"
        )


def _baseline_path(experiment: Experiment, named: str | Path | None) -> Path:
    return Path(named or f"results/baselines/{experiment.name}.json")


def _folder(experiment: Experiment, named: str | Path | None) -> Path:
    """Return a fresh folder for what is measured.

    Raises:
        UsageError: the named one is not empty. A sweep goes on where the last one ended, so the runs of an
            earlier check would pass for this one's.
    """
    if named:
        out = Path(named)
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise UsageError(f"--out {out}: not an empty folder; each check wants one of its own")
        refuse_unwritable_folder(out)
        return out
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S.%f")
    folder = Path("results") / "check" / experiment.name / now
    if not (folder / ".gitignore").exists():  # what lies in the project would count as a change of it
        write_atomic(folder / ".gitignore", b"*\n")
    return folder


def _against_baseline(experiment: Experiment, path: Path, folder: Path, watch: CheckWatcher) -> Verdict:
    """Sweep once, and hold it against the baseline."""
    baseline = read_baseline(path)
    if baseline is None:
        reason = f"no baseline at {path}; write one with --update-baseline --reason TEXT"
        missing = Finding(TOGETHER, "baseline", INCONCLUSIVE, reason=reason)
        return Verdict(f"{experiment.name}: no baseline", (missing,))
    current = _swept(experiment, folder, "", watch)
    return check_noise_free(baseline, current, experiment.gate.allowances(timed=False))


def _swept(experiment: Experiment, folder: Path, reason: str, watch: CheckWatcher) -> Baseline:
    # To compile takes memory, which is judged: each sweep is to pay for it.
    anew = replace(experiment, measure=experiment.measure.model_copy(update={"compile_cache": False}))
    with watch.sweeping(folder) as watcher:
        nstbench.sweep(anew, folder, watch=watcher)
    return baseline_of(read_measured(folder), reason)


def _against_base(
    experiment: Experiment,
    found: Sequence[Side | Version],
    recipe: Recipe,
    folder: Path,
    watch: CheckWatcher,
) -> Verdict:
    """Time base and candidate in pairs."""
    with watch.timing(folder) as watcher:
        try:
            sides = ready_sides(found, recipe, watch.says)
        except SideBroken as error:
            return Verdict(f"{experiment.name}: not timed", (broken_side(error),))
        with sides[BASE], sides[CANDIDATE]:
            return check_timing(Pairs(sides, experiment, folder, watcher, cores_in_order()))
