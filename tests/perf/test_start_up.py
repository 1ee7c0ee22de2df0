"""Seconds until the command line answers: a process of its own each time, as in a shell."""

import pytest


@pytest.mark.parametrize("words", ["--help", "backends"])
def test_answering(words, benchmark, nstbench):
    benchmark.group = "start-up"
    said = benchmark.pedantic(nstbench, args=words.split(), rounds=7, warmup_rounds=1)
    assert {"--help": "sweep", "backends": "fake"}[words] in said.stdout
