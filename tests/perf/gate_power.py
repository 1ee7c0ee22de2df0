"""How often does the gate find a slow-down, and cry wolf, on this machine? Asked of a finished check's runs.

    nstbench check EXPERIMENT --base-python A --candidate-python B -o FOLDER   # many trials of equal cost
    python -m tests.perf.gate_power FOLDER

In the order ABBA a side's run is followed by another of the same side, with the other backends' runs between
them: these make pairs without a difference, one fewer in each stage. Both kinds are handed to the gate's own
decision, all trials of a backend at once.
"""

import math
import statistics
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

from nstbench.gate.decision import Policy, decide
from nstbench.gate.measured import read_measured
from nstbench.gate.side import BASE, CANDIDATE

ALLOWANCE = 0.05


def seconds(folder):
    """Return (backend, subject) -> stage -> pairs of seconds, as far as both sides ended."""
    found = defaultdict(lambda: {"screening": [], "confirming": []})
    for stage in ("screening", "confirming"):
        for pair in sorted(folder.glob(f"{stage}-*/*")):
            if not all((pair / side / "tables/images.parquet").is_file() for side in (BASE, CANDIDATE)):
                continue
            sides = [read_measured(pair / side) for side in (BASE, CANDIDATE)]
            for subject in sides[0].records:
                both = [side.seconds(subject, "step_min_s") for side in sides]
                found[pair.name, subject][stage].append(both)
    return found


def logs(stages):
    """Return log(candidate / base) of each pair."""
    return [math.log(candidate / base) for pairs in stages.values() for base, candidate in pairs]


def logs_of_neighbours(stages):
    """Return log(later / earlier) of runs of one side, as one pair ends with it and the next begins."""
    return [
        math.log(later[side] / earlier[side])
        for pairs in stages.values()
        for side, (earlier, later) in zip([1, 0] * len(pairs), pairwise(pairs), strict=False)
    ]


def judge(name, pairs):
    """Screen and confirm with what there is, and say what came out."""
    left = {subject: list(each) for subject, each in pairs.items()}
    policy = Policy()

    def take(subjects, count):
        return {
            subject: [left[subject].pop(0) for _ in range(min(count, len(left[subject])))]
            for subject in subjects
        }

    found = decide(take, dict.fromkeys(pairs, ALLOWANCE), policy)
    ratios = [each.estimate.ratio for each in found.values() if each.estimate]
    spread = statistics.median(statistics.stdev(each) for each in pairs.values())
    counts = dict(Counter(each.outcome for each in found.values()))
    confirmed = sum(each.confirmed for each in found.values())
    print(f"{name}: {counts}, {confirmed} of them confirmed, from {min(map(len, pairs.values()))} pairs;")
    print(f"    ratios {min(ratios):.3f} to {max(ratios):.3f}, logarithms of a pair scatter by {spread:.3f}")


if __name__ == "__main__":
    measured = seconds(Path(sys.argv[1]))
    for backend in dict.fromkeys(backend for backend, _ in measured):
        of_backend = {subject: stages for (name, subject), stages in measured.items() if name == backend}
        for kind, taken in (("candidate against base", logs), ("equal neighbours", logs_of_neighbours)):
            judge(f"{backend}, {kind}", {subject: taken(stages) for subject, stages in of_backend.items()})
