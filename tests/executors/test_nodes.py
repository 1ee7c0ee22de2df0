"""How a node of a cluster is divided, beside how this machine is."""

import pytest

from nstbench import Parallel
from nstbench.executors.ray_nodes import slots_of
from nstbench.run import slots as module
from nstbench.run.slots import NO_GPU


def node(cpus, gpus):
    resources = {"CPU": float(cpus)} | ({"GPU": float(gpus)} if gpus else {})
    return {"NodeID": "abcdef", "NodeManagerHostname": "host", "Resources": resources}


def there(cpus, gpus, parallel, exclusive):
    return [held.slot for held in slots_of(node(cpus, gpus), "other", parallel, exclusive)]


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("devices", [(), ("gpu",)])
@pytest.mark.parametrize("jobs", [1, 4])
def test_a_node_is_divided_as_this_machine_is(monkeypatch, jobs, devices, exclusive):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setattr(module, "physical_cores", lambda: [(0,), (1,), (2,), (3,)])
    parallel = Parallel(devices, jobs)
    mine, theirs = parallel.slots(exclusive), there(4, 2, parallel, exclusive)
    same = [[({*slot.devices}, slot.alone, slot.gpu == NO_GPU) for slot in each] for each in (mine, theirs)]
    assert same[0] == same[1]
    assert [f"host-abcd {slot.name}".strip() for slot in mine] == [slot.name for slot in theirs]
    assert {slot.place for slot in theirs} == {"abcdef"}


def test_a_node_without_a_gpu_takes_no_trial_that_asks_for_one():
    assert [{*slot.devices} for slot in there(4, 0, Parallel(), False)] == [{"auto", "cpu"}]
    assert [{*slot.devices} for slot in there(4, 0, Parallel(("gpu",)), False)] == [{"cpu"}]


def test_a_node_with_fewer_cores_than_jobs_takes_as_many_as_it_has():
    assert [slot.name for slot in there(2, 0, Parallel(jobs=4), False)] == [
        "host-abcd cpu:0",
        "host-abcd cpu:1",
    ]
