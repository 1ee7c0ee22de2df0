"""What `nstbench check` does, once its options are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nstbench.api import UsageError
from nstbench.cli.check_sides import find_sides, ready_sides, refuse_missing_pictures
from nstbench.cli.console.interruption import interruptible
from nstbench.experiment import Experiment, load_experiment
from nstbench.gate.baseline import Baseline, baseline_of, read_baseline, without_refused, write_baseline
from nstbench.gate.checkout import Version
from nstbench.gate.measured import read_measured
from nstbench.gate.noise_free import check_noise_free
from nstbench.gate.pairs import Pairs
from nstbench.gate.side import BASE, CANDIDATE, Side, SideBroken
from nstbench.gate.timing import TOGETHER, broken_side, check_timing
from nstbench.gate.verdict import FAILED, INCONCLUSIVE, PASS, REGRESSION, Finding, Verdict, worst
from nstbench.record.files import refuse_unwritable, refuse_unwritable_folder, write_atomic

EXIT_CODES = {PASS: 0, FAILED: 3, REGRESSION: 4, INCONCLUSIVE: 5}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of `nstbench check`, as typed."""

    experiment: Path | None
    baseline: Path | None
    update_baseline: bool
    reason: str
    base: str | None
    candidate: list[str] | None
    base_python: Path | None
    candidate_python: Path | None
    pytest_json: list[Path] | None
    project: Path | None
    own_dependencies: bool
    extras: str
    overrides: list[str] | None
    backends: list[str] | None
    inconclusive: str
    out: Path | None
    junit: Path | None
    as_json: bool
    as_markdown: bool

    @property
    def timed(self) -> bool:
        """Whether two versions are to be timed."""
        return self.base is not None or self.base_python is not None

    @property
    def noise_free(self) -> bool:
        """Whether a sweep is to be held against a baseline."""
        return self.baseline is not None or not self.timed


def run(wanted: Wanted) -> int:
    """Do what is wanted, and return the exit code.

    Raises:
        UsageError, ExperimentError: before anything runs.
    """
    refuse_contradictions(wanted)
    if wanted.junit:
        refuse_unwritable(wanted.junit)
    if wanted.update_baseline:
        print(f"baseline written to {update(wanted)}")
        return 0
    verdicts = judge(wanted)
    report(verdicts, wanted)
    outcome = worst(verdicts)
    lenient = outcome == INCONCLUSIVE and wanted.inconclusive == "pass"
    return 0 if lenient else EXIT_CODES[outcome]


def judge(wanted: Wanted) -> list[Verdict]:
    """Compare, the cheap and certain first."""
    if wanted.pytest_json:
        from nstbench.gate.benchmark_json import check_files

        return [check_files(wanted.pytest_json, [Path(each) for each in wanted.candidate or ()])]
    compared = find_sides(wanted) if wanted.timed else []
    experiment, folder = _prepared(wanted)
    verdicts = [_noise_free(wanted, experiment, folder / "sweep")] if wanted.noise_free else []
    if wanted.timed:
        with interruptible(f"what was measured is in {folder}"):
            verdicts.append(_timing(wanted, experiment, compared, folder))
    return verdicts


def _prepared(wanted: Wanted) -> tuple[Experiment, Path]:
    """Read the experiment; return it and a fresh folder for what is measured."""
    assert wanted.experiment
    experiment = load_experiment(wanted.experiment, wanted.overrides or (), wanted.backends or ())
    if wanted.timed:
        refuse_missing_pictures(experiment)
    if wanted.out:
        # A sweep goes on where the last one ended: runs of an earlier check would pass for this one's.
        if wanted.out.exists() and (not wanted.out.is_dir() or any(wanted.out.iterdir())):
            raise UsageError(f"--out {wanted.out}: not an empty folder; each check wants one of its own")
        refuse_unwritable_folder(wanted.out)
        return experiment, wanted.out
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S.%f")
    return experiment, _ignored(Path("results") / "check" / experiment.name / now)


def _ignored(folder: Path) -> Path:
    """Return a folder that git leaves out, as what lies in the project would count as a change of it."""
    if not (folder / ".gitignore").exists():
        write_atomic(folder / ".gitignore", b"*\n")
    return folder


def report(verdicts: Sequence[Verdict], wanted: Wanted) -> None:
    """Print verdicts in the form asked for, and write JUnit XML if asked to."""
    from nstbench.cli.console.check_text import print_verdicts, to_json, to_markdown
    from nstbench.cli.console.console import print_json
    from nstbench.gate.junit import to_junit

    if wanted.junit:
        write_atomic(wanted.junit, to_junit(verdicts))
    if wanted.as_json:
        print_json(to_json(verdicts))
    elif wanted.as_markdown:
        print(to_markdown(verdicts))
    else:
        print_verdicts(verdicts)


