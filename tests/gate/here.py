"""Sides that run in this process, and an experiment only once: another run of it is a copy of the first.

What is left to tests with real processes is that these are fresh, and that each runs its own code.
"""

import json
import shutil
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from threading import Lock

from nstbench.experiment import experiment_from_mapping
from nstbench.gate.pairs import Pairs, PairWatcher
from nstbench.gate.side import BASE, CANDIDATE, SideBroken
from nstbench.record.files import read_json, write_json
from nstbench.run.api import sweep

EXPERIMENT = {
    "name": "tiny",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "iterations": 8, "alpha": 1, "beta": 10},
    "measure": {"referee": "none", "chunk": 2},
    "gate": {"screening_pairs": 2, "pairs": 3, "step_min_s": 0.5},
    "backends": ["fake"],
}
FAST, SLOW = {"step_s": 0.005}, {"step_s": 0.06}
BREAKS, DIES = {"fault": "raise"}, None
ONE_AT_A_TIME = Lock()


class Here:
    """A side whose runs have these options in turns; the option that is None ends the process, as it were."""

    def __init__(self, name, options, swept):
        self._swept = swept
        self.name, self.what = name, f"the {name}"
        self.experiments, self.cores, self.stopped = [], [], False
        self.device = "cpu"
        self._options = cycle(options)

    def stop(self):
        self.stopped = True

    def sweep(self, experiment, base, folder, cores=None):
        self.experiments.append(experiment)
        self.cores.append(cores)
        options = next(self._options)
        if options is DIES:
            raise SideBroken(self.name, f"{self.what}: died (see {folder}-log.txt)")
        backends = [{**each, "options": {**options, **each["options"]}} for each in experiment["backends"]]
        wanted = {**experiment, "backends": backends}
        once = self._swept / sha256(json.dumps(wanted).encode()).hexdigest()
        with ONE_AT_A_TIME:
            if not once.exists():
                sweep(wanted, once)
        shutil.copytree(once, folder)
        for path in folder.glob("trials/*/result.json"):
            write_json(path, read_json(path) | {"device": self.device})


class Notes(PairWatcher):
    """Writes down what it is told."""

    def __init__(self):
        self.said = []

    def stage(self, name, runs):
        self.said.append((name, runs))

    def ran(self, sides, backends):
        self.said += [side for side in sides for _ in range(backends)]


def pairs_between(base, candidate, folder, swept, cores=(), **changes):
    """Return two sides, not yet run.

    Args:
        base, candidate: lists of options, see `Here`.
        swept: where runs are kept from test to test.
        cores: that the machine is said to have.
        changes: to the experiment.
    """
    sides = {BASE: Here(BASE, base, swept), CANDIDATE: Here(CANDIDATE, candidate, swept)}
    return Pairs(sides, experiment_from_mapping(EXPERIMENT | changes), Path(folder), Notes(), cores)
