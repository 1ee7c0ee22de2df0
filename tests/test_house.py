"""The rules of the house: the source keeps them, and each of them can be broken."""

import pytest

import nstbench

from .circles import circles, module_name
from .house import (
    ARROWS,
    FILE_LIMIT,
    FRONT,
    FUNCTION_LIMIT,
    LINE_LIMIT,
    ROOT,
    SOURCES,
    loose_settings,
    named_backends,
    room_of,
    too_long,
    too_wide,
    work_in_verbs,
    wrong_arrows,
    wrong_owners,
    yields_under_lock,
)


def broken(rule, paths):
    """Apply a rule to files; one line for each place that breaks it."""
    return [
        f"{path.relative_to(ROOT)}:{what}" for path in paths for what in rule(path.read_text(), room_of(path))
    ]


@pytest.mark.parametrize("rule", [wrong_arrows, wrong_owners, too_long, loose_settings, yields_under_lock])
def test_the_source_keeps(rule):
    assert len(SOURCES) > 50
    found = broken(rule, SOURCES)
    assert not found, "\n" + "\n".join(found)


def test_the_core_names_no_backend_and_no_framework():
    found = broken(named_backends, [path for path in SOURCES if path.is_relative_to(ROOT / "harness")])
    assert not found, "\n" + "\n".join(found)


def test_no_files_import_each_other_in_a_circle():
    found = circles({module_name(path.relative_to(ROOT)): path.read_text() for path in SOURCES})
    said = [" -> ".join((*circle, circle[0])) for circle in found]
    assert not said, "\n" + "\n".join(said)


def test_the_command_line_has_verbs_alone():
    verbs = sorted((ROOT / "harness/nstbench/cli").glob("*.py"))
    assert len(verbs) > 10
    found = [f"{path.name}:{what}" for path in verbs for what in work_in_verbs(path.read_text(), path.stem)]
    assert not found, "\n" + "\n".join(found)


def test_lines_of_javascript_are_as_long_as_those_of_python():
    scripts = sorted((ROOT / "harness").rglob("*.js"))
    assert len(scripts) > 10
    found = [f"{path.name}:{what}" for path in scripts for what in too_wide(path.read_text())]
    assert not found, "\n" + "\n".join(found)


def test_nothing_that_the_front_offers_has_the_name_of_a_room():
    """The import of a room would put the room in its place."""
    assert not set(nstbench.__all__) & ARROWS.keys()


LAZY = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("api", "from nstbench.plan import Trial"),
        ("plan", "def f():\n    import nstbench.record.store"),
        ("record", "try:\n    pass\nfinally:\n    from nstbench import run"),
        ("assets", LAZY + "from nstbench.plan import Trial"),
        ("run", "from nstbench.cli import main"),
        ("testing", "import nstbench"),
        ("run", "class A:\n    async def f(self):\n        from nstbench_jax import JaxVgg19"),
        ("cli", "import nstbench_tfhub.source"),
        ("nstbench_jax", "from nstbench.assets import load_image"),
        ("nstbench_jax", "from nstbench.api.vgg19 import block"),
        ("nstbench_jax", "import nstbench_tensorflow"),
        ("plan", "from . import trial"),
        (FRONT, "from nstbench.run.api import sweep"),
        (FRONT, "def f():\n    from nstbench.cli import main"),
        ("judges", "import math"),
        ("referee", "from nstbench.assets import load_image"),
    ],
)
def test_an_arrow_the_wrong_way_is_found(room, source):
    assert list(wrong_arrows(source, room))


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("plan", "from nstbench.api import did_you_mean"),
        ("run", "from nstbench import record, plan"),
        ("nstbench_jax", "from nstbench.api import Array\nfrom nstbench_jax.losses import gram"),
        (FRONT, LAZY + "from nstbench.record import Results"),
        (FRONT, "def f():\n    from nstbench import record"),
    ],
)
def test_an_arrow_the_right_way_is_not(room, source):
    assert not list(wrong_arrows(source, room))


