"""The four tables of one folder; rows of trials that have not changed since are read from its own files."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

from nstbench.record.inside import write_inside
from nstbench.record.layout import table_path
from nstbench.record.run_record import RunRecord
from nstbench.record.schema import TABLES
from nstbench.record.stamps import Stamps, keep_stamps, kept_stamps, stamps_of
from nstbench.record.store import Store

if TYPE_CHECKING:
    import pandas as pd


class FolderTables:
    """Each table is made when first asked for.

    Attributes:
        damaged: trial -> a line for each file of losses that could not be read; its rows are left out.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.damaged: dict[str, str] = {}
        self._tables: dict[str, pd.DataFrame] = {}

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of `nstbench.record.schema`: trials of the plan in its order, then older ones.

        Raises:
            ResultsError: the folder has no plan that can be read.
        """
        if name not in self._tables:
            self._tables[name] = self._table(name)
        return self._tables[name]

    def parquet(self, name: str) -> bytes:
        """Return a table as its file holds it."""
        return self.table(name).to_parquet(index=False)

    @property
    def are_kept(self) -> bool:
        """Whether the folder's own files are these tables, as far as stamps tell."""
        return self._kept is not None and [*self._kept.items()] == [*self._stamps.items()]

    def write(self) -> None:
        """Write the tables, for readers other than nstbench and for the next time.

        Raises:
            ResultsError: they cannot be written.
        """
        content = {name: self.parquet(name) for name in TABLES}
        runs = self.table("runs")
        doubtful = {*self.damaged, *runs["trial_id"][runs["status"] == "damaged"]}  # to be read each time
        for name, file in content.items():
            write_inside(self.store.path, table_path(name), file)
        keep_stamps(
            self.store.path, {one: stamp for one, stamp in self._stamps.items() if one not in doubtful}
        )

    def _table(self, name: str) -> pd.DataFrame:
        from nstbench.record.kept_rows import kept_rows, put_together
        from nstbench.record.tables import make_table

        kept = kept_rows(self.store.path, name, self._unchanged) if self._unchanged else None
        if kept is None:
            return make_table(name, self._all, self.store.path, self.damaged)
        rest = make_table(name, self._changed, self.store.path, self.damaged)
        return put_together(name, kept, rest, [*self._stamps])

    @cached_property
    def _stamps(self) -> Stamps:
        return stamps_of(self.store.path, self.store.done())

    @cached_property
    def _kept(self) -> Stamps | None:
        return kept_stamps(self.store.path)

    @cached_property
    def _unchanged(self) -> frozenset[str]:
        """The trials whose rows are as they were written."""
        kept = self._kept or {}
        return frozenset(one for one, stamp in self._stamps.items() if kept.get(one) == stamp)

    @cached_property
    def _changed(self) -> list[RunRecord]:
        """The records of the others."""
        changed = self._stamps.keys() - self._unchanged
        return self.store.records(changed) if changed else []

    @cached_property
    def _all(self) -> list[RunRecord]:
        return self.store.records() if self._unchanged else self._changed


class ChosenTables(FolderTables):
    """The same tables, with the rows of some trials only."""

    def __init__(self, whole: FolderTables, chosen: Collection[str]) -> None:
        super().__init__(whole.store)
        self._whole, self.damaged = whole, whole.damaged
        self._chosen = frozenset(chosen)

    def _table(self, name: str) -> pd.DataFrame:
        from nstbench.record.tables import rows_of

        return rows_of(name, self._whole.table(name), self._chosen)
