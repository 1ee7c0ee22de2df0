"""What an iterative backend owes: iterations that start at the start, add up, and do what was agreed to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from nstbench.api import METHOD, one_line
from nstbench.testing.checks.pictures import PIXEL, farthest
from nstbench.testing.settings import covering
from nstbench.testing.subject import Subject
from nstbench.testing.violation import ContractViolation, demand

PLAIN: dict[str, Any] = {"content_layers": {"conv2_1": 1.0}, "style_layers": {"conv1_1": 1.0}}
"""The fewest layers with a pooling between them: what is quick to compile many times."""


def it_starts_from_init(subject: Subject) -> None:
    """Before the first iteration `image()` is `init`, and `compile` does not advance."""
    for optimiser in subject.values("optimiser"):
        problem = subject.problem(optimiser=optimiser)
        session = subject.backend.prepare(problem)
        try:
            session.compile(3)
            gap = farthest(session.image(), problem.init)
        finally:
            session.close()
        seen = f"pixels {gap:.3g} apart with {optimiser}"
        demand(gap <= 1e-6, "no iteration leaves the start", seen, "take no step outside `run`")


def run_is_additive(subject: Subject) -> None:
    """`run(3)` then `run(2)` is `run(5)`, for every optimiser: its state and its step count live on.

    The harness calls `run` with whatever chunk suits the clock.
    """
    averaging = 0.5 if "averaging" in subject.capabilities.consumes else 0.0
    for optimiser in subject.values("optimiser"):
        problem = subject.problem(optimiser=optimiser, learning_rate_decay=1e-6, averaging=averaging)
        whole, parts = subject.advance(problem, 5), subject.advance(problem, 3, 2)
        gap = farthest(whole.image, parts.image)
        seen = f"pixels {gap:.3g} apart with {optimiser}"
        remedy = "keep the optimiser's whole state in the session"
        demand(gap <= PIXEL, "run(3) and run(2) make run(5)", seen, remedy)


def it_goes_on_from_its_state(subject: Subject) -> None:
    """A problem with the picture and the `state()` of another session goes on as that session would.

    From coarse to fine, the harness stretches both and poses the problem at the next size.
    """
    for optimiser in subject.values("optimiser"):
        problem = subject.problem(optimiser=optimiser, learning_rate_decay=1e-6)
        session = subject.backend.prepare(problem)
        try:
            session.compile(3)
            session.run(3)
            state, image = session.state(), np.array(session.image())
            session.run(2)
            expected = np.array(session.image())
        finally:
            session.close()
        if state is None:
            continue
        gap = farthest(subject.advance(replace(problem, init=image, state=state), 2).image, expected)
        seen = f"pixels {gap:.3g} apart with {optimiser}"
        remedy = "hand over all that a step depends on, or None to begin anew"
        demand(gap <= PIXEL, "the next problem goes on from `state()`", seen, remedy)


def what_it_accepts_it_can_do(subject: Subject) -> None:
    """What `refuse` lets pass runs: every accepted pair of choices is tried in some combination."""
    for chosen in covering(subject.accepted):
        said = ", ".join(f"{name} {value}" for name, value in chosen.items())
        try:
            image = subject.advance(subject.problem(**chosen, **PLAIN), 1).image
        except Exception as error:
            seen = f"{one_line(error)} with {said}"
            raise ContractViolation(
                f"demanded: what `refuse` accepts runs; seen: {seen}; refuse it with a sentence"
            ) from error
        remedy = "refuse it with a sentence, or repair it"
        demand(np.isfinite(image).all(), "what `refuse` accepts gives a finite image", said, remedy)


def unknown_names_are_refused(subject: Subject) -> None:
    """A layer or choice that it has never heard of is refused or raises: silence would mislabel a result."""
    plain = subject.problem()
    cases: dict[str, dict[str, Any]] = {
        "content_layers": {"content_layers": {"conv6_1": 1.0}},
        "style_layers": {"style_layers": {**plain.style_layers, "conv6_1": 1.0}},
    }
    cases |= {name: {name: "unheard-of"} for name, each in METHOD.items() if each.choices}
    consumed = {name: changes for name, changes in cases.items() if name in subject.capabilities.consumes}
    passed = [name for name, changes in consumed.items() if _runs(subject, changes)]
    seen = f"it runs with a name nobody knows for {', '.join(passed)}"
    demand(not passed, "an unknown name is refused or raises", seen, "look it up; raise a UsageError")


def _runs(subject: Subject, changes: dict[str, Any]) -> bool:
    """Whether something goes through `refuse`, `prepare`, `compile` and `run` without an objection."""
    problem = subject.problem(**changes)
    try:
        if subject.backend.refuse(problem.settings()) is None:
            subject.advance(problem, 1)
            return True
    except Exception:
        return False
    return False
