"""Pictures from contents and styles: a sweep of which only the pictures are kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nstbench.api import AssetError, UsageError
from nstbench.assets import longer_side
from nstbench.assets.annotated import note_in
from nstbench.experiment import experiment_from_mapping
from nstbench.experiment.overrides import target
from nstbench.plan import Trial
from nstbench.record import RunRecord
from nstbench.record.files import refuse_unwritable
from nstbench.run.easel import Easel
from nstbench.run.installed import ready_backends
from nstbench.run.pastiches import Pastiche
from nstbench.run.sweep import Outcome, prepare_sweep
from nstbench.run.watcher import Together, Watcher

MOST_SIDE = 512
"""Pixels of the longer side where nobody asks for a size: more take minutes on a CPU."""

KEPT_EVERY = 10
"""Iterations between the pictures of which an interruption leaves the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How pictures are made.

    Attributes:
        backend: None for the first that is ready.
        options: of the backend.
        fixed: settings, as in an experiment.
        overrides: `key=value` texts, as the command line's `--set`.
    """

    backend: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    overrides: Sequence[str] = ()

    @classmethod
    def of(cls, picture: Path) -> Recipe:
        """Read how a picture of `stylize` was made from the note in it.

        Raises:
            AssetError: it has none.
        """
        note = note_in(picture)
        backend, options, fixed = (note.get(name) for name in ("backend", "options", "settings"))
        if not (isinstance(backend, str) and isinstance(options, Mapping) and isinstance(fixed, Mapping)):
            raise AssetError(f"{picture}: its note does not say how it was made; name another picture")
        return cls(backend=backend, options=options, fixed=fixed)

    @property
    def has_size(self) -> bool:
        """Whether it says how large the pictures are to be."""
        keys = (text.partition("=")[0].strip() for text in self.overrides)
        named = {*self.fixed, *(place[-1] for key in keys if (place := target(key)))}
        return bool(named & {"size", "stages"})


@dataclass(frozen=True, slots=True)
class Made:
    """What became of the pictures: the record of each, whose `image` is None if there is none."""

    records: Mapping[Pastiche, RunRecord]
    outcome: Outcome


def stylize(wanted: Sequence[Pastiche], recipe: Recipe, easel: Easel, watch: Watcher | None = None) -> Made:
    """Make pictures and write each as soon as it is done; where the backend fails, nothing is written.

    Args:
        easel: who writes them, and knows at any time what is there.

    Raises:
        UsageError, ExperimentError: it would be other pictures, or one would take the place of an input.
        ResultsError: a place cannot be written.
        BackendUnavailable: no backend is ready, or not the one that is named.
        UnknownName: there is none of that name.
    """
    watch = Together(watch or Watcher(), easel)
    with tempfile.TemporaryDirectory() as folder:
        sizes = {} if recipe.has_size else _sizes(wanted, watch.says)
        experiment = experiment_from_mapping(
            _experiment(wanted, recipe, sizes, easel.save_every or KEPT_EVERY),
            Path.cwd(),
            overrides=recipe.overrides,
            name="stylize",
        )
        prepared = prepare_sweep(experiment, Path(folder), watch=watch)
        easel.trials = _by_trial(wanted, prepared.plan.trials)
        for each in wanted:
            refuse_unwritable(each.out)
        outcome = prepared.run()
        records = {easel.trials[record.trial.trial_id]: record for record in prepared.store.records()}
    return Made(records, outcome)


def _sizes(wanted: Sequence[Pastiche], say: Callable[[str], None]) -> dict[str, list[int]]:
    """Choose a size for each picture: that of its photo, if that is not too large."""
    sides = [longer_side(each.content, Path.cwd()) for each in wanted]
    if max(sides) > MOST_SIDE:
        say(f"pictures are {MOST_SIDE} pixels long, of larger photos too; --set size=N changes that")
    return {"size": [min(side, MOST_SIDE) for side in sides]}


def _experiment(
    wanted: Sequence[Pastiche], recipe: Recipe, sizes: Mapping[str, Sequence[int]], snapshot_every: int
) -> dict[str, Any]:
    one = {"content": wanted[0].content, "style": wanted[0].style}
    pictures: dict[str, Any] = {"inputs": one, "fixed": {name: sides[0] for name, sides in sizes.items()}}
    if len(wanted) > 1:
        pairs = {name: [getattr(each, name) for each in wanted] for name in one}
        pictures = {"sweep": {"zip": {**pairs, **sizes}}}
    return pictures | {
        "fixed": dict(recipe.fixed) | pictures.get("fixed", {}),
        "measure": {"referee": "none", "snapshot_every": snapshot_every},
        "backends": [{"name": recipe.backend or ready_backends()[0], "options": dict(recipe.options)}],
    }


def _by_trial(wanted: Sequence[Pastiche], trials: Sequence[Trial]) -> dict[str, Pastiche]:
    """Say which trial makes which picture.

    Raises:
        UsageError: there are other trials, or fewer, as two contents are one picture.
    """
    places = {(each.content, each.style): each for each in wanted}
    found = {trial.trial_id: (trial.settings.content, trial.settings.style[0]) for trial in trials}
    if len(trials) > len(wanted):
        raise UsageError(
            "stylize makes one picture of each content and style; for an axis, sweep an experiment"
        )
    planned = {*found.values()}
    if twice := next((pair for pair in places if pair not in planned), None):
        raise UsageError(f"{' in '.join(twice)}: another pair of pictures is the same; leave it out")
    return {trial_id: places[pair] for trial_id, pair in found.items()}
