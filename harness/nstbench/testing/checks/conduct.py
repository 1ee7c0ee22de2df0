"""How a backend behaves under the clock: it compiles once, waits for its device, and gives memory back."""

from __future__ import annotations

import gc
import os
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from nstbench.api import METHOD, Array, Problem, Session, Setting, tap_shape
from nstbench.testing.subject import Subject
from nstbench.testing.violation import NotApplicable, demand

LONG_ENOUGH_S = 0.05
ATTEMPTS = 3
"""Once is enough to show that `run` waits; a busy machine may hide it now and then."""

WINDOWS, SESSIONS = 5, 3
LARGE = 256


def numbers_do_not_recompile(subject: Subject) -> None:
    """Neither a second `run` nor other numbers compile again: a sweep over alpha or beta compiles once."""
    backend, plain = subject.backend, subject.problem()
    subject.advance(plain, 2, 2)
    if not (before := backend.compilations):
        raise NotApplicable("it counts no compilations")
    subject.advance(plain, 2, 2)
    demand(
        backend.compilations == before, "a second session compiles nothing", _more(subject, before), _TRACE
    )
    numbers = {"seed": 5} | {name: _between(each) for name, each in METHOD.items() if each.traced}
    weights = {"content_layers": {"conv1_2": 0.5}, "style_layers": {"conv2_1": 0.5, "conv1_1": 0.5}}
    for name, value in (numbers | weights).items():
        changes: dict[str, Any] = {name: value}
        subject.advance(replace(plain, **changes), 2, 1)
        seen = f"{_more(subject, before)} after another {name}"
        demand(backend.compilations == before, "other numbers compile nothing", seen, _TRACE)


_TRACE = "make numbers arguments of the program, not constants in it"


def _between(setting: Setting) -> float:
    """Return an unusual value that a number may have."""
    ends = setting.contrast or (setting.default, 1.0)
    return 0.7 * ends[0] + 0.3 * ends[1]


def run_waits_for_the_device(subject: Subject) -> None:
    """`run` returns when the device has finished: the first `image()` after it takes no longer than a second.

    Judged by ratios within this process, over as many iterations as take 50 ms.
    """
    session, n = subject.backend.prepare(subject.problem()), 1
    try:
        session.compile(n)
        _shares(session, n)
        while n < 2048 and sum(_shares(session, n)[:2]) < LONG_ENOUGH_S:
            n *= 2
            session.compile(n)
        for _ in range(ATTEMPTS):
            run, first, again = _shares(session, n)
            late = first - again
            if late < 0.5 * (run + first) or late < 0.1 * LONG_ENOUGH_S:
                return
    finally:
        session.close()
    seen = f"run({n}) in {run * 1e3:.1f} ms, then image() in {first * 1e3:.1f} ms, again {again * 1e3:.1f} ms"
    demand(
        False, "`run` does the work and waits for it", seen, "synchronise with the device before returning"
    )


def closed_sessions_leave_no_memory(subject: Subject) -> None:
    """Sessions opened, run, closed and dropped do not make the process grow by half an image each.

    The least growth of five windows counts: a leak is in all of them, the caches of an allocator are not.
    Resident memory sees what a framework holds; traced memory sees arrays of NumPy that a long-lived process
    puts where others have been.
    """
    if not sys.platform.startswith("linux"):
        raise NotApplicable("memory is measured on Linux only")
    shallow: dict[str, Any] = {"content_layers": {"conv1_1": 1.0}, "style_layers": {"conv1_1": 1.0}}
    problem = subject.problem(LARGE, LARGE, **shallow)
    _use(subject, problem, SESSIONS)
    allowed = problem.init.nbytes / 2
    resident = _least_growth(subject, problem, _resident_bytes, allowed)
    tracemalloc.start()  # only now, as its own notes are resident too
    try:
        traced = _least_growth(subject, problem, lambda: tracemalloc.get_traced_memory()[0], allowed)
    finally:
        tracemalloc.stop()
    least = max(resident, traced)
    seen = f"{least / 1e6:.2f} MB more for each session of {LARGE} x {LARGE} pixels"
    remedy = "free in `close` what `prepare` made; keep no list of sessions"
    demand(least < allowed, "a closed session leaves nothing behind", seen, remedy)


