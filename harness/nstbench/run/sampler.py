"""Where to try next: a Gaussian process of Optuna's, which learns from what was tried."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from nstbench.api import UsageError
from nstbench.experiment import Range, Search, Values
from nstbench.experiment.search import Axis

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

FIRST = 7
"""Points before there is enough to learn from."""


def ask(search: Search, told: Sequence[tuple[Values, float]], count: int, draw: int = 0) -> list[Values]:
    """Return points to try, for given arguments always the same; perhaps fewer than that.

    Args:
        told: what was tried, in this order, and its loss: less is better.
        count: how many points; each is sought as if those before it were running.
        draw: if not 0, the points are drawn at random, others for each number.

    Raises:
        UsageError: Optuna is not installed, or not what it needs.
    """
    rounded = partial(_rounded, search)
    if len(told) < FIRST and not draw:
        return [rounded(each) for each in _spread(search)[len(told) :][:count]]
    if draw:
        random = np.random.default_rng([search.seed, len(told), draw])
        drawn = [
            {name: _at(axis, random.random()) for name, axis in search.axes.items()} for _ in range(count)
        ]
        return [rounded(each) for each in drawn]
    seed = (1_000_003 * search.seed + 1009 * len(told)) % 2**32
    with _quietly():
        import optuna
        from optuna.samplers import GPSampler

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        kinds = _distributions(search)
        learning = GPSampler(seed=seed, n_startup_trials=FIRST, deterministic_objective=True)
        study = optuna.create_study(sampler=learning)
        losses = _evened([loss for _, loss in told])
        study.add_trials(
            optuna.trial.create_trial(params=dict(values), distributions=kinds, value=loss)
            for (values, _), loss in zip(told, losses, strict=True)
        )
        return [rounded(study.ask(kinds).params) for _ in range(count)]


def _spread(search: Search) -> list[Values]:
    """Return the first points: along each axis one in each of as many parts (McKay and others 1979).

    Drawn at random they leave out half of an axis too often, and a whole valley with it.
    """
    random = np.random.default_rng(search.seed)
    shares = {name: (random.permutation(FIRST) + random.random(FIRST)) / FIRST for name in search.axes}
    return [{name: _at(axis, shares[name][at]) for name, axis in search.axes.items()} for at in range(FIRST)]


def _at(axis: Axis, share: float) -> float | str:
    """Return what lies at a share of an axis, from 0 to 1."""
    if not isinstance(axis, Range):
        return [*axis][int(share * len(axis))]
    if axis.log:
        return float(axis.low * (axis.high / axis.low) ** share)
    return float(axis.low + (axis.high - axis.low) * share)


def _rounded(search: Search, values: Values) -> Values:
    return {
        name: axis.rounded(float(values[name])) if isinstance(axis, Range) else values[name]
        for name, axis in search.axes.items()
    }


def _evened(losses: Sequence[float]) -> list[float]:
    """Return losses in the same order, the large ones closer together, so that the best stay apart.

    What diverges has a loss beside which all others would be one.
    """
    least = min(losses, default=0.0)
    scale = (median(losses) - least if losses else 0.0) or 1.0
    return [math.log1p((loss - least) / scale) for loss in losses]


def refuse_without_optuna(search: Search) -> None:
    """Find out early whether all is there that a search needs.

    Raises:
        UsageError: it is not; says what to type.
    """
    if search.trials > FIRST:
        ask(search, [(values, float(at)) for at, values in enumerate(_spread(search))], 1)


def _distributions(search: Search) -> dict[str, BaseDistribution]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    kinds: dict[str, BaseDistribution] = {}
    for name, axis in search.axes.items():
        if not isinstance(axis, Range):
            kinds[name] = CategoricalDistribution([*axis])
        elif axis.whole:
            kinds[name] = IntDistribution(int(axis.low), int(axis.high), log=axis.log)
        else:
            kinds[name] = FloatDistribution(axis.low, axis.high, log=axis.log)
    return kinds


@contextmanager
def _quietly() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that something is experimental, which our tests watch
            yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"a search: no module {error.name}; pip install 'nstbench[search]' brings it"
        ) from error
