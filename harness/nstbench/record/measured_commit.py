"""Which commit a row of the history belongs to: the one that was checked out when it was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nstbench.api import UsageError
from nstbench.record.commit import Commit, find_commit
from nstbench.record.git import git
from nstbench.record.run_record import RunRecord


@dataclass(slots=True)
class MeasuredCommit:
    """Answers for one record after the other, and asks git once for each commit.

    Attributes:
        named: the commit that the user says was measured, for records that do not say so themselves; or None.
        apart: files whose changes do not make a tree dirty, such as the history itself.
        folder: anywhere in the repository that was measured.
    """

    named: Commit | None
    apart: Sequence[Path] = ()
    folder: Path = field(default_factory=Path.cwd)
    _found: dict[str, Commit] = field(default_factory=dict)

    def __call__(self, record: RunRecord) -> Commit:
        """Return the commit of a record, dirty if the tree was when the record was made.

        Raises:
            UsageError: it is not known, not in this repository, or not the one that was named.
        """
        trial = record.trial.trial_id
        if record.commit is None:
            if self.named is None:
                raise UsageError(
                    f"trial {trial}: was measured outside a git repository, so its commit is not known;"
                    " name it with --commit REV, or measure again in the repository: `nstbench sweep --force`"
                )
            return self.named
        if self.named and self.named.sha != record.commit:
            raise UsageError(
                f"trial {trial}: was measured at commit {record.commit[:7]}, not at {self.named.sha[:7]};"
                " leave out --commit, and each row goes to the commit that it was measured at"
            )
        return replace(self._commit(record.commit), dirty=self._is_dirty(record))

    def _commit(self, sha: str) -> Commit:
        if sha not in self._found:
            try:
                self._found[sha] = find_commit(sha, self.folder)
            except UsageError as error:
                text = f"{sha[:12]}, which results were measured at, is not in this repository: {error}"
                raise UsageError(text) from error
        return self._found[sha]

    def _is_dirty(self, record: RunRecord) -> bool:
        if not record.changed:
            return False
        top, apart = Path(git(self.folder, "rev-parse", "--show-toplevel")), {p.resolve() for p in self.apart}
        return any((top / changed).resolve() not in apart for changed in record.changed)
