"""Results folders made by hand: every number in them is chosen, so every answer is known."""

from nstbench.experiment import experiment_from_mapping
from nstbench.plan import Plan, Trial
from nstbench.record import Picture, Round, RunRecord, Store, open_results

SETTINGS = {
    "content": "sample:cat",
    "style": "sample:coffee",
    "content_layers": ["conv4_2"],
    "content_weights": [1.0],
    "style_layers": ["conv1_1"],
    "style_weights": [1.0],
    "iterations": 40,
    "alpha": 1.0,
    "beta": 10.0,
    "tv_weight": 0.0,
    "optimiser": "adam",
    "learning_rate": 0.02,
    "precision": "highest",
    "seed": 0,
}
ROUNDS = (0.99, 1.0, 1.0, 1.01, 1.0, 0.99, 1.01)
"""How rounds scatter around their median."""


def a_trial(settings=None, **fields):
    """Make a trial; a setting of None is one that the backend does not consume."""
    kept = {name: value for name, value in (SETTINGS | (settings or {})).items() if value is not None}
    usual = {
        "backend": "fake",
        "backend_version": "1.0",
        "backend_label": fields.get("backend", "fake"),
        "options": {},
        "seed": kept.get("seed", 0),
        "content_sha256": "c" * 64,
        "style_sha256": "5" * 64,
        "height": 32,
        "width": 48,
        "style_height": 32,
        "style_width": 32,
        "weights": "random:0",
        "weights_sha256": "f" * 64,
    }
    return Trial.from_json({"trial_id": "", "settings": kept} | usual | fields).identified()


SINGLE_PASS = dict.fromkeys(set(SETTINGS) - {"content", "style"})


def a_record(trial=None, step_s=0.1, looks=((40, 4.0, 0.5),), **fields):
    """Make the record of a trial whose rounds of four iterations take `step_s` each.

    `looks`: (iteration, elapsed_s, referee_total) of each picture.
    """
    trial = trial or a_trial()
    each = 4 if trial.checkpoint else 1
    pictures = tuple(
        Picture(at, f"trials/{trial.trial_id}/images/{at}.png", "1" * 64, s, {"total": total, "ssim": 0.5})
        for at, s, total in looks
    )
    usual = {
        "status": "ok",
        "started_at": "2020-02-02T20:20:20+00:00",
        "phases": {"compile": 2.0},
        "rounds": (Round(each, 9.0, True), *(Round(each, each * step_s * r, False) for r in ROUNDS)),
        "optimise_s": looks[-1][1] if looks else None,
        "device": "cpu",
        "device_name": "a processor",
        "threads": 2,
        "node": "here",
        "isolation": "backend",
        "shared_trajectory": False,
        "peak_rss_bytes": 10**8,
        "pictures": pictures,
        "referee_weights": "random:0",
        "referee_weights_sha256": "e" * 64,
        "verified": True,
        "environment_id": "e1",
    }
    return RunRecord(trial=trial, experiment="made", **(usual | fields))


def a_failure(trial, status="failed", message="told to fail"):
    """Make the record of a trial that came to nothing."""
    nothing = {"phases": {}, "rounds": (), "optimise_s": None, "device": None, "device_name": None}
    nothing |= {
        "threads": None,
        "node": None,
        "isolation": None,
        "shared_trajectory": None,
        "environment_id": None,
    }
    return a_record(
        trial, looks=(), status=status, error_type="E", error_message=message, verified=None, **nothing
    )


def a_folder(path, *records, environments=None):
    """Write a results folder that holds the records."""
    store = Store(path)
    plain = {
        "name": "made",
        "inputs": {"content": "sample:cat", "style": "sample:coffee"},
        "backends": ["fake"],
    }
    store.write_plan(
        experiment_from_mapping(plain, path), Plan("made", tuple(record.trial for record in records))
    )
    for record in records:
        store.write_record(record)
    for name, facts in (environments or {}).items():
        store.write_environment(name, facts)
    return path


def results_of(path, *records, **more):
    """Write a folder and open it."""
    return open_results(a_folder(path, *records, **more))
