"""From an experiment to its trials: ask about backends and files, keep what each backend takes notice of."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nstbench.api import AssetError, Network, UsageError, smallest_side
from nstbench.plan.choices import BackendChoice
from nstbench.plan.experiment import Experiment, Point
from nstbench.plan.facts import BackendFacts, ImageFacts, LookUp
from nstbench.plan.options import complete_options
from nstbench.plan.places import Mistake, Path
from nstbench.plan.settings import KINDS, Settings
from nstbench.plan.trajectories import Plan
from nstbench.plan.trial import Trial

T = TypeVar("T")


def plan_trials(experiment: Experiment, facts: Callable[[str], BackendFacts], look_up: LookUp) -> Plan:
    """Make the trials of an experiment.

    Trials that differ only in settings their backend does not consume are one trial, with the label of the
    first. A trial that its backend refuses is planned too and says why.

    Args:
        facts: backend name -> what is known of it; a name it does not know is a mistake of the experiment.
        look_up: asked once for each image at each size and once for each set of weights.

    Raises:
        ExperimentError: lists every unknown backend, wrong option and unreadable file.
        BackendUnavailable: from `facts`.
    """
    planning = _Planning(experiment, look_up)
    scenes = [planning.scene(point) for point in experiment.points()]
    trials: dict[str, Trial] = {}
    for choice in experiment.backends:
        ready = planning.ready(choice, facts)
        for scene in scenes if ready else ():
            if scene and ready and (trial := planning.trial(ready, scene)):
                trials.setdefault(trial.trial_id, trial)
    if planning.mistakes:
        raise experiment.places.error(planning.mistakes)
    return Plan(experiment.name, tuple(trials.values()))


@dataclass(frozen=True, slots=True)
class _Ready:
    """A backend that is known, with complete options; `network` if its options select one."""

    choice: BackendChoice
    facts: BackendFacts
    options: dict[str, Any]
    network: Network | None


@dataclass(frozen=True, slots=True)
class _Scene:
    """A point with its images."""

    point: Point
    content: ImageFacts
    style: ImageFacts


@dataclass(slots=True)
class _Planning:
    """What has been asked and what was wrong, so far."""

    experiment: Experiment
    look_up: LookUp
    mistakes: list[Mistake] = field(default_factory=list)
    answers: dict[Hashable, Any] = field(default_factory=dict)

    def scene(self, point: Point) -> _Scene | None:
        """Find the images of a point."""
        settings = point.settings
        content = self._image(point, "content", settings.size)
        style = self._image(point, "style", settings.style_size or settings.size)
        return _Scene(point, content, style) if content and style else None

    def ready(self, choice: BackendChoice, facts: Callable[[str], BackendFacts]) -> _Ready | None:
        """Learn about a backend and check its options."""
        known = self._asked(choice.path, lambda: facts(choice.name))
        if known is None:
            return None
        before = len(self.mistakes)
        options = complete_options(choice, known.capabilities.options, self.mistakes)
        if len(self.mistakes) > before:
            return None
        network = self._asked(choice.path, lambda: known.identify(options))
        return _Ready(choice, known, options, network) if len(self.mistakes) == before else None

    def trial(self, ready: _Ready, scene: _Scene) -> Trial | None:
        """Make one trial."""
        settings, consumes = scene.point.settings, ready.facts.capabilities.consumes
        network = self._weights(scene.point) if "weights" in consumes else ready.network
        if ("weights" in consumes and network is None) or not self._large_enough(scene, consumes):
            return None
        consumed = _consumed(settings, self.experiment.seed, consumes)
        trial = Trial(
            trial_id="",
            backend=ready.facts.name,
            backend_version=ready.facts.version,
            backend_label=ready.choice.label,
            settings=consumed,
            options=ready.options,
            seed=self.experiment.seed,
            content_sha256=scene.content.sha256,
            style_sha256=scene.style.sha256,
            height=scene.content.height,
            width=scene.content.width,
            style_height=scene.style.height,
            style_width=scene.style.width,
            weights=network.name if network else None,
            weights_sha256=network.sha256 if network else None,
            label=", ".join(label for axis, label in scene.point.labels.items() if axis in consumes),
            refusal=_refusal(ready, consumed),
        )
        return trial.identified()

    def _image(self, point: Point, name: str, side: int) -> ImageFacts | None:
        ref, base = str(getattr(point.settings, name)), self.experiment.base
        return self._once((ref, side), _origin(point, name), lambda: self.look_up.image(ref, side, base))

    def _weights(self, point: Point) -> Network | None:
        ref, base = point.settings.weights, self.experiment.base
        return self._once(ref, _origin(point, "weights"), lambda: self.look_up.weights(ref, base))

    def _large_enough(self, scene: _Scene, consumes: frozenset[str]) -> bool:
        if "style_layers" not in consumes:
            return True
        settings = scene.point.settings
        taps = (*settings.content_layers, *settings.style_layers)
        size_of_style = "style_size" if settings.style_size else "size"
        checked = (
            ("content", "size", scene.content, smallest_side(taps)),
            ("style", size_of_style, scene.style, smallest_side(settings.style_layers)),
        )
        narrow = [entry for entry in checked if min(entry[2].height, entry[2].width) < entry[3]]
        for name, setting, image, least in narrow:
            text = (
                f"at this size the {name} image is {image.width} x {image.height} pixels; the deepest layer"
            )
            path = _origin(scene.point, setting)
            self.mistakes.append(Mistake(path, f"{text} needs sides of at least {least}. Raise {setting}"))
        return not narrow

    def _once(self, key: Hashable, path: Path, ask: Callable[[], T]) -> T | None:
        if key not in self.answers:
            self.answers[key] = self._asked(path, ask)
        answer: T | None = self.answers[key]
        return answer

    def _asked(self, path: Path, ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except (AssetError, UsageError) as error:
            self.mistakes.append(Mistake(path, str(error)))
            return None


def _origin(point: Point, name: str) -> Path:
    return point.origins.get(name, ("fixed", name))


def _consumed(settings: Settings, seed: int, consumes: frozenset[str]) -> dict[str, Any]:
    """Return the settings a backend takes notice of, every default worked out."""
    worked_out: dict[str, Any] = {**settings.model_dump(mode="json"), "seed": seed}
    worked_out["style_size"] = settings.style_size or settings.size
    for kind in KINDS:
        weighted = settings.layer_weights(kind)
        worked_out |= {f"{kind}_layers": list(weighted), f"{kind}_weights": list(weighted.values())}
    return {name: value for name, value in worked_out.items() if name in consumes}


def _refusal(ready: _Ready, consumed: dict[str, Any]) -> str | None:
    device, known = consumed.get("device", "auto"), ready.facts.capabilities.devices
    if device not in ("auto", *known):
        return f"{ready.facts.name} does not compute on {device!r}; it has {' and '.join(known)}"
    return ready.facts.refuse(consumed, ready.options)
