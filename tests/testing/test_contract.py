"""The helper for plugin authors, used as they would: on an installed backend, in one line."""

from importlib.metadata import EntryPoint

import pytest

from nstbench.api import Backend, BackendUnavailable, Plugin, Session, UnknownName
from nstbench.testing import CHECKS, FakeBackend, contract

test_fake = contract("fake")


def names(test):
    (mark,) = test.pytestmark
    return {check.name for check in mark.args[1]}


def test_what_does_not_apply_is_left_out():
    every = {check.name for check in CHECKS}
    assert every - names(test_fake) == {"passes_repeat"}
    assert "run_is_additive" not in names(contract("colour-transfer"))


def test_a_violation_fails_the_test(monkeypatch):
    monkeypatch.setattr(FakeBackend, "peak_device_bytes", lambda self: -1)
    (check,) = (check for check in CHECKS if check.name == "reports_are_typed")
    with pytest.raises(AssertionError, match="seen: -1"):
        contract("fake")(check)


def test_options_reach_the_backend():
    (check,) = (check for check in CHECKS if check.name == "image_is_a_picture")
    with pytest.raises(MemoryError, match="told to run out"):
        contract("fake", options={"fault": "memory"})(check)


def test_a_backend_that_is_not_installed_is_named(monkeypatch, tmp_path):
    with pytest.raises(UnknownName, match="Did you mean 'fake'"):
        contract("fakee")
    (tmp_path / "gone-1.0.dist-info").mkdir()
    (tmp_path / "gone-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: gone\nVersion: 1.0\n"
    )
    (tmp_path / "gone-1.0.dist-info" / "entry_points.txt").write_text(
        "[nstbench.backends]\ngone = no_such_module:Backend\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BackendUnavailable, match=r"gone: the plugin .* cannot be loaded: ModuleNotFound"):
        contract("gone")


def test_a_forgotten_method_is_named_when_the_class_is_instantiated():
    class Half(Session):
        def image(self):
            return None

    class Unprepared(Backend):
        capabilities = FakeBackend.capabilities

    class Silent(FakeBackend):
        capabilities = None

    for kind, forgotten in ((Half, "run"), (Unprepared, "prepare"), (Silent, "capabilities")):
        with pytest.raises(TypeError, match=forgotten):
            kind()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("nstbench.api:Backend", "the class Backend lacks `capabilities = Capabilities"),
        ("nstbench.api:Problem", "not a subclass of Backend"),
        ("nstbench.api:LAYERS", "not a subclass of Backend"),
    ],
)
def test_an_entry_point_that_names_no_backend_is_told_in_one_line(value, said):
    broken = Plugin("half", "halves", "1.0", EntryPoint("half", value, "nstbench.backends"))
    with pytest.raises(BackendUnavailable, match=r"half: the plugin halves 1\.0 cannot be loaded") as told:
        broken.load()
    assert said in str(told.value)
    assert "\n" not in str(told.value)
