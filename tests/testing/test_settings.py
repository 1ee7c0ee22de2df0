"""Plugins are asked about settings as the planner passes them, and about every choice there is."""

from nstbench.api import SETTINGS, VGG_SETTINGS, Capabilities, Settings
from nstbench.testing import FakeBackend
from nstbench.testing.settings import PLANNING_AXES, settings_for


class Consuming(FakeBackend):
    capabilities = Capabilities("everything", VGG_SETTINGS)


def test_choices_that_an_experiment_may_make_are_all_asked_about():
    for name, each in SETTINGS.items():
        if each.choices and each.consumer == "backend" and name != "device":
            assert PLANNING_AXES[name] == each.choices


def test_the_first_of_all_choices_are_the_defaults():
    first = {name: values[0] for name, values in PLANNING_AXES.items() if name != "style_blend"}
    assert first == {name: SETTINGS[name].default for name in first}


def test_defaults_that_follow_from_others_are_worked_out():
    asked = settings_for(Consuming(), {"optimiser": "sgd"})
    assert asked.learning_rate == SETTINGS["learning_rate"].worked_out(Settings(optimiser="sgd"))
    assert asked.tv_weight == SETTINGS["tv_weight"].worked_out(Settings())


def test_what_means_nothing_or_is_not_consumed_has_its_default():
    chosen = {"optimiser": "lbfgs", "learning_rate": 7.0, "adam_beta1": 0.5, "style_blend": (0.3, 0.7)}
    asked = settings_for(Consuming(), chosen)
    assert (asked.learning_rate, asked.adam_beta1) == (Settings().learning_rate, Settings().adam_beta1)
    assert (asked.style_blend, len(asked.style)) == ((0.3, 0.7), 2)
    few = type("Few", (Consuming,), {"capabilities": Capabilities("few", frozenset({"content", "style"}))})
    assert settings_for(few(), {"optimiser": "sgd"}).optimiser == "adam"
