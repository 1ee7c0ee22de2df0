"""The executor of a Ray cluster: Ray says where there is room, nstbench's own workers run the trials.

An actor holds a slot for as long as the sweep takes. It hands on the events of its worker, with pictures and
losses, one call an event; only the driver writes results.
"""

from __future__ import annotations

import math
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, ClassVar

from nstbench.api import AssetError, UsageError, one_line
from nstbench.executors.depot import digest_of, needed, parts
from nstbench.executors.ray_place import RayPlace, installed_versions
from nstbench.run.arrival import Garbled, read_event
from nstbench.run.executor import Executor
from nstbench.run.job import Event, Finished, Job, Lost, event_from_json
from nstbench.run.limits import OutOfTime, Stopped
from nstbench.run.slots import Parallel, Slot, free_slots
from nstbench.system.logs import cut

SAYS_AFTER_S = 10.0
"""How long to wait for room on a busy cluster without a word."""

CONNECT_S = 5.0
"""How long the head of a cluster may take to answer."""

OUT_OF_MEMORY = ("NODE_OUT_OF_MEMORY", "running low on memory")
"""What Ray says of a worker that it has ended because its node was short of memory."""

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


class RayCluster(Executor):
    """The slots of the nodes that are there when a sweep begins: one trial at a time on each, by default.

    The cluster is that of `RAY_ADDRESS`, or that which runs on this machine, or is started for the purpose.
    """

    requires: ClassVar[str] = "ray"
    install: ClassVar[str] = "pip install 'nstbench[ray]'"

    def __init__(self, held: Sequence[Held], say: Callable[[str], None], owns: bool) -> None:
        self._held = list(held)
        self._say = say
        self._owns = owns
        self._digests: dict[str, str] = {}
        self._waiting: list[tuple[Job, Event]] = []

    @classmethod
    def open(cls, parallel: Parallel, exclusive: bool, say: Callable[[str], None]) -> RayCluster:
        """Connect, and ask for every slot."""
        if any(device != "gpu" for device in parallel.devices):
            raise UsageError("--executor ray takes --devices gpu: all GPUs of all nodes")
        import ray

        owns = not ray.is_initialized()
        if owns:
            _connect()
        here = ray.get_runtime_context().get_node_id()
        nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        nodes.sort(key=lambda node: str(node["NodeID"] != here))
        held = [each for node in nodes for each in _of_node(node, here, parallel, exclusive)]
        say(f"ray: {len(nodes)} nodes, room for {len(held)} trials")
        made = cls(held, say, owns)
        for each in held:
            each.start()
        return made

    @property
    def slots(self) -> Sequence[Slot]:
        """Every slot, whether there is room yet or not."""
        return [each.slot for each in self._held]

    def free(self) -> Sequence[Slot]:
        """Return the slots that a job may begin in; while nothing runs, wait until there is one."""
        import ray

        since, said = monotonic(), False
        while True:
            starting = {each.asked: each for each in self._held if not each.ready and not each.gone}
            busy = [each.slot for each in self._held if each.job]
            free = free_slots([each.slot for each in self._held if each.ready and not each.gone], busy)
            if starting:
                patience = 0 if free or busy else 1.0
                for reference in ray.wait(list(starting), num_returns=1, timeout=patience)[0]:
                    self._learn(starting[reference])
            if free or busy:
                return free
            if not starting:
                raise Stopped("no node of the cluster is left")
            if not said and monotonic() - since > SAYS_AFTER_S:
                self._say("ray: waiting for room, as others use the cluster")
                said = True

    def submit(self, job: Job, slot: Slot) -> None:
        """Send what the job needs and is not there yet, and begin it."""
        import ray

        held = next(each for each in self._held if each.slot == slot)
        held.job = job
        try:
            self._furnish(held, job)
        except AssetError as error:
            held.job = None
            self._waiting.append((job, Lost("failed", type(error).__name__, str(error))))
        except ray.exceptions.RayError as error:
            self._waiting.append((job, self._lost(held, error)))
        else:
            held.asked = held.actor.begin.remote(job.to_json())

    def next_event(self, until: float = math.inf) -> tuple[Job, Event]:
        """Let workers go on, and return what one of them tells next."""
        import ray

        while True:
            if self._waiting:
                return self._waiting.pop(0)
            for each in self._held:
                if each.job and each.asked is None:
                    each.asked = each.actor.next_event.remote()
            asked = {each.asked: each for each in self._held if not each.gone and each.asked is not None}
            left = None if until == math.inf else max(0.0, until - monotonic())
            ready = ray.wait(list(asked), num_returns=1, timeout=left)[0]
            if not ready:
                raise OutOfTime
            held = asked[ready[0]]
            if held.job is None:
                self._learn(held)
            else:
                return held.job, self._told(held, held.job)

    def close(self) -> None:
        """End all workers, and a cluster that was started for the purpose."""
        import ray

        for each in self._held:
            if each.actor is not None and ray.is_initialized():
                ray.kill(each.actor)
        self._held.clear()
        if self._owns:
            self._owns = False
            ray.shutdown()

    def _told(self, held: Held, job: Job) -> Event:
        import ray

        reference, held.asked = held.asked, None
        try:
            told, said = ray.get(reference)
            event = event_from_json(told)
            if not isinstance(event, Lost):  # only a worker may not say that
                event = read_event(told, job)
        except Garbled as error:
            event = Lost("failed", "WorkerGarbled", f"{held.slot.name} sent {error}")
        except ray.exceptions.RayError as error:
            return self._lost(held, error)
        with job.log.open("ab") as log:
            log.write(said)
        cut(job.log)
        if isinstance(event, Finished | Lost):
            held.job = None
        return event

    def _learn(self, held: Held) -> None:
        """Hear what is installed at a slot; one that has other versions, or none, is left out."""
        import ray

        reference, held.asked = held.asked, None
        try:
            found = ray.get(reference)
        except ray.exceptions.RayError as error:
            held.gone = True
            self._say(f"ray: {held.slot.name} is left out: {one_line(error)}")
            return
        own = installed_versions()
        others = [
            f"{name} {found.get(name, 'none')}, not {own[name]}"
            for name in own
            if found.get(name) != own[name]
        ]
        held.ready, held.gone = not others, bool(others)
        if others:
            self._say(f"ray: {held.slot.name} is left out, as it has {', '.join(others)}")

    def _furnish(self, held: Held, job: Job) -> None:
        import ray

        files = needed(job)
        for path in files.values():
            if str(path) not in self._digests:
                self._digests[str(path)] = digest_of(path)
        digests = {name: self._digests[str(path)] for name, path in files.items()}
        for name in ray.get(held.actor.lacks.remote(digests)):
            for part in parts(files[name]):
                ray.get(held.actor.receive.remote(name, part))
            ray.get(held.actor.keep.remote(name))

    def _lost(self, held: Held, error: Exception) -> Lost:
        """Say what became of a job whose actor is gone, and ask for the room anew."""
        import ray

        held.start()
        if isinstance(error, ray.exceptions.RayTaskError):
            return Lost("failed", "WorkerGarbled", f"{held.slot.name}: {one_line(error)}")
        if any(words in str(error) for words in OUT_OF_MEMORY):
            return Lost(
                "oom", "OutOfMemoryError", f"Ray ended it on {held.slot.name}, for lack of memory there"
            )
        return Lost("interrupted", "PlaceLost", f"{held.slot.name} is gone")


