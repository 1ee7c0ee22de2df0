"""Exports, read back with the programs they are for."""

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import nstbench
from nstbench.api import ResultsError, UnknownName, UsageError
from nstbench.export.exports import FORMATS, benchmark_entries, export
from nstbench.record.nested import LISTS, nested

from .made import made_record, made_results, made_trial

EXPERIMENT = {
    "name": "tiny",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "iterations": 6, "alpha": 1},
    "sweep": {"beta": [1, 10]},
    "backends": [
        "fake",
        "colour-transfer",
        {"name": "fake", "label": "b/ad", "options": {"fault": "raise", "at": 4}},
    ],
    "measure": {"referee": "random:0", "snapshot_every": 3},
}
ONE_PASS = EXPERIMENT | {"backends": ["colour-transfer"], "sweep": {}, "measure": {"referee": "none"}}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return nstbench.sweep(EXPERIMENT, tmp_path_factory.mktemp("export") / "tiny")


@pytest.fixture(scope="module")
def fine(results):
    """The first trial of the fake: its row, and its rows of losses and images."""
    run = results.runs.iloc[0]
    assert (run["backend_label"], run["status"], run["label"]) == ("fake", "ok", "beta=1")
    return run, *(table[table["trial_id"] == run["trial_id"]] for table in (results.losses, results.images))


def test_parquet_is_the_tables(results, tmp_path):
    folder = export(results, "parquet", tmp_path / "out")
    assert {path.name for path in folder.glob("[!.]*")} == {
        f"{name}.parquet" for name in ("runs", "losses", "timings", "images")
    }
    for name in ("losses", "timings", "images"):
        pd.testing.assert_frame_equal(pd.read_parquet(folder / f"{name}.parquet"), getattr(results, name))
    read = pd.read_parquet(folder / "runs.parquet")
    assert list(read) == list(results.runs)
    plain = [name for name in read if name not in LISTS]
    pd.testing.assert_frame_equal(read[plain], results.runs[plain])


def records_of(results):
    """The records as they lie in the folder, in the order of the table."""
    folder = results.stores[0].path / "trials"
    return [json.loads((folder / one / "result.json").read_text()) for one in results.runs["trial_id"]]


def test_parquet_has_lists_and_json_by_its_type(results, tmp_path):
    path = export(results, "parquet", tmp_path / "out") / "runs.parquet"
    types = {field.name: field for field in pq.ParquetFile(path).schema}
    assert str(types["options"].logical_type) == "JSON"
    for row, record in zip(pq.read_table(path).to_pylist(), records_of(results), strict=True):
        kept = record["trial"]["settings"]
        assert row["style_layers"] == kept.get("style_layers")
        assert row["style_weights"] == kept.get("style_weights")
        assert row["style"] == kept["style"]
        assert json.loads(row["options"]) == record["trial"]["options"]


def test_json_has_lists_and_objects(results, tmp_path):
    read = json.loads(export(results, "json", tmp_path / "out.json").read_text())["runs"]
    for row, record in zip(read, records_of(results), strict=True):
        kept = record["trial"]["settings"]
        assert row["style_layers"] == kept.get("style_layers")
        assert row["content_weights"] == kept.get("content_weights")
        assert row["options"] == record["trial"]["options"]
        assert row["measure"] == record["measure"]
    assert {"fault": "raise", "at": 4}.items() <= read[-1]["options"].items()


def test_names_with_commas_and_stages_stay_whole_in_lists(tmp_path):
    asked = {"style": ["one, two.png"], "stages": [[16, 3], [32, 3]]}
    record = made_record(made_trial(**asked | {"style": ("one, two.png",)}))
    runs = made_results(tmp_path, [record]).runs
    runs["asked"], runs["stages"] = json.dumps(asked), "16:3,32:3"
    (row,) = nested(runs).to_dict("records")
    assert row["style"] == ["one, two.png"]
    assert row["stages"] == [{"size": 16, "iterations": 3}, {"size": 32, "iterations": 3}]


def test_csv_holds_every_row_and_every_digit(results, tmp_path):
    folder = export(results, "csv", tmp_path / "out")
    with (folder / "losses.csv").open() as file:
        totals = [float(row["total"]) for row in csv.DictReader(file)]
    assert totals == results.losses["total"].tolist()
    assert pd.read_csv(folder / "runs.csv")["trial_id"].tolist() == results.runs["trial_id"].tolist()


