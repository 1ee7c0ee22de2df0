"""What some verbs need: a stranger's repository, as it was when a test is done."""

import pytest

from ..gate.slowable import repository


@pytest.fixture
def repo(tmp_path_factory):
    """Return the repository that the tests of the gate use too, so that its versions are installed once."""
    made = repository(tmp_path_factory.getbasetemp() / "repository")
    yield made
    made.restore()
