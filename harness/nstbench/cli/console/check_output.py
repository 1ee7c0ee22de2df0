"""How verdicts are told: as text, JSON or Markdown, as JUnit XML besides, and as an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nstbench.api import UsageError
from nstbench.cli.console.check_text import print_verdicts, to_json, to_markdown
from nstbench.cli.console.console import print_json
from nstbench.gate.junit import to_junit
from nstbench.gate.verdict import FAILED, INCONCLUSIVE, PASS, REGRESSION, Verdict, worst
from nstbench.record.files import refuse_unwritable, write_atomic

EXIT_CODES = {PASS: 0, FAILED: 3, REGRESSION: 4, INCONCLUSIVE: 5}


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """What `nstbench check` is to make of its verdicts.

    Attributes:
        junit: a file for JUnit XML.
        inconclusive: `pass` or `fail`, what a check that can say nothing ends in.

    Raises:
        UsageError: some of these do not go together.
        ResultsError: the file cannot be written.
    """

    junit: Path | None
    as_json: bool
    as_markdown: bool
    inconclusive: str

    def __post_init__(self) -> None:
        if self.as_json and self.as_markdown:
            raise UsageError("check: --json and --markdown exclude each other; choose one")
        if self.inconclusive not in ("pass", "fail"):
            raise UsageError(f"check: --inconclusive {self.inconclusive!r}: it may be pass or fail")
        if self.junit:
            refuse_unwritable(self.junit)

    def tell(self, verdicts: Sequence[Verdict]) -> int:
        """Print verdicts, write them if asked to, and return the exit code."""
        if self.junit:
            write_atomic(self.junit, to_junit(verdicts))
        if self.as_json:
            print_json(to_json(verdicts))
        elif self.as_markdown:
            print(to_markdown(verdicts))
        else:
            print_verdicts(verdicts)
        outcome = worst(verdicts)
        lenient = outcome == INCONCLUSIVE and self.inconclusive == "pass"
        return 0 if lenient else EXIT_CODES[outcome]
