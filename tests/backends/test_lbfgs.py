"""SciPy's L-BFGS-B in its thread: paused, closed, restarted, stuck; on functions small enough to know."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import Bounds, minimize

from nstbench.api import CHANNELS, Problem, in_channels, up_to
from nstbench.api.lbfgs import Lbfgs
from nstbench_tensorflow import TensorFlowVgg19

START = np.linspace(0.2, 0.75, 12, dtype=np.float32).reshape(2, 2, 3)
BOTTOM = 0.75


class Counted:
    """An objective that counts; the second of its losses shows that whole rows come back."""

    def __init__(self, function):
        self.function = function
        self.calls = 0
        self.threads = set()

    def __call__(self, image):
        self.calls += 1
        self.threads.add(threading.current_thread().name)
        value, gradient = self.function(image.astype(np.float64))
        return np.array([value, 2 * value], np.float32), gradient.astype(np.float32)


def rosenbrock(image):
    """Its square from -2 to 2, on the pixels from 0 to 1."""
    x = 4 * image.ravel() - 2
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    gradient[1:] += 200 * (x[1:] - x[:-1] ** 2)
    value = np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    return value, 4 * gradient.reshape(image.shape)


def kinks(image):
    """Not smooth, so that line searches fail."""
    slopes = np.arange(1, image.size + 1).reshape(image.shape)
    return np.sum(slopes * np.abs(image - 0.1)), slopes * np.sign(image - 0.1)


@pytest.fixture
def search():
    """Start runs that are closed after the test."""
    made = []

    def maker(function, start=START):
        made.append(Lbfgs(Counted(function), start))
        return made[-1], made[-1]._objective

    yield maker
    for each in made:
        each.close()


def in_single(point):
    return point.astype(np.float32).reshape(START.shape)


def uninterrupted(function, callback=None, **options):
    """SciPy alone, on what a paused run sees: float32 into the objective and out of it."""

    def in_double(point):
        losses, gradient = Counted(function)(in_single(point))
        return float(losses[0]), gradient.ravel().astype(np.float64)

    options |= {"maxcor": 10, "ftol": 0, "gtol": 0}
    return minimize(
        in_double,
        START.ravel(),
        method="L-BFGS-B",
        jac=True,
        bounds=Bounds(0, 1),
        callback=callback,
        options=options,
    )


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "lbfgs"]


def test_the_steps_are_those_of_an_uninterrupted_run(search):
    paused, _ = search(rosenbrock)
    seen = []
    for _ in range(8):
        paused.step()
        seen.append(paused.image)
    expected = []
    done = uninterrupted(rosenbrock, maxiter=8, callback=lambda x: expected.append(in_single(x)))
    np.testing.assert_array_equal(seen, expected)
    assert paused.evaluations == done.nfev


def test_a_valley_is_descended_to_its_bottom(search):
    paused, _ = search(rosenbrock)
    for _ in range(120):
        paused.step()
    np.testing.assert_allclose(paused.image, BOTTOM, atol=5e-4)


def test_a_bottom_beyond_the_bounds_is_approached_along_them(search):
    goal = np.linspace(-1, 2, 12).reshape(START.shape)
    paused, _ = search(lambda x: (np.sum((x - goal) ** 2), 2 * (x - goal)))
    for _ in range(20):
        paused.step()
        assert 0 <= paused.image.min() <= paused.image.max() <= 1
    np.testing.assert_allclose(paused.image, np.clip(goal, 0, 1), atol=1e-4)


def test_the_losses_of_an_iteration_are_those_of_the_image_before_it(search):
    paused, _ = search(rosenbrock)
    for _ in range(60):
        before = paused.image
        losses = paused.step()
        value = np.float32(rosenbrock(before.astype(np.float64))[0])
        np.testing.assert_array_equal(losses, [value, 2 * value])


def test_every_evaluation_is_counted(search):
    paused, objective = search(rosenbrock)
    for taken in range(1, 20):
        paused.step()
        assert paused.evaluations == objective.calls >= taken + 1


def test_between_two_steps_nothing_is_computed(search):
    paused, objective = search(rosenbrock)
    time.sleep(0.02)
    assert objective.calls == 0
    paused.step()
    image, calls = paused.image, objective.calls
    time.sleep(0.02)
    assert objective.calls == calls
    assert paused.image is image


def test_it_computes_in_a_thread_that_does_not_keep_the_process_alive(search):
    paused, objective = search(rosenbrock)
    paused.step()
    assert objective.threads == {"lbfgs"}
    assert all(thread.daemon for thread in threads())


@pytest.mark.parametrize("steps", [0, 3])
def test_close_ends_the_thread(steps):
    before = len(threads())
    paused = Lbfgs(Counted(rosenbrock), START)
    assert len(threads()) == before + 1
    for _ in range(steps):
        paused.step()
    paused.close()
    assert len(threads()) == before


def test_runs_side_by_side_do_not_mix(search):
    alone, _ = search(rosenbrock)
    expected = [alone.step() for _ in range(6)]
    first, second = search(rosenbrock)[0], search(kinks)[0]
    seen = []
    for _ in range(6):
        seen.append(first.step())
        second.step()
    np.testing.assert_array_equal(seen, expected)


def test_an_exception_is_raised_by_the_step_and_by_every_later_one(search):
    def breaks(image):
        if objective.calls > 5:
            raise MemoryError("no room")
        return rosenbrock(image)

    def step_until_it_breaks():
        while True:
            paused.step()

    paused, objective = search(breaks)
    for _ in range(2):
        with pytest.raises(MemoryError, match="no room"):
            step_until_it_breaks()
    assert objective.calls == 6


def test_where_scipy_gives_up_a_fresh_start_gets_on(search):
    paused, _ = search(kinks)
    alone = uninterrupted(kinks)
    totals = [paused.step()[0] for _ in range(alone.nit + 30)]
    assert totals[alone.nit - 1] == np.float32(alone.fun)
    assert np.all(np.diff(totals) <= 0)
    assert totals[-1] < totals[alone.nit - 1]


def test_where_no_step_helps_the_image_stays_and_the_loss_repeats(search):
    def uphill(image):
        value, gradient = rosenbrock(image)
        return value, -gradient

    paused, objective = search(uphill)
    rows = np.array([paused.step() for _ in range(50)])
    np.testing.assert_array_equal(paused.image, START)
    np.testing.assert_array_equal(rows, rows[:1].repeat(50, axis=0))
    assert np.isfinite(rows).all()
    paused.step()
    before = objective.calls
    paused.step()
    assert objective.calls == before + 1  # an iteration that stays still looks


def test_at_a_minimum_the_image_stays(search):
    paused, _ = search(rosenbrock, np.full_like(START, BOTTOM))
    assert [paused.step()[0] for _ in range(4)] == [0, 0, 0, 0]
    np.testing.assert_array_equal(paused.image, np.float32(BOTTOM))


def test_a_loss_flat_to_float32_does_not_use_up_a_line_search_for_each_iteration(search):
    paused, objective = search(lambda x: (1e8 + np.sum((x - 0.3) ** 2), 2 * (x - 0.3)))
    for _ in range(300):
        paused.step()
    assert 300 <= objective.calls < 400


@pytest.mark.timeout(60)
def test_a_loss_that_is_not_a_number_shows_and_ends(search):
    paused, _ = search(lambda x: (np.nan, np.full_like(x, np.nan)))
    assert np.isnan([paused.step() for _ in range(5)]).all()


@pytest.fixture(scope="module")
def backend():
    return started()


def started(**options):
    made = TensorFlowVgg19(options)
    made.start("cpu")
    generator = np.random.default_rng(5)
    weights = {}
    for layer in up_to(["conv2_1"]):
        shape = (3, 3, in_channels(layer), CHANNELS[layer])
        kernel = generator.standard_normal(shape, np.float32) * np.float32((2 / 9 / shape[2]) ** 0.5)
        weights[layer] = kernel, np.zeros(shape[3], np.float32)
    made.load(weights)
    return made


def problem(**changes):
    generator = np.random.default_rng(6)
    content, style = (generator.random((24, 20, 3), np.float32) for _ in range(2))
    layers = {"content_layers": {"conv2_1": 1.0}, "style_layers": {"conv1_1": 1.0}}
    plain = Problem(content=content, styles=(style,), init=content, beta=100.0, **layers)
    return replace(plain, optimiser="lbfgs", **changes)


def test_compiling_traces_once_and_does_not_advance(backend):
    before = backend.compilations
    session = backend.prepare(problem(tv_form="absolute"))
    session.compile(5)
    assert backend.compilations == before + 1
    np.testing.assert_array_equal(session.image(), problem().init)
    fresh = backend.prepare(problem(tv_form="absolute"))
    traces = [each.run(3) for each in (session, fresh)]
    assert backend.compilations == before + 1
    np.testing.assert_array_equal(traces[0].total, traces[1].total)
    assert traces[0].evaluations == traces[1].evaluations
    session.close()
    fresh.close()


def test_no_iterations_are_an_empty_trace(backend):
    session = backend.prepare(problem())
    assert session.run(0).total.shape == (0,)
    assert session.run(0).evaluations == 0
    session.close()


def test_closing_a_session_ends_its_thread(backend):
    before = len(threads())
    session = backend.prepare(problem())
    session.run(2)
    assert len(threads()) == before + 1
    session.close()
    assert len(threads()) == before


def test_xla_reaches_the_same_loss(backend):
    curves = []
    for each in (backend, started(xla=True)):
        session = each.prepare(problem())
        session.compile(10)
        curves.append(session.run(10).total)
        session.close()
    np.testing.assert_allclose(curves[1], curves[0], rtol=2e-2)
