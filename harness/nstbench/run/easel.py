"""Who writes the pictures of `stylize`: finished ones, those on the way, and what an interruption leaves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from nstbench.assets.annotated import annotated
from nstbench.plan import Trial
from nstbench.record import RunRecord
from nstbench.record.files import write_atomic
from nstbench.record.told import told_settings
from nstbench.run.job import Event, Job, Painted
from nstbench.run.pastiches import Pastiche
from nstbench.run.watcher import Watcher


class Easel(Watcher):
    """Holds the pictures that are being painted.

    Args:
        quality: 1 to 100, of JPEG and WebP.
        save_every: iterations between pictures that are kept with their number beside the last one; None for
            none.

    Attributes:
        trials: trial id -> the picture that it makes.
        written_at: seconds on the clock of `time.monotonic` at which each picture was written.
    """

    def __init__(self, quality: int, save_every: int | None = None) -> None:
        self._quality, self.save_every = quality, save_every
        self.trials: Mapping[str, Pastiche] = {}
        self.written_at: list[float] = []
        self._wet: dict[str, tuple[Trial, Painted]] = {}

    def event(self, job: Job, event: Event) -> None:
        """Take a picture; keep it if it is one of those on the way that are wanted."""
        if not isinstance(event, Painted):
            return
        trial = next(each for each in job.trials if each.trial_id == event.trial_id)
        self._wet[trial.trial_id] = trial, event
        done, out = event.iteration, self.trials[trial.trial_id].out
        if self.save_every and done and done != trial.checkpoint and done % self.save_every == 0:
            digits = len(str(trial.checkpoint))
            self._write(out.with_stem(f"{out.stem}-{done:0{digits}d}"), trial, event)

    def recorded(self, record: RunRecord) -> None:
        """Write what is done."""
        _, event = self._wet.pop(record.trial.trial_id, (None, None))
        if event and record.image is not None:
            more = {"losses": dict(record.final), "seconds": record.optimise_s}
            self._write(self.trials[record.trial.trial_id].out, record.trial, event, more)
            self.written_at.append(monotonic())

    def leave(self) -> list[str]:
        """Write what is unfinished; returns a line for each picture."""
        said = []
        for trial, event in self._wet.values():
            out = self.trials[trial.trial_id].out
            self._write(out, trial, event)
            said.append(f"{out} shows iteration {event.iteration} of {trial.checkpoint}")
        self._wet.clear()
        return said

    def _write(self, path: Path, trial: Trial, event: Painted, more: Mapping[str, Any] | None = None) -> None:
        note = _note(trial, event.iteration) | dict(more or {})
        write_atomic(path, annotated(event.png, path.suffix.lower(), self._quality, note))


def _note(trial: Trial, iterations: int | None) -> dict[str, Any]:
    """Say how a picture was made, in JSON types; of files that were read, the names without folders."""
    return {
        "backend": trial.backend,
        "version": trial.backend_version,
        "options": dict(trial.options),
        "settings": told_settings(trial, Path.cwd()),
        "content": Path(trial.settings.content).name,
        "style": [Path(name).name for name in trial.settings.style],
        "height": trial.height,
        "width": trial.width,
        "iterations": iterations,
        "weights": trial.weights,
        "weights_sha256": trial.weights_sha256,
    }
