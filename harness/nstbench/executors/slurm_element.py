"""An element of a job array: an ordinary sweep, begun again where its node was taken away."""

from __future__ import annotations

import platform
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

from nstbench.system.child import run_to_its_end
from nstbench.system.files import sha256_of

WARNINGS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
STOPPED = {130, *(128 + number for number in WARNINGS), *(-number for number in WARNINGS)}
"""How a sweep ends that got what Slurm sends to all of a job's processes before it takes the node away."""

PATIENCE_S = 600.0
"""How long to wait then for what follows: the signal that has submitit requeue the job, or its end."""


@dataclass(frozen=True)
class Element:
    """What submitit calls on a node.

    Attributes:
        words: the command.
        file: the experiment that it reads, and `sha256` what that said when this was submitted.
        nodes: a file that gets a line with the name of the node, each time that this begins.
    """

    words: tuple[str, ...]
    file: Path
    sha256: str
    nodes: Path

    def __call__(self) -> int:
        """Sweep; returns the exit code, below zero if a signal ended it."""
        with self.nodes.open("a") as nodes:
            nodes.write(f"{platform.node()}\n")
        if sha256_of(self.file) != self.sha256:
            print(f"{self.file}: has changed since this was submitted; sweep once more", file=sys.stderr)
            return 2
        code = run_to_its_end(self.words, sys.stderr)
        if code in STOPPED:
            # To end now would count as done, and nothing would be requeued.
            sleep(PATIENCE_S)
        return code

    def checkpoint(self) -> Any:
        """Return what submitit is to call when the job goes on: the same, as the folder has the results."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)
