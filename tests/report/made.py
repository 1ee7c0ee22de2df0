"""Results folders as a sweep leaves them, with as many trials as wanted, made without running anything."""

import shutil
from itertools import product
from pathlib import Path

import numpy as np

from nstbench.assets import load_image, save_png
from nstbench.experiment import experiment_from_mapping
from nstbench.plan import Plan, Trial
from nstbench.record import Picture, Results, Round, RunRecord, Store

LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1")
FIXED = {
    "content": "sample:cat",
    "style": "sample:coffee",
    "content_layers": ["conv4_2"],
    "content_weights": [1.0],
    "iterations": 1000,
    "alpha": 1.0,
    "learning_rate": 0.02,
    "init": "content",
    "pooling": "max",
    "precision": "highest",
}


def made_trial(backend="one", label="", **settings):
    """Make a trial of a picture of 64 x 48; None leaves a setting out."""
    layers = settings.get("style_layers", ["conv1_1"])
    own = {"beta": 10.0, "style_layers": layers, "style_weights": [1.0] * len(layers)}
    noticed = {name: value for name, value in (FIXED | own | settings).items() if value is not None}
    facts = {
        "trial_id": "",
        "backend": backend,
        "backend_version": "1.0",
        "backend_label": backend,
        "settings": noticed,
        "options": {},
        "seed": 0,
        "content_sha256": "c" * 64,
        "style_sha256": "5" * 64,
        "height": 48,
        "width": 64,
        "style_height": 48,
        "style_width": 64,
        "weights": "random:0",
        "weights_sha256": "f" * 64,
        "label": label,
    }
    return Trial.from_json(facts).identified()


def made_record(trial, total=0.5, seconds=1.0, pictures=(), **fields):
    """Make the record of a trial that went well, `seconds` in the loop and `total` for the referee."""
    at = [seconds * (place + 1) / max(1, len(pictures)) for place in range(len(pictures))]
    figures = dict.fromkeys(("total", "content", "style", "heldout"), total)
    judged = [figures | {"tv": 1.0, "ssim": 0.5} for _ in pictures]
    taken = zip(range(1, len(pictures) + 1), pictures, at, judged, strict=True)
    facts = {
        "status": "ok",
        "phases": {"import": 2.0, "prepare": 0.5},
        "rounds": (Round(10, seconds / 2, True), Round(30, seconds / 2, False)),
        "optimise_s": seconds,
        "evaluations": 40,
        "final": {"total": 100 * total, "content": 1.0, "style": 2.0},
        "pictures": tuple(Picture(10 * n, path, "1" * 64, s, referee) for n, path, s, referee in taken),
    }
    return RunRecord(trial=trial, experiment="made", **facts | fields)


def made_results(folder, records):
    """Write the records as a results folder and open it."""
    store = Store(Path(folder))
    plain = {
        "name": "made",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "backends": ["one"],
    }
    store.write_plan(
        experiment_from_mapping(plain, store.path), Plan("made", tuple(r.trial for r in records))
    )
    for one in records:
        store.write_record(one)
    return Results([store.path])


def write_losses(folder, trial, count, layers=LAYERS):
    """Write `count` iterations of falling losses for a trial."""
    steps = np.arange(1, count + 1)
    names = ("total", "content", "style", "tv", *(f"style_{layer}" for layer in layers))
    columns = {name: (100 / steps + place).astype(np.float32) for place, name in enumerate(names)}
    path = Path(folder) / "trials" / trial.trial_id / "losses.npz"
    np.savez_compressed(path, iteration=steps, elapsed_s=steps * 0.25, **columns)


def big_results(folder, betas=5, rates=4, snapshots=4, size=384):
    """Make betas x rates x five choices of layers x two backends, each with losses and real pictures."""
    folder = Path(folder)
    picture = load_image("sample:strokes", size, folder).pixels
    originals = [folder / f"{place}.png" for place in range(4)]
    for place, path in enumerate(originals):
        save_png(np.roll(picture, 31 * place, axis=1), path)
    records = []
    points = product(range(betas), range(rates), range(1, 6), ("one", "two"))
    for n, (beta, rate, depth, backend) in enumerate(points):
        swept = {"beta": 10.0**beta, "learning_rate": 0.01 * (rate + 1), "style_layers": list(LAYERS[:depth])}
        trial = made_trial(backend, f"{beta}, {rate}, {depth}", **swept)
        paths = [f"trials/{trial.trial_id}/images/{place}.png" for place in range(snapshots + 1)]
        for place, path in enumerate(paths):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(originals[(n + place) % 4], folder / path)
        write_losses(folder, trial, 1000)
        records.append(made_record(trial, total=0.2 + depth / 10, seconds=1.0 + n / 10, pictures=paths))
    return made_results(folder, records)
