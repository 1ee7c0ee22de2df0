"""`nstbench schema`: the JSON Schema of experiment files, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def schema(
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="FILE", help="Where to write it [standard output]."),
    ] = None,
) -> None:
    """Print the JSON Schema of experiment files.

    Editors complete and check YAML with it.
    """
    from nstbench.experiment import json_schema
    from nstbench.record.files import write_atomic

    text = json.dumps(json_schema(), indent=1) + "\n"
    if out:
        write_atomic(out, text.encode())
    else:
        print(text, end="")
