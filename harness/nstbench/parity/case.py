"""One scenario of the parity ladder, solved twice: by a backend, and by the referee in float64."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from nstbench.api import Array, Backend, Evaluation, LossTrace, OptimiserState, Problem, VggWeights
from nstbench.assets import stretch
from nstbench.parity.scenarios import Scenario
from nstbench.plan.consumed import consumed
from nstbench.plan.consumed import refusal as refused_by_its_capabilities
from nstbench.referee import Descent, Losses, descend, descent, evaluate, losses, reductions
from nstbench.run.staging import carried

MIXING = np.array([[0.3, 0.6, 0.1], [0.6, -0.3, -0.3], [0.2, -0.5, 0.3]], np.float32)
"""Three weighted sums of a pixel's colours, as in a change of colour space."""


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """A session that was advanced by one iteration, by those between, and by one more.

    Attributes:
        traces, images: of each call, and the image after it. No traces from a backend that computes none.
        state: what the optimiser hands over at the end; None if nothing.
    """

    traces: list[LossTrace]
    images: list[Array]
    state: OptimiserState | None = None

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
            return replace(done, state=session.state())
        finally:
            session.close()

    @cached_property
    def true_step(self) -> Array:
        """The referee's image after one step."""
        return np.asarray(descend(self.weights, self.problem, 1)[0], np.float32)

    @cached_property
    def true_totals(self) -> list[float]:
        """The referee's total before each step."""
        return self.true_descent.totals

    @cached_property
    def true_descent(self) -> Descent:
        """The referee's iterations."""
        return descent(self.weights, self.problem, self.scenario.steps)

    @cached_property
    def stages(self) -> tuple[Problem, Problem] | None:
        """The next stage as it follows from the backend's iterations, and from the referee's."""
        if self.progress.state is None:
            return None
        true = self.true_descent
        return (
            self._next_stage(self.progress.images[-1], self.progress.state),
            self._next_stage(np.asarray(true.image, np.float32), true.state),
        )

    def first_step_of(self, problem: Problem) -> tuple[Array, Array]:
        """Return the backend's image after one step of another problem, and the referee's."""
        session = self.backend.prepare(problem)
        try:
            session.compile(1)
            session.run(1)
            return np.array(session.image()), np.asarray(descend(self.weights, problem, 1)[0], np.float32)
        finally:
            session.close()

    def _next_stage(self, image: Array, state: OptimiserState) -> Problem:
        assert self.scenario.next_size, "another stage goes on from this one"
        moments = tuple(np.asarray(each, np.float32) for each in state.moments)
        init, state_then = carried(image, OptimiserState(state.steps, moments), *self.scenario.next_size)
        content = stretch(self.problem.content, *self.scenario.next_size, smooth=False)
        return replace(self.problem, content=content, init=init, state=state_then)

    def true_total_of(self, image: Array) -> float:
        """Return the referee's total of another image than the start."""
        return losses(self.weights, replace(self.problem, init=image)).total


def refusal(name: str, backend: Backend, problem: Problem) -> str | None:
    """Say why a backend does not take on a problem, asked as at planning; or None."""
    settings, can = problem.settings(), backend.capabilities
    height, width, _ = problem.content.shape
    reason = refused_by_its_capabilities(name, settings, can)
    return reason or backend.refuse(consumed(settings, can, height, width))
