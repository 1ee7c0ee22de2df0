"""The loop of a sweep that others do: launch them, and watch the folder."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

from nstbench.api import UsageError
from nstbench.experiment import Experiment
from nstbench.plan import Trial
from nstbench.record import Store
from nstbench.record.files import writing
from nstbench.record.inside import inside, set_aside
from nstbench.record.layout import LAUNCHED, result_path
from nstbench.run.keeper import Keeper
from nstbench.run.launcher import Launcher, SweepCommand
from nstbench.run.limits import Limits, OutOfTime, Stopped

LOOK_S = 0.5
"""How often the folder is looked at. Where that takes long it is done less often, a tenth of the time."""

LAST_S = 10.0
"""How long those that were launched may take to end when all is done, and may wait in a queue by then."""

RUN = "from nstbench.cli import main; main()"


@dataclass(slots=True)
class Launch:
    """Trials that sweeps elsewhere do. This process claims none of them.

    Attributes:
        trials: those that are to be done, also if they have a result, or judged.
        pending: those of them that are to be done.
        most: how many sweeps have something to do.
        until: when the time is over, on the clock of `time.monotonic`.
    """

    launcher: Launcher
    keeper: Keeper
    sweep: SweepCommand
    trials: Sequence[Trial]
    pending: Sequence[Trial]
    most: int
    limits: Limits = field(default_factory=Limits)
    until: float = math.inf

    def do_all(self) -> None:
        """Launch, and wait until all have ended. Nothing that was launched stays running.

        Raises:
            UsageError: nothing could be launched.
            Stopped: the time of the sweep is over, or trials are left that nobody runs.
        """
        waiting = {trial.trial_id for trial in self.pending}
        unjudged = {trial.trial_id for trial in self.trials} if self.keeper.judging else set()
        end = math.inf
        try:
            self._launch()
            going = True
            while going:
                going, since = self.launcher.look(), monotonic()
                self._note_results(waiting, unjudged)
                if self.limits.fail_fast and self.keeper.failed:
                    return
                if not waiting and not unjudged:
                    end = min(end, monotonic() + LAST_S)
                if monotonic() >= end:
                    return
                if going:
                    self._sleep(monotonic() - since)
        finally:
            self.launcher.close()
        if any(self._is_free(trial_id) for trial_id in waiting):
            raise Stopped("the sweeps that were to do them have ended")

    def _launch(self) -> None:
        """Move results that are to be replaced aside, so that each trial is done once, and launch."""
        store = self.keeper.store
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
        folder = inside(store.path, LAUNCHED / name / "folder").parent.absolute()
        with writing(folder):
            folder.mkdir(parents=True)
        moved = [_moved_aside(store, trial.trial_id) for trial in self.pending]
        try:
            self.launcher.launch(self.sweep, self.most, folder)
        except UsageError:
            for place, kept in filter(None, moved):
                kept.rename(place)
            raise

    def _note_results(self, waiting: set[str], unjudged: set[str]) -> None:
        for trial_id in sorted(waiting | unjudged):
            if record := self.keeper.store.record(trial_id):
                if trial_id in waiting:
                    waiting.discard(trial_id)
                    self.keeper.note(record)
                if not self.keeper.judging or self.keeper.judging.is_done(record):
                    unjudged.discard(trial_id)

    def _sleep(self, looked_s: float) -> None:
        left = self.until - monotonic()
        if left <= 0:
            raise OutOfTime
        sleep(min(left, max(LOOK_S, 9 * looked_s)))

    def _is_free(self, trial_id: str) -> bool:
        """Whether no other sweep has a trial."""
        claim = self.keeper.store.claim([trial_id])
        if claim:
            claim.release()
        return claim is not None


def _moved_aside(store: Store, trial_id: str) -> tuple[Path, Path] | None:
    """Return where a result was and where it is now; None if there is none, or another sweep has it."""
    place = store.path / result_path(trial_id)
    if not place.exists() or (claim := store.claim([trial_id])) is None:
        return None
    try:
        return place, set_aside(store.path, result_path(trial_id))
    finally:
        claim.release()


def sweep_command(experiment: Experiment, store: Store, limits: Limits) -> SweepCommand:
    """Return the command that does the same sweep into the same folder.

    Raises:
        UsageError: there is none, as the experiment is not in a file, or its trials are not known beforehand.
    """
    if experiment.search:
        raise UsageError(
            "a search asks for one trial after the other, and this executor launches sweeps of trials that"
            " are known beforehand: leave --executor out, and submit the command as one job"
        )
    file = experiment.file
    if file is None or file.parent != experiment.base.resolve():
        raise UsageError(
            f"experiment {experiment.name!r}: other machines sweep what is in a file, and no link to one;"
            " save it as YAML and sweep that"
        )
    words = [sys.executable, "-P", "-c", RUN, "sweep", str(file), "--out", str(store.path.absolute())]
    words += [word for text in experiment.overrides for word in ("--set", text)]
    words += [word for name in experiment.chosen for word in ("--backend", name)]
    # What is too much has been refused here, by what the user said of it.
    words += ["--retries", str(limits.retries), "--max-trials", str(10**9)]
    return SweepCommand(tuple(words), file, sha256(experiment.source).hexdigest())
