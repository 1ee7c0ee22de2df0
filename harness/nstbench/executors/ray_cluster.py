"""The executor of a Ray cluster: Ray says where there is room, nstbench's own workers run the trials.

An actor holds a slot for as long as the sweep takes. It hands on the events of its worker, with pictures and
losses, one call an event; only the driver writes results.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar

from nstbench.api import AssetError, UsageError, one_line
from nstbench.executors.depot import digest_of, needed, parts
from nstbench.executors.ray_nodes import Held, connect, slots_of
from nstbench.executors.ray_place import installed_versions
from nstbench.run.arrival import Garbled, read_event
from nstbench.run.executor import Executor
from nstbench.run.job import Event, Finished, Job, Lost, event_from_json
from nstbench.run.limits import OutOfTime, Stopped
from nstbench.run.slots import Parallel, Slot, free_slots
from nstbench.system.logs import cut

SAYS_AFTER_S = 10.0
"""How long to wait for room on a busy cluster without a word."""

OUT_OF_MEMORY = ("NODE_OUT_OF_MEMORY", "running low on memory")
"""What Ray says of a worker that it has ended because its node was short of memory."""


class RayCluster(Executor):
    """The slots of the nodes that are there when a sweep begins: one trial at a time on each, by default.

    The cluster is that of `RAY_ADDRESS`; without that, one is started here for the purpose.
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
            connect()
        here = ray.get_runtime_context().get_node_id()
        nodes = [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        nodes.sort(key=lambda node: str(node["NodeID"] != here))
        held = [each for node in nodes for each in slots_of(node, here, parallel, exclusive)]
        say(f"ray: room for {len(held)} trial{'s' * (len(held) != 1)} at once, nodes: {len(nodes)}")
        made = cls(held, say, owns)
        for each in held:
            each.start()
        return made

    @property
    def slots(self) -> Sequence[Slot]:
        """Every slot, whether there is room yet or not."""
        return [each.slot for each in self._held]

    def free(self, until: float = math.inf) -> Sequence[Slot]:
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
            if monotonic() > until:
                raise OutOfTime
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
