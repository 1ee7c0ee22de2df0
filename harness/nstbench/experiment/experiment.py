"""An experiment: what a file or a mapping asks for, checked and spread out into points."""

from __future__ import annotations

import pathlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nstbench.experiment.axes import read_sweep
from nstbench.experiment.choice import Choice, choose
from nstbench.experiment.choices import BackendChoice, cli_overlay, read_backends
from nstbench.experiment.contradictions import alone_and_in_turns, fixed_and_swept
from nstbench.experiment.defaults import preset_choices
from nstbench.experiment.gate import Gate
from nstbench.experiment.measure import Measure
from nstbench.experiment.messages import shown, unknown_key, validated
from nstbench.experiment.overrides import apply_overrides
from nstbench.experiment.pictures import spread_pictures
from nstbench.experiment.places import Mistake, Path, Places
from nstbench.experiment.point import Point
from nstbench.experiment.points import points_of
from nstbench.experiment.search import Search, Values, read_search
from nstbench.experiment.shape import FIXABLE, Inputs, Outline
from nstbench.experiment.sources import contents, named, plain, written
from nstbench.experiment.yaml12 import parse

MOST_TRIALS = 10_000


@dataclass(frozen=True, slots=True)
class Experiment:
    """A checked experiment.

    Attributes:
        base: the folder that relative paths start from.
        file: where it stands; None for one that is no file. Sweeping the same file again goes on with the
            same experiment, whatever it says by then.
        chosen: names or labels that the command line limits this sweep to; empty: every backend.
        source: the bytes of its file, or the YAML of its mapping, without overrides.
        axes: the settings that vary, in file order.
        search: how points are found that are not known beforehand; None for a sweep.
        overrides: the `--set` texts applied to it.
        data: what the file says, overrides applied, several pictures as an axis.
        places: for errors found later.
    """

    name: str
    description: str
    base: pathlib.Path
    source: bytes
    measure: Measure
    gate: Gate
    backends: tuple[BackendChoice, ...]
    axes: tuple[str, ...]
    grid: tuple[Point, ...]
    search: Search | None = None
    overrides: tuple[str, ...] = ()
    file: pathlib.Path | None = None
    chosen: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    places: Places = field(default_factory=Places, compare=False, repr=False)

    def without_gate(self, labels: Collection[str]) -> dict[str, Any]:
        """Return the experiment as a mapping that any version reads, with these backends only."""
        kept = {key: value for key, value in self.data.items() if key != "gate"}
        chosen = [each.to_json() for each in self.backends if each.label in labels]
        return kept | {"name": self.name, "backends": chosen}

    def points(self) -> tuple[Point, ...]:
        """Return the points, the first axis varying slowest, no two with equal settings.

        Of a search those at the ends of its axes.
        """
        return self.grid

    def at(self, values: Values, backend: BackendChoice) -> Experiment:
        """Return this experiment with one point of its search, and one backend.

        Raises:
            ExperimentError: the values do not fit together.
        """
        assert self.search, "only a search has points that are not known beforehand"
        mistakes: list[Mistake] = []
        grid = points_of([self.search.step(values)], self.search.fixed, mistakes)
        if mistakes:
            raise self.places.error(mistakes)
        return replace(self, grid=grid, backends=(backend,))


@dataclass(frozen=True, slots=True)
class _Given:
    """What there is to read, and what was asked for besides."""

    data: Any
    places: Places
    base: pathlib.Path
    source: bytes
    name: str
    overrides: Sequence[str]
    backends: Sequence[str]
    most_trials: int = MOST_TRIALS
    file: pathlib.Path | None = None


def load_experiment(
    path: str | pathlib.Path,
    overrides: Sequence[str] = (),
    backends: Sequence[str] = (),
    most_trials: int = MOST_TRIALS,
) -> Experiment:
    """Read an experiment file.

    Args:
        path: a YAML file; relative paths in it, and in overrides, start from its folder.
        overrides: `key=value` texts, see `nstbench.experiment.overrides.apply_overrides`.
        backends: names or labels that replace the file's list.
        most_trials: more are refused before they are planned, as a slip makes too many at once.

    Raises:
        ExperimentError: lists every mistake as `file:line:column: what`.
    """
    file = pathlib.Path(path)
    source = contents(file, str(path))
    document = parse(source, str(path))
    words = named(file.stem), overrides, backends, most_trials
    lasting = file.resolve() if file.is_file() else None  # a pipe is not there a second time
    return _read(_Given(document.value, document.places, file.parent, source, *words, lasting))


