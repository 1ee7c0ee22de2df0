"""What a loss trace must be, for iterative backends that compute one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nstbench.api import LAYERS, Array, LossTrace, Problem
from nstbench.testing.subject import Subject
from nstbench.testing.violation import NotApplicable, demand

RATES = (1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)
"""Learning rates to try: a gradient's scale depends on the network, and too long a step overshoots."""


def trace_is_complete(subject: Subject) -> None:
    """n values in every column, all finite, the style layers asked for, and no fewer evaluations than n."""
    problem = subject.problem()
    for n in (1, 3):
        trace = _trace(subject, problem, n)
        columns = _columns(trace)
        shapes = {name: np.shape(column) for name, column in columns.items() if np.shape(column) != (n,)}
        demand(not shapes, f"every column of run({n}) has shape ({n},)", shapes, "one value per iteration")
        wild = [name for name, column in columns.items() if not np.isfinite(column).all()]
        demand(not wild, "losses of a tame problem are finite", f"not finite: {wild}", "look for overflow")
        asked = sorted(problem.style_layers) if subject.capabilities.has_layers else []
        found = sorted(trace.style_layers)
        demand(found == asked, f"`style_layers` are {asked}", found, "name each layer asked for")
        enough = trace.evaluations >= n
        demand(enough, f"at least {n} evaluations", trace.evaluations, "count each evaluation of the loss")


def total_is_the_weighted_sum(subject: Subject) -> None:
    """`total` is alpha * content + beta * style + tv_weight * tv, of terms before their weights."""
    problem = subject.problem(alpha=2.0, beta=30.0, tv_weight=5.0)
    trace = _trace(subject, problem, 2)
    expected = 2.0 * trace.content + 30.0 * trace.style + 5.0 * trace.tv
    seen = f"{_numbers(trace.total)} for {_numbers(expected)}"
    remedy = "log each term before its weight"
    demand(_near(trace.total, expected), "total = alpha*content + beta*style + tv_weight*tv", seen, remedy)


def style_is_the_sum_of_its_layers(subject: Subject) -> None:
    """`style` is the sum of w_l * E_l, each weight with the layer it was given for, in any order."""
    _require_layers(subject)
    for weights in ({"conv2_1": 0.9, "conv1_1": 0.1}, {"conv1_1": 0.9, "conv2_1": 0.1}):
        trace = _trace(subject, subject.problem(style_layers=weights), 2)
        expected = np.sum([w * trace.style_layers[layer] for layer, w in weights.items()], axis=0)
        seen = f"{_numbers(trace.style)} for {_numbers(expected)} with {weights}"
        remedy = "pair layers and weights by name; log E_l before its weight"
        demand(_near(trace.style, expected), "style = sum of w_l * E_l", seen, remedy)


def losses_are_of_the_image_before(subject: Subject) -> None:
    """Iteration 1 shows the start: a run that starts as its content has a content loss of 0 there."""
    problem = subject.problem()
    elsewhere = float(_trace(subject, problem, 1).content[0])
    at_content = float(_trace(subject, replace(problem, init=problem.content.copy()), 1).content[0])
    seen = f"{at_content:.4g}, and {elsewhere:.4g} from noise"
    remedy = "take the losses of the gradient step, not those after it"
    fine = abs(at_content) <= 1e-4 * elsewhere
    demand(fine, "the first content loss is 0 when init is the content image", seen, remedy)


def losses_are_of_the_picture(subject: Subject) -> None:
    """The loss of iteration k + 1 is that of the picture after k, also where pixels would leave [0, 1]."""
    for optimiser in subject.values("optimiser"):
        session = subject.backend.prepare(subject.problem(optimiser=optimiser))
        try:
            session.compile(8)
            session.run(8)
            picture = np.array(session.image())
            logged = session.run(1)
        finally:
            session.close()
        of_picture = _trace(subject, subject.problem(optimiser=optimiser, init=picture), 1).total
        seen = f"{_numbers(logged.total) if logged else 'none'}, for {_numbers(of_picture)} with {optimiser}"
        fine = logged is not None and _near(logged.total, of_picture)
        remedy = "keep the image itself within [0, 1], not only what `image` shows"
        demand(fine, "the next loss is that of the picture", seen, remedy)


def losses_fall(subject: Subject) -> None:
    """Six iterations lower the total, for every optimiser, at some learning rate."""
    for optimiser in subject.values("optimiser"):
        seen = []
        for rate in RATES:
            problem = subject.problem(optimiser=optimiser, learning_rate=rate)
            total = _trace(subject, problem, 6).total
            seen.append(f"{total[0]:.4g} to {total[-1]:.4g} at {rate:g}")
            if total[-1] < total[0]:
                break
        else:
            remedy = "look at the sign and the scale of the gradient"
            demand(False, f"{optimiser} lowers the total loss", "; ".join(seen), remedy)


def every_layer_can_be_a_style_layer(subject: Subject) -> None:
    """All 16 layers of VGG-19 can be tapped at once, each with an energy of its own."""
    _require_layers(subject)
    trace = _trace(subject, subject.problem(style_layers=dict.fromkeys(LAYERS, 1 / 16)), 1)
    missing = [layer for layer in LAYERS if not np.isfinite(trace.style_layers.get(layer, [np.nan])).all()]
    demand(not missing, "conv1_1 to conv5_4 have a finite energy", f"without: {missing}", "tap them")


def divergence_is_shown(subject: Subject) -> None:
    """A start of NaN gives a total that is not finite: the harness recognises a diverged trial by it."""
    problem = subject.problem()
    problem = replace(problem, init=np.full_like(problem.init, np.nan))
    with np.errstate(all="ignore"):
        total = _trace(subject, problem, 2).total
    seen = f"total {_numbers(total)}"
    demand(not np.isfinite(total).any(), "losses of NaN are not finite", seen, "do not clean losses up")


def _require_layers(subject: Subject) -> None:
    if not subject.capabilities.has_layers:
        raise NotApplicable("it consumes no `style_layers`")


def _trace(subject: Subject, problem: Problem, n: int) -> LossTrace:
    traces = subject.advance(problem, n).traces
    if not traces:
        raise NotApplicable("it computes no losses")
    return traces[0]


def _columns(trace: LossTrace) -> dict[str, Array]:
    terms = {name: getattr(trace, name) for name in ("total", "content", "style", "tv")}
    return terms | dict(trace.style_layers)


def _near(seen: Array, expected: Array) -> bool:
    return np.shape(seen) == np.shape(expected) and np.allclose(seen, expected, rtol=1e-3, atol=0)


def _numbers(values: Array) -> str:
    return ", ".join(f"{value:.6g}" for value in values)
