"""Opening results: the four tables as pandas frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from nstbench.record.files import write_atomic
from nstbench.record.layout import table_path
from nstbench.record.run_record import RunRecord
from nstbench.record.store import Store

if TYPE_CHECKING:
    import pandas as pd


class Results:
    """One results folder, or several together; each table is read when first asked for.

    The tables hold every trial that has a result, also those that the present plan of their folder has no
    longer (`runs.planned` is false). Report, exports and comparisons are made from `shown`.

    Attributes:
        outside_plan: whether `shown` has rows outside the present plans too.
        left_out: how many rows these results lack for that reason.
        damaged: a line for each file that could not be read, as far as was tried; it costs no other trial.
        runs, losses, timings, images: see `nstbench.record.schema` for the columns. With more than one
            folder a first column `results` names the folder of each row.
    """

    def __init__(self, paths: Iterable[Path], outside_plan: bool = False) -> None:
        self.stores = tuple(Store.existing(Path(path)) for path in paths)
        self.outside_plan, self.left_out = outside_plan, 0
        self.damaged: list[str] = []

    @cached_property
    def shown(self) -> Self:
        """These results, without rows outside the present plans unless `outside_plan`."""
        outside = sum(not record.planned for records in self._records for record in records)
        if self.outside_plan or not outside:
            return self
        made = type(self)(store.path for store in self.stores)
        made._records = tuple([one for one in records if one.planned] for records in self._records)
        made.left_out, made.damaged = outside, self.damaged
        return made

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row for each trial."""
        from nstbench.record.tables import runs_table

        return self._join(lambda _, records: runs_table(records))

    @cached_property
    def losses(self) -> pd.DataFrame:
        """One row for each logged iteration."""
        from nstbench.record.tables import losses_table

        return self._join(lambda store, records: losses_table(records, store.path, self.damaged))

    @cached_property
    def timings(self) -> pd.DataFrame:
        """One row for each phase and round."""
        from nstbench.record.tables import timings_table

        return self._join(lambda _, records: timings_table(records))

    @cached_property
    def images(self) -> pd.DataFrame:
        """One row for each picture."""
        from nstbench.record.tables import images_table

        return self._join(lambda _, records: images_table(records))

    @cached_property
    def _records(self) -> tuple[list[RunRecord], ...]:
        """The records of each folder, read once for all tables."""
        return tuple(store.records() for store in self.stores)

    def write_tables(self) -> None:
        """Write tables/*.parquet into a single folder, for readers other than nstbench."""
        (store,) = self.stores
        for name in ("runs", "losses", "timings", "images"):
            content: bytes = getattr(self, name).to_parquet(index=False)
            write_atomic(store.path / table_path(name), content)

    def __repr__(self) -> str:
        counts = self.runs["status"].value_counts().to_dict()
        trials = ", ".join(f"{count} {status}" for status, count in counts.items()) or "no trials"
        return f"<Results {', '.join(str(store.path) for store in self.stores)}: {trials}>"

    def _join(self, table: Callable[[Store, list[RunRecord]], pd.DataFrame]) -> pd.DataFrame:
        import pandas as pd

        frames = [table(*both) for both in zip(self.stores, self._records, strict=True)]
        if len(frames) == 1:
            return frames[0]
        for store, frame in zip(self.stores, frames, strict=True):
            frame.insert(0, "results", str(store.path))
        return pd.concat(frames, ignore_index=True)


def open_results(*paths: str | Path, outside_plan: bool = False) -> Results:
    """Open one or more results folders.

    Args:
        outside_plan: whether views show rows outside the present plans too.

    Raises:
        ResultsError: a folder is missing or was not made by a sweep.
    """
    return Results([Path(path) for path in paths], outside_plan)