def test_json_holds_the_four_tables_with_null_for_what_is_missing(results, tmp_path):
    read = json.loads(export(results, "json", tmp_path / "out.json").read_text())
    assert {name: len(rows) for name, rows in read.items()} == {
        name: len(getattr(results, name)) for name in ("runs", "losses", "timings", "images")
    }
    by_backend = {row["backend_label"]: row for row in read["runs"]}
    assert by_backend["colour-transfer"]["iterations"] is None
    assert by_backend["fake"]["iterations"] == 6


def test_benchmark_entries_name_a_figure_the_same_in_every_commit(results, fine, tmp_path):
    entries = json.loads(export(results, "github-action-benchmark", tmp_path / "out.json").read_text())
    assert entries == benchmark_entries(results)
    named = {entry["name"]: entry for entry in entries}
    assert len(named) == len(entries)
    steps = named["tiny · fake · beta=1 · seconds per iteration"]
    assert steps["value"] == fine[0]["step_median_s"]
    assert steps["unit"] == "s/iteration"
    assert float(steps["range"].removeprefix("± ")) == pytest.approx(fine[0]["step_mad_s"], rel=1e-2)
    assert "height: 21" in steps["extra"].splitlines()
    assert "tiny · colour-transfer · seconds per pass" in named
    assert not any("b/ad" in name for name in named), "a failed trial has no figures"
    assert not any(trial_id in name for name in named for trial_id in results.runs["trial_id"])


READ_EVENTS = """
import json, sys
sys.modules["tensorflow"] = None  # as on a machine without it
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
read = {}
for folder in sys.argv[1:]:
    run = EventAccumulator(folder, size_guidance={"scalars": 0, "images": 0}).Reload()
    scalars = {t: [(e.step, e.value, e.wall_time) for e in run.Scalars(t)] for t in run.Tags()["scalars"]}
    images = {t: [(e.step, e.width, e.height, e.encoded_image_string.hex()) for e in run.Images(t)]
              for t in run.Tags()["images"]}
    read[folder] = {"scalars": scalars, "images": images}
print(json.dumps(read))
"""


