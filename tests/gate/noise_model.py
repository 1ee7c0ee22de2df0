"""The noise of a shared runner, as far as the gate's promises are tried on it.

One process on one side takes, in logarithms,

    drift + N(0, 0.047) + (with probability 0.15) an exponential delay of mean 0.09

Drift is how fast the machine is at the time: both processes of a pair meet it, and it cancels. The normal
part is how processes that run the same code differ (memory layout, frequency, scheduling); the delay is a
neighbour on the same host, which only ever makes things slower. The figures are set so that a single run held
against another at 10 % cries wolf in 11 to 15 % of equal pairs, as was found on shared runners;
`test_simulation.py` holds them to it.
"""

import numpy as np

OWN, NEIGHBOUR, HOW_OFTEN, DRIFT = 0.047, 0.09, 0.15, 0.03


def processes(generator: np.random.Generator, count: int) -> np.ndarray:
    """Draw log(seconds) of `count` processes of equal code, without drift."""
    own = generator.normal(0, OWN, count)
    return own + generator.exponential(NEIGHBOUR, count) * (generator.random(count) < HOW_OFTEN)


def pairs(generator: np.random.Generator, count: int, slowdown: float = 0.0) -> list[float]:
    """Draw log(candidate / base) of `count` pairs; the candidate truly is slower by a share of `slowdown`."""
    drift = generator.normal(0, DRIFT, count)
    base, candidate = (drift + processes(generator, count) for _ in range(2))
    return list(candidate + np.log1p(slowdown) - base)
