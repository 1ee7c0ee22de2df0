"""The framework-free judge: VGG-19, losses and gradients in plain NumPy, and one ruler for every picture."""

from nstbench.referee.judge import RULER, Judge, Judgement, Referee
from nstbench.referee.losses import gram, reductions, total_variation
from nstbench.referee.network import taps
from nstbench.referee.oracle import Descent, descend, descent, evaluate, expose_epsilon, losses
from nstbench.referee.posed import Losses
from nstbench.referee.regions import Masks

__all__ = [
    "RULER",
    "Descent",
    "Judge",
    "Judgement",
    "Losses",
    "Masks",
    "Referee",
    "descend",
    "descent",
    "evaluate",
    "expose_epsilon",
    "gram",
    "losses",
    "reductions",
    "taps",
    "total_variation",
]
