"""`--set key=value`."""

import pytest

from nstbench.api import ExperimentError


def values(experiment, *names):
    return {tuple(getattr(point.settings, name) for name in names) for point in experiment.points()}


def refused(load, *overrides, **options):
    with pytest.raises(ExperimentError) as caught:
        load(overrides=overrides, **options)
    return list(caught.value.problems)


def test_a_setting_gets_one_value_everywhere(load):
    experiment = load(overrides=["iterations=7", "size=64"])
    assert values(experiment, "iterations", "size") == {(7, 64)}
    assert experiment.axes == ("style_layers", "alpha", "beta")
    assert experiment.overrides == ("iterations=7", "size=64")


def test_an_included_point_keeps_what_is_not_overridden(load):
    experiment = load(overrides=["iterations=7"])
    assert values(experiment, "size", "iterations") == {(192, 7), (256, 7)}


def test_values_follow_the_rules_of_the_file(load):
    experiment = load(overrides=["style_layers={relu4_1: 1, conv1_1: 3}", "learning_rate=1e-2"])
    assert values(experiment, "style_layers", "style_weights", "learning_rate") == {
        (("conv1_1", "conv4_1"), (3.0, 1.0), 0.01)
    }


def test_zero_false_and_null_override_too(load):
    experiment = load(
        overrides=["tv_weight=0", "measure.share_trajectories=false", "style_size=null", "seed=0"]
    )
    assert values(experiment, "tv_weight", "style_size") == {(0.0, None)}
    assert experiment.measure.share_trajectories is False
    assert values(experiment, "seed") == {(0,)}


def test_images_seed_name_and_measuring_can_be_set(load):
    experiment = load(
        overrides=["content=photos/me.jpg", "inputs.style=s", "seed=7", "name=n", "measure.rounds=3"]
    )
    assert values(experiment, "content", "style") == {("photos/me.jpg", ("s",))}
    assert values(experiment, "seed") == {(7,)}
    assert (experiment.name, experiment.measure.rounds) == ("n", 3)


def test_the_last_of_two_wins(load):
    assert values(load(overrides=["size=64", "size=96"]), "size") == {(96,)}


def test_an_axis_can_be_given(load):
    experiment = load(overrides=["sweep.iterations=[1, 80]", "sweep.pooling=[max, avg]"])
    assert values(experiment, "iterations", "pooling") >= {(1, "max"), (1, "avg"), (80, "avg")}


def test_an_axis_that_is_given_takes_the_place_of_a_fixed_value(load):
    experiment = load(overrides=["sweep.patience=[1, 2]"])
    assert values(experiment, "patience") == {(1,), (2,), (0,)}, "the included point has the default"
    assert "patience" not in experiment.data["fixed"]
    zipped = load(overrides=["sweep.zip={patience: [1, 2], tv_weight: [3, 4]}"])
    assert values(zipped, "patience", "tv_weight") >= {(1, 3.0), (2, 4.0)}
    (line,) = refused(load, "patience=3", "sweep.patience=[1, 2]")
    assert line == (
        "--set 'patience=3': 'patience' is fixed here and an axis in sweep.patience; keep one of the two"
    )


def test_zipped_settings_are_set_together_or_not_at_all(load):
    assert values(load(overrides=["alpha=5", "beta=6"]), "alpha", "beta") == {(5.0, 6.0)}
    (line,) = refused(load, "alpha=5")
    assert line == "--set 'alpha=5': alpha advances together with beta in sweep.zip; set all of them or none"
    (line,) = refused(load, "sweep.alpha=[1]")
    assert line.startswith("--set 'sweep.alpha=[1]': alpha is in sweep.zip already")
    assert values(load(overrides=["sweep.zip=[]", "alpha=5"]), "alpha", "beta") == {
        (5.0, 192**2 / 8),
        (5.0, 256**2 / 8),
    }


def test_an_axis_set_on_the_command_line_goes_before_the_fixed_value_of_the_file(load):
    assert values(load(overrides=["sweep.size=[64, 96]"]), "size") == {(64,), (96,), (256,)}


def test_an_exclusion_still_works_for_an_overridden_axis(load):
    deep = ("conv4_1", "conv5_1")
    assert deep not in {layers for (layers,) in values(load(overrides=["iterations=80"]), "style_layers")}
    assert deep in {layers for (layers,) in values(load(overrides=["iterations=40"]), "style_layers")}


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("itertions=3", "unknown key 'itertions'; allowed: a setting, "),
        ("measure.round=3", "unknown key 'measure.round'; "),
        ("sweep.alfa=[1]", "unknown key 'sweep.alfa'; "),
        ("fixed.content=a", "unknown key 'fixed.content'; "),
        ("backends=x", "unknown key 'backends'; "),
        ("size", "must be key=value, as in size=128"),
        ("=3", "unknown key ''; "),
        ("size=12", "must be at least 32, found 12"),
        ("size=", "must be a whole number, found nothing"),
        ("size=[", "not valid YAML: "),
        ("measure.rounds=x", "must be a whole number, found the text 'x'"),
        ("sweep.iterations=3", "an axis is a list of values"),
        ("sweep.iterations=[3, 0]", "must be at least 1, found 0"),
        ("style_layers=[conv1_1, conv9_1]", "unknown layer 'conv9_1'; "),
        ("seed=x", "must be a whole number, found the text 'x'"),
        ("name=a b", "must be made of letters"),
    ],
)
def test_a_mistake_names_the_override(load, override, expected):
    (line,) = refused(load, override)
    assert line.startswith(f"--set {override!r}: {expected}")


def test_the_nearest_key_is_offered(load):
    assert refused(load, "itertions=3")[0].endswith("Did you mean 'iterations'?")
    assert refused(load, "measure.round=3")[0].endswith("Did you mean 'measure.rounds'?")


def test_mistakes_of_the_file_and_of_overrides_come_together(load, layers):
    lines = refused(load, "bta=3", "size=1", text=layers.replace("rounds: 5", "rounds: 0"))
    assert [line.split(": ")[0] for line in lines] == ["--set 'bta=3'", "--set 'size=1'", "exp.yaml:16:19"]


@pytest.mark.parametrize("section", ["fixed: 3", "sweep: 3", "measure: 3", "inputs: 3"])
def test_a_broken_section_is_refused_where_it_stands(load, section):
    lines = refused(
        load,
        "size=64",
        "sweep.alpha=[1]",
        "content=x",
        "measure.rounds=3",
        text=f"{section}\nbackends: [x]\n",
    )
    assert any(line.startswith("exp.yaml:1:") and "must be a mapping" in line for line in lines)