@pytest.mark.parametrize(
    ("room", "source", "said"),
    [
        ("run", "import sympy.core", "sympy has no owner"),
        (
            "run",
            "def f():\n    import pandas as pd",
            "belongs to cli under TYPE_CHECKING only and comparison",
        ),
        ("cli", "import pandas", "belongs to"),
        ("api", LAZY + "from PIL.Image import Image", "belongs to assets"),
        ("nstbench_jax", "import tensorflow as tf", "belongs to nstbench_tensorflow and nstbench_tfhub"),
    ],
)
def test_an_import_of_somebody_elses_package_is_found(room, source, said):
    (found,) = wrong_owners(source, room)
    assert said in found


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("cli", LAZY + "import pandas as pd"),
        ("record", "import pyarrow.parquet\nimport numpy.linalg, os.path"),
        ("nstbench_tfhub", "from tensorflow.lite import x"),
    ],
)
def test_an_import_by_its_owner_is_not(room, source):
    assert not list(wrong_owners(source, room))


@pytest.mark.parametrize(
    "source",
    [
        "ORDER = ['jax-vgg19']",
        "def f(x=f'{1} with TensorFlow'):\n    'doc'",
        "import_module('nstbench_tfhub.source')",
        "HINTS = {'tf-vgg19': 'xla'}",
        "name == 'torch'",
    ],
)
def test_a_core_that_knows_its_plugins_is_found(source):
    assert list(named_backends(source, "run"))


def test_docstrings_comments_and_words_that_only_contain_a_name_are_not_found():
    source = "'Unlike jax.'\nA = 'ajaxian'  # as TensorFlow has it\n'''keras: why.'''\n"
    assert not list(named_backends(source, "run"))
    assert not list(named_backends("HINT = 'without TensorFlow'", "assets"))
    assert list(named_backends("HINT = 'without JAX'", "assets"))


def test_what_is_too_long_is_found():
    assert list(too_long("x = 1\n" * (FILE_LIMIT + 1), "run"))
    assert not list(too_long("x = 1\n" * FILE_LIMIT, "run"))
    body = "    x = 1\n" * FUNCTION_LIMIT
    assert list(too_long(f"class A:\n    pass\nasync def f():\n{body}", "run"))
    assert not list(too_long(f"def f():\n{body.removesuffix('    x = 1' + chr(10))}", "run"))


@pytest.mark.parametrize(
    "sources",
    [
        {"p.a": "from p.b import f", "p.b": "import p.a"},
        {"p.a": "def f():\n    from p import b", "p.b": LAZY + "from p.a import A"},
        {"p": "from p.a import f", "p.a": "from p import f"},
        {"p.a": "import p.b.c", "p.b.c": "from p.d import x", "p.d": "from p import a"},
    ],
)
def test_a_circle_of_files_is_found_in_the_order_of_imports(sources):
    assert circles(sources) == [tuple(sources)]


def test_every_circle_is_found_once():
    inner = {"p.a": "import p.b", "p.b": "import p.a, p.c", "p.c": "import p.d", "p.d": "import p.c, p.a"}
    assert circles(inner) == [("p.a", "p.b"), ("p.c", "p.d")]


