"""How long a sweep takes on many devices: a simulation, and real sweeps that it is held against.

`python -m tests.perf.fleet` measures what a trial costs beyond its backend, on one slot and over a thousand
trials, predicts sweeps on one, two and four, runs these, and says what comes of 100,000 trials on 100 GPUs.
Alone on the machine, please. The trials are those of the shipped fake, which sleeps, so that slots do not
compete for the processor.
"""

import heapq
import math
import os
import sys
import tempfile
import time
from dataclasses import dataclass, replace

import nstbench
from nstbench import Parallel

STEPS = 4


@dataclass(frozen=True)
class Costs:
    """Seconds.

    `driver`: of the process that claims, hears and writes, for each trial; it does one thing at a time.
    `worker`: beyond the trial itself, on its slot, for each trial.
    `start`: until a slot begins its first trial. `judge`: of the referee, for each picture, at the end; on a
    cluster the nodes judge, so there it is a part of `worker`.
    """

    driver: float
    worker: float
    start: float
    judge: float = 0.0


def simulate(trials, slots, seconds, costs, cores=math.inf):
    """Return the seconds that a sweep takes: a queue of trials, slots, and one driver whom they wait for.

    Args:
        cores: of the machine that all workers start on: to start is work for one of them.
    """
    driver = 0.0
    # A slot is heard when its trial is over, and again when the driver has written it down and begun another.
    ends = [(costs.start * max(1, slots / cores), slot) for slot in range(min(slots, trials))]
    left = trials
    last = 0.0
    heapq.heapify(ends)
    while ends:
        ready, slot = heapq.heappop(ends)
        driver = max(driver, ready) + costs.driver
        last = driver
        if left:
            left -= 1
            heapq.heappush(ends, (driver + seconds + costs.worker, slot))
    return last + costs.judge * trials


def experiment(trials, seconds):
    return {
        "name": "fleet",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "fixed": {"size": 32, "iterations": STEPS, "tv_weight": 0},
        "sweep": {"beta": [1 + at for at in range(trials)]},
        "measure": {"referee": "none"},
        "backends": [{"name": "fake", "options": {"gpu": True, "step_s": seconds / STEPS}}],
    }


def measured(trials, seconds, parallel):
    """Return (wall, this process's processor time) of a sweep, without opening its results."""
    with tempfile.TemporaryDirectory() as folder:
        began, used = time.perf_counter(), time.process_time()
        runs = nstbench.sweep(experiment(trials, seconds), folder, parallel=parallel).runs
        wall, driver = time.perf_counter() - began, time.process_time() - used
        assert (runs["status"] == "ok").all()
    return wall, driver


def costs_of(few, many, seconds, executor):
    """Measure on one slot: what is the same for any number of trials is no part of a trial."""
    (wall, driver), (longer, more) = (measured(n, seconds, executor(1)) for n in (few, many))
    each, own = (longer - wall) / (many - few), (more - driver) / (many - few)
    return Costs(own, each - own - seconds, wall - few * each)


def on_this_machine(slots):
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, range(slots)))
    return Parallel(("gpu",))


def on_ray(slots):
    from ray.cluster_utils import Cluster

    if on_ray.cluster is None:
        node = {"num_cpus": 1, "object_store_memory": 80 * 2**20}
        on_ray.cluster = Cluster(initialize_head=True, head_node_args=node | {"include_dashboard": False})
        on_ray.node = node
        os.environ["RAY_ADDRESS"] = on_ray.cluster.address
    while len(on_ray.cluster.list_all_nodes()) < slots:
        on_ray.cluster.add_node(**on_ray.node)
    return Parallel(executor="ray")


on_ray.cluster = None


def main():
    trials, seconds = 220, 0.1
    for name in sys.argv[1:] or ["local", "ray"]:
        executor = {"local": on_this_machine, "ray": on_ray}[name]
        costs = costs_of(100, 1100, 0.01, executor)
        print(f"{name}: {1000 * costs.driver:.1f} ms driver, {1000 * costs.worker:.1f} ms worker,", end=" ")
        print(f"{1000 * (costs.driver + costs.worker):.1f} ms a trial in all, {costs.start:.1f} s to start")
        for slots in (1, 2, 4):
            wall, _ = measured(trials, seconds, executor(slots))
            said = simulate(trials, slots, seconds, costs, os.cpu_count())
            print(f"  {slots} slots: {wall:.1f} s, predicted {said:.1f} s ({100 * (said / wall - 1):+.0f} %)")
        for judge in (0.0, 0.3):
            for seconds_each in (1, 10, 60):
                more = {"judge": judge} if name == "local" else {"worker": costs.worker + judge}
                took = simulate(100_000, 100, seconds_each, replace(costs, **more))
                ideal = 1000 * seconds_each
                print(
                    f"  100,000 trials of {seconds_each} s on 100 slots, {judge} s to judge: "
                    f"{took / 3600:.1f} h, {took / ideal:.2f} of what the trials alone take"
                )


if __name__ == "__main__":
    main()
