"""The referee at work: every saved picture judged by one rule, whichever backend made it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nstbench.api import Array, AssetError
from nstbench.api.judged import JUDGED, figure
from nstbench.assets import WeightsSource, load_image, load_weights, resize
from nstbench.experiment import Experiment
from nstbench.plan import Trial
from nstbench.record import Picture, RunRecord
from nstbench.referee import RULER
from nstbench.run.look_up import AssetLookUp
from nstbench.run.problem import planned_image, planned_masks

if TYPE_CHECKING:
    from nstbench.referee import Judge, Judgement, Referee


@dataclass(slots=True)
class Judging:
    """Judges records, and remembers the targets of the last content and style and what it said of each file.

    Trials of one trajectory share pictures, so most of a longer trial's have been seen already.

    Attributes:
        source: the referee's VGG-19 parameters.
        base: what image paths are relative to; None where they lead nowhere.
        inputs: the folder that then has the images by hash, as they were planned.
    """

    source: WeightsSource
    base: Path | None
    inputs: Path | None = None
    _referee: Referee | None = field(default=None, init=False)
    _targets: tuple[Any, Judge] | None = field(default=None, init=False)
    _said: dict[str, Mapping[str, float | None]] = field(default_factory=dict, init=False)

    def is_done(self, record: RunRecord) -> bool:
        """Whether every picture has been seen, by the present ruler or with other weights: these stay."""
        seen = all(picture.referee is not None for picture in record.pictures)
        other = record.referee_weights_sha256 != self.source.sha256
        return seen and (other or (record.referee_ruler or 1) >= RULER)

    def judge(self, record: RunRecord, folder: Path) -> RunRecord:
        """Return the record with the referee's figures for each of its pictures.

        The style images are taken at the size of the pastiche, whatever `style_size` says, so that trials
        that differ in it are held to one standard.

        Raises:
            AssetError: a picture is gone, content or style are no longer those of the trial, or the referee's
                weights do not give finite figures.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # of weights that overflow: said below, once
            judge = self._against(record.trial)
            pixels = record.trial.height * record.trial.width
            pictures = tuple(self._judged(judge, picture, folder, pixels) for picture in record.pictures)
        trivial = {"content": judge.content_itself, "style": judge.style_itself}
        reference = {
            f"{figure(column)}_of_{each.reference}": getattr(trivial[each.reference], figure(column))
            for column, each in JUDGED.items()
            if each.reference
        }
        self._refuse_infinite([reference, *(picture.referee or {} for picture in pictures)])
        return replace(
            record,
            pictures=pictures,
            reference=reference,
            referee_weights=self.source.name,
            referee_weights_sha256=self.source.sha256,
            referee_ruler=RULER,
        )

    def _judged(self, judge: Judge, picture: Picture, folder: Path, most_pixels: int) -> Picture:
        if picture.sha256 not in self._said:
            pixels = load_image(picture.path, None, folder, most_pixels).pixels
            self._said[picture.sha256] = _flat(judge.judge(pixels))
        return replace(picture, referee=self._said[picture.sha256])

    def _refuse_infinite(self, judgements: Iterable[Mapping[str, float | None]]) -> None:
        figures = (figure for each in judgements for figure in each.values() if figure is not None)
        if not all(map(math.isfinite, figures)):
            raise AssetError(
                f"the referee's weights {self.source.name} make figures that are not finite;"
                " name others under measure.referee"
            )

    def _against(self, trial: Trial) -> Judge:
        masks = trial.content_masks_sha256, trial.style_masks_sha256
        key = (trial.content_sha256, trial.style_sha256, trial.settings.style_blend, trial.height, masks)
        if self._targets is None or self._targets[0] != key:
            self._targets = key, self._targets_of(trial)
            self._said.clear()
        return self._targets[1]

    def _targets_of(self, trial: Trial) -> Judge:
        from nstbench.referee import Masks, Referee

        if self._referee is None:
            self._referee = Referee(load_weights(self.source))
        side = max(trial.height, trial.width)
        places = self.base, self.inputs
        content = planned_image(trial.settings.content, side, trial.content_sha256, places)
        styles = tuple(self._style(ref, sha256, trial) for ref, sha256 in trial.hashed_styles())
        blend = trial.settings.style_blend or (1.0,)
        heaviest = resize(styles[blend.index(max(blend))], trial.height, trial.width)
        regions = planned_masks(trial, "content_masks", side, places)
        hashed = trial.hashed_masks("style_masks")
        of_styles = tuple(self._style(ref, sha256, trial).mean(axis=2) for ref, sha256 in hashed)
        return self._referee.against(content, styles, blend, heaviest, Masks(regions, of_styles))

    def _style(self, ref: str, sha256: str, trial: Trial) -> Array:
        side, wanted = max(trial.style_height, trial.style_width), max(trial.height, trial.width)
        planned = planned_image(ref, side, sha256, (self.base, self.inputs))
        if side == wanted:
            return planned
        if self.base is None:
            raise AssetError(f"{ref}: is not here in the size of the pastiche")
        return load_image(ref, wanted, self.base).pixels


def find_judging(experiment: Experiment, look_up: AssetLookUp, say: Callable[[str], None]) -> Judging | None:
    """Find the referee's weights; only those that were asked for by name must be there.

    Raises:
        AssetError: these are not.
    """
    wanted = experiment.measure.referee
    if wanted == "none":
        return None
    try:
        network = look_up.weights(wanted, experiment.base, remark=False)
    except AssetError as error:
        if wanted != "auto":
            raise AssetError(f"measure.referee: {error}") from error
        say(f"no referee, as there are no weights for it: {error}")
        return None
    source = look_up.source(network.sha256)
    return Judging(source, experiment.base) if source else None


def _flat(judgement: Judgement) -> Mapping[str, float | None]:
    """Name the figures as the tables do, `style_conv1_1` and so on."""
    plain = {name: getattr(judgement, name) for name in (*map(figure, JUDGED), "tv")}
    layers = {f"style_{layer}": value for layer, value in judgement.style_layers.items()}
    return plain | layers | {f"heldout_{layer}": value for layer, value in judgement.heldout_layers.items()}
