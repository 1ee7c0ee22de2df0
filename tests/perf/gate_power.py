"""How often does the gate find a slow-down, and cry wolf, on this machine? Real processes, many of them.

    python -m tests.perf.gate_power measure BASE_PYTHON CANDIDATE_PYTHON EXPERIMENT CYCLES OUT.jsonl
    python -m tests.perf.gate_power judge OUT.jsonl

A cycle runs base, base again and candidate, each in fresh processes; every second cycle the other way round.
The run in the middle makes a pair without a difference with one neighbour, another with the other.
`judge` hands pairs to the gate's own decision, in groups that share none, then in groups drawn at random.
"""

import json
import random
import sys
from collections import Counter, defaultdict
from math import exp, log
from pathlib import Path
from tempfile import TemporaryDirectory

from nstbench.gate.decision import Policy, decide
from nstbench.gate.measured import read_measured
from nstbench.gate.side import Side
from nstbench.plan import load_experiment

ALLOWANCE, DRAWN = 0.05, 2000


def measure(base, candidate, experiment, cycles, out):
    planned = load_experiment(experiment)
    mapping = planned.without_gate({choice.label for choice in planned.backends})
    pythons = {"base": Path(base), "again": Path(base), "candidate": Path(candidate)}
    sides = {name: Side(name, python, name) for name, python in pythons.items()}
    for number in range(int(cycles)):
        found = defaultdict(dict)
        for name in list(sides)[:: 1 if number % 2 == 0 else -1]:
            with TemporaryDirectory() as folder:
                sides[name].sweep(mapping, planned.base, Path(folder))
                measured = read_measured(Path(folder))
                for subject, record in measured.records.items():
                    found[subject][name] = record.step_seconds
        with Path(out).open("a") as file:
            file.write(json.dumps(found) + "\n")
        print(number, file=sys.stderr)


def judge(path):
    cycles = [json.loads(line) for line in Path(path).read_text().splitlines()]
    for subject in cycles[0]:
        for other in ("candidate", "base"):
            pairs = [(cycle[subject][other], cycle[subject]["again"]) for cycle in cycles]
            logs = [log(min(one) / min(base)) for one, base in pairs]
            low, middle, high = (sorted(logs)[int(share * len(logs))] for share in (0.16, 0.5, 0.84))
            change, spread = 100 * (exp(middle) - 1), 50 * (high - low)
            print(f"{subject}, {other}/again: {len(logs)} pairs, {change:+.1f} %, spread {spread:.1f} %")
            print(f"    groups apart {dict(Counter(_apart(logs)))}")
            print(f"    {DRAWN} groups drawn {dict(Counter(_drawn(logs)))}")


def _apart(logs):
    """Judge group after group, none of which shares a pair with another."""
    left = list(logs)
    while len(left) >= Policy().screening_pairs:
        try:
            yield _decided(lambda count: [left.pop(0) for _ in range(count)])
        except IndexError:
            return


def _drawn(logs):
    generator = random.Random(0)
    for _ in range(DRAWN):
        shuffled = generator.sample(logs, Policy().screening_pairs + Policy().pairs)
        yield _decided(lambda count, pairs=shuffled: [pairs.pop() for _ in range(count)])


def _decided(take):
    return decide(lambda keys, count: {"": take(count)}, {"": ALLOWANCE}, Policy())[""].outcome


if __name__ == "__main__":
    {"measure": measure, "judge": judge}[sys.argv[1]](*sys.argv[2:])
