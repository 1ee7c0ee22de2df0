"""A few moments of `make torture` in each run of the tests."""

from ..torture import torture


def test_nothing_is_lost_whenever_something_is_killed(tmp_path, cache):
    said = []
    torture(10, 3, tmp_path, said.append)
    assert len(said) == 1 and said[0].startswith("10 of 10 moments: nothing lost")
