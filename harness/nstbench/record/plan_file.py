"""The file with the plan of a results folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from nstbench.plan import Plan
from nstbench.record.inside import write_inside
from nstbench.record.layout import PLAN
from nstbench.system.files import read_regular


def write_plan(folder: Path, plan: Plan, origin: Mapping[str, str | None]) -> None:
    """Write a plan as JSON, a line for each trial, unless it is there: indented, ten thousand take seconds.

    Args:
        origin: where the experiment comes from, and what its paths are relative to.

    Raises:
        ResultsError: it cannot be written.
    """
    head = json.dumps({"experiment": plan.experiment, **origin}, indent=1).removesuffix("\n}")
    trials = ",\n".join(json.dumps(trial.to_json(), allow_nan=False) for trial in plan.trials)
    content = f'{head},\n "trials": [\n{trials}\n]}}\n'.encode()
    with suppress(OSError):
        if read_regular(folder / PLAN) == content:
            return
    write_inside(folder, PLAN, content)
