"""What points are called, and which axes a name speaks of: those that its backend takes notice of."""

from dataclasses import replace

import pytest

from nstbench.api import ExperimentError
from nstbench.experiment import experiment_from_mapping
from nstbench.plan.planner import plan_trials

BASE = {"inputs": {"content": "a.png", "style": "b.png"}, "fixed": {"size": 64}, "backends": ["jax-vgg19"]}


@pytest.fixture
def trials(facts, shelf):
    """Plan a sweep; `without`: settings that the backend does not have."""

    def planner(sweep, without=(), **changes):
        def of(name):
            can = facts(name).capabilities
            return replace(facts(name), capabilities=replace(can, consumes=can.consumes - set(without)))

        inputs = {name: path for name, path in BASE["inputs"].items() if name not in sweep}
        data = {**BASE, "inputs": inputs, "sweep": sweep, **changes}
        return plan_trials(experiment_from_mapping(data), of, shelf).trials

    return planner


def labels(found):
    return [trial.label for trial in found]


def test_a_name_speaks_of_what_the_harness_does_for_a_backend(trials):
    sweep = {"preserve_colour": [False, True], "patience": [0, 2]}
    assert labels(trials(sweep)) == [
        "preserve_colour=false, patience=0",
        "preserve_colour=false, patience=2",
        "preserve_colour=true, patience=0",
        "preserve_colour=true, patience=2",
    ]
    assert labels(trials(sweep, backends=["fast"])) == ["preserve_colour=false", "preserve_colour=true"]


def test_a_name_leaves_out_what_changes_nothing_beside_the_rest(trials):
    sweep = {"optimiser": ["adam", "lbfgs"], "learning_rate": {"slow": 0.01, "quick": 0.1}}
    assert labels(trials(sweep)) == ["optimiser=adam, slow", "optimiser=adam, quick", "optimiser=lbfgs"]
    sweep = {"patience": [0, 2], "min_delta": [0.1, 0.2]}
    assert labels(trials(sweep))[0] == "patience=0"


def test_a_style_as_a_multiple_of_the_size_is_in_the_name(trials):
    assert labels(trials({"style_scale": [1, 2]})) == ["style_scale=1", "style_scale=2"]
    assert [trial.settings.style_size for trial in trials({"style_scale": [1, 2]})] == [64, 128]


def test_blended_styles_are_written_with_their_weights(trials):
    blends = [{"a.png": 1, "b.png": 3}, {"a.png": 3, "b.png": 1}, ["a.png", "b.png"], "a.png"]
    assert labels(trials({"style": blends})) == [
        "style=1*a.png+3*b.png",
        "style=3*a.png+1*b.png",
        "style=a.png+b.png",
        "style=a.png",
    ]


def test_trials_know_the_names_that_the_experiment_gave(trials):
    found = trials({"beta": {"weak": 1, "strong": 10}, "alpha": [1, 2]}, backends=["jax-vgg19", "fast"])
    assert [trial.axes for trial in found] == [
        {"beta": "weak", "alpha": None},
        {"beta": "weak", "alpha": None},
        {"beta": "strong", "alpha": None},
        {"beta": "strong", "alpha": None},
        {},
    ]


def test_trials_know_what_was_asked_for_before_it_was_converted(trials):
    fixed = {"size": 64, "loss_scale": "keras-example", "tv_weight": 1e-6, "style_layers": {"conv1_1": 3}}
    (trial,) = trials({}, fixed=fixed)
    assert trial.settings.style_weights != (3.0,) and trial.settings.tv_weight != 1e-6
    assert trial.asked["style_weights"] == [3.0] and trial.asked["tv_weight"] == 1e-6
    assert (trial.asked["style_size"], trial.asked["style_scale"]) == (None, 1.0)
    assert set(trial.noticed) < trial.asked.keys()


def test_neither_names_nor_spelling_are_part_of_a_trial(trials):
    (one,) = trials({"beta": {"weak": 1}, "style_size": [64]})
    (two,) = trials({"beta": [1.0]})
    assert one.trial_id == two.trial_id


def test_an_added_point_has_the_name_that_its_value_has_on_the_axis(trials):
    sweep = {"beta": {"weak": 1, "strong": 10}, "include": [{"beta": 10.0, "size": 96}, {"beta": 5}]}
    found = trials(sweep)
    assert labels(found) == ["weak", "strong", "strong, size=96", "beta=5"]
    assert [trial.axes.get("beta") for trial in found] == ["weak", "strong", "strong", None]


@pytest.mark.parametrize(
    ("sweep", "expected"),
    [
        (
            {"beta": {"beta=5": 1, "other": 2}, "include": [{"beta": 5}]},
            "sweep.include[0].beta: another value of beta is called 'beta=5' too; rename one of the two",
        ),
        (
            {"style": ["a+b", ["a", "b"]]},
            "sweep.style[1]: another value of style is called 'style=a+b' too; rename one of the two",
        ),
    ],
    ids=str,
)
def test_one_name_for_two_values_is_refused(trials, sweep, expected):
    with pytest.raises(ExperimentError) as caught:
        trials(sweep)
    (line,) = caught.value.problems
    assert line.startswith(expected)


@pytest.mark.parametrize("order", [[0, 2], [2, 0]])
def test_a_point_that_is_refused_is_not_the_one_that_is_done(trials, order):
    found = trials({"tv_weight": order}, without=["tv_weight"])
    assert {trial.noticed_settings().get("tv_weight"): bool(trial.refusal) for trial in found} == {
        None: False,
        2.0: True,
    }
    found = trials({"deterministic": [order[0] > 0, order[1] > 0]}, backends=["fast"])
    assert {trial.noticed_settings().get("deterministic"): bool(trial.refusal) for trial in found} == {
        None: False,
        True: True,
    }


def test_seeds_are_told_apart_where_something_depends_on_them(trials):
    sweep = {"seed": {"one": 1, "two": 2}}
    assert [trial.seed for trial in trials(sweep)] == [1, 2]
    assert [trial.settings.seed for trial in trials(sweep)] == [1, 2]
    assert labels(trials(sweep, without=["seed"])) == [""]
    noise = {"size": 64, "init": "noise"}
    assert labels(trials(sweep, without=["seed"], fixed=noise)) == ["one", "two"], "the harness draws it"
    assert labels(trials(sweep, fixed=noise, backends=["fast"])) == [""]


def test_a_seed_can_be_zipped_added_and_left_out():
    sweep = {"zip": {"seed": [1, 2], "alpha": [1, 2]}, "include": [{"seed": 5}], "exclude": {"seed": 2}}
    points = experiment_from_mapping({**BASE, "sweep": sweep}).points()
    assert [(point.settings.seed, point.settings.alpha) for point in points] == [(1, 1.0), (5, 1.0)]


def test_a_seed_and_an_axis_of_seeds_are_one_too_many(trials):
    with pytest.raises(ExperimentError, match=r"seed: 'seed' is fixed here and an axis in sweep\.seed"):
        trials({"seed": [1, 2]}, seed=7)


def test_a_seed_on_the_command_line_replaces_the_axis():
    overridden = experiment_from_mapping({**BASE, "sweep": {"seed": [1, 2]}}, overrides=["seed=5"])
    assert [point.settings.seed for point in overridden.points()] == [5]
    assert overridden.axes == ()
    swept = experiment_from_mapping({**BASE, "seed": 3}, overrides=["sweep.seed=[1, 2]"])
    assert [point.settings.seed for point in swept.points()] == [1, 2]
