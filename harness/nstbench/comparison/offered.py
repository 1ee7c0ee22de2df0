"""Which configurations are offered, and which of them no other beats."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nstbench.api.judged import JUDGED
from nstbench.comparison.wish import Wish


def offered(wanted: Wish, table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Leave out what is under a floor, or has no such figure, and say what is not beaten by the others."""
    fine = pd.Series(data=True, index=table.index)
    for column, limit in wanted.floors:
        judged = JUDGED[column]
        fine &= table[column].map(judged.as_loss) <= judged.as_loss(limit)
    kept = table[fine]
    kept = kept.assign(front=front(kept["seconds"], kept["loss"])).reset_index(drop=True)
    return kept, tuple(table.loc[~fine, "name"])


def front(seconds: pd.Series, losses: pd.Series) -> pd.Series:
    """Say of each configuration whether no other beats it: as quick and better, or as good and quicker."""
    order = np.lexsort((losses.to_numpy(), seconds.to_numpy()))
    ranked = losses.iloc[order]
    unbeaten: pd.Series = ranked < ranked.cummin().shift(fill_value=np.inf)
    return unbeaten.reindex(losses.index)