def experiment_from_mapping(
    data: Mapping[str, Any],
    base: str | pathlib.Path = ".",
    overrides: Sequence[str] = (),
    backends: Sequence[str] = (),
    name: str = "experiment",
) -> Experiment:
    """Make an experiment from what a file would say; errors name dotted paths such as `sweep.alpha[1]`.

    Raises:
        ExperimentError: lists every mistake.
    """
    plainly = plain(data)
    source = written(plainly)
    return _read(_Given(plainly, Places(), pathlib.Path(base), source, named(name), overrides, backends))


def _read(given: _Given) -> Experiment:
    mistakes: list[Mistake] = []
    if not isinstance(given.data, Mapping):
        found = "an empty file" if given.data is None else shown(given.data)
        raise given.places.error(
            [Mistake((), f"an experiment is a mapping of keys to values, found {found}")]
        )
    changed = apply_overrides(given.data, given.overrides, mistakes)
    places = given.places.with_overlay({**changed.overlay, **cli_overlay(given.backends)})
    written = spread_pictures(changed.data, given.base, mistakes)
    places = places.with_overlay({path: places.where(origin) for path, origin in written.origins.items()})
    outline = _outline(written.data, mistakes)
    measure = validated(Measure, outline.measure, ("measure",), mistakes)
    mistakes += alone_and_in_turns(outline, measure)
    gate = validated(Gate, outline.gate, ("gate",), mistakes)
    chosen = read_backends(outline.backends, given.backends, mistakes)
    spread = _spread(outline, changed.settings, (len(chosen), given.most_trials), mistakes)
    if mistakes or measure is None or gate is None:
        raise places.error(mistakes)
    return Experiment(
        name=outline.name or given.name,
        description=outline.description,
        base=given.base,
        source=given.source,
        measure=measure,
        gate=gate,
        backends=chosen,
        axes=spread.axes,
        grid=spread.grid,
        search=spread.search,
        overrides=tuple(given.overrides),
        file=given.file,
        chosen=tuple(given.backends),
        data=written.data,
        places=places,
    )


@dataclass(frozen=True, slots=True)
class _Spread:
    """What varies. Of a search `grid` has the corners alone."""

    axes: tuple[str, ...]
    grid: tuple[Point, ...]
    search: Search | None


def _spread(
    outline: Outline, overridden: Collection[str], size: tuple[int, int], mistakes: list[Mistake]
) -> _Spread:
    """Make the points unless there are mistakes; `size`: the number of backends, the most trials."""
    written = _fixed(outline, mistakes)
    fixed = preset_choices(outline, written, mistakes) | written
    single = {name: choice for name, choice in fixed.items() if name in overridden}
    sweep = read_sweep(outline.sweep, single, mistakes)
    search = read_search(outline, fixed, mistakes)
    mistakes += fixed_and_swept(outline, sweep)
    _refuse_hugeness(search.trials if search else sweep.most_points, *size, mistakes)
    steps = search.corners() if search else sweep.steps()
    grid = () if mistakes else points_of(steps, fixed, mistakes)
    if not grid and not mistakes:
        mistakes.append(Mistake(("sweep", "exclude"), "excludes every point; nothing is left to run"))
    return _Spread(tuple(search.axes) if search else sweep.axes, grid, search)


def _outline(data: Mapping[str, Any], mistakes: list[Mistake]) -> Outline:
    """Read the top level; of a broken one what can be read, so that every mistake is found at once."""
    found: list[Mistake] = []
    outline = validated(Outline, data, (), found)
    mistakes += found
    broken = {each.path[0] for each in found if each.path}
    return outline or Outline.model_validate({key: value for key, value in data.items() if key not in broken})


def _fixed(outline: Outline, mistakes: list[Mistake]) -> dict[str, Choice]:
    inputs = validated(Inputs, outline.inputs, ("inputs",), mistakes)
    written: dict[Path, Any] = {}
    for name in inputs.model_fields_set if inputs else ():
        written["inputs", name] = outline.inputs[name]
    for name, value in outline.fixed.items():
        if name in FIXABLE:
            written["fixed", name] = value
        else:
            mistakes.append(unknown_key(("fixed", name), FIXABLE))
    if "seed" in outline.model_fields_set:
        written["seed",] = outline.seed
    made = (choose(str(path[-1]), value, path, mistakes) for path, value in written.items())
    return {choice.setting: choice for choice in made if choice}


def _refuse_hugeness(points: int, backends: int, most: int, mistakes: list[Mistake]) -> None:
    count = points * max(1, backends)
    if count > most:
        found = f"{count:,} trials ({points:,} points, {backends} backends)"
        advice = (
            f"shorten an axis, let axes advance together with zip, or allow so many: --max-trials {count}"
        )
        mistakes.append(Mistake(("sweep",), f"{found}; at most {most:,}: {advice}"))
