"""From points to trials: what is asked, what identifies a trial, what collapses, what is refused."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from nstbench.api import BackendUnavailable, ExperimentError, Settings
from nstbench.experiment import experiment_from_mapping
from nstbench.plan import Trial
from nstbench.plan.planner import plan_trials
from nstbench.plan.trial import canonical_json

SINCE = (
    *("stages", "balanced_layers", "taps", "style_loss", "adam_beta2", "averaging"),
    *("content_masks", "style_masks"),
)
"""Settings that came later; at their defaults they leave a trial the identity that it had before."""

BASE = {"inputs": {"content": "a.png", "style": "b.png"}, "fixed": {"size": 64}, "backends": ["jax-vgg19"]}


@pytest.fixture
def plan(facts, shelf):
    def planner(**changes):
        return plan_trials(experiment_from_mapping({**BASE, **changes}), facts, shelf)

    return planner


@pytest.fixture
def only(plan):
    """Plan an experiment of one trial."""

    def planner(**changes):
        (trial,) = plan(**changes).trials
        return trial

    return planner


def refused(plan, **changes):
    with pytest.raises(ExperimentError) as caught:
        plan(**changes)
    return list(caught.value.problems)


def test_a_trial_says_everything_its_backend_needs(only):
    trial = only(fixed={"size": 64, "iterations": 5, "style_size": 128}, seed=3)
    assert trial.noticed_settings() == {
        "content": "a.png",
        "style": ["b.png"],
        "size": 64,
        "style_size": 128,
        "weights": "auto",
        "content_layers": ["conv4_2"],
        "content_weights": [1.0],
        "style_layers": ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"],
        "style_weights": [0.2] * 5,
        "iterations": 5,
        "alpha": 1.0,
        "beta": 512.0,
        "tv_weight": 10000.0,
        "tv_form": "squared",
        "optimiser": "adam",
        "loss_scale": "gatys",
        "stages": None,
        "content_masks": None,
        "style_masks": None,
        "balanced_layers": False,
        "learning_rate": 0.05,
        "learning_rate_decay": 1.0,
        "adam_beta1": 0.9,
        "adam_epsilon": 1e-8,
        "patience": 0,
        "preserve_colour": False,
        "deterministic": False,
        "init": "content",
        "pooling": "avg",
        "taps": "relu",
        "adam_beta2": 0.999,
        "averaging": 0.0,
        "style_loss": "gram",
        "precision": "highest",
        "device": "auto",
        "seed": 3,
    }
    assert (trial.height, trial.width, trial.style_height, trial.style_width) == (32, 64, 64, 128)
    assert (trial.weights, trial.weights_sha256, trial.seed) == ("imagenet", "sha-of-auto", 3)
    assert (trial.backend, trial.backend_version, trial.refusal) == ("jax-vgg19", "1.0", None)


def test_the_identity_is_the_hash_of_canonical_json(only):
    trial = only()
    settings = {
        k: v
        for k, v in trial.noticed_settings().items()
        if k not in ("content", "style", "weights", "loss_scale", *SINCE)
    }
    written = {
        "backend": "jax-vgg19",
        "backend_version": "1.0",
        "settings": settings
        | {"alpha": 1, "beta": 512, "tv_weight": 10000, "content_weights": [1], "learning_rate_decay": 1},
        "options": {},
        "content_sha256": trial.content_sha256,
        "style_sha256": trial.style_sha256,
        "weights_sha256": trial.weights_sha256,
    }
    text = json.dumps(written, sort_keys=True, separators=(",", ":"))
    assert trial.trial_id == sha256(text.encode()).hexdigest()[:12]


def test_an_identity_stays_what_it_was_in_earlier_releases():
    trial = Trial(
        "",
        "b",
        "1",
        "l",
        Settings(alpha=1.0, style_layers=("x",), content="p"),
        ("content", "style_layers", "alpha"),
        {"o": True},
        0,
        "c",
        "s",
        1,
        2,
        3,
        4,
    )
    assert trial.identified().trial_id == "9ca8bb178017"


@pytest.mark.parametrize(
    "same",
    [
        {"fixed": {"alpha": 1.0, "size": 64}},
        {"fixed": {"beta": 512, "size": 64}},
        {"fixed": {"style_weights": [0.2] * 5, "size": 64}},
        {"fixed": {"style_size": 64, "size": 64}},
        {"fixed": {"content_layers": ["block4_conv2"], "size": 64}},
        {"inputs": {"style": "elsewhere/b.png", "content": "/far/away/a.png"}},
        {"measure": {"rounds": 9, "chunk": 3, "isolation": "trial", "timeout_s": 5}},
        {"name": "other", "description": "x"},
        {"sweep": {"alpha": {"a label": 1}}},
        {"backends": [{"name": "jax-vgg19", "label": "mine"}]},
    ],
    ids=str,
)
def test_what_does_not_change_the_result_does_not_change_the_identity(only, same):
    assert only(**same).trial_id == only().trial_id


@pytest.mark.parametrize(
    "other",
    [
        {"fixed": {"alpha": 2, "size": 64}},
        {"fixed": {"size": 96}},
        {"fixed": {"device": "cpu", "size": 64}},
        {"fixed": {"weights": "imagenet", "size": 64}},
        {"inputs": {"content": "other.png", "style": "b.png"}},
        {"seed": 1},
        {"backends": ["tf-vgg19"]},
    ],
    ids=str,
)
def test_what_changes_the_result_changes_the_identity(only, other):
    assert only(**other).trial_id != only().trial_id


def test_an_option_and_a_version_change_the_identity(only, facts, shelf):
    plain = only(backends=["tf-vgg19"])
    assert only(backends=[{"name": "tf-vgg19", "options": {"xla": True}}]).trial_id != plain.trial_id
    assert only(backends=[{"name": "tf-vgg19", "options": {"xla": False}}]).trial_id == plain.trial_id
    experiment = experiment_from_mapping({**BASE, "backends": ["tf-vgg19"]})
    newer = plan_trials(experiment, lambda name: replace(facts(name), version="1.1"), shelf)
    assert newer.trials[0].trial_id != plain.trial_id


def test_the_order_of_a_dict_does_not_matter():
    assert canonical_json({"b": 1.0, "a": [True, 0.1, None]}) == '{"a":[true,0.1,null],"b":1}'


def test_a_trial_survives_json(plan):
    for trial in plan(backends=["jax-vgg19", "fast"]).trials:
        assert Trial.from_json(json.loads(json.dumps(trial.to_json()))) == trial


def test_settings_a_backend_does_not_consume_collapse(plan):
    axes = {"alpha": {"low": 1, "high": 2}, "size": [64, 96]}
    found = plan(backends=["fast", "jax-vgg19"], fixed={}, sweep=axes)
    labels = [(trial.backend, trial.label) for trial in found.trials]
    assert labels == [
        ("fast", "size=64"),
        ("fast", "size=96"),
        *[("jax-vgg19", f"{alpha}, size={size}") for alpha in ("low", "high") for size in (64, 96)],
    ]


def test_a_single_pass_backend_names_its_network_and_has_no_layers(only):
    trial = only(backends=[{"name": "fast", "options": {"mode": "exact", "rate": 1}}])
    assert (trial.weights, trial.weights_sha256) == ("magenta-exact", "feed")
    assert trial.options == {"xla": False, "tiles": 4, "rate": 1.0, "mode": "exact"}
    assert set(trial.noticed) == {
        "content",
        "style",
        "size",
        "style_size",
        "precision",
        "device",
        "preserve_colour",
    }


def test_seed_is_no_part_of_a_single_pass(only):
    assert only(backends=["fast"], seed=5).trial_id == only(backends=["fast"], seed=6).trial_id


def test_everything_is_looked_up_once(plan, shelf):
    plan(backends=["jax-vgg19", "tf-vgg19"], fixed={}, sweep={"alpha": [1, 2, 3], "size": [64, 96]})
    assert sorted(map(str, shelf.asked)) == sorted(
        ["auto", "('a.png', 64)", "('b.png', 64)", "('a.png', 96)", "('b.png', 96)"]
    )


def test_missing_files_are_all_reported_where_they_are_named(load, facts, shelf):
    text = (
        "inputs: {content: missing.png}\n"
        "sweep:\n  style: [b.png, missing2.png]\n  alpha: [1, 2]\n"
        "fixed: {weights: damaged.h5}\nbackends: [jax-vgg19, fast]\n"
    )
    with pytest.raises(ExperimentError) as caught:
        plan_trials(load(text), facts, shelf)
    assert list(caught.value.problems) == [
        "exp.yaml:1:19: missing.png: no such file",
        "exp.yaml:3:18: missing2.png: no such file",
    ]
    with pytest.raises(ExperimentError, match=r"^exp.yaml:5:18: damaged.h5: not an HDF5 file$"):
        plan_trials(load(text, ["content=a", "style=b"]), facts, shelf)


def test_a_missing_image_from_an_override_names_the_override(load, facts, shelf):
    with pytest.raises(ExperimentError, match=r"^--set 'content=missing': missing: no such file$"):
        plan_trials(load(overrides=["content=missing"]), facts, shelf)


def test_an_unknown_backend_is_named_at_its_place(load, layers, facts, shelf):
    text = layers.replace("[jax-vgg19, ", "[jax-vgg, ")
    with pytest.raises(
        ExperimentError, match=r"^exp.yaml:14:12: unknown backend 'jax-vgg'; known: .* 'jax-vgg19'\?$"
    ):
        plan_trials(load(text), facts, shelf)
    with pytest.raises(ExperimentError, match=r"^--backend 'nobody': unknown backend 'nobody'; known: "):
        plan_trials(load(backends=["nobody"]), facts, shelf)


def test_a_backend_that_is_not_installed_is_not_a_mistake_of_the_file(shelf):
    def missing(name):
        raise BackendUnavailable(f"{name}: not installed")

    with pytest.raises(BackendUnavailable):
        plan_trials(experiment_from_mapping(BASE), missing, shelf)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"xlaa": True},
            "backend 'fast' has no option 'xlaa'; it has: mode, rate, tiles, xla. Did you mean 'xla'?",
        ),
        ({"xla": 1}, "option 'xla' must be true or false, found 1"),
        ({"tiles": True}, "option 'tiles' must be a whole number, found true"),
        ({"tiles": 1.5}, "option 'tiles' must be a whole number, found 1.5"),
        ({"rate": "1"}, "option 'rate' must be a number, found the text '1'"),
        ({"rate": float("nan")}, "option 'rate' must be a number, found nan"),
        (
            {"mode": "fst"},
            "option 'mode' must be one of fast, exact; found the text 'fst'. Did you mean 'fast'?",
        ),
        ({"mode": ["fast"]}, "option 'mode' must be one of fast, exact; found a list."),
    ],
)
def test_wrong_options_are_refused(plan, options, expected):
    (line,) = refused(plan, backends=[{"name": "fast", "options": options}])
    assert line == f"backends[0].options.{next(iter(options))}: {expected}"


def test_a_wrong_option_is_named_at_its_place(load, layers, facts, shelf):
    with pytest.raises(ExperimentError, match=r"^exp.yaml:14:50: backend 'tf-vgg19' has no option 'xlaa'"):
        plan_trials(load(layers.replace("xla: true", "xlaa: true")), facts, shelf)
    with pytest.raises(
        ExperimentError, match=r"^exp.yaml:14:55: option 'xla' must be true or false, found 1"
    ):
        plan_trials(load(layers.replace("xla: true", "xla: 1")), facts, shelf)


def test_an_image_too_small_for_its_deepest_layer_is_refused(plan):
    narrow = {"content": "strip", "style": "b"}
    (line,) = refused(plan, inputs=narrow)
    text = "at this size the content image is 64 x 8 pixels; the deepest layer needs sides of at least 16."
    assert line == f"fixed.size: {text} Raise size"
    assert plan(inputs=narrow, fixed={"size": 64, "style_layers": "conv4_1"}).trials
    assert plan(inputs=narrow, backends=["fast"]).trials
    (line,) = refused(plan, inputs={"content": "a", "style": "strip"}, fixed={"size": 64, "style_size": 32})
    assert line.startswith("fixed.style_size: at this size the style image is 32 x 4 pixels; ")


def test_a_refused_trial_is_planned_and_says_why(plan):
    found = plan(sweep={"precision": ["highest", "bf16"], "device": ["cpu", "gpu"]}, backends=["tf-vgg19"])
    assert [trial.refusal for trial in found.trials] == [
        None,
        "tf-vgg19 does not compute on 'gpu'; it has cpu",
        "bf16 is beyond it",
        "tf-vgg19 does not compute on 'gpu'; it has cpu",
    ]


def test_trials_differing_in_iterations_are_one_trajectory(plan):
    found = plan(
        sweep={"iterations": [40, 10, 20], "alpha": [1, 2]}, backends=["jax-vgg19", "fast", "tf-vgg19"]
    )
    together = found.trajectories(share=True)
    assert [
        (each.trials[0].backend, tuple(filter(None, (t.checkpoint for t in each.trials))))
        for each in together
    ] == [
        *[("jax-vgg19", (10, 20, 40))] * 2,
        ("fast", ()),
        *[("tf-vgg19", (10, 20, 40))] * 2,
    ]
    assert {trial.settings.alpha for trial in together[0].trials} == {1.0}
    apart = found.trajectories(share=False)
    assert all(len(each.trials) == 1 for each in apart)
    for trajectories in (together, apart):
        ids = [trial.trial_id for each in trajectories for trial in each.trials]
        assert sorted(ids) == sorted(trial.trial_id for trial in found.trials)


def test_a_refused_trial_is_alone(plan):
    found = plan(sweep={"iterations": [5, 10]}, fixed={"size": 64, "precision": "bf16"})
    assert [(len(each.trials), each.trials[0].refusal) for each in found.trajectories(True)] == [
        (1, "bf16 is beyond it")
    ] * 2


def test_a_plan_becomes_json(plan):
    found = plan(sweep={"alpha": [1, 2]}, name="two")
    data = json.loads(json.dumps(found.to_json()))
    assert data["experiment"] == "two"
    assert [Trial.from_json(each) for each in data["trials"]] == list(found.trials)
