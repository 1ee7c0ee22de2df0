"""Opening results: the four tables as pandas frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from nstbench.record.folder_tables import ChosenTables, FolderTables
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
        runs, losses, timings, images: see `nstbench.record.schema` for the columns. With more than one
            folder a first column `results` names the folder of each row.
    """

    def __init__(self, paths: Iterable[Path], outside_plan: bool = False) -> None:
        self.stores = tuple(Store.existing(Path(path)) for path in paths)
        self.outside_plan, self.left_out = outside_plan, 0
        self._folders: tuple[FolderTables, ...] = tuple(map(FolderTables, self.stores))

    @cached_property
    def shown(self) -> Self:
        """These results, without rows outside the present plans unless `outside_plan`."""
        outside = sum(int((~each.table("runs")["planned"]).sum()) for each in self._folders)
        if self.outside_plan or not outside:
            return self
        made = self.only(lambda runs: runs["planned"])
        made.left_out = outside
        return made

    def only(self, chosen: Callable[[pd.DataFrame], pd.Series]) -> Self:
        """Return these results with some trials only.

        Args:
            chosen: says of each row of a folder's `runs` whether it stays.
        """
        made = type(self)((store.path for store in self.stores), self.outside_plan)
        runs = [each.table("runs") for each in self._folders]
        ids = [{*frame["trial_id"][chosen(frame)]} for frame in runs]
        made._folders, made.left_out = tuple(map(ChosenTables, self._folders, ids)), self.left_out
        return made

    @property
    def damaged(self) -> list[str]:
        """A line for each file of losses that could not be read, as far as was tried."""
        return [line for each in self._folders for line in each.damaged.values()]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row for each trial."""
        return self._join("runs")

    @cached_property
    def losses(self) -> pd.DataFrame:
        """One row for each logged iteration."""
        return self._join("losses")

    @cached_property
    def timings(self) -> pd.DataFrame:
        """One row for each phase and round."""
        return self._join("timings")

    @cached_property
    def images(self) -> pd.DataFrame:
        """One row for each picture."""
        return self._join("images")

    def write_tables(self) -> None:
        """Write tables/*.parquet into a single folder, unless it has them as they are.

        They are for other readers, and it opens quickly with them.
        """
        (folder,) = self._folders
        if not folder.are_kept:
            folder.write()

    def __repr__(self) -> str:
        counts = self.runs["status"].value_counts().to_dict()
        trials = ", ".join(f"{count} {status}" for status, count in counts.items()) or "no trials"
        return f"<Results {', '.join(str(store.path) for store in self.stores)}: {trials}>"

    def _join(self, name: str) -> pd.DataFrame:
        import pandas as pd

        frames = [each.table(name).copy(deep=False) for each in self._folders]
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
