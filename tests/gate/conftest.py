"""What the tests of the gate share: a stranger's repository, as it was when a test is done."""

from functools import partial

import pytest

from .here import pairs_between
from .slowable import repository


@pytest.fixture
def repo(tmp_path_factory):
    """Return the repository of `slowable`, one for all tests, with a working tree like its tag `fast`."""
    made = repository(tmp_path_factory.getbasetemp() / "repository")
    yield made
    made.restore()


@pytest.fixture
def pairs_of(tmp_path, tmp_path_factory):
    """Return `pairs_between` for this test: `pairs_of(base, candidate, **changes)`."""
    return partial(pairs_between, folder=tmp_path, swept=tmp_path_factory.getbasetemp() / "swept")
