"""The executor of a sweep, ready to run its trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nstbench.api import UsageError
from nstbench.experiment import Measure
from nstbench.plan import Trial
from nstbench.run.executor import Executor, InProcess
from nstbench.run.executors import find_executor
from nstbench.run.launcher import Launcher
from nstbench.run.slots import Parallel, refuse_without_slot
from nstbench.run.turns import Turns


def refuse_impossible(
    parallel: Parallel, measure: Measure, trials: Iterable[Trial], refuse_launch: Callable[[], object]
) -> None:
    """Find out whether an executor could be opened, as far as that can be told without starting anything.

    Raises:
        UsageError: as `open_executor`.
    """
    kind = find_executor(parallel.kind, parallel.options)
    if issubclass(kind, Launcher) or not kind.requires:  # others connect to a cluster
        open_executor(parallel, measure, trials, lambda _: None, refuse_launch).close()


def open_executor(
    parallel: Parallel,
    measure: Measure,
    trials: Iterable[Trial],
    say: Callable[[str], None],
    refuse_launch: Callable[[], object],
) -> Executor | Launcher:
    """Open what is asked for.

    Args:
        trials: each must have somewhere to run.
        say: is told what is worth reading.
        refuse_launch: raises if others cannot do this sweep.

    Raises:
        UsageError: it is not there, or a trial has nowhere to run.
    """
    in_process = measure.isolation == "none"
    if in_process and parallel.asked_for:
        raise UsageError(
            "isolation none runs one trial at a time: leave --executor, --devices and --jobs out"
        )
    if measure.interleave and parallel.asked_for:
        raise UsageError(
            "measure.interleave has one trial at work at a time: leave --executor, --devices and --jobs out"
        )
    if measure.interleave:
        return Turns(trials)
    kind = InProcess if in_process else find_executor(parallel.kind, parallel.options)
    if issubclass(kind, Launcher):
        refuse_launch()
        return kind.open(parallel, say)
    assert issubclass(kind, Executor)
    executor = kind.open(parallel, measure.exclusive, say)
    try:
        refuse_without_slot(trials, executor.slots)
    except BaseException:
        executor.close()
        raise
    return executor
