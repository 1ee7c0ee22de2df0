"""The nodes of a Ray cluster, divided into slots."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nstbench.api import UsageError, one_line
from nstbench.executors.ray_place import RayPlace
from nstbench.run.job import Job
from nstbench.run.slots import NO_GPU, Parallel, Slot

CONNECT_S = 5.0
"""How long the head of a cluster may take to answer."""

SET_BY_RAY = ("OMP_NUM_THREADS",)
"""What workers get as the driver has it: Ray sets it to the number of cores that it has reserved."""

LAUNCH = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}
"""Nobody is told of a sweep, and workers have their node's environment whatever started the driver."""


@dataclass(slots=True, eq=False)
class Held:
    """A slot, and the actor that holds it.

    Attributes:
        make: makes the actor.
        asked: what the actor has been asked and has not answered yet.
        ready: whether it has said what is installed there.
        gone: whether there is no hope for it.
    """

    slot: Slot
    make: Callable[[], Any]
    actor: Any = None
    asked: Any = None
    ready: bool = False
    gone: bool = False
    job: Job | None = None

    def start(self) -> None:
        """Ask Ray for the room, which may take until others have left."""
        self.actor, self.ready, self.job = self.make(), False, None
        self.asked = self.actor.facts.remote()


def connect() -> None:
    """Join the cluster of the environment, or start one here.

    Not the one that Ray itself would look for on this machine: for one that is gone it waits for minutes.
    """
    for name, value in LAUNCH.items():
        os.environ.setdefault(name, value)
    address = os.environ.get("RAY_ADDRESS", "")
    _refuse_unless_there(address)
    import ray

    before = signal.getsignal(signal.SIGTERM)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            ray.init(address="local", include_dashboard=False, **quiet)
    except (ConnectionError, ValueError) as error:
        raise UsageError(f"executor ray: no cluster at {address} (RAY_ADDRESS): {one_line(error)}") from error
    finally:
        signal.signal(signal.SIGTERM, before)  # Ray's own would end the driver without a word


def _refuse_unless_there(address: str) -> None:
    """Find out at once what Ray would try for a minute."""
    found = re.fullmatch(r"([^/]+):(\d{1,5})", address)
    if not found:
        return
    try:
        socket.create_connection((found[1], int(found[2])), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"executor ray: no cluster at {address} (RAY_ADDRESS): {error}") from error


def slots_of(node: Mapping[str, Any], here: str, parallel: Parallel, exclusive: bool) -> Iterator[Held]:
    """Divide a node into slots."""
    cpus, gpus = int(node["Resources"]["CPU"]), int(node["Resources"].get("GPU", 0))
    place = "" if node["NodeID"] == here else str(node["NodeID"])
    host = f"{node['NodeManagerHostname']}-{node['NodeID'][:4]}"
    # Ray says which GPU an actor has, and the actor which cores: it shares out those of its node.
    asked_for = dict.fromkeys(range(gpus if parallel.devices else 0))
    slots = parallel.divide(exclusive, asked_for, lambda jobs: [None] * min(jobs, cpus))
    on_cpu = [slot for slot in slots if slot.gpu == NO_GPU]
    for slot in slots:
        jobs, at = (len(on_cpu), on_cpu.index(slot)) if slot in on_cpu else (1, 0)
        gpu = bool(gpus) and slot not in on_cpu
        devices = tuple(device for device in slot.devices if device != "gpu" or gpu)
        named = replace(slot, name=f"{host} {slot.name}".strip(), place=place, devices=devices)
        yield Held(named, _maker(node, (jobs, at, gpu), cpus // len(slots)))


def _maker(node: Mapping[str, Any], arguments: tuple[int, int, bool], cpus: int) -> Callable[[], Any]:
    def make() -> Any:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        options = ray.remote(RayPlace).options(
            num_cpus=cpus,
            num_gpus=int(arguments[-1]),
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        )
        variables = {name: os.environ.get(name) for name in SET_BY_RAY}
        return options.remote(*arguments, variables)

    return make
