"""The example notebook: run it anew and keep what it shows, `python -m tests.notebook`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"
QUIET = {"NO_COLOR": "1", "PLOTLY_RENDERER": "plotly_mimetype", "TF_CPP_MIN_LOG_LEVEL": "3"}
"""Environment of the kernel: figures as data, without a copy of the drawing library in each of them."""


def read() -> Any:
    """Read the notebook as it is shipped."""
    return nbformat.read(NOTEBOOK, as_version=4)


def executed(notebook: Any, folder: Path) -> Any:
    """Run every cell in a kernel of its own that stands in `folder`.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
    """
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": folder}},
    )
    return client.execute(env={**os.environ, **QUIET})


def kinds(notebook: Any) -> list[list[str]]:
    """Return for each code cell what its outputs are: streams by name, the rest by MIME type."""
    return [
        sorted(kind for output in cell.outputs for kind in output.get("data", [output.get("name", "error")]))
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def write(notebook: Any) -> None:
    """Write it without what differs from machine to machine."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for at, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = {}, f"cell-{at}"
    NOTEBOOK.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        write(executed(read(), Path(folder)))
