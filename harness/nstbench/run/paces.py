"""How fast backends were on this machine: kept from sweep to sweep, so that the next one can be foretold."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from nstbench.api import AssetError
from nstbench.assets import cache_dir
from nstbench.experiment import Measure
from nstbench.plan import Plan, Trial, predict
from nstbench.plan.forecast import ASSUMED, JUDGING_S, Forecast, Pace, forecast
from nstbench.record import RunRecord
from nstbench.record.files import DAMAGE, read_json, write_json

REFEREE = "referee"


def foretold(plan: Plan, pending: Collection[str], measure: Measure, judged: bool) -> Forecast:
    """Predict what the pending trials of a plan take on this machine, as far as it is known."""
    known = cache(_known)  # a plan has many trials of a backend
    judging_s = judging_pace() if judged else 0.0
    return forecast(plan, pending, measure, lambda trial: _nearest(known(trial.backend), trial), judging_s)


def pace_of(trial: Trial) -> Pace | None:
    """Return how fast a backend was last, at the precision and size that are nearest to the trial's."""
    return _nearest(_known(trial.backend), trial)


def _nearest(known: Mapping[str, Any], trial: Trial) -> Pace | None:
    octave = _octave(trial)
    nearest: tuple[bool, int] | None = None
    found = None
    with suppress(TypeError, ValueError):
        for key, each in known.items():
            precision, size = key.split()
            distance = precision != trial.settings.precision, abs(int(size) - octave)
            if nearest is None or distance < nearest:
                pace = Pace(**each)
                nearest, found = distance, replace(pace, pass_s=pace.pass_s * 2.0 ** (octave - int(size)))
    return found


def learn(record: RunRecord) -> None:
    """Keep the pace of a trial that went well; what another one paid for stays as it is known."""
    trial, phases = record.trial, record.phases
    if record.status != "ok" or not record.optimise_s:
        return
    known, gflop = _known(trial.backend), predict(trial).gflop
    before = _nearest(known, trial) or ASSUMED
    seen = Pace(
        start_s=phases["import"] + phases.get("load", 0.0) if "import" in phases else before.start_s,
        ready_s=sum(phases.get(phase, 0.0) for phase in ("prepare", "compile", "compile_cached")),
        gflop_per_s=gflop / record.optimise_s if gflop else None,
        pass_s=record.optimise_s / (trial.checkpoint or 1),
    )
    key = f"{trial.settings.precision} {_octave(trial)}"
    _write(_of_backend(trial.backend), known | {key: asdict(seen)})


def judging_pace() -> float:
    """Return the seconds that the referee took for a pixel when it judged last."""
    known = _read(REFEREE).get("pixel_s")
    return known if isinstance(known, float) and known > 0 else JUDGING_S


def learn_judging(pixels: int, seconds: float) -> None:
    """Keep what the referee took for the pictures of a trial."""
    if pixels:
        _write(REFEREE, {"pixel_s": seconds / pixels})


def _of_backend(name: str) -> str:
    return f"backend-{name}"


def _known(backend: str) -> dict[str, Any]:
    return _read(_of_backend(backend))


def _octave(trial: Trial) -> int:
    return round(math.log2(trial.height * trial.width))


def _place(name: str) -> Path:
    return cache_dir() / "paces" / f"{name}.json"


def _read(name: str) -> dict[str, Any]:
    with suppress(AssetError, *DAMAGE):
        known = read_json(_place(name))
        return known if isinstance(known, dict) else {}
    return {}


def _write(name: str, known: dict[str, Any]) -> None:
    with suppress(AssetError, *DAMAGE):  # without a cache nothing is remembered
        write_json(_place(name), known)
