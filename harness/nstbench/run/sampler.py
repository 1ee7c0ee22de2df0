"""Where to try next: a Gaussian process of Optuna's, which learns from what was tried."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nstbench.api import UsageError
from nstbench.experiment import Range, Search, Values

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

FIRST = 5
"""Points that are drawn at random, before there is anything to learn from."""


def ask(search: Search, told: Sequence[tuple[Values, float]], count: int, draw: int = 0) -> list[Values]:
    """Return points to try, for given arguments always the same.

    Args:
        told: what was tried, in this order, and its loss: less is better.
        count: how many points; each is sought as if those before it were running.
        draw: if not 0, the points are drawn at random, others for each number.

    Raises:
        UsageError: Optuna is not installed, or not what it needs.
    """
    seed = (1_000_003 * search.seed + 1009 * len(told) + draw) % 2**32
    with _quietly():
        import optuna
        from optuna.samplers import GPSampler, RandomSampler

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        kinds = _distributions(search)
        study = optuna.create_study(
            sampler=RandomSampler(seed) if draw else GPSampler(seed=seed, n_startup_trials=FIRST)
        )
        study.add_trials(
            optuna.trial.create_trial(params=dict(values), distributions=kinds, value=loss)
            for values, loss in told
        )
        asked = [study.ask(kinds).params for _ in range(count)]
    return [
        {
            name: axis.rounded(each[name]) if isinstance(axis, Range) else each[name]
            for name, axis in search.axes.items()
        }
        for each in asked
    ]


def refuse_without_optuna(search: Search) -> None:
    """Find out early whether all is there that a search needs.

    Raises:
        UsageError: it is not; says what to type.
    """
    first = ask(search, [], FIRST)
    ask(search, [(values, float(at)) for at, values in enumerate(first)], 1)


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
