"""For every check a backend that breaks what it demands, and nothing else."""

import time
from dataclasses import replace

import numpy as np

from nstbench.api import FEEDFORWARD_SETTINGS, VGG_SETTINGS, Evaluation, OptimiserState
from nstbench.testing.fakes import FakeBackend, FakeSession


def with_session(session, **more):
    """Make a backend class around a session class."""

    def prepare(self, problem):
        return session(problem, self.options, self._compiled)

    return type(f"With{session.__name__}", (FakeBackend,), {"prepare": prepare, **more})


def with_problem(change):
    """Make a backend class that replaces its problems before it looks at them."""

    def prepare(self, problem):
        return FakeSession(change(problem), self.options, self._compiled)

    return type("WithProblem", (FakeBackend,), {"prepare": prepare})


def with_capabilities(**changes):
    return type("Declaring", (FakeBackend,), {"capabilities": replace(FakeBackend.capabilities, **changes)})


class CountsInWords(FakeBackend):
    def peak_device_bytes(self):
        return "12 MB"


class SaysNo(FakeBackend):
    def refuse(self, settings):
        return super().refuse(settings) and "no"


class ImportsToRefuse(FakeBackend):
    capabilities = replace(FakeBackend.capabilities, requires=("colorsys",), install="comes with Python")

    def refuse(self, settings):
        import colorsys

        colorsys.rgb_to_hsv(0, 0, 0)
        return super().refuse(settings)


class DoublePrecision(FakeSession):
    def image(self):
        return super().image().astype(np.float64)


class DrawsWithoutSeed(FakeSession):
    def run(self, n):
        trace = super().run(n)
        if n == 4:  # one program of many
            noise = np.random.default_rng().normal(0, 0.02, self._image.shape)
            self._image = np.clip(self._image + noise, 0, 1, dtype=np.float32)
        return trace


class WritesToItsInputs(FakeSession):
    def close(self):
        self._problem.content[0, 0] = 0.5


class OneGoalForAll(FakeBackend):
    def prepare(self, problem):
        backend = self

        class Sharing(FakeSession):
            def run(self, n):
                self._goal = backend.goal
                return super().run(n)

        made = Sharing(problem, self.options, self._compiled)
        self.goal = made._goal
        return made


class FailsAtWhatItAccepted(FakeBackend):
    def prepare(self, problem):
        if (problem.optimiser, problem.tv_form) == ("sgd", "absolute"):
            raise NotImplementedError("later")
        return super().prepare(problem)


class ShowsItsContentFirst(FakeSession):
    def image(self):
        return self._problem.content if self._step == 0 else self._image


class ForgetsItsSteps(FakeSession):
    def run(self, n):
        self._step = 0
        return super().run(n)


class HandsOverNoSteps(FakeSession):
    def state(self):
        return OptimiserState(0)


class CountsNoEvaluation(FakeSession):
    def run(self, n):
        return replace(super().run(n), evaluations=0)


class LeavesOutTv(FakeSession):
    def _losses(self):
        total, content, style, tv, *energies = super()._losses()
        return [total - self._problem.tv_weight * tv, content, style, tv, *energies]


class WeighsByPosition(FakeSession):
    def _losses(self):
        _, content, _, tv, *energies = super()._losses()
        posed = self._problem
        named = sorted(zip(posed.style_layers, energies, strict=True))
        style = sum(w * e for w, (_, e) in zip(posed.style_layers.values(), named, strict=True))
        total = posed.alpha * content + posed.beta * style + posed.tv_weight * tv
        return [total, content, style, tv, *energies]


class LogsAfterTheStep(FakeSession):
    def _iterate(self):
        super()._iterate()
        return self._losses()


class ClipsOnlyWhatItShows(FakeSession):
    def __init__(self, *given):
        super().__init__(*given)
        self._goal = self._goal + np.float32(0.6)

    def image(self):
        return np.clip(super().image(), 0, 1)


class ClimbsUphill(FakeSession):
    def _iterate(self):
        before = self._image
        row = super()._iterate()
        self._image = np.clip(2 * before - self._image, 0, 1)
        return row


