"""Whether the seconds of two trials compare: both of one machine, and both alone there or both not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from nstbench.comparison.pairs import Matching
from nstbench.record import Results

T = TypeVar("T")

ASKS = ("device_name", "node", "environment_id")
"""Columns by which to compare is to compare machines."""

ELSEWHERE = "different machines"
BESIDE = "one ran beside others"


def why_untimed(results: Results, runs: pd.DataFrame, matching: Matching) -> list[str]:
    """Say of each pair why its seconds do not compare; empty where they do.

    What is not on record of one of the two is no difference.
    """
    pairs = matching.pairs
    elsewhere = np.zeros(len(pairs), bool)
    if matching.by not in ASKS:
        elsewhere = differ(machines(results, runs), pairs)
    beside = differ(runs[["exclusive"]], pairs)
    return [ELSEWHERE if far else BESIDE if near else "" for far, near in zip(elsewhere, beside, strict=True)]


def machines(results: Results, runs: pd.DataFrame) -> pd.DataFrame:
    """Return `node`, `cpu` and, of trials on a GPU, `gpu` of each row, empty where unknown.

    A GPU has the name that the driver lists, which is one for all backends; what the backend calls it counts
    only where the driver lists several kinds, or none.
    """
    found = [hardware or (None, None) for hardware in environments(results, runs, _hardware)]
    known = pd.DataFrame(found, runs.index, ["cpu", "model"], dtype=object)
    on_gpu = runs["device"].eq("gpu").fillna(False).astype(bool)
    gpu = known["model"].where(known["model"].notna(), runs["device_name"]).where(on_gpu)
    return pd.DataFrame({"node": runs["node"], "cpu": known["cpu"], "gpu": gpu})


def differ(values: pd.DataFrame, pairs: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return whether the two rows of each pair differ in a column of `values` that both have."""
    known = values.notna()
    numbers = values.apply(lambda column: pd.factorize(column)[0]).where(known, -1)
    left, right = (numbers.loc[pairs[f"{side}_row"]].to_numpy() for side in ("base", "other"))
    found: npt.NDArray[np.bool_] = ((left != right) & (left >= 0) & (right >= 0)).any(axis=1)
    return found


def environments(results: Results, rows: pd.DataFrame, take: Callable[[dict[str, Any]], T]) -> list[T | None]:
    """Return what is taken from the facts that each row was measured with; None where they were not kept.

    Raises:
        ResultsError: a file of them is damaged.
    """
    stores = {str(store.path): store for store in results.stores}
    remedy = "`nstbench repair` moves it aside, as nothing else needs it"
    places = rows[["results", "environment_id"]].fillna("")
    taken = {
        (folder, name): stores[folder].environment(name, take, remedy)
        for folder, name in places.drop_duplicates().itertuples(index=False, name=None)
    }
    return [taken[place] for place in places.itertuples(index=False, name=None)]


def _hardware(facts: dict[str, Any]) -> tuple[str | None, str | None]:
    models = {line.rpartition(", ")[0] for line in facts.get("gpus", ())}
    return facts.get("cpu"), models.pop() if len(models) == 1 else None
