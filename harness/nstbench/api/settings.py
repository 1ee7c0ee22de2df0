"""Every setting of style transfer, declared once: its type, default, limits, meaning, and who consumes it.

`Settings` is what an experiment asks for at one point; `Method` is the part of it that a backend sees in its
`Problem` as it is. `SETTINGS` describes each field: what reads experiment files, the columns of tables, the
axes of reports, the JSON Schema, README's table and the contract checks are made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from nstbench.api.vgg19 import GATYS_CONTENT_LAYERS, GATYS_STYLE_LAYERS

TV_FORMS = ("squared", "absolute", "mahendran")

LEARNING_RATES = {"adam": 0.05, "sgd": 1e-8}
"""Step lengths that suit the other defaults; that of sgd multiplies the gradient as it is."""

TV_WEIGHT = 30_000.0
"""Weight of the total variation beside the default alpha and beta, in the units of Gatys et al."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What there is to know of one setting.

    Attributes:
        kind: `number`, `count`, `choice`, `switch`, `layers`, `weights`, `image`, `images` or `file`.
        default: where nothing is given; None if it then follows from others.
        says: what it means, for people.
        least, above, most, below: limits of a number or count, each None without one.
        choices: the allowed values of a choice.
        null: whether an experiment may say null, which is then also the default.
        worked_out: the value where nothing is given, from the other settings; None if that is `default`.
        consumer: `backend`, or `harness` for what nstbench carries out itself.
        iterative: whether only iterative backends have a use for it.
        traced: whether it is a number that compiled programs take as an argument.
        matters: whether it changes anything beside the others.
        contrast: two values between which whoever obeys it gives different results, for the contract checks.
        column: what its column means, where that is not what it says.
    """

    name: str = ""
    kind: str
    default: Any
    says: str
    least: float | None = None
    above: float | None = None
    most: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    null: bool = False
    worked_out: Callable[[Settings], Any] | None = None
    consumer: str = "backend"
    iterative: bool = True
    traced: bool = False
    matters: Callable[[Settings], bool] = lambda _: True
    contrast: tuple[float, float] | None = None
    column: str = ""

    @property
    def title(self) -> str:
        """What pages call it."""
        return self.name.replace("_", " ")

    def default_beside(self, settings: Settings) -> Any:
        """Return its value where nothing is given; some depend on the other settings."""
        return self.worked_out(settings) if self.worked_out else self.default


def _setting(kind: str, default: Any, says: str, **more: Any) -> Any:
    """Declare a field of the settings."""
    about = Setting(kind=kind, default=default, says=says, **more)
    return field(default=default, metadata={"setting": about})


def _number(default: float, says: str, **more: Any) -> Any:
    """Declare a number that compiled programs take as an argument."""
    return _setting("number", default, says, traced=True, **more)


def _choice(default: str, choices: tuple[str, ...], says: str, **more: Any) -> Any:
    return _setting("choice", default, says, choices=choices, **more)


def _of(*optimisers: str) -> Callable[[Settings], bool]:
    return lambda settings: settings.optimiser in optimisers


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How a pastiche is made of its pictures: the objective of `nstbench.api.losses` and the way down.

    L-BFGS has no learning rate. All optimisers keep the image in [0, 1], so that the losses are those of the
    picture: Adam and SGD clip it after every step, L-BFGS is bounded. Step t = 0, 1, ... uses
    learning_rate * learning_rate_decay^(t / 100). Adam is algorithm 1 of Kingma and Ba (2015); its beta2 is
    0.999.
    """

    alpha: float = _number(1.0, "Weight of the content loss", least=0, contrast=(0, 1e6))
    beta: float = _number(3000.0, "Weight of the style loss", least=0, contrast=(0, 1e6))
    tv_weight: float = _number(
        0.0,
        f"Weight of the total variation; null: {TV_WEIGHT:g} with the loss_scale gatys, else 0",
        least=0,
        null=True,
        worked_out=lambda settings: TV_WEIGHT if settings.loss_scale == "gatys" else 0.0,
        contrast=(0, 1e6),
        column="weight of the total variation",
    )
    tv_form: str = _choice(
        "squared",
        TV_FORMS,
        "How differences of neighbouring pixels are summed",
        matters=lambda settings: settings.tv_weight != 0,
    )
    optimiser: str = _choice(
        "adam", ("adam", "sgd", "lbfgs"), "How the pastiche is improved from its gradient"
    )
    learning_rate: float = _number(
        LEARNING_RATES["adam"],
        "Step length, in units of pixels from 0 to 1; null: "
        + ", ".join(f"{rate:g} for {optimiser}" for optimiser, rate in LEARNING_RATES.items()),
        above=0,
        null=True,
        worked_out=lambda settings: LEARNING_RATES.get(settings.optimiser, LEARNING_RATES["adam"]),
        matters=_of("adam", "sgd"),
        contrast=(0.02, 1e-12),
        column="step length, in units of pixels from 0 to 1",
    )
    learning_rate_decay: float = _number(
        1.0,
        "Factor on the learning rate over every 100 iterations, applied smoothly",
        above=0,
        most=1,
        matters=_of("adam", "sgd"),
        contrast=(1, 1e-6),
    )
    adam_beta1: float = _number(
        0.9, "Decay of Adam's first moment", least=0, below=1, matters=_of("adam"), contrast=(0.9, 0.1)
    )
    adam_epsilon: float = _number(
        1e-8,
        "Epsilon of Adam, outside the corrected root",
        above=0,
        matters=_of("adam"),
        contrast=(1e-8, 1e9),
    )
    pooling: str = _choice("max", ("max", "avg"), "Pooling between the blocks of VGG-19")
    precision: str = _choice(
        "highest",
        ("highest", "default", "bf16"),
        "highest: true float32; default: the framework's choice; bf16: bfloat16",
        iterative=False,
    )
    seed: int = _setting(
        "count",
        0,
        "Seed of everything random",
        least=0,
        most=2**32 - 1,
        column="empty where nothing random depends on it",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Method):
    """Everything that may differ from one trial to the next.

    Layers are canonical names in network order, weights in the order of what they weigh. An experiment's
    settings are complete and consistent once `nstbench.experiment` has read them. Those of a trial are worked
    out: every weight spelled out, `tv_weight` and the layers' weights in the units of `nstbench.api.losses`.
    """

    content: str = _setting(
        "image",
        "",
        "Content image: a path relative to the experiment file, or sample:NAME",
        iterative=False,
        column="content image as asked for",
    )
    style: tuple[str, ...] = _setting(
        "images",
        (),
        "Style image: a path relative to the experiment file, or sample:NAME; or several, blended",
        iterative=False,
        column="style image as asked for",
    )
    style_blend: tuple[float, ...] | None = _setting(
        "weights",
        None,
        "One weight for each of several style images; null: equal",
        null=True,
        matters=lambda settings: len(settings.style) != 1,
        column="weights of several style images, in the order of style",
    )
    size: int = _setting(
        "count",
        256,
        "Longer side of the pastiche, in pixels",
        least=32,
        most=8192,
        iterative=False,
        column="longer side of the pastiche asked for, pixels",
    )
    style_size: int | None = _setting(
        "count",
        None,
        "Longer side of the style image, in pixels; null: that of the pastiche",
        least=32,
        most=8192,
        null=True,
        iterative=False,
        column="longer side of the style image asked for, pixels",
    )
    style_scale: float = _setting(
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
    weights: str = _setting(
        "file",
        "auto",
        "VGG-19 parameters: auto, imagenet, bundled, random:SEED, or a path to .h5 or .npz",
        column="name of the network parameters",
    )
    content_layers: tuple[str, ...] = _setting(
        "layers",
        GATYS_CONTENT_LAYERS,
        "Layers whose activations stand for the content",
        column="comma separated",
    )
    content_weights: tuple[float, ...] | None = _setting(
        "weights",
        None,
        "One weight for each content layer; null: 1/n each",
        null=True,
        column="comma separated, in the order of content_layers",
    )
    style_layers: tuple[str, ...] = _setting(
        "layers",
        GATYS_STYLE_LAYERS,
        "Layers whose Gram matrices stand for the style",
        column="comma separated",
    )
    style_weights: tuple[float, ...] | None = _setting(
        "weights",
        None,
        "One weight for each style layer; null: 1/n each",
        null=True,
        column="comma separated, in the order of style_layers",
    )
    iterations: int = _setting(
        "count",
        60,
        "Optimiser steps",
        least=1,
        most=1_000_000,
        column="optimiser steps; empty for a single-pass backend",
    )
    loss_scale: str = _choice(
        "gatys",
        ("gatys", "coursera", "keras-example", "tf-tutorial", "neural-style", "pystiche"),
        "Whose units alpha, beta, tv_weight and the layers' weights are in",
        consumer="harness",
        column="whose units alpha, beta and the losses are in; gatys: nstbench.api.losses",
    )
    patience: int = _setting(
        "count",
        0,
        "Stop once the total loss has not fallen by min_delta in so many iterations; 0: never",
        least=0,
        consumer="harness",
        column="iterations without progress after which it stops; 0: never",
    )
    min_delta: float = _setting(
        "number",
        0.001,
        "For patience: the least fall that counts, as a share of the best loss",
        least=0,
        below=1,
        consumer="harness",
        matters=lambda settings: settings.patience != 0,
        column="least relative fall of the loss that counts as progress",
    )
    init: str = _setting(
        "file",
        "content",
        "What the pastiche starts as: content, style, noise, or an image like content",
        column="where the pastiche starts",
    )
    preserve_colour: bool = _setting(
        "switch",
        False,
        "Keep the content's colour: only the luminance of the pastiche is taken",
        consumer="harness",
        iterative=False,
        column="whether the content's colour was kept",
    )
    deterministic: bool = _setting(
        "switch",
        False,
        "Use the framework's mode in which a repeated run gives identical bits",
        column="whether the framework's deterministic mode was on",
    )
    device: str = _choice(
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


def _described(kind: type) -> dict[str, Setting]:
    return {each.name: replace(each.metadata["setting"], name=each.name) for each in fields(kind)}


SETTINGS: Mapping[str, Setting] = {
    **{name: each for name, each in _described(Settings).items() if name not in _described(Method)},
    **_described(Method),
}
"""Name -> description: first what chooses pictures and layers, then the method."""

METHOD: Mapping[str, Setting] = _described(Method)
"""Those that a `Problem` carries as they are."""

VGG_SETTINGS = frozenset(name for name, each in SETTINGS.items() if each.consumer == "backend")
"""Every setting that an iterative VGG-19 backend can take notice of."""

FEEDFORWARD_SETTINGS = frozenset(name for name in VGG_SETTINGS if not SETTINGS[name].iterative)
"""The settings that a single-pass network can take notice of."""
