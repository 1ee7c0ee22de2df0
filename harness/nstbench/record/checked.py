"""What a results folder says of trials, looked at before it is believed: it may be somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nstbench.api import ResultsError, one_line
from nstbench.plan import Trial
from nstbench.record.layout import refuse_strange
from nstbench.record.misfits import MOST, is_text, refuse_misfits
from nstbench.record.run_record import STATUSES, RunRecord


def checked_record(data: Any, trial_id: str) -> RunRecord:
    """Read a trial's record from JSON; see `nstbench.record.files.DAMAGE` for what it raises."""
    record = RunRecord.from_json(data)
    _refuse_strange(record.trial, record.environment_id, [each.path for each in record.pictures])
    if record.trial.trial_id != trial_id:
        raise ValueError(f"it is of the trial {record.trial.trial_id}")
    refuse_misfits(record)
    if record.status not in STATUSES:
        raise ValueError(f"status is {record.status!r:.80}")
    return record


def checked_trial(data: Any) -> Trial:
    """Read from JSON what a trial is; raises likewise."""
    trial = Trial.from_json(data)
    _refuse_strange(trial)
    refuse_misfits(trial)
    return trial


def checked_name(name: Any) -> str:
    """Read from JSON the name of an experiment; raises likewise."""
    if not is_text(name):
        raise ValueError(f"experiment is {name!r:.80}")
    return str(name)


def _refuse_strange(trial: Trial, environment_id: str | None = None, pictures: Iterable[str] = ()) -> None:
    refuse_strange([trial.trial_id, environment_id, *trial.image_hashes], pictures)


FACTS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("python", "platform", "cpu"), is_text),
    **dict.fromkeys(("cores", "memory_bytes"), lambda value: isinstance(value, int) and 0 <= value < MOST),
    "gpus": lambda value: isinstance(value, list) and _are_texts(value),
    **dict.fromkeys(
        ("packages", "variables"),
        lambda value: isinstance(value, Mapping) and _are_texts([*value, *value.values()]),
    ),
}
"""What `nstbench.run.machine.environment` says of a machine -> whether a value can be that."""


def checked_facts(data: Any) -> dict[str, Any]:
    """Read the facts about a machine from JSON; older ones may lack some. Raises likewise."""
    facts = dict(data)
    for name, fits in FACTS.items():
        if name in facts and not fits(facts[name]):
            raise ValueError(f"{name} is {facts[name]!r:.80}")
    return facts


def _are_texts(values: Iterable[Any]) -> bool:
    return all(map(is_text, values))


def damaged_record(trial: Trial, experiment: str, error: ResultsError) -> RunRecord:
    """Return what stands in the place of a record that cannot be read."""
    return RunRecord(
        trial, experiment, "damaged", error_type=type(error).__name__, error_message=one_line(error)
    )
