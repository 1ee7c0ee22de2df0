"""From an experiment to its trials: ask about backends and files, keep what each backend takes notice of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from nstbench.api import AssetError, Network, Planning, UsageError, did_you_mean, smallest_side
from nstbench.experiment.choices import BackendChoice
from nstbench.experiment.experiment import Experiment
from nstbench.experiment.options import complete_options
from nstbench.experiment.places import Mistake, Path
from nstbench.experiment.point import Point
from nstbench.plan.consumed import CONTAINED, asked, consumed, noticed, refusal
from nstbench.plan.facts import BackendFacts, ImageFacts, LookUp
from nstbench.plan.stages import shrunk
from nstbench.plan.trajectories import Plan
from nstbench.plan.trial import Trial

T = TypeVar("T")

STARTS = ("content", "style", "noise")
"""What `init` may be besides an image."""


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
    backend: Planning
    options: dict[str, Any]
    network: Network | None


@dataclass(frozen=True, slots=True)
class _Scene:
    """A point with its images, and the hashes of its masks, comma separated."""

    point: Point
    content: ImageFacts
    styles: tuple[ImageFacts, ...]
    init: ImageFacts | None
    masks: Mapping[str, str]


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
        content = self._image(point, "content", settings.content, settings.size)
        styles = [self._image(point, "style", ref, settings.style_side) for ref in settings.style]
        named = settings.init not in STARTS
        init = self._image(point, "init", settings.init, settings.size) if named else None
        if not (content and all(styles) and (init or not named)):
            return None
        pictures: dict[str, Sequence[ImageFacts | None]]
        pictures = {"content_masks": [content] * len(styles), "style_masks": styles}
        masks = {name: self._masks(point, name, each) for name, each in pictures.items()}
        if None in masks.values():
            return None
        known = {name: hashes for name, hashes in masks.items() if hashes}
        return _Scene(point, content, tuple(filter(None, styles)), init, known)

    def ready(self, choice: BackendChoice, facts: Callable[[str], BackendFacts]) -> _Ready | None:
        """Learn about a backend and check its options."""
        known = self._asked(choice.path, lambda: facts(choice.name))
        if known is None:
            return None
        before = len(self.mistakes)
        options = complete_options(choice, known.capabilities.options, self.mistakes)
        if len(self.mistakes) > before:
            return None
        backend = known.make(options)
        network = self._asked(choice.path, backend.identify)
        return _Ready(choice, known, backend, options, network) if len(self.mistakes) == before else None

    def trial(self, ready: _Ready, scene: _Scene) -> Trial | None:
        """Make one trial."""
        settings, can = scene.point.settings, ready.facts.capabilities
        consumes = can.consumes
        network = self._weights(scene.point) if "weights" in consumes else ready.network
        if ("weights" in consumes and network is None) or not self._large_enough(scene, can.has_layers):
            return None
        scene_size = scene.content.height, scene.content.width
        kept = consumed(settings, can, *scene_size)
        own = noticed(settings, can)
        labels = {axis: label for axis, label in scene.point.labels.items() if axis in own}
        trial = Trial(
            trial_id="",
            backend=ready.facts.name,
            backend_version=ready.facts.version,
            backend_label=ready.choice.label,
            settings=kept,
            noticed=tuple(name for name in own if name not in CONTAINED),
            options=ready.options,
            seed=settings.seed,
            content_sha256=scene.content.sha256,
            style_sha256=",".join(style.sha256 for style in scene.styles),
            content_profile=scene.content.profile,
            style_profile=_joined([style.profile for style in scene.styles]),
            height=scene.content.height,
            width=scene.content.width,
            style_height=scene.styles[0].height,
            style_width=scene.styles[0].width,
            **{f"{name}_sha256": hashes for name, hashes in scene.masks.items() if name in own},
            init_sha256=scene.init.sha256 if scene.init and "init" in consumes else None,
            weights=network.name if network else None,
            weights_sha256=network.sha256 if network else None,
            label=", ".join(labels.values()),
            axes={axis: scene.point.names.get(axis) for axis in labels},
            asked=asked(scene.point, own),
            refusal=refusal(ready.facts.name, settings, can) or ready.backend.refuse(kept),
        )
        return trial.identified()

    def _image(self, point: Point, name: str, ref: str, side: int) -> ImageFacts | None:
        path, base = _origin(point, name), self.experiment.base
        before = len(self.mistakes)
        found = self._once((ref, side), path, lambda: self.look_up.image(ref, side, base))
        if name == "init" and len(self.mistakes) > before:
            text = f"init is {', '.join(STARTS)} or an image; {self.mistakes[-1].text}"
            self.mistakes[-1] = Mistake(path, text + did_you_mean(ref, STARTS))
        return found

    def _masks(self, point: Point, name: str, pictures: Sequence[ImageFacts | None]) -> str | None:
        """Return the hashes of masks; None if one is not as it must be."""
        path, hashes = _origin(point, name), []
        for ref, picture in zip(getattr(point.settings, name) or (), pictures, strict=False):
            assert picture
            side = max(picture.height, picture.width)
            ask = partial(self.look_up.mask, ref, side, self.experiment.base)
            mask = self._once(("mask", ref, side), path, ask)
            if mask is None:
                return None
            hashes.append(mask.sha256)
            if (mask.height, mask.width) != (picture.height, picture.width):
                found, needed = (f"{each.width} x {each.height}" for each in (mask, picture))
                text = f"{ref}: at this size the mask has {found} pixels, and its picture {needed}"
                self.mistakes.append(Mistake(path, f"{text}; give it the shape of the picture"))
                return None
        return ",".join(hashes)

    def _weights(self, point: Point) -> Network | None:
        ref, base = point.settings.weights, self.experiment.base
        return self._once(ref, _origin(point, "weights"), lambda: self.look_up.weights(ref, base))

    def _large_enough(self, scene: _Scene, has_layers: bool) -> bool:
        if not has_layers:
            return True
        settings = scene.point.settings
        taps = (*settings.content_layers, *settings.style_layers)
        size_of_style = "style_size" if settings.style_size else "size"
        share, blamed = 1.0, {"content": "size", "style": size_of_style}
        if settings.stages:  # the first has the smallest pictures
            share, blamed = settings.stages[0].size / settings.size, dict.fromkeys(blamed, "stages")
        checked = (
            ("content", scene.content, smallest_side(taps)),
            *(("style", style, smallest_side(settings.style_layers)) for style in scene.styles),
        )
        narrow = [
            entry for entry in checked if round(share * min(entry[1].height, entry[1].width)) < entry[2]
        ]
        for name, image, least in narrow:
            width, height = (shrunk(side, share) for side in (image.width, image.height))
            text = f"at this size the {name} image is {width} x {height} pixels; the deepest layer"
            setting = blamed[name]
            remedy = "Begin with a larger one" if setting == "stages" else f"Raise {setting}"
            path = _origin(scene.point, setting)
            self.mistakes.append(Mistake(path, f"{text} needs sides of at least {least}. {remedy}"))
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


def _joined(profiles: list[str]) -> str:
    return "; ".join(profile or "sRGB" for profile in profiles) if any(profiles) else ""


def _origin(point: Point, name: str) -> Path:
    return point.origins.get(name, ("fixed", name))
