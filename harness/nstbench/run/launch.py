"""The loop of a sweep that others do: launch them, and watch the folder."""

from __future__ import annotations

import math
import sys
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
from nstbench.record.inside import inside
from nstbench.record.layout import LAUNCHED, result_path
from nstbench.run.keeper import Keeper
from nstbench.run.launcher import Launcher, SweepCommand
from nstbench.run.limits import Limits, OutOfTime, Stopped

LOOK_S = 0.5
"""How often the folder is looked at. Where that takes long it is done less often, a tenth of the time."""

RUN = "from nstbench.cli import main; main()"


@dataclass(slots=True)
class Launch:
    """Trials that sweeps elsewhere do. This process claims none of them.

    Attributes:
        trials: those that are to be done, also if they have a result.
        most: how many sweeps have something to do.
        until: when the time is over, on the clock of `time.monotonic`.
    """

    launcher: Launcher
    keeper: Keeper
    sweep: SweepCommand
    trials: list[Trial]
    most: int
    limits: Limits = field(default_factory=Limits)
    until: float = math.inf

    def do_all(self) -> None:
        """Launch, and wait until all have ended. Nothing that was launched stays running.

        Raises:
            UsageError: nothing could be launched.
            Stopped: the time of the sweep is over, or trials are left that nobody runs.
        """
        waiting = {trial.trial_id for trial in self.trials}
        try:
            self._launch()
            going = True
            while going:
                going, since = self.launcher.look(), monotonic()
                self._note_results(waiting)
                if self.limits.fail_fast and self.keeper.failed:
                    return
                if not waiting:
                    self.launcher.spare()
                if going:
                    self._sleep(monotonic() - since)
        finally:
            self.launcher.close()
        if any(self._is_free(trial_id) for trial_id in waiting):
            raise Stopped("the sweeps that were to do them have ended")

    def _launch(self) -> None:
        """Withdraw the results that are to be replaced, so that each trial is done once, and launch."""
        store = self.keeper.store
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
        folder = inside(store.path, LAUNCHED / name / "folder").parent.absolute()
        with writing(folder):
            folder.mkdir(parents=True)
        results = [result_path(trial.trial_id) for trial in self.trials]
        withdrawn: list[tuple[Path, Path]] = []
        try:
            for trial, path in zip(self.trials, results, strict=True):
                if (store.path / path).exists() and (kept := store.withdraw(trial.trial_id)):
                    withdrawn.append((kept, store.path / path))
            self.launcher.launch(self.sweep, self.most, folder)
        except UsageError:
            for kept, path in withdrawn:
                kept.rename(path)
            raise

    def _note_results(self, waiting: set[str]) -> None:
        store = self.keeper.store
        for trial_id in sorted(waiting):
            if record := store.record(trial_id):
                waiting.discard(trial_id)
                self.keeper.note(record)

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


def sweep_command(experiment: Experiment, store: Store, limits: Limits) -> SweepCommand:
    """Return the command that does the same sweep into the same folder.

    Raises:
        UsageError: there is none, as the experiment is not in a file.
    """
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
