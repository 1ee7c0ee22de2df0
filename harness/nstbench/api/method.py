"""The settings that a backend sees in its `Problem` as they are: the objective and the way down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from nstbench.api.setting import Setting, choice, declare, described, number

T = TypeVar("T")

TV_FORMS = ("squared", "absolute", "mahendran")
TAPS = ("relu", "conv")
STYLE_LOSSES = ("gram", "wasserstein2")

LEARNING_RATES = {"adam": 0.05, "sgd": 1e-7}
"""Step lengths that suit the other defaults; that of sgd multiplies the gradient as it is."""

BETAS = {"gram": 1 / 8, "wasserstein2": 25.0}
"""The default beta is so much of size^2, beside an alpha of 1: content is a sum over positions, style a mean.
At the mean of both pictures the gradient of wasserstein2 is some 200 times smaller than that of gram."""

TV_WEIGHT = 10_000.0
"""Weight of the total variation beside the default alpha and beta, in the units of Gatys et al."""


def _of(*optimisers: str) -> Callable[[Method], bool]:
    return lambda settings: settings.optimiser in optimisers


def _in_gatys_units(ours: Callable[[Any], T], others: T) -> Callable[[Any], T]:
    """Return what works out a default that suits the units of Gatys et al. and no others."""
    return lambda settings: ours(settings) if settings.loss_scale == "gatys" else others


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How a pastiche is made of its pictures: the objective of `nstbench.api.losses` and the way down.

    L-BFGS has no learning rate. All optimisers keep the image in [0, 1], so that the losses are those of the
    picture: Adam and SGD clip it after every step, L-BFGS is bounded. Step t = 0, 1, ... uses
    learning_rate * learning_rate_decay^(t / 100). Adam is algorithm 1 of Kingma and Ba (2015).

    With averaging d the picture is the mean of the iterates x_0 ... x_t, x_k weighed by d^(t - k): their
    exponential moving average, corrected as Adam's moments are. A next size starts from it and averages anew.
    """

    alpha: float = number(1.0, "Weight of the content loss", least=0, contrast=(0, 1e6))
    beta: float = number(
        3000.0,
        "Weight of the style loss; null: with the loss_scale gatys"
        f" {BETAS['gram']:g} size^2 ({BETAS['wasserstein2']:g} size^2 for wasserstein2), else 3000",
        least=0,
        null=True,
        worked_out=_in_gatys_units(lambda settings: BETAS[settings.style_loss] * settings.size**2, 3000.0),
        contrast=(0, 1e6),
        column="weight of the style loss",
    )
    style_loss: str = choice(
        "gram",
        STYLE_LOSSES,
        "How the style of a layer is compared: gram, squared differences of Gram matrices; wasserstein2,"
        " squared Wasserstein-2 distance of Gaussians with the features' means and covariances",
        later=True,
    )
    tv_weight: float = number(
        0.0,
        f"Weight of the total variation; null: {TV_WEIGHT:g} with the loss_scale gatys, else 0",
        least=0,
        null=True,
        worked_out=_in_gatys_units(lambda _: TV_WEIGHT, 0.0),
        contrast=(0, 1e6),
        column="weight of the total variation",
    )
    tv_form: str = choice(
        "squared",
        TV_FORMS,
        "How differences of neighbouring pixels are summed",
        matters=lambda settings: settings.tv_weight != 0,
    )
    optimiser: str = choice(
        "adam", ("adam", "sgd", "lbfgs"), "How the pastiche is improved from its gradient"
    )
    learning_rate: float = number(
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
    learning_rate_decay: float = number(
        1.0,
        "Factor on the learning rate over every 100 iterations, applied smoothly",
        above=0,
        most=1,
        matters=_of("adam", "sgd"),
        contrast=(1, 1e-6),
    )
    adam_beta1: float = number(
        0.9, "Decay of Adam's first moment", least=0, below=1, matters=_of("adam"), contrast=(0.9, 0.1)
    )
    adam_beta2: float = number(
        0.999,
        "Decay of Adam's second moment",
        least=0,
        below=1,
        matters=_of("adam"),
        later=True,
        contrast=(0.999, 0.1),
    )
    adam_epsilon: float = number(
        1e-8,
        "Epsilon of Adam, outside the corrected root",
        above=0,
        matters=_of("adam"),
        contrast=(1e-8, 1e9),
    )
    averaging: float = number(
        0.0,
        "Decay of the moving average of the iterates that is the picture; 0: the last iterate is",
        least=0,
        below=1,
        matters=_of("adam", "sgd"),
        later=True,
        contrast=(0, 0.9),
    )
    pooling: str = choice(
        "max",
        ("max", "avg"),
        "Pooling between the blocks of VGG-19, null for avg",
        null=True,
        worked_out=lambda _: "avg",  # max is what a `Problem` has where nothing is said
        column="pooling between the blocks of VGG-19",
    )
    taps: str = choice(
        "relu", TAPS, "Where layers are tapped: relu, after the rectifier; conv, before it", later=True
    )
    precision: str = choice(
        "highest",
        ("highest", "default", "bf16"),
        "highest: true float32; default: the framework's choice; bf16: bfloat16",
        iterative=False,
    )
    seed: int = declare(
        "count",
        0,
        "Seed of everything random",
        least=0,
        most=2**32 - 1,
        column="empty where nothing random depends on it",
    )


METHOD: Mapping[str, Setting] = described(Method)
"""Those that a `Problem` carries as they are."""
