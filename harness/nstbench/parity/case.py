"""One scenario of the parity ladder, solved twice: by a backend, and by the referee in float64."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nstbench.api import Array, Backend, Evaluation, LossTrace, Problem, VggWeights
from nstbench.parity.scenarios import Scenario
from nstbench.plan.consumed import consumed
from nstbench.plan.consumed import refusal as refused_by_its_capabilities
from nstbench.referee import Losses, descend, evaluate, losses, reductions

MIXING = np.array([[0.3, 0.6, 0.1], [0.6, -0.3, -0.3], [0.2, -0.5, 0.3]], np.float32)
"""Three weighted sums of a pixel's colours, as in a change of colour space."""


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """A session that was advanced by one iteration, by those between, and by one more.

    Attributes:
        traces, images: of each call, and the image after it. No traces from a backend that computes none.
    """

    traces: list[LossTrace]
    images: list[Array]

    @property
    def totals(self) -> list[float]:
        """The total of every iteration."""
        return [float(total) for trace in self.traces for total in trace.total]


@dataclass(eq=False)
class Case:
    """Both solutions, each part computed when it is first asked for."""

    backend: Backend
    weights: VggWeights
    scenario: Scenario

    @property
    def problem(self) -> Problem:
        """What is solved."""
        return self.scenario.problem

    @cached_property
    def sums(self) -> tuple[Mapping[str, Array], Mapping[str, Array]] | None:
        """What the backend makes of sums over the pixels of start and content, and what is true."""
        rows, others = (image.reshape(-1, 3) for image in (self.problem.init, self.problem.content))
        found = self.backend.reduce(rows, others, MIXING)
        return None if found is None else (found, reductions(rows, others, MIXING))

    @cached_property
    def shown(self) -> Evaluation | None:
        """The backend's network at the start, if it shows it."""
        return self.backend.evaluate(self.problem)

    @cached_property
    def true(self) -> Evaluation:
        """The referee's network at the start."""
        return evaluate(self.weights, self.problem)

    @cached_property
    def true_losses(self) -> Losses:
        """The referee's losses at the start."""
        return losses(self.weights, self.problem)

    @cached_property
    def progress(self) -> Progress:
        """The backend's iterations."""
        session = self.backend.prepare(self.problem)
        counts = [count for count in (1, self.scenario.steps - 2, 1) if count > 0]
        done = Progress([], [])
        try:
            session.compile(max(counts))
            for count in counts:
                trace = session.run(count)
                done.traces.extend([trace] if trace else [])
                done.images.append(np.array(session.image()))
            return done
        finally:
            session.close()

    @cached_property
    def true_step(self) -> Array:
        """The referee's image after one step."""
        return np.asarray(descend(self.weights, self.problem, 1)[0], np.float32)

    @cached_property
    def true_totals(self) -> list[float]:
        """The referee's total before each step."""
        return descend(self.weights, self.problem, self.scenario.steps)[1]

    def true_total_of(self, image: Array) -> float:
        """Return the referee's total of another image than the start."""
        return losses(self.weights, replace(self.problem, init=image)).total


def refusal(name: str, backend: Backend, problem: Problem) -> str | None:
    """Say why a backend does not take on a problem, asked as at planning; or None."""
    settings, can = problem.settings(), backend.capabilities
    height, width, _ = problem.content.shape
    reason = refused_by_its_capabilities(name, settings, can)
    return reason or backend.refuse(consumed(settings, can, height, width))
