"""What is JAX's own: the line search, what it does where nothing helps, and the flags XLA starts with."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402

from nstbench.api import Settings  # noqa: E402
from nstbench_jax import JaxVgg19, lbfgs  # noqa: E402
from nstbench_jax.lbfgs import CURVATURE, DECREASE, PROBES, Line, Point, search  # noqa: E402
from nstbench_jax.update import Recipe  # noqa: E402


class Along:
    """A function of one variable as seen by the line search, with the steps that it was asked for."""

    def __init__(self, value, slope):
        self.value, self.slope = value, slope
        self.steps = []

    def __call__(self, line, step):
        self.steps.append(step)
        return self.point(step)

    def point(self, step):
        x = jnp.float32(step)
        return Point(x, x, jnp.asarray([self.value(step)], jnp.float32), jnp.float32(self.slope(step)))

    def search(self):
        here = self.point(0.0)
        return search(self, Line(here.image, here.image, here.slope), here)


@pytest.mark.parametrize(
    ("value", "slope"),
    [
        (lambda t: (t - 1) ** 2, lambda t: 2 * (t - 1)),
        (lambda t: (t - 300) ** 2, lambda t: 2 * (t - 300)),
        (lambda t: (t - 0.01) ** 2, lambda t: 2 * (t - 0.01)),
        (lambda t: abs(t - 0.3) + 0.1 * t, lambda t: np.sign(t - 0.3) + 0.1),
        (lambda t: -np.log(1.5 - t) - 3 * t if t < 1.5 else np.nan, lambda t: 1 / (1.5 - t) - 3),
    ],
    ids=["at once", "far", "near", "kink", "edge of the domain"],
)
def test_a_step_meets_both_conditions(value, slope):
    along = Along(value, slope)
    found = along.search()
    step = along.steps[-1]
    assert float(found.image) == pytest.approx(step)
    assert value(step) <= value(0) + DECREASE * step * slope(0)
    assert slope(step) >= CURVATURE * slope(0)
    assert len(along.steps) < PROBES


def test_a_slope_that_never_rises_ends_with_the_lowest_point_seen():
    along = Along(lambda t: -t, lambda t: -1.0)
    assert float(along.search().image) == along.steps[-1] == 2.0 ** (PROBES - 1)


@pytest.mark.parametrize(
    "value", [lambda t: t, lambda t: 1 + 1e-3 * np.sqrt(t), lambda t: np.nan if t else 1.0]
)
def test_where_nothing_decreases_no_point_is_found(value):
    along = Along(value, lambda t: -1.0)
    assert along.search() is None
    assert len(along.steps) == PROBES


@pytest.mark.parametrize("slope", [0.0, 1.0, np.nan])
def test_a_line_that_does_not_descend_is_not_searched(slope):
    along = Along(lambda t: t, lambda t: slope)
    assert along.search() is None
    assert not along.steps


class Landscape:
    """A problem without a network: any function of an image and of what it is to be near."""

    def __init__(self, monkeypatch, function, sign=1.0):
        self.function = function

        def objective(static, convolution):
            def gradient_of(image, given):
                where, more = given
                value, gradient = jax.value_and_grad(function)(image, where)
                return sign * gradient, jnp.stack([value + more, value])

            return gradient_of

        monkeypatch.setattr(lbfgs, "objective", objective)

    def run(self, where, more, *counts, start=0.0):
        state = lbfgs.start_state(jnp.full((4, 4, 3), start, jnp.float32))
        given = jnp.asarray(where, jnp.float32), jnp.float32(more)
        program = lbfgs.compile_update(Recipe(None, "xla", "host", 1), state, given)
        rows, evaluations = [], []
        for n in counts:
            state, found, count = program.run(state, given, n)
            rows.append(found[:, 0])
            evaluations.append(count)
        return np.concatenate(rows), np.asarray(state.image), evaluations


def bowl(scale):
    return lambda image, where: jnp.sum(scale * (image - where) ** 2)


def test_the_bottom_of_a_bowl_is_reached_and_kept(monkeypatch):
    where = np.random.default_rng(0).random((4, 4, 3))
    scale = jnp.linspace(1, 10, 3)
    totals, image, _ = Landscape(monkeypatch, bowl(scale)).run(where, 0.0, 25)
    assert totals[0] == pytest.approx(float(jnp.sum(scale * where**2)), rel=1e-5)
    np.testing.assert_allclose(image, where, atol=1e-3)
    assert totals[-1] < 1e-6 * totals[0]


def test_where_the_gradient_misleads_the_image_stays_and_the_loss_repeats(monkeypatch):
    misleading = Landscape(monkeypatch, bowl(1.0), sign=-1.0)
    totals, image, evaluations = misleading.run(np.ones((4, 4, 3)), 0.0, 2, 1, start=0.5)
    assert set(totals) == {np.float32(12)}
    np.testing.assert_array_equal(image, 0.5)
    assert evaluations == [1 + 2 * PROBES, PROBES]


def coupled(image, where):
    """A bowl that is narrow across the diagonals: a pixel held by its bound moves the bottom of others."""
    off = (image - where).ravel()
    return jnp.sum(off**2) + 20 * jnp.sum((off[1:] + off[:-1]) ** 2)


def test_a_bottom_beyond_the_bounds_is_approached_along_them(monkeypatch):
    where = np.random.default_rng(1).uniform(-1, 2, (4, 4, 3)).astype(np.float32)
    _, image, _ = Landscape(monkeypatch, coupled).run(where, 0.0, 60, start=0.5)
    assert 0 <= image.min() < image.max() <= 1
    gradient = np.asarray(jax.grad(coupled)(image, where))
    held = ((image == 0) & (gradient > 0)) | ((image == 1) & (gradient < 0))
    assert 5 < held.sum() < 43
    np.testing.assert_allclose(gradient[~held], 0, atol=1e-3 * np.abs(gradient).max())
    away = np.clip(where, 0, 1)
    assert float(coupled(image, where)) < 0.9 * float(coupled(away, where))


def test_where_a_valley_bends_the_wrong_way_it_is_still_descended(monkeypatch):
    """Without curvature, or with less than none, along most steps."""
    totals, image, _ = Landscape(monkeypatch, lambda x, where: -jnp.sum(where * (x - 0.4) ** 2)).run(
        np.linspace(0.1, 3, 48).reshape(4, 4, 3), 0.0, 15, start=0.5
    )
    assert np.all(np.diff(totals) <= 0)
    np.testing.assert_array_equal(image, 1)


def test_a_decrease_that_float32_cannot_show_is_still_made(monkeypatch):
    totals, image, _ = Landscape(monkeypatch, bowl(1e-9)).run(np.ones((4, 4, 3)), 1e8, 10)
    assert set(totals) == {np.float32(1e8)}
    np.testing.assert_allclose(image, 1, atol=1e-3)


def test_the_first_image_is_evaluated_once_and_no_point_twice(monkeypatch):
    _, _, (one, more) = Landscape(monkeypatch, bowl(0.5)).run(np.full((4, 4, 3), 0.1), 0.0, 1, 1)
    assert one == 2  # the start, and a first step, which falls short of the bottom of this bowl
    assert more == 1  # a second, which knows the curvature and gets there


@pytest.mark.parametrize(("loop", "refused"), [("device", True), ("host", False), ("auto", False)])
def test_lbfgs_on_the_device_is_refused_in_a_sentence(loop, refused):
    backend = JaxVgg19({"loop": loop})
    reason = backend.refuse(Settings(optimiser="lbfgs"))
    assert (reason is not None) == refused
    assert reason is None or ("options.loop" in reason and "lbfgs" in reason)
    assert backend.refuse(Settings(optimiser="adam")) is None
