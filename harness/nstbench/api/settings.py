"""Every setting of style transfer, declared once: its type, default, limits, meaning, and who consumes it.

`Settings` is what an experiment asks for at one point; `Method` is the part of it that a backend sees in its
`Problem` as it is. `SETTINGS` describes each field: what reads experiment files, the columns of tables, the
axes of reports, the JSON Schema, the table in the documents and the contract checks are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nstbench.api.method import METHOD, Method
from nstbench.api.setting import Setting, choice, declare, described
from nstbench.api.stages import Stage
from nstbench.api.vgg19 import GATYS_CONTENT_LAYERS, GATYS_STYLE_LAYERS

LOSS_SCALES = (
    *("gatys", "coursera", "keras-example", "tf-tutorial", "neural-style", "pystiche"),
    *("gatys-notebook", "neural-style-pt", "pytorch-tutorial", "crowsonkb"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Method):
    """Everything that may differ from one trial to the next.

    Layers are canonical names in network order, weights in the order of what they weigh. An experiment's
    settings are complete and consistent once `nstbench.experiment` has read them. Those of a trial are worked
    out: every weight spelled out, `tv_weight` and the layers' weights in the units of `nstbench.api.losses`.
    """

    content: str = declare(
        "image",
        "",
        "Content image: a path relative to the experiment file, or sample:NAME",
        iterative=False,
        column="content image as asked for",
    )
    style: tuple[str, ...] = declare(
        "images",
        (),
        "Style image: a path relative to the experiment file, or sample:NAME; or several, blended",
        iterative=False,
        column="style image as asked for",
    )
    style_blend: tuple[float, ...] | None = declare(
        "weights",
        None,
        "One weight for each of several style images; null: equal",
        null=True,
        matters=lambda settings: len(settings.style) != 1,
        column="weights of several style images, in the order of style",
    )
    content_masks: tuple[str, ...] | None = declare(
        "masks",
        None,
        "Where in the pastiche each style image counts: a grey image of the content's shape for each, white"
        " where it does; null: everywhere",
        null=True,
        later=True,
        column="content masks as asked for, in the order of style",
    )
    style_masks: tuple[str, ...] | None = declare(
        "masks",
        None,
        "What of each style image counts: a grey image of its shape for each; null: all of it",
        null=True,
        later=True,
        column="style masks as asked for, in the order of style",
    )
    size: int = declare(
        "count",
        256,
        "Longer side of the pastiche, in pixels",
        least=32,
        most=8192,
        iterative=False,
        column="longer side of the pastiche asked for, pixels",
    )
    style_size: int | None = declare(
        "count",
        None,
        "Longer side of the style image, in pixels; null: that of the pastiche",
        least=32,
        most=8192,
        null=True,
        iterative=False,
        column="longer side of the style image asked for, pixels",
    )
    style_scale: float = declare(
        "number",
        1.0,
        "Where style_size is null: its size as a multiple of size",
        above=0,
        most=16,
        consumer="harness",
        iterative=False,
        matters=lambda settings: settings.style_size is None,
        column="the same as a multiple of size; empty where style_size was given",
    )
    weights: str = declare(
        "file",
        "auto",
        "VGG-19 parameters: auto, imagenet, bundled, random:SEED, or a path to .h5, .npz, .pth, .safetensors",
        column="name of the network parameters",
    )
    content_layers: tuple[str, ...] = declare(
        "layers",
        GATYS_CONTENT_LAYERS,
        "Layers whose activations stand for the content",
        column="comma separated",
    )
    content_weights: tuple[float, ...] | None = declare(
        "weights",
        None,
        "One weight for each content layer; null: 1/n each",
        null=True,
        column="comma separated, in the order of content_layers",
    )
    style_layers: tuple[str, ...] = declare(
        "layers",
        GATYS_STYLE_LAYERS,
        "Layers whose Gram matrices stand for the style",
        column="comma separated",
    )
    style_weights: tuple[float, ...] | None = declare(
        "weights",
        None,
        "One weight for each style layer; null: 1/n each",
        null=True,
        column="comma separated, in the order of style_layers",
    )
    balanced_layers: bool = declare(
        "switch",
        False,
        "Divide each style layer's weight by its loss at the content image, so that all pull alike; their sum"
        " there stays what it was",
        consumer="harness",
        later=True,
        column="whether each style layer's weight was divided by its loss at the content image",
    )
    iterations: int = declare(
        "count",
        60,
        "Optimiser steps",
        least=1,
        most=1_000_000,
        column="optimiser steps; empty for a single-pass backend",
    )
    stages: tuple[Stage, ...] | None = declare(
        "stages",
        None,
        "Coarse to fine: a number of sizes that double up to size and share the iterations, or a list of"
        " {size, iterations}; null: one size",
        null=True,
        consumer="harness",
        later=True,
        column="size:iterations of each stage, comma separated; empty for one size throughout",
    )
    loss_scale: str = choice(
        "gatys",
        LOSS_SCALES,
        "Whose units alpha, beta, tv_weight and the layers' weights are in",
        consumer="harness",
        column="whose units alpha, beta and the losses are in; gatys: nstbench.api.losses",
    )
    patience: int = declare(
        "count",
        0,
        "Stop once the total loss has not fallen by min_delta in so many iterations; 0: never",
        least=0,
        most=1_000_000,
        consumer="harness",
        column="iterations without progress after which it stops; 0: never",
    )
    min_delta: float = declare(
        "number",
        0.001,
        "For patience: the least fall that counts, as a share of the best loss",
        least=0,
        below=1,
        consumer="harness",
        matters=lambda settings: settings.patience != 0,
        column="least relative fall of the loss that counts as progress",
    )
    init: str = declare(
        "file",
        "content",
        "What the pastiche starts as: content, style, noise, or an image like content",
        column="where the pastiche starts",
    )
    preserve_colour: bool = declare(
        "switch",
        False,
        "Keep the content's colour: only the luminance of the pastiche is taken",
        consumer="harness",
        iterative=False,
        column="whether the content's colour was kept",
    )
    deterministic: bool = declare(
        "switch",
        False,
        "Use the framework's mode in which a repeated run gives identical bits",
        column="whether the framework's deterministic mode was on",
    )
    device: str = choice(
        "auto", ("auto", "cpu", "gpu"), "Where to compute", iterative=False, column="cpu or gpu, as used"
    )

    @property
    def style_side(self) -> int:
        """Longer side of the style images, in pixels."""
        return self.style_size or max(1, round(self.size * self.style_scale))

    def layer_weights(self, kind: str) -> dict[str, float]:
        """Return layer -> weight of a kind, `content` or `style`, in network order; 1/n each by default."""
        layers, weights = getattr(self, f"{kind}_layers"), getattr(self, f"{kind}_weights")
        return dict(zip(layers, weights or (1 / len(layers),) * len(layers), strict=True))

    def blend(self) -> tuple[float, ...]:
        """Return the weight of each style image; they add up to 1."""
        given = self.style_blend or (1.0,) * len(self.style)
        return tuple(weight / sum(given) for weight in given)


_OWN = {name: each for name, each in described(Settings).items() if name not in METHOD}

SETTINGS: Mapping[str, Setting] = {
    **dict(list(_OWN.items())[: list(_OWN).index("iterations") + 1]),
    **METHOD,
    **_OWN,
}
"""Name -> description: pictures, layers and iterations, then the method, then the rest."""

VGG_SETTINGS = frozenset(name for name, each in SETTINGS.items() if each.consumer == "backend")
"""Every setting that an iterative VGG-19 backend can take notice of."""

FEEDFORWARD_SETTINGS = frozenset(name for name in VGG_SETTINGS if not SETTINGS[name].iterative)
"""The settings that a single-pass network can take notice of."""
