"""Exceptions as sentences: one line each, and never an empty one."""

import pytest

from nstbench.api import BackendUnavailable, ExperimentError, one_line


def raised(error):
    try:
        raise error
    except BaseException as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("no\n  such\tdevice\n"), "RuntimeError: no such device"),
        (KeyError("conv9_1"), "KeyError: 'conv9_1'"),
        (BackendUnavailable("jax: no device"), "jax: no device"),
        (ExperimentError(["a.yaml:1:1: one", "a.yaml:2:1: two"]), "a.yaml:1:1: one a.yaml:2:1: two"),
        (AssertionError(), "AssertionError"),
        (BackendUnavailable(" \n"), "BackendUnavailable"),
    ],
)
def test_an_exception_is_one_line_that_says_something(error, said):
    assert one_line(error) == said


def test_one_without_any_text_says_where_it_was_raised():
    place = r"test_errors.py:10: raise error"
    assert one_line(raised(AssertionError())) == f"AssertionError ({place})"
    assert one_line(raised(TimeoutError())) == f"TimeoutError ({place})"


def test_a_long_one_is_cut():
    found = one_line(ValueError("x" * 5000), limit=40)
    assert (len(found), found[:14], found[-4:]) == (40, "ValueError: xx", "x...")