def _connect() -> None:
    """Join the cluster of the environment, or of this machine, or start one here."""
    for name, value in LAUNCH.items():
        os.environ.setdefault(name, value)
    if address := os.environ.get("RAY_ADDRESS"):
        _refuse_unless_there(address)
    import ray

    before = signal.getsignal(signal.SIGTERM)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        ray.init(address="auto", **quiet)
    except ConnectionError as error:
        if address:
            raise UsageError(
                f"executor ray: no cluster at {address} (RAY_ADDRESS): {one_line(error)}"
            ) from error
        ray.init(address="local", include_dashboard=False, **quiet)
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


def _of_node(node: Mapping[str, Any], here: str, parallel: Parallel, exclusive: bool) -> Iterator[Held]:
    """Divide a node into slots."""
    cpus, gpus = int(node["Resources"]["CPU"]), int(node["Resources"].get("GPU", 0))
    place = "" if node["NodeID"] == here else str(node["NodeID"])
    host = f"{node['NodeManagerHostname']}-{node['NodeID'][:4]}"
    jobs = 1 if exclusive else min(parallel.jobs, cpus)
    shared = gpus if parallel.devices and not exclusive else min(gpus, 1)
    if parallel.devices:
        for at in range(shared):
            slot = Slot(f"{host} gpu:{at}", ("gpu", "auto"), exclusive, place)
            yield Held(slot, _maker(node, (1, 0, True), cpus // (shared + jobs), 1))
    takes = (
        ("cpu",) if parallel.devices else ("cpu", "auto") if jobs > 1 or not gpus else ("cpu", "auto", "gpu")
    )
    gpu = 1 if "gpu" in takes else 0
    for at in range(jobs):
        slot = Slot(f"{host} cpu:{at}" if jobs > 1 or parallel.devices else host, takes, jobs == 1, place)
        divided = jobs + (shared if parallel.devices else 0)
        yield Held(slot, _maker(node, (jobs, at, bool(gpu)), cpus // divided, gpu))


def _maker(
    node: Mapping[str, Any], arguments: tuple[int, int, bool], cpus: int, gpus: int
) -> Callable[[], Any]:
    def make() -> Any:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        options = ray.remote(RayPlace).options(
            num_cpus=cpus,
            num_gpus=gpus,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        )
        variables = {name: os.environ.get(name) for name in SET_BY_RAY}
        return options.remote(*arguments, variables)

    return make
