"""The cores that both sides of a pair share."""

import os

import pytest

from nstbench.gate import cores


def test_the_cores_in_order_are_those_of_this_process():
    assert sorted(cores.cores_in_order()) == sorted(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("siblings", "order"),
    [
        ({0: "0-1\n", 1: "0-1\n", 2: "2-3\n", 3: "2-3\n"}, [0, 1, 2, 3]),
        ({0: "0,2\n", 1: "1,3\n", 2: "0,2\n", 3: "1,3\n"}, [0, 2, 1, 3]),
        ({0: "0\n", 10: "10\n", 2: None}, [0, 2, 10]),
    ],
)
def test_those_that_share_a_physical_core_are_neighbours(monkeypatch, siblings, order):
    """Numbered as hosts of virtual machines do, and as Linux does on bare metal; or not told."""

    def read(path, **_):
        core = int(path.parts[-3].removeprefix("cpu"))
        if siblings[core] is None:
            raise FileNotFoundError(path)
        return siblings[core]

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(siblings))
    monkeypatch.setattr(cores.Path, "read_text", read)
    assert cores.cores_in_order() == order
