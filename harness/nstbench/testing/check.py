"""The list of contract checks, which serves the command line and pytest alike."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

from nstbench.api import Capabilities, UnknownName, with_place
from nstbench.testing.checks import conduct, iterations, losses, obedience, pictures, planning
from nstbench.testing.subject import Subject
from nstbench.testing.violation import ContractViolation, NotApplicable

Demand = Callable[[Subject], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of the contract: a function that raises `ContractViolation` or `NotApplicable`.

    Attributes:
        of: backends it looks at: `every`, `iterative` or `single-pass`.
    """

    demand: Demand
    of: str = "every"

    @property
    def name(self) -> str:
        """The function's name."""
        return self.demand.__name__

    @property
    def why(self) -> str:
        """What it demands and why: the first line of the docstring."""
        return (self.demand.__doc__ or "").partition("\n")[0]

    def left_out(self, capabilities: Capabilities) -> str | None:
        """Say why it does not apply to any backend with such capabilities, or None."""
        kind = "iterative" if capabilities.iterative else "single-pass"
        return None if self.of in ("every", kind) else f"it concerns {self.of} backends"

    def __call__(self, subject: Subject) -> None:
        """Examine a backend.

        Raises:
            ContractViolation: it breaks the contract.
            NotApplicable: there is nothing to look at, and why.
        """
        if reason := self.left_out(subject.capabilities):
            raise NotApplicable(reason)
        self.demand(subject)


def _checks(of: str, *demands: Demand) -> tuple[Check, ...]:
    return tuple(Check(each, of) for each in demands)


CHECKS: tuple[Check, ...] = (
    *_checks(
        "every",
        planning.capabilities_are_sane,
        planning.reports_are_typed,
        planning.refusals_are_sentences,
        planning.importing_loads_no_framework,
        planning.planning_loads_no_framework,
        pictures.image_is_a_picture,
        pictures.same_problem_same_picture,
        pictures.inputs_stay_untouched,
        pictures.sessions_are_independent,
        iterations.what_it_accepts_it_can_do,
        iterations.unknown_names_are_refused,
    ),
    *_checks("single-pass", pictures.passes_repeat),
    *_checks(
        "iterative",
        iterations.it_starts_from_init,
        iterations.run_is_additive,
        iterations.it_goes_on_from_its_state,
        obedience.weights_are_taken,
        losses.trace_is_complete,
        losses.total_is_the_weighted_sum,
        losses.style_is_the_sum_of_its_layers,
        losses.losses_are_of_the_image_before,
        losses.losses_are_of_the_picture,
        losses.losses_fall,
        losses.every_layer_can_be_a_style_layer,
        losses.divergence_is_shown,
    ),
    *_checks(
        "every",
        obedience.consumed_settings_matter,
        conduct.evaluation_shows_the_network,
        conduct.flop_is_that_of_one_iteration,
        conduct.numbers_do_not_recompile,
        conduct.run_waits_for_the_device,
        conduct.closed_sessions_leave_no_memory,
    ),
)
"""Every check, the cheap ones first."""


def find_checks(names: Sequence[str]) -> Sequence[Check]:
    """Return the checks of these names, or every check if there are none.

    Raises:
        UnknownName: there is no check of a name.
    """
    known = {each.name: each for each in CHECKS}
    for name in names:
        if name not in known:
            raise UnknownName("check", name, known)
    return [known[name] for name in names] or CHECKS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one check: status `ok`, `failed` or `n/a`, and the sentence that goes with it.

    Attributes:
        traceback: of a check that crashed; else empty.
    """

    check: str
    status: str
    message: str
    seconds: float
    traceback: str = ""


def examine(subject: Subject, checks: Sequence[Check] = CHECKS) -> Iterator[Outcome]:
    """Put a backend through checks, one after the other; a check that crashes has failed."""
    package = type(subject.backend).__module__.partition(".")[0]
    for check in checks:
        started, status, message, trace = perf_counter(), "ok", "", ""
        try:
            check(subject)
        except NotApplicable as reason:
            status, message = "n/a", str(reason)
        except ContractViolation as violation:
            status, message = "failed", str(violation)
        except Exception as error:
            status, message = "failed", f"crashed with {with_place(error, package)}"
            trace = "".join(traceback.format_exception(error))
        yield Outcome(check.name, status, message, perf_counter() - started, trace)