class StopsAtBlockFour(FakeSession):
    def run(self, n):
        trace = super().run(n)
        kept = {layer: e for layer, e in trace.style_layers.items() if not layer.startswith("conv5")}
        return replace(trace, style_layers=kept)


class CleansItsLosses(FakeSession):
    def _losses(self):
        return [float(np.nan_to_num(value)) for value in super()._losses()]


class ShowsRawGrams(FakeBackend):
    def evaluate(self, problem):
        return evaluation(problem, 1)


class CountsTheWholeChunk(FakeSession):
    def compile(self, chunk):
        self.chunk = chunk
        return super().compile(chunk)

    def flop(self):
        return self.chunk * super().flop()


class CompilesAlphaIn(FakeSession):
    def compile(self, chunk):
        self._compiled.add((*self._image.shape, chunk, self._problem.alpha))


class ReturnsEarly(FakeSession):
    pending = 0

    def run(self, n):
        self.pending += n
        return super().run(n)

    def image(self):
        time.sleep(0.005 * self.pending)  # ten times what the fake itself takes on a slow machine
        self.pending = 0
        return super().image()


class KeepsItsSessions(FakeBackend):
    def prepare(self, problem):
        made = super().prepare(problem)
        self.kept = [*getattr(self, "kept", []), made]
        return made


def evaluation(problem, positions=None):
    taps = dict.fromkeys((*problem.content_layers, *problem.style_layers), problem.init)
    flat = problem.init.reshape(-1, 3)
    gram = flat.T @ flat / np.float32(positions or len(flat))
    return Evaluation(taps, dict.fromkeys(problem.style_layers, gram), problem.init)


def as_adam(problem):
    return problem if problem.optimiser in ("sgd", "lbfgs") else replace(problem, optimiser="adam")


BROKEN = {
    "capabilities_are_sane": with_capabilities(consumes=VGG_SETTINGS - {"weights"} | {"moustache"}),
    "reports_are_typed": CountsInWords,
    "refusals_are_sentences": SaysNo,
    "planning_loads_no_framework": ImportsToRefuse,
    "image_is_a_picture": with_session(DoublePrecision),
    "same_problem_same_picture": with_session(DrawsWithoutSeed),
    "inputs_stay_untouched": with_session(WritesToItsInputs),
    "sessions_are_independent": OneGoalForAll,
    "what_it_accepts_it_can_do": FailsAtWhatItAccepted,
    "unknown_names_are_refused": with_problem(as_adam),
    "passes_repeat": with_capabilities(consumes=FEEDFORWARD_SETTINGS),
    "it_starts_from_init": with_session(ShowsItsContentFirst),
    "run_is_additive": with_session(ForgetsItsSteps),
    "it_goes_on_from_its_state": with_session(HandsOverNoSteps),
    "weights_are_taken": with_capabilities(consumes=VGG_SETTINGS),
    "trace_is_complete": with_session(CountsNoEvaluation),
    "total_is_the_weighted_sum": with_session(LeavesOutTv),
    "style_is_the_sum_of_its_layers": with_session(WeighsByPosition),
    "losses_are_of_the_image_before": with_session(LogsAfterTheStep),
    "losses_are_of_the_picture": with_session(ClipsOnlyWhatItShows),
    "losses_fall": with_session(ClimbsUphill),
    "every_layer_can_be_a_style_layer": with_session(StopsAtBlockFour),
    "divergence_is_shown": with_session(CleansItsLosses),
    "consumed_settings_matter": with_problem(lambda problem: replace(problem, learning_rate=0.02)),
    "evaluation_shows_the_network": ShowsRawGrams,
    "flop_is_that_of_one_iteration": with_session(CountsTheWholeChunk),
    "numbers_do_not_recompile": with_session(CompilesAlphaIn),
    "run_waits_for_the_device": with_session(ReturnsEarly),
    "closed_sessions_leave_no_memory": KeepsItsSessions,
}
"""Check -> backend class; that of `importing_loads_no_framework` needs a module of its own, `eager.py`."""
