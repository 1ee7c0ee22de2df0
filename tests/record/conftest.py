"""Trials and records made by hand, and results folders that hold them."""

from dataclasses import replace

import numpy as np
import pytest

from nstbench.experiment import experiment_from_mapping
from nstbench.plan import Plan, Trial
from nstbench.record import Picture, Round, RunRecord, Store

SETTINGS = {
    "content": "sample:cat",
    "style": "sample:coffee",
    "size": 10,
    "style_size": 10,
    "weights": "random:0",
    "content_layers": ["conv1_1"],
    "content_weights": [1.0],
    "style_layers": ["conv1_1"],
    "style_weights": [1.0],
    "iterations": 4,
    "alpha": 1.0,
    "beta": 10.0,
    "tv_weight": 0.0,
    "optimiser": "adam",
    "learning_rate": 0.02,
    "init": "content",
    "pooling": "max",
    "precision": "highest",
    "seed": 3,
    "device": "auto",
}


JUDGEMENT = {
    "total": 0.75,
    "content": 1.0,
    "style": 2.0,
    "heldout": 3.0,
    "tv": 4.0,
    "ssim": None,
    "style_conv1_1": 2.5,
}


@pytest.fixture
def trial():
    """Make a trial of a square picture of 10 x 10; settings by name, None to leave one out."""

    def maker(**settings):
        kept = {name: value for name, value in (SETTINGS | settings).items() if value is not None}
        facts = {
            "trial_id": "",
            "backend": "fake",
            "backend_version": "1.0",
            "backend_label": "fake",
            "settings": kept,
            "options": {"step_s": 0.5},
            "seed": 3,
            "content_sha256": "c" * 64,
            "style_sha256": "5" * 64,
            "height": 10,
            "width": 10,
            "style_height": 10,
            "style_width": 8,
            "weights": "random:0",
            "weights_sha256": "f" * 64,
        }
        return Trial.from_json(facts).identified()

    return maker


@pytest.fixture
def record(trial):
    """Make the record of a trial that went well; fields of `RunRecord` by name."""

    def maker(of=None, **fields):
        of = of or trial()
        made = RunRecord(
            trial=of,
            experiment="tiny",
            status="ok",
            started_at="2020-02-02T20:20:20+00:00",
            phases={"import": 1.5, "prepare": 0.25},
            rounds=(Round(2, 1.0, True), Round(2, 0.5, False)),
            compile_count=1,
            optimise_s=1.5,
            evaluations=4,
            final={"total": 21.0, "content": 1.0, "style": 2.0},
            shared_trajectory=False,
            pictures=(Picture(4, f"trials/{of.trial_id}/images/4.png", "1" * 64, 1.5, JUDGEMENT),),
            reference={"style_of_content": 8.0, "content_of_style": 2.0},
            referee_weights="bundled",
            referee_weights_sha256="e" * 64,
            verified=True,
        )
        return replace(made, **fields)

    return maker


@pytest.fixture
def failed(record):
    """Make the record of a trial that came to nothing."""

    def maker(of=None, status="failed"):
        empty = {"phases": {}, "rounds": (), "final": {}, "pictures": (), "reference": {}, "verified": None}
        empty |= {"referee_weights": None, "referee_weights_sha256": None}
        numbers = dict.fromkeys(("compile_count", "optimise_s", "evaluations", "shared_trajectory"))
        return record(of, status=status, error_type="E", error_message="why", **empty, **numbers)

    return maker


@pytest.fixture
def folder(tmp_path):
    """Make a results folder; `planned` trials are in its plan, with a result only if there is a record."""

    def maker(*records, planned=None, name="out"):
        store = Store(tmp_path / name)
        plain = {"inputs": {"content": "sample:cat", "style": "sample:coffee"}, "backends": ["fake"]}
        trials = tuple(one.trial for one in records) if planned is None else tuple(planned)
        store.write_plan(experiment_from_mapping(plain | {"name": "tiny"}, tmp_path), Plan("tiny", trials))
        for one in records:
            store.write_record(one)
        return store

    return maker


@pytest.fixture
def log_losses():
    """Write the losses of a trial: `count` iterations, with a column for each of `layers`."""

    def writer(store, trial, count, layers):
        names = ("total", "content", "style", "tv", *(f"style_{layer}" for layer in layers))
        columns = {name: np.arange(count, dtype=np.float32) + at for at, name in enumerate(names)}
        steps = np.arange(1, count + 1)
        path = store.trial_folder(trial.trial_id) / "losses.npz"
        np.savez_compressed(path, iteration=steps, elapsed_s=steps * 0.5, **columns)

    return writer