def evaluation_shows_the_network(subject: Subject) -> None:
    """`evaluate` gives the taps and Gram matrices of the problem's layers and a gradient like the image."""
    problem = subject.problem()
    shown = subject.backend.evaluate(problem)
    if shown is None:
        raise NotApplicable("it does not offer `evaluate`")
    height, width, _ = problem.init.shape
    layers = {*problem.content_layers, *problem.style_layers}
    demand(set(shown.taps) >= layers, f"taps of {sorted(layers)}", sorted(shown.taps), "add those missing")
    for layer in layers if "weights" in subject.capabilities.consumes else ():
        shape, wanted = shown.taps[layer].shape, tap_shape(layer, height, width)
        demand(
            shape == wanted, f"the tap {layer} is {wanted}", shape, "height, width, channels; pooling floors"
        )
    for layer in problem.style_layers:
        of_tap, gram = _gram(shown.taps[layer]), shown.grams.get(layer, np.zeros(0, np.float32))
        scale = float(np.abs(of_tap).max())
        fits = gram.shape == of_tap.shape and np.allclose(gram, of_tap, rtol=0, atol=1e-3 * scale)
        remedy = "return F^T F divided by its number of positions"
        demand(fits, f"the Gram matrix of {layer} is that of its tap", f"shape {gram.shape}", remedy)
    gradient = shown.gradient
    like = gradient.shape == problem.init.shape and np.isfinite(gradient).all()
    demand(
        like, f"the gradient has shape {problem.init.shape}, finite", gradient.shape, "differentiate by init"
    )


def flop_is_that_of_one_iteration(subject: Subject) -> None:
    """`flop()` is None or a positive number, the same for every chunk and after every iteration.

    It is compared from one version to the next, where a count of the whole chunk would look like a change.
    """
    found = [_flop_after(subject, chunk=1, runs=0), *(_flop_after(subject, 4, runs) for runs in (0, 1, 4))]
    if found == [None] * len(found):
        raise NotApplicable("it does not count its operations")
    for flop in found:
        number = isinstance(flop, int | float) and not isinstance(flop, bool)
        positive = number and 0 < flop < float("inf")
        demand(positive, "`flop()` is None or a positive number", repr(flop), "return None if unknown")
    seen = (
        f"{found[0]:.6g} for a chunk of 1, then {', '.join(f'{flop:.6g}' for flop in found[1:])} for one of 4"
    )
    alike = max(found) <= 1.001 * min(found)
    demand(
        alike, "`flop()` is that of one iteration", seen, "count one, whatever `compile` and `run` are given"
    )


def _flop_after(subject: Subject, chunk: int, runs: int) -> Any:
    session = subject.backend.prepare(subject.problem())
    try:
        session.compile(chunk)
        if runs:
            session.run(runs)
        return session.flop()
    finally:
        session.close()


def _gram(tap: Array) -> Array:
    flat = tap.reshape(-1, tap.shape[-1])
    gram: Array = flat.T @ flat / np.float32(len(flat))
    return gram


def _more(subject: Subject, before: int) -> str:
    return f"{subject.backend.compilations - before} more"


def _shares(session: Session, n: int) -> tuple[float, float, float]:
    """Return the seconds that run(n), the first and the second image() take."""
    marks = [perf_counter()]
    for action in (lambda: session.run(n), session.image, session.image):
        action()
        marks.append(perf_counter())
    run, first, again = np.diff(marks)
    return float(run), float(first), float(again)


def _use(subject: Subject, problem: Problem, sessions: int) -> None:
    for _ in range(sessions):
        subject.advance(problem, 1)
    gc.collect()


def _least_growth(subject: Subject, problem: Problem, held: Callable[[], int], allowed: float) -> float:
    """Return the bytes each session adds in the window of least growth, or the first of little enough."""
    least, before = float("inf"), held()
    for _ in range(WINDOWS):
        _use(subject, problem, SESSIONS)
        after = held()
        least, before = min(least, (after - before) / SESSIONS), after
        if least < allowed:
            break
    return least


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
