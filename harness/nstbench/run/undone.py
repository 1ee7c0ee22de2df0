"""What is asked for now and is not done, as trials that are finished stay as they were measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from nstbench.api import plugin
from nstbench.experiment import Measure
from nstbench.record import RunRecord
from nstbench.run.code import code_of


def not_applied(finished: Sequence[RunRecord], measure: Measure, referee: str | None) -> list[str]:
    """Say in what the finished trials of a plan differ from what would be measured now.

    Args:
        finished: the records that stay.
        measure: how the experiment asks to measure.
        referee: hash of the referee's weights; None if there is no referee.

    Returns:
        A sentence for each difference, with the number of trials that it concerns.
    """
    codes = {name: code_of(plugin(name)) for name in {record.trial.backend for record in finished}}
    counts: Counter[str] = Counter()
    for record in finished:
        if record.status != "refused":
            counts.update(_differences(record, measure, codes, referee))
    return [f"{count} finished trial{'s' * (count > 1)}: {text}" for text, count in counts.items()]


def _differences(
    record: RunRecord, measure: Measure, codes: Mapping[str, str | None], referee: str | None
) -> Iterator[str]:
    changed = [
        f"{name} {_said(record.measure[name])} -> {_said(now)}"
        for name in _that_matter(record, measure)
        if name in record.measure and record.measure[name] != (now := getattr(measure, name))
    ]
    if changed:
        yield f"measured with other settings ({', '.join(changed)})"
    trial, code = record.trial, codes.get(record.trial.backend)
    if record.backend_code and code and record.backend_code != code:
        yield f"measured with other code of {trial.backend} {trial.backend_version}"
    if referee and record.judged and record.referee_weights_sha256 not in (None, referee):
        yield f"judged by a referee with other weights ({record.referee_weights})"


def _that_matter(record: RunRecord, measure: Measure) -> Iterator[str]:
    """Name the measuring settings that such a trial takes notice of."""
    yield from ("rounds",) if record.trial.checkpoint is None else ("chunk", "snapshot_every")
    yield from ("threads", "isolation")
    if record.shared_trajectory and not measure.share_trajectories:
        yield "share_trajectories"
    if record.status == "timeout":
        yield "timeout_s"


def _said(value: object) -> str:
    return "none" if value is None else str(value).lower()
