"""Where things lie in a results folder, relative to it.

experiment.yaml  plan.json  environment/<id>.json  tables/ *.parquet  stamps.json
inputs/<hash>.png
trials/<trial_id>/ trial.json  losses.npz  log.txt  images/*.png  result.json
damaged/ what `nstbench repair` moved aside, or a merge or a launched sweep replaced, under the path it had
progress/ what sweeps are doing right now, see `nstbench.record.progress`
sweeps/<time>-<digits>.json what each call of a sweep took
launched/<time>/ what a batch system was given, and what the sweeps printed that it has run
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

LOCK = Path(".lock")
SOFT = ".soft"
"""What a file adds to the name of a lock, for which it stands where there are no locks."""
PLAN = Path("plan.json")
REPORT = Path("report.html")
ASIDE = Path("damaged")
LAUNCHED = Path("launched")
PROGRESS = Path("progress")
SWEEPS = Path("sweeps")
EXPERIMENT = Path("experiment.yaml")
STAMPS = Path("tables", "stamps.json")
TRIALS, ENVIRONMENT, INPUTS, TABLES = map(Path, ("trials", "environment", "inputs", "tables"))
EVERY_TRIAL = "trials/*/trial.json"
EVERY_RESULT = "trials/*/result.json"


def trial_folder(trial_id: str) -> Path:
    """Return where everything of one trial lies."""
    return TRIALS / trial_id


def trial_path(trial_id: str) -> Path:
    """Return where it is written what a trial is."""
    return trial_folder(trial_id) / "trial.json"


def result_path(trial_id: str) -> Path:
    """Return where a trial's record lies; the trial is done when the file exists."""
    return trial_folder(trial_id) / "result.json"


def losses_path(trial_id: str) -> Path:
    """Return where a trial's losses lie, a row for each iteration."""
    return trial_folder(trial_id) / "losses.npz"


def log_path(trial_id: str) -> Path:
    """Return where it goes what a trial's worker prints."""
    return trial_folder(trial_id) / "log.txt"


def lock_path(trial_id: str) -> Path:
    """Return the file that a sweep locks while it has a trial."""
    return trial_folder(trial_id) / LOCK


def picture_path(trial_id: str, iteration: int | None) -> Path:
    """Return where a picture lies that has had so many updates; None for that of a single-pass backend."""
    name = "picture.png" if iteration is None else f"{iteration:06d}.png"
    return images_folder(trial_id) / name


def images_folder(trial_id: str) -> Path:
    """Return where a trial's pictures lie."""
    return trial_folder(trial_id) / "images"


def environment_path(environment_id: str) -> Path:
    """Return where the facts about a machine and its packages lie."""
    return ENVIRONMENT / f"{environment_id}.json"


def input_path(sha256: str) -> Path:
    """Return where a content or style image lies, named by the beginning of its hash."""
    return INPUTS / f"{sha256[:12]}.png"


def table_path(name: str) -> Path:
    """Return where a table lies for readers other than nstbench."""
    return TABLES / f"{name}.parquet"


def refuse_strange(names: Iterable[str | None], pictures: Iterable[str] = ()) -> None:
    """Make sure that what a folder says of itself leads nowhere else: it may be somebody else's.

    Args:
        names: that become parts of paths, such as ids and hashes.
        pictures: paths of pictures.

    Raises:
        ValueError: one leads out of the folder, or could.
    """
    for name in filter(None, names):
        if not re.fullmatch(r"[\w-][\w.-]{0,63}", name):
            raise ValueError(f"{name!r:.80} is no name that nstbench gives")
    for path in pictures:
        if not re.fullmatch(r"trials/[\w-][\w.-]{0,63}/images/[\w-][\w.-]{0,63}\.png", path):
            raise ValueError(f"{path!r:.80} is no place for its pictures")
