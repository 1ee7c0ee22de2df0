"""The rules of the house: the source keeps them, and each of them can be broken."""

import pytest

from .house import (
    FILE_LIMIT,
    FRONT,
    FUNCTION_LIMIT,
    ROOT,
    SOURCES,
    named_backends,
    room_of,
    too_long,
    wrong_arrows,
    wrong_owners,
    yields_under_lock,
)


def broken(rule, paths):
    """Apply a rule to files; one line for each place that breaks it."""
    return [
        f"{path.relative_to(ROOT)}:{what}" for path in paths for what in rule(path.read_text(), room_of(path))
    ]


@pytest.mark.parametrize("rule", [wrong_arrows, wrong_owners, too_long, yields_under_lock])
def test_the_source_keeps(rule):
    assert len(SOURCES) > 50
    found = broken(rule, SOURCES)
    assert not found, "\n" + "\n".join(found)


def test_the_core_names_no_backend_and_no_framework():
    found = broken(named_backends, [path for path in SOURCES if path.is_relative_to(ROOT / "harness")])
    assert not found, "\n" + "\n".join(found)


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
        ("run", "def f():\n    import pandas as pd", "belongs to cli under TYPE_CHECKING only and compare"),
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
