"""What arrives from a worker, looked at before it is believed: plugins run there, and may use its pipe."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from nstbench.record.run_record import STATUSES
from nstbench.run.job import (
    Advanced,
    Entered,
    Environment,
    Event,
    Job,
    Lost,
    Painted,
    Recorded,
    event_from_json,
)

PNG = b"\x89PNG\r\n\x1a\n"


class Garbled(ValueError):
    """What arrived is no event of this job."""


def read_event(data: Any, job: Job) -> Event:
    """Read an event of a job.

    Raises:
        Garbled: it is none.
    """
    try:
        event = event_from_json(data)
        believable = not isinstance(event, Lost) and _is_of(job, event)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise Garbled(f"no event: {data!r:.80}") from error
    if not believable:
        raise Garbled(f"no event of this trial: {data!r:.80}")
    return event


def _is_of(job: Job, event: Event) -> bool:
    ids = {trial.trial_id for trial in job.trials}
    if isinstance(event, Entered):
        return isinstance(event.phase, str)
    if isinstance(event, Advanced):
        known = event.seconds_per_iteration, 0.0 if event.loss is None else event.loss
        return (
            0 <= event.iterations < math.inf
            and event.of > 0
            and known[0] > 0
            and all(map(math.isfinite, known))
        )
    if isinstance(event, Environment):
        return bool(re.fullmatch("[0-9a-f]{12}", event.environment_id)) and isinstance(event.facts, dict)
    if isinstance(event, Painted):
        is_whole = event.iteration is None or (isinstance(event.iteration, int) and event.iteration >= 0)
        return event.trial_id in ids and is_whole and event.png.startswith(PNG)
    if isinstance(event, Recorded):
        json.dumps(event.record, allow_nan=False)
        record = event.run_record()
        return record.trial.trial_id in ids and record.status in STATUSES
    return True
