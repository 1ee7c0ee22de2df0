"""What there is to know of another project's way: its units, its defaults, what of them cannot be copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nstbench.api import TV_FORMS
from nstbench.presets.loss_scale import LossScale


@dataclass(frozen=True, slots=True)
class Preset:
    """One project's way of doing it.

    Attributes:
        name: of the preset, and of its units in the setting `loss_scale`.
        summary: one line.
        source: where its formula and numbers were read.
        scale: its loss in terms of the canonical one.
        content_term, style_term, tv_term: the same as formulas, of K, E, TV, N, M, H and W.
        settings: its defaults; alpha, beta, tv_weight and layer weights in its own units, the learning rate
            and Adam's epsilon for pixels from 0 to 1. What the project leaves open is missing.
        departures: what nstbench does otherwise.
    """

    name: str
    summary: str
    source: str
    scale: LossScale
    content_term: str
    style_term: str
    tv_term: str
    settings: Mapping[str, Any]
    departures: tuple[str, ...]

    @property
    def defaults(self) -> dict[str, Any]:
        """Its settings and the units they are in."""
        return {"loss_scale": self.name, **self.settings}

    @property
    def tv_form(self) -> str:
        """The form of total variation it uses; nstbench's default for one that has none."""
        return str(self.settings.get("tv_form", TV_FORMS[0]))

    def layer_weights(self, kind: str, layers: Sequence[str]) -> dict[str, float]:
        """Return layer -> usual weight: its own weights for its own `content` or `style` layers, else 1/n."""
        own = self.settings.get(f"{kind}_weights")
        if own and set(layers) == set(self.settings[f"{kind}_layers"]):
            by_layer = dict(zip(self.settings[f"{kind}_layers"], own, strict=True))
            return {layer: by_layer[layer] for layer in layers}
        return dict.fromkeys(layers, 1 / len(layers))