def refuse_contradictions(wanted: Wanted) -> None:
    """Refuse options that do not go together, before anything runs.

    Raises:
        UsageError: says which, and what to do.
    """
    candidates, timed = wanted.candidate or [], wanted.timed
    refused = {
        "name an experiment file, or give --pytest-json FILE... --candidate FILE...": not (
            wanted.experiment or wanted.pytest_json
        ),
        "--pytest-json judges files; leave out experiment, baseline and base": wanted.pytest_json
        and (wanted.experiment or timed or wanted.baseline or wanted.update_baseline),
        "--pytest-json needs the other side's files: --candidate FILE...": wanted.pytest_json
        and not candidates,
        "--base names a version, --base-python an environment; give one of them": wanted.base
        and wanted.base_python,
        "--candidate-python goes with --base-python": wanted.candidate_python and not wanted.base_python,
        "--candidate goes with --base, or with --pytest-json": candidates
        and not (wanted.base or wanted.pytest_json),
        "one --candidate at a time": len(candidates) > 1 and not wanted.pytest_json,
        "--update-baseline takes no other version; leave out --base": wanted.update_baseline and timed,
        "--update-baseline needs --reason TEXT: those who read the diff will ask": wanted.update_baseline
        and not wanted.reason.strip(),
        "--project, --own-dependencies and --extras go with --base": (
            wanted.project or wanted.own_dependencies or wanted.extras
        )
        and not wanted.base,
        "--extras goes with --own-dependencies": wanted.extras and not wanted.own_dependencies,
        "--json and --markdown exclude each other; choose one": wanted.as_json and wanted.as_markdown,
        f"--inconclusive {wanted.inconclusive!r}: it may be pass or fail": wanted.inconclusive
        not in ("pass", "fail"),
    }
    for text, holds in refused.items():
        if holds:
            raise UsageError(f"check: {text}")


def _timing(
    wanted: Wanted, experiment: Experiment, compared: Sequence[Side | Version], folder: Path
) -> Verdict:
    from nstbench.cli.console.console import stderr
    from nstbench.cli.console.pair_progress import PairProgress
    from nstbench.run.machine import cores_in_order

    try:
        sides = ready_sides(wanted, compared)
    except SideBroken as error:
        return Verdict(f"{experiment.name}: not timed", (broken_side(error),))
    with sides[BASE], sides[CANDIDATE], PairProgress(stderr()) as watch:
        return check_timing(Pairs(sides, experiment, folder, watch, cores_in_order()))


def _noise_free(wanted: Wanted, experiment: Experiment, folder: Path) -> Verdict:
    """Sweep once, and hold it against the baseline."""
    path = _baseline_path(wanted, experiment)
    baseline = read_baseline(path)
    if baseline is None:
        reason = f"no baseline at {path}; write one with --update-baseline --reason TEXT"
        missing = Finding(TOGETHER, "baseline", INCONCLUSIVE, reason=reason)
        return Verdict(f"{experiment.name}: no baseline", (missing,))
    current = _swept(experiment, folder, "")
    return check_noise_free(baseline, current, experiment.gate.allowances(timed=False))


def update(wanted: Wanted) -> Path:
    """Sweep once and write the baseline; return where to.

    Raises:
        UsageError: a trial failed, and a baseline is of what works.
    """
    experiment, folder = _prepared(wanted)
    refuse_unwritable(path := _baseline_path(wanted, experiment))
    made = without_refused(_swept(experiment, folder / "sweep", wanted.reason))
    if not made.trials:
        raise UsageError(f"no baseline written: every trial was refused (see {folder})")
    broken = [subject for subject, figures in made.trials.items() if figures["status"] != "ok"]
    if broken:
        raise UsageError(f"no baseline written: not ok: {', '.join(broken)} (see {folder})")
    write_baseline(path, made)
    return path


def _baseline_path(wanted: Wanted, experiment: Experiment) -> Path:
    return wanted.baseline or Path("results") / "baselines" / f"{experiment.name}.json"


def _swept(experiment: Experiment, folder: Path, reason: str) -> Baseline:
    from nstbench.cli.console.console import stderr
    from nstbench.cli.console.progress import ProgressWatcher
    from nstbench.cli.sweep import run_to_the_end
    from nstbench.run.sweep import Redo, prepare_sweep

    watch = ProgressWatcher(stderr())
    prepared = prepare_sweep(experiment, folder, Redo(everything=True), watch)
    run_to_the_end(prepared, watch, f"what is done is in {folder}")
    return baseline_of(read_measured(folder), reason)
