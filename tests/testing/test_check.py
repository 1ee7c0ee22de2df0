"""Every contract check lets a good backend pass and catches a bad one, and only the check that should."""

from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from nstbench.api import METHOD, VGG_SETTINGS, Plugin
from nstbench.testing import CHECKS, ContractViolation, FakeBackend, NotApplicable, examine, start
from nstbench.testing.fakes import FakeSession
from nstbench.testing.settings import PROBLEM_AXES, accepted, covering
from nstbench.testing.subject import HEIGHT, WIDTH
from nstbench.testing.template.nstbench_colour_descent import ColourDescent

from .broken import BROKEN, evaluation, with_capabilities, with_problem, with_session
from .eager import ImportsAtTheTop


@dataclass(frozen=True, slots=True)
class Installed(Plugin):
    """A plugin whose class is at hand."""

    kind: type

    def load(self):
        return self.kind


ALL_BROKEN = {**BROKEN, "importing_loads_no_framework": ImportsAtTheTop}
CHECK = {check.name: check for check in CHECKS}


@pytest.fixture
def subject(monkeypatch):
    """Start a backend class; a fresh process finds its module too."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))

    def starter(backend, **options):
        value = f"{backend.__module__.rpartition('.')[2]}:{backend.__qualname__}"
        target = EntryPoint("subject", value, "nstbench.backends")
        return start(Installed("subject", "subjects", "1.0", target, backend), options=options)

    return starter


def statuses(subject):
    return {outcome.check: outcome.status for outcome in examine(subject)}


def test_every_check_has_a_backend_that_breaks_it():
    assert set(ALL_BROKEN) == set(CHECK)
    assert len(CHECK) == len(CHECKS)


def test_an_iterative_backend_without_layers_keeps_the_contract(subject):
    found = statuses(subject(ColourDescent))
    assert "failed" not in found.values()
    assert {found[name] for name in ("trace_is_complete", "losses_fall", "run_is_additive")} == {"ok"}
    assert found["style_is_the_sum_of_its_layers"] == "n/a"


@pytest.mark.parametrize("name", ALL_BROKEN)
def test_a_check_catches_its_broken_backend_and_no_other_does(name, subject):
    found = list(examine(subject(ALL_BROKEN[name])))
    assert [outcome.check for outcome in found if outcome.status == "failed"] == [name]
    (message,) = (outcome.message for outcome in found if outcome.status == "failed")
    assert message.startswith("demanded: ")
    assert "; seen: " in message
    assert "crashed" not in message


def test_the_stand_in_passes_every_check_that_applies_to_it(subject):
    found = statuses(subject(FakeBackend))
    applying = {name for name, status in found.items() if status == "ok"}
    assert "failed" not in found.values()
    left_out = {"importing_loads_no_framework", "planning_loads_no_framework"}
    left_out |= {"passes_repeat", "weights_are_taken", "evaluation_shows_the_network"}
    assert set(CHECK) - applying == left_out


def test_a_check_says_what_it_demands_in_one_line():
    for check in CHECKS:
        assert 20 < len(check.why) < 110, check.name


IGNORED = {
    "style_blend": {"style_blend": (1.0, 0.0)},
    **{name: {name: each.default} for name, each in METHOD.items() if each.traced},
    "tv_form": {"tv_form": "squared"},
    "content_layers": {"content_layers": {"conv1_2": 1.0}},
    "style_layers": {"style_layers": {"conv2_1": 0.75, "conv1_1": 0.25}},
    "optimiser": {"optimiser": "adam"},
    "style": {"styles": (np.full((8, 8, 3), 0.5, np.float32),), "style_blend": (1.0,)},
    "content_masks": {"content_masks": ()},
    "style_masks": {"style_masks": ()},
    "content": {"content": np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)},
    "init": {"init": np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)},
}


@pytest.mark.parametrize("setting", IGNORED)
def test_a_setting_that_is_consumed_and_ignored_is_found(setting, subject):
    def deaf(problem):
        single = setting == "style_blend" and len(problem.styles) == 1
        return problem if single else replace(problem, **IGNORED[setting])

    with pytest.raises(ContractViolation, match=f"`{setting}` changes the result"):
        CHECK["consumed_settings_matter"](subject(with_problem(deaf)))


def test_layer_weights_that_are_ignored_are_found(subject):
    def deaf(kind):
        return with_problem(
            lambda problem: replace(problem, **{kind: dict.fromkeys(getattr(problem, kind), 1.0)})
        )

    for kind in ("content", "style"):
        with pytest.raises(ContractViolation, match=f"{kind}_weights` changes"):
            CHECK["consumed_settings_matter"](subject(deaf(f"{kind}_layers")))


def test_weights_that_are_taken_and_an_evaluation_that_is_right_pass(subject):
    asked = []

    class Obeying(with_capabilities(consumes=VGG_SETTINGS)):
        def load(self, weights):
            asked.append("load")
            self.kernel = weights["conv1_1"][0]

        def prepare(self, problem):
            made = super().prepare(problem)
            made._goal = made._goal * np.abs(self.kernel[0]).mean().clip(0, 1)
            return made

    class Evaluating(FakeBackend):
        def evaluate(self, problem):
            asked.append("evaluate")
            return evaluation(problem)

    CHECK["weights_are_taken"](subject(Obeying))
    CHECK["evaluation_shows_the_network"](subject(Evaluating))
    assert {"load", "evaluate"} <= {*asked}


@pytest.mark.parametrize("change", [{"taps": {}}, {"grams": {}}, {"gradient": np.zeros((3, 3))}])
def test_an_evaluation_that_lacks_something_is_found(change, subject):
    class Lacking(FakeBackend):
        def evaluate(self, problem):
            return replace(evaluation(problem), **change)

    with pytest.raises(ContractViolation):
        CHECK["evaluation_shows_the_network"](subject(Lacking))


def test_a_check_that_crashes_has_failed(subject):
    found = list(examine(subject(FakeBackend, fault="raise")))
    crashed = [outcome for outcome in found if outcome.message.startswith("crashed with RuntimeError: told")]
    assert crashed
    assert {outcome.status for outcome in crashed} == {"failed"}


def test_a_check_that_does_not_apply_says_why(subject):
    with pytest.raises(NotApplicable, match="concerns single-pass backends"):
        CHECK["passes_repeat"](subject(FakeBackend))
    found = {outcome.check: outcome for outcome in examine(subject(FakeBackend))}
    assert found["weights_are_taken"].status == "n/a"
    assert "weights" in found["weights_are_taken"].message


@pytest.mark.parametrize("flop", [0, -1.0, float("nan"), float("inf"), True, "12 GFLOP"])
def test_a_count_that_is_no_number_of_operations_is_found(flop, subject):
    class Counting(FakeSession):
        def flop(self):
            return flop

    with pytest.raises(ContractViolation, match="None or a positive number"):
        CHECK["flop_is_that_of_one_iteration"](subject(with_session(Counting)))


def test_a_count_that_grows_with_the_iterations_or_comes_and_goes_is_found(subject):
    class Growing(FakeSession):
        def flop(self):
            return 100.0 + self._step

    class Late(FakeSession):
        def flop(self):
            return 100.0 if self._step else None

    for session in (Growing, Late):
        with pytest.raises(ContractViolation, match="`flop"):
            CHECK["flop_is_that_of_one_iteration"](subject(with_session(session)))


def test_a_backend_that_does_not_count_has_nothing_to_show(subject):
    class Silent(FakeSession):
        def flop(self):
            return None

    with pytest.raises(NotApplicable, match="does not count"):
        CHECK["flop_is_that_of_one_iteration"](subject(with_session(Silent)))


def test_few_combinations_cover_every_pair_of_choices():
    allowed = accepted(FakeBackend())
    assert {each["taps"] for each in allowed} == {"relu"}
    chosen = covering(allowed)
    for one in PROBLEM_AXES:
        for other in PROBLEM_AXES:
            assert {(e[one], e[other]) for e in chosen} == {(e[one], e[other]) for e in allowed}
    assert len(chosen) == 9  # 3 optimisers with 3 forms
