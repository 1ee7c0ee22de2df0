"""An experiment to start from, as a file with comments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from nstbench.api import UsageError

TEXT = """\
# An experiment to start from. What would run, and how long:  nstbench sweep {name} --dry-run
# Run it:  nstbench sweep {name}

inputs:
  content: {content}    # a photograph: a path, or sample:NAME for one that comes with nstbench
  style: {style}    # what it is to be painted like

fixed:                  # holds for every trial; what is not here has its default
  size: 128             # longer side of the picture, in pixels; 512 takes 16 times as long
  iterations: 20        # steps of the optimiser; 200 and more make better pictures

sweep:                  # each key is an axis, and axes multiply: every combination is a trial
  style_layers:         # the names of values are yours: tables and pictures show them
    shallow: [conv1_1, conv2_1]
    deep: [conv3_1, conv4_1]
  # beta: [300, 3000]   # how much style; without the first # there are twice as many trials

backends: [{backend}]{others}
"""


def write_starter(path: Path, content: str, style: str, backends: Sequence[str]) -> None:
    """Write an experiment of two small trials.

    Args:
        content, style: as the file is to name them.
        backends: the first one is used, the others stand in a comment.

    Raises:
        UsageError: the file exists, or cannot be written.
    """
    first, *rest = backends
    text = TEXT.format(
        name=path,
        content=json.dumps(content, ensure_ascii=False),
        style=json.dumps(style, ensure_ascii=False),
        backend=first,
        others=f"    # also ready here: {', '.join(rest)}" if rest else "",
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path}: exists, and stays as it is; choose another place with -o") from error
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written ({error.strerror}); choose another place with -o"
        ) from error