def read_events(folders):
    command = [sys.executable, "-c", READ_EVENTS, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {Path(name).name: run for name, run in json.loads(done.stdout.splitlines()[-1]).items()}


def test_tensorboard_reads_losses_figures_and_pictures(results, fine, tmp_path):
    folder = export(results, "tensorboard", tmp_path / "out")
    export(results, "tensorboard", tmp_path / "out")
    runs = read_events(sorted(path for path in folder.iterdir() if path.is_dir()))
    run, losses, images = fine
    read = runs[f"fake_beta=1_{run['trial_id'][:8]}"]
    total = read["scalars"]["loss/total"]
    assert [step for step, *_ in total] == [1, 2, 3, 4, 5, 6], "exporting twice shows nothing twice"
    assert [value for _, value, _ in total] == pytest.approx(losses["total"].tolist(), rel=1e-6)
    seconds = [moment - pd.Timestamp(run["started_at"]).timestamp() for *_, moment in total]
    assert seconds == pytest.approx(losses["elapsed_s"].tolist(), abs=1e-5)
    layer = read["scalars"]["loss_of_layer/conv1_1"]
    assert [value for _, value, _ in layer] == pytest.approx(losses["style_conv1_1"].tolist(), rel=1e-6)
    judged = [(step, value) for step, value, _ in read["scalars"]["referee/total"]]
    assert judged == [
        (3, pytest.approx(images["referee_total"].iloc[0], rel=1e-6)),
        (6, pytest.approx(run["referee_total"], rel=1e-6)),
    ]
    files = [(results.stores[0].path / path).read_bytes().hex() for path in images["path"]]
    assert read["images"]["pastiche"] == [[3, 32, 21, files[0]], [6, 32, 21, files[1]]]
    (single,) = (value for name, value in runs.items() if name.startswith("colour-transfer"))
    assert [step for step, *_ in single["images"]["pastiche"]] == [0]
    assert sum(name.startswith("b_ad") for name in runs) == 2, "what a failed trial logged is there too"


@pytest.fixture
def client(monkeypatch):
    """A reader of MLflow's file store, made from its folder."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient

    return lambda folder: MlflowClient(tracking_uri=folder.as_uri())


def test_mlflow_reads_settings_figures_losses_and_pictures(results, fine, tmp_path, client):
    folder = export(results, "mlflow", tmp_path / "out")
    export(results, "mlflow", folder)
    reader = client(folder)
    experiment = reader.get_experiment_by_name("tiny")
    runs = {run.info.run_name: run for run in reader.search_runs([experiment.experiment_id])}
    assert {name: run.info.status for name, run in runs.items()} == {
        "fake · beta=1": "FINISHED",
        "fake · beta=10": "FINISHED",
        "colour-transfer": "FINISHED",
        "b/ad · beta=1": "FAILED",
        "b/ad · beta=10": "FAILED",
    }
    assert len(reader.search_runs([experiment.experiment_id])) == 5, "exporting twice shows nothing twice"
    run, losses, images = fine
    read = runs["fake · beta=1"]
    assert read.data.params["beta"] == "1.0"
    assert read.data.tags["nstbench.trial_id"] == run["trial_id"]
    assert read.data.metrics["step_median_s"] == run["step_median_s"]
    assert read.data.metrics["referee_total"] == run["referee_total"]
    assert read.info.end_time - read.info.start_time == pytest.approx(1000 * run["wall_s"], abs=1)
    history = reader.get_metric_history(read.info.run_id, "loss_total")
    assert [(point.step, point.value) for point in history] == list(
        zip(losses["iteration"], losses["total"].astype(float), strict=True)
    )
    kept = reader.download_artifacts(read.info.run_id, "images", tmp_path)
    assert sorted(path.name for path in Path(kept).iterdir()) == sorted(
        path.rpartition("/")[2] for path in images["path"]
    )
    assert "told to fail" in runs["b/ad · beta=1"].data.tags["nstbench.error_message"]


def test_runs_go_into_a_store_of_mlflow_that_holds_others_and_into_no_other_folder(results, tmp_path, client):
    folder = tmp_path / "mlruns"
    client(folder).create_experiment("mine")
    reader = client(export(results, "mlflow", folder))
    assert {one.name for one in reader.search_experiments()} >= {"mine", "tiny"}
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    for name in ("mlflow", "tensorboard", "csv", "parquet"):
        with pytest.raises(UsageError, match=r"holds what nstbench did not make \(notes\.txt\)"):
            export(results, name, tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["notes.txt"]


def test_no_figure_that_is_not_finite_reaches_mlflow(tmp_path, client):
    diverged = {"name": "fake", "options": {"fault": "nan", "at": 3}}
    results = nstbench.sweep(ONE_PASS | {"backends": [diverged]}, tmp_path / "tiny")
    assert results.losses["total"].isna().any()
    reader = client(export(results, "mlflow"))
    (run,) = reader.search_runs([reader.get_experiment_by_name("tiny").experiment_id])
    history = reader.get_metric_history(run.info.run_id, "loss_total")
    assert history and all(math.isfinite(point.value) for point in history)
    assert run.info.status == "FAILED"


def test_by_default_an_export_lies_in_the_results_folder(results):
    path = export(results, "csv")
    assert path == results.stores[0].path / "export" / "csv"
    assert (path / "runs.csv").is_file()


def test_folders_exported_together_stay_apart(results, tmp_path):
    other = nstbench.sweep(ONE_PASS, tmp_path / "other")
    both = nstbench.open_results(results.stores[0].path, other.stores[0].path)
    with pytest.raises(UsageError, match="2 results folders go into one export: say where with -o"):
        export(both, "csv")
    folder = export(both, "tensorboard", tmp_path / "out")
    assert {path.name for path in folder.iterdir()} == {".nstbench-export", "tiny", "other"}
    assert len(list((folder / "other").iterdir())) == 1


def test_mistakes_are_one_line(results, tmp_path):
    with pytest.raises(UnknownName, match=r"unknown format 'tensorbord'.*Did you mean 'tensorboard'"):
        export(results, "tensorbord", tmp_path)
    (tmp_path / "file").touch()
    for name in FORMATS:
        with pytest.raises(ResultsError, match="file") as caught:
            export(results, name, tmp_path / "file" / "out")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_a_missing_extra_says_what_to_install(results, tmp_path, monkeypatch, name):
    for module in [module for module in sys.modules if module.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if "site-packages" not in place])
    monkeypatch.setattr(sys, "meta_path", [each for each in sys.meta_path if "ditable" not in str(each)])
    with pytest.raises(UsageError, match=rf"no module {name}; pip install 'nstbench\[{name}\]'"):
        export(results, name, tmp_path)


def test_a_picture_that_is_gone_is_said(tmp_path):
    results = nstbench.sweep(ONE_PASS, tmp_path / "tiny")
    (tmp_path / "tiny" / results.images["path"][0]).unlink()
    for name in ("tensorboard", "mlflow"):
        with pytest.raises(ResultsError):
            export(results, name)