@pytest.mark.parametrize(
    "sources",
    [
        {"p.a": "from p.b import f\nimport p.c, os", "p.b": "from p import c", "p.c": "import p.a_too"},
        {"p.a": "import p.a"},
        {"nstbench": "def f():\n    from nstbench.a import f", "nstbench.a": "import nstbench"},
    ],
)
def test_files_that_import_one_way_and_the_front_are_no_circle(sources):
    assert not circles(sources)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("check_run", "def judge(wanted):\n    pass"),
        ("check", "def check():\n    pass\nasync def update():\n    pass"),
        ("check", "@dataclass(frozen=True)\nclass Wanted:\n    pass"),
        ("check", "@dataclasses.dataclass\nclass Wanted:\n    pass"),
        ("doctor", "def doctor():\n    import subprocess"),
        ("noise", "from tempfile import TemporaryDirectory"),
        ("noise", "from nstbench.gate.a import A, B\ndef noise():\n    from nstbench.gate.b import C, D, E"),
    ],
)
def test_work_in_a_verb_s_file_is_found(file, source):
    assert list(work_in_verbs(source, file))


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("backends_check", "def check():\n    pass\ndef _print():\n    pass"),
        ("history", "@history_app.command()\ndef add():\n    pass"),
        ("presets", "@app.callback(invoke_without_command=True)\ndef options():\n    pass"),
        ("check", "class FilesAfterOptions(TyperCommand):\n    pass"),
        ("app", "def main():\n    pass"),
        ("noise", "from nstbench.gate.a import A, B\nfrom nstbench.run.b import C, D, E"),
        ("noise", LAZY + "from nstbench.gate.a import A, B, C, D, E"),
    ],
)
def test_a_verb_and_its_presentation_are_not(file, source):
    assert not list(work_in_verbs(source, file))


def test_a_line_that_is_too_wide_is_found():
    assert list(too_wide("let a = 1;\n" + "x" * (LINE_LIMIT + 1)))
    assert not list(too_wide("x" * LINE_LIMIT))


@pytest.mark.parametrize(
    "source",
    [
        "def refuse(self, settings: Mapping[str, Any]) -> str | None: ...",
        "def f(*, settings: dict[str, Any] | None = None): ...",
        "class A:\n    settings: Mapping[str, Any] = field(default_factory=dict)",
        "self.settings: dict[str, Any] = {}",
        "x = trial.settings['alpha']",
        "x = settings[f'{kind}_layers']",
        "x = job.trials[0].settings.get('device', 'auto')",
    ],
)
def test_settings_that_are_names_and_values_once_more_are_found(source):
    assert list(loose_settings(source, "run"))
    assert not list(loose_settings(source, "experiment"))


@pytest.mark.parametrize(
    "source",
    [
        "def refuse(self, settings: Settings, options: Mapping[str, Any]) -> str | None: ...",
        "x = settings.alpha + data['settings']['beta']",
        "settings: Mapping[str, Setting] = {}",
        "x = settings[0]",
    ],
)
def test_typed_settings_are_not(source):
    assert not list(loose_settings(source, "run"))


@pytest.mark.parametrize(
    "body",
    [
        "with FileLock(path):\n  yield 1",
        "with open(path), self._lock:\n  for x in y:\n   yield x",
        "with store.claim(ids) as mine:\n  if mine:\n   x = yield from jobs",
        "with self.store.locked(ids):\n  yield",
        "with threading.RLock():\n  (yield)",
        "with ExitStack() as stack:\n  stack.enter_context(FileLock(path, timeout=0))\n  yield True",
        "lock.acquire()\n try:\n  yield 1\n finally:\n  lock.release()",
    ],
)
def test_a_yield_that_keeps_a_lock_is_found(body):
    assert len(list(yields_under_lock(f"def f():\n {body}", "run"))) == 1


@pytest.mark.parametrize(
    "body",
    [
        "with FileLock(path):\n  x = work()\n yield x",
        "with FileLock(path):\n  def g():\n   yield 1\n  h(g)",
        "with bars(console) as progress:\n  yield progress",
        "with blocked(), clock():\n  yield",
        "with suppress(LockError):\n  yield",
        "with tempfile.TemporaryDirectory() as folder:\n  claim = take(folder)\n  yield claim",
        "try:\n  yield 1\n finally:\n  session.close()",
        "with ExitStack() as stack:\n  yield stack.enter_context(Side('base'))",
    ],
)
def test_a_yield_that_keeps_something_else_is_not(body):
    assert not list(yields_under_lock(f"def f():\n {body}", "run"))
