"""A few moments of `make torture` in each run of the tests."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]


def test_nothing_is_lost_whenever_something_is_killed():
    """In a process of its own: it forks, and this one has threads of frameworks."""
    command = [sys.executable, "-m", "tests.torture", "10", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 of 10 moments: nothing lost" in done.stdout
