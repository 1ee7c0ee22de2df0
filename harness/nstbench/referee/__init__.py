"""The framework-free judge: VGG-19, losses and gradients in plain NumPy, and one ruler for every picture."""

from nstbench.referee.judge import RULER, Judge, Judgement, Referee
from nstbench.referee.losses import gram, reductions, total_variation
from nstbench.referee.network import taps
from nstbench.referee.oracle import Losses, blended_grams, descend, evaluate, expose_epsilon, losses

__all__ = [
    "RULER",
    "Judge",
    "Judgement",
    "Losses",
    "Referee",
    "blended_grams",
    "descend",
    "evaluate",
    "expose_epsilon",
    "gram",
    "losses",
    "reductions",
    "taps",
    "total_variation",
]
