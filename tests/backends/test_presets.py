"""From `preset: NAME` in an experiment to the loss a backend reports: it is that project's own."""

from functools import partial

import pytest

from nstbench.api import plugin
from nstbench.assets import load_weights, resolve_weights
from nstbench.experiment import experiment_from_mapping
from nstbench.presets.presets import PRESETS
from nstbench.referee import losses
from nstbench.referee.network import Vgg19
from nstbench.run.problem import build_problem
from nstbench.run.sweep import prepare_sweep

from ..presets.foreign_losses import flat_border, foreign_losses

TERMS = ("content", "style", "total")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return load_weights(resolve_weights("random:0", tmp_path_factory.mktemp("weights"), print))


def problem_of(preset, folder):
    """Plan one trial of a preset, from noise, with a style image of the size of the content image."""
    plain = {
        "preset": preset,
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 48, "weights": "random:0", "init": "noise"},
        "measure": {"referee": "none"},
        "backends": ["tf-vgg19"],
    }
    (trial,) = prepare_sweep(experiment_from_mapping(plain, folder), folder / "out").plan.trials
    assert trial.refusal is None
    return build_problem(trial, folder)


def by_the_referee(weights, problem):
    """Return the losses of the start in float64; the parity ladder holds every backend to them."""
    found = losses(weights, problem)
    return {term: getattr(found, term) for term in TERMS}


def by_backend(name, weights, problem):
    made = plugin(name).make()
    made.start("cpu")
    made.load(weights)
    session = made.prepare(problem)
    trace = session.run(1)
    session.close()
    return {term: float(getattr(trace, term)[0]) for term in TERMS}


@pytest.mark.parametrize(
    ("preset", "reported"),
    [
        *((preset, by_the_referee) for preset in PRESETS),
        *(("pystiche", partial(by_backend, name)) for name in ("tf-vgg19", "torch-vgg19")),
    ],
)
def test_the_reported_losses_are_those_of_the_projects_own_formula(weights, preset, reported, tmp_path):
    problem = problem_of(preset, tmp_path)
    problem.init[:] = flat_border(problem.init)  # neural-style has no differences along two of its edges
    layers = [*problem.content_layers, *problem.style_layers]
    network = Vgg19(weights, problem.pooling, where=problem.taps)
    pastiche, content, style = (
        network.taps(image, layers) for image in (problem.init, problem.content, problem.style)
    )
    expected = foreign_losses(preset, pastiche, content, style, problem.init)
    found = reported(weights, problem)
    for term in TERMS[:2] if preset == "crowsonkb" else TERMS:  # its total variation is another one
        assert found[term] == pytest.approx(expected[term], rel=1e-5), term
