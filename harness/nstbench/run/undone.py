"""What is asked for now and is not done, as trials that are finished stay as they were measured."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from nstbench.experiment import Measure
from nstbench.run.code import code_of
from nstbench.run.installed import installed

if TYPE_CHECKING:
    import pandas as pd


def not_applied(finished: pd.DataFrame, measure: Measure, referee: str | None) -> list[str]:
    """Say in what the finished trials of a plan differ from what would be measured now.

    Args:
        finished: the rows of `runs` that stay.
        measure: how the experiment asks to measure.
        referee: hash of the referee's weights; None if there is no referee.

    Returns:
        A sentence for each difference, with the number of trials that it concerns.
    """
    codes = {name: code_of(installed(name).plugin) for name in finished["backend"].unique()}
    kinds = finished[finished["status"] != "refused"][[*_Measured._fields]]
    counts: Counter[str] = Counter()
    for values, count in Counter(
        kinds.astype(object).where(kinds.notna(), None).itertuples(index=False)
    ).items():
        for text in _differences(_Measured(*values), measure, codes, referee):
            counts[text] += count
    return [f"{count} finished trial{'s' * (count > 1)}: {text}" for text, count in counts.items()]


class _Measured(NamedTuple):
    """What rows of `runs` say about how they were measured."""

    backend: str
    backend_version: str
    backend_code: str | None
    status: str
    iterations: int | None
    shared_trajectory: bool | None
    measure: str | None
    referee_weights: str | None
    referee_weights_sha256: str | None


def _differences(
    row: _Measured, measure: Measure, codes: Mapping[str, str | None], referee: str | None
) -> Iterator[str]:
    then = json.loads(row.measure or "{}")
    changed = [
        f"{name} {_said(then[name])} -> {_said(now)}"
        for name in _that_matter(row, measure)
        if name in then and then[name] != (now := getattr(measure, name))
    ]
    if changed:
        yield f"measured with other settings ({', '.join(changed)})"
    code = codes[row.backend]
    if row.backend_code and code and row.backend_code != code:
        yield f"measured with other code of {row.backend} {row.backend_version}"
    if referee and row.referee_weights_sha256 not in (None, referee):
        yield f"judged by a referee with other weights ({row.referee_weights})"


def _that_matter(row: _Measured, measure: Measure) -> Iterator[str]:
    """Name the measuring settings that such a trial takes notice of."""
    yield from ("rounds",) if row.iterations is None else ("chunk", "snapshot_every")
    yield from ("threads", "isolation", "interleave")
    if row.shared_trajectory and not measure.share_trajectories:
        yield "share_trajectories"
    if row.status == "timeout":
        yield "timeout_s"


def _said(value: object) -> str:
    return "none" if value is None else str(value).lower()
