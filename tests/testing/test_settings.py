"""The settings that plugins are asked about are those the planner knows, with values it would pass."""

from nstbench.api import TV_FORMS, VGG_SETTINGS
from nstbench.experiment.settings import Settings
from nstbench.testing.settings import DEFAULTS, IDLE, PLANNING_AXES


def test_every_setting_of_the_contract_has_a_default():
    assert set(DEFAULTS) == VGG_SETTINGS


def test_the_defaults_and_all_choices_are_values_that_an_experiment_may_have():
    fields = set(DEFAULTS) & set(Settings.model_fields)
    as_read = {name: tuple(v) if isinstance(v, list) else v for name, v in DEFAULTS.items() if name in fields}
    for axis, values in PLANNING_AXES.items():
        for value in values:
            if axis != "style_blend":
                Settings(**as_read | {axis: value})


def test_choices_that_an_experiment_may_make_are_all_asked_about():
    for axis in ("optimiser", "pooling", "precision", "tv_form"):
        assert set(Settings.model_fields[axis].annotation.__args__) == set(PLANNING_AXES[axis])
    assert PLANNING_AXES["tv_form"] == TV_FORMS
    assert set(IDLE) < set(PLANNING_AXES["optimiser"])
