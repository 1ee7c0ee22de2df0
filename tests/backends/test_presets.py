"""From `preset: NAME` in an experiment to the loss a backend reports: it is that project's own."""

import pytest

from nstbench.api import plugin
from nstbench.assets import load_weights, resolve_weights
from nstbench.experiment import experiment_from_mapping
from nstbench.presets.presets import PRESETS
from nstbench.referee import taps
from nstbench.run.problem import build_problem
from nstbench.run.sweep import prepare_sweep

from ..plan.foreign_losses import flat_border, foreign_losses


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return load_weights(resolve_weights("random:0", tmp_path_factory.mktemp("weights"), print))


@pytest.fixture(scope="module", params=["jax-vgg19", "tf-vgg19"])
def backend(request, weights):
    made = plugin(request.param).make()
    made.start("cpu")
    made.load(weights)
    return request.param, made


def problem_of(name, preset, folder):
    """Plan one trial of a preset, from noise, with a style image of the size of the content image."""
    plain = {
        "preset": preset,
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 48, "weights": "random:0", "init": "noise"},
        "measure": {"referee": "none"},
        "backends": [name],
    }
    (trial,) = prepare_sweep(experiment_from_mapping(plain, folder), folder / "out").plan.trials
    assert trial.refusal is None
    return build_problem(trial, folder)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_reported_losses_are_those_of_the_projects_own_formula(backend, weights, preset, tmp_path):
    name, made = backend
    problem = problem_of(name, preset, tmp_path)
    problem.init[:] = flat_border(problem.init)  # neural-style has no differences along two of its edges
    session = made.prepare(problem)
    trace = session.run(1)
    session.close()
    layers = [*problem.content_layers, *problem.style_layers]
    pastiche, content, style = (
        taps(weights, image, layers, problem.pooling)
        for image in (problem.init, problem.content, problem.style)
    )
    expected = foreign_losses(preset, pastiche, content, style, problem.init)
    for term in ("content", "style", "total"):
        assert getattr(trace, term)[0] == pytest.approx(expected[term], rel=1e-5), term
