"""The four tables: their columns and types whatever happened, and their numbers against arithmetic."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from nstbench.record import Picture, Round, open_results
from nstbench.record.schema import IMAGES, LOSSES, RUNS, TIMINGS

PROMISED = """
trial_id experiment backend backend_version status error_type error_message started_at content style
content_sha256 style_sha256 height width weights weights_sha256 content_layers style_layers style_weights
iterations alpha beta tv_weight optimiser learning_rate init pooling precision seed device device_name
isolation import_s load_s prepare_s compile_s compile_count step_median_s step_mad_s counted_gflop gflop_per_s
wall_s evaluations peak_rss_bytes peak_device_bytes final_total final_content final_style image environment_id
"""

TABLES = ("runs", "losses", "timings", "images")


@pytest.fixture
def situation(trial, record, failed, folder, log_losses):
    """Make a results folder in which all went well, all failed, nothing was run, or nothing was planned."""

    def maker(name):
        one, other = trial(), trial(style_layers=["conv1_1", "conv2_1"])
        if name == "ok":
            store = folder(record(one), record(other), name=name)
            log_losses(store, one, 4, ["conv1_1"])
            log_losses(store, other, 2, ["conv2_1", "conv1_1"])
            return store
        if name == "failed":
            return folder(failed(one), failed(other, "refused"), name=name)
        return folder(planned=[one, other] if name == "not run" else [], name=name)

    return maker


SITUATIONS = ("ok", "failed", "not run", "empty")


@pytest.mark.parametrize("column", PROMISED.split())
def test_runs_has_the_column(situation, column):
    assert column in open_results(situation("empty").path).runs


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize(
    ("table", "schema"),
    [("runs", RUNS), ("losses", LOSSES), ("timings", TIMINGS), ("images", IMAGES)],
    ids=TABLES,
)
def test_columns_have_one_order_and_type_whatever_happened(situation, name, table, schema):
    frame = getattr(open_results(situation(name).path), table)
    assert list(frame.columns)[: len(schema)] == list(schema)
    assert {str(kind) for kind, _ in schema.values()} <= {"string", "Int64", "float64", "boolean"}
    expected = {column: pd.api.types.pandas_dtype(kind) for column, (kind, _) in schema.items()}
    assert frame.dtypes[list(schema)].to_dict() == expected
    assert (len(frame) > 0) == (name == "ok" or (table == "runs" and name != "empty"))


def test_counts_are_whole_numbers_and_measurements_are_not(situation):
    runs = open_results(situation("empty").path).runs
    counts = [
        "size",
        "style_size",
        "height",
        "width",
        "style_height",
        "style_width",
        "iterations",
        "iterations_done",
        "patience",
        "seed",
        "threads",
        "compile_count",
        "evaluations",
        "referee_ruler",
    ]
    assert set(runs.select_dtypes("Int64")) == {*counts, "peak_rss_bytes", "peak_device_bytes"}
    seconds = {name for name in runs if name.endswith("_s")}
    assert {"alpha", "learning_rate", "final_total"} | seconds <= set(runs.select_dtypes("float64"))


def test_a_row_says_what_was_asked_for_and_what_came_of_it(record, folder):
    (row,) = open_results(folder(record()).path).runs.to_dict("records")
    expected = {
        "backend": "fake",
        "options": '{"step_s": 0.5}',
        "content": "sample:cat",
        "content_layers": "conv1_1",
        "style_weights": "1",
        "weights": "random:0",
        "weights_sha256": "f" * 64,
        "height": 10,
        "iterations": 4,
        "seed": 3,
        "import_s": 1.5,
        "prepare_s": 0.25,
        "step_median_s": 0.25,
        "final_total": 21.0,
        "final_style": 2.0,
        "shared_trajectory": False,
        "image": record().image,
    }
    assert {name: row[name] for name in expected} == expected
    for absent in ("load_s", "compile_s", "step_mad_s", "peak_device_bytes", "error_type", "device"):
        assert pd.isna(row[absent]), absent


def test_weights_in_a_cell_have_all_their_digits(trial, record, folder):
    one = trial(style_layers=["conv1_1", "conv2_1", "conv3_1"], style_weights=[1.0, 1.0000001, 1 / 3])
    (cell,) = open_results(folder(record(one)).path).runs["style_weights"]
    assert cell == "1,1.0000001,0.3333333333333333"


def test_a_row_says_what_was_asked_for_and_by_which_names(trial, record, folder):
    asked = {"beta": 10.0, "style_size": None, "style_scale": 2.0}
    one = replace(trial(), axes={"style_scale": None, "beta": "größer"}, asked=asked)
    (row,) = open_results(folder(record(one)).path).runs.to_dict("records")
    assert list(json.loads(row["axes"]).items()) == [("style_scale", None), ("beta", "größer")]
    assert json.loads(row["asked"]) == asked
    assert (row["style_scale"], row["style_size"]) == (2.0, 10)


def test_the_seed_of_what_needs_none_is_empty(trial, record, folder):
    assert open_results(folder(record(trial(seed=None))).path).runs["seed"].isna().all()


def test_gflop_per_s_is_the_arithmetic_of_an_iteration_over_its_seconds(trial, record, folder):
    one = trial(content_layers=["conv1_1"], style_layers=["conv1_1"])
    store = folder(record(one, rounds=(Round(1, 9.0, True), Round(2, 0.5, False))))
    convolution = 2 * 3 * 3 * 3 * 64 * 10 * 10  # multiply and add; 3 x 3 kernel, 3 -> 64 channels, 10 x 10
    gram = 2 * 64 * 64 * 10 * 10
    flop = 2 * convolution + 3 * gram  # backwards: once more for the image, twice more for the Gram matrix
    assert open_results(store.path).runs["gflop_per_s"][0] == pytest.approx(flop / 1e9 / 0.25)


def test_the_compilers_count_is_a_column_of_its_own(record, folder):
    known = open_results(folder(record(flop_per_iteration=2.5e9), name="known").path).runs
    unknown = open_results(folder(record(flop_per_iteration=None), name="unknown").path).runs
    assert known["counted_gflop"][0] == 2.5
    assert unknown["counted_gflop"].isna().all()
    assert known["gflop_per_s"][0] == unknown["gflop_per_s"][0]


def test_a_single_pass_backend_has_no_iterations_and_no_arithmetic(trial, record, folder):
    one = trial(iterations=None, style_layers=None, style_weights=None)
    results = open_results(folder(record(one)).path)
    assert results.runs[["iterations", "gflop_per_s", "style_layers"]].isna().all(axis=None)
    assert results.runs["iterations_done"].isna().all()


def test_losses_have_a_column_for_each_style_layer_and_gaps_where_a_trial_lacks_it(situation):
    losses = open_results(situation("ok").path).losses
    assert list(losses.columns[len(LOSSES) :]) == ["style_conv1_1", "style_conv2_1"]
    assert list(losses["iteration"]) == [1, 2, 3, 4, 1, 2]
    assert list(losses["elapsed_s"]) == [0.5, 1.0, 1.5, 2.0, 0.5, 1.0]
    np.testing.assert_array_equal(losses["style_conv1_1"], [4, 5, 6, 7, 5, 6])
    np.testing.assert_array_equal(losses["style_conv2_1"], [np.nan] * 4 + [4, 5])


def test_timings_have_phases_and_rounds_with_warm_ups_marked(record, folder):
    timings = open_results(folder(record()).path).timings.drop(columns="trial_id")
    rows = timings.astype(object).where(timings.notna(), None).to_dict("split")["data"]
    assert rows == [
        [None, "import", None, None, 1.5, False],
        [1, "prepare", None, None, 0.25, False],
        [1, "round", 1, 2, 1.0, True],
        [1, "round", 2, 2, 0.5, False],
    ]


def test_images_have_only_trials_with_a_picture(trial, record, failed, folder):
    good, bad = record(), failed(trial(beta=5.0))
    images = open_results(folder(good, bad).path).images
    (row,) = images.to_dict("records")
    expected = {"trial_id": good.trial.trial_id, "iteration": 4, "path": good.image, "sha256": "1" * 64}
    assert {name: row[name] for name in expected} == expected
    assert (row["height"], row["width"], row["snapshot"], row["elapsed_s"]) == (10, 10, False, 1.5)


def test_a_picture_carries_what_the_referee_says_of_it_layer_by_layer(record, folder):
    results = open_results(folder(record()).path)
    (picture,), (run,) = results.images.to_dict("records"), results.runs.to_dict("records")
    seen = [picture[f"referee_{name}"] for name in ("total", "style", "style_conv1_1")]
    assert seen == [0.75, 2.0, 2.5]
    assert pd.isna(picture["referee_ssim"])
    assert (run["referee_total"], run["referee_style_of_content"], run["referee_weights"]) == (
        0.75,
        8,
        "bundled",
    )
    assert run["verified"]


def test_snapshots_are_rows_before_the_pastiche_and_no_failure_hides_them(record, folder):
    taken = Picture(2, "trials/x/images/2.png", "2" * 64, 0.75)
    good = record(pictures=(taken, *record().pictures))
    images = open_results(folder(good).path).images
    assert list(zip(images["iteration"], images["snapshot"], strict=True)) == [(2, True), (4, False)]
    failed = record(status="diverged", pictures=(taken,))
    opened = open_results(folder(failed, name="bad").path)
    assert list(opened.images["snapshot"]) == [True]
    assert opened.runs["image"].isna().all()


@pytest.mark.parametrize("other", SITUATIONS[1:])
def test_folders_opened_together_say_which_row_is_whose(situation, other):
    first, second = situation("ok"), situation(other)
    together = open_results(first.path, second.path)
    for table in TABLES:
        frame = getattr(together, table)
        assert frame.columns[0] == "results"
        for store in (first, second):
            alone = getattr(open_results(store.path), table)
            mine = frame[frame["results"] == str(store.path)].drop(columns="results")
            # Layers that one folder lacks are columns of the other.
            assert_frame_equal(mine[list(alone.columns)].reset_index(drop=True), alone)
        assert len(frame) == sum(len(getattr(open_results(s.path), table)) for s in (first, second))


@pytest.mark.parametrize("name", SITUATIONS)
def test_parquet_reads_back_equal(situation, name):
    results = open_results(situation(name).path)
    results.write_tables()
    for table in TABLES:
        path = results.stores[0].path / "tables" / f"{table}.parquet"
        assert_frame_equal(pd.read_parquet(path, engine="pyarrow"), getattr(results, table))


@pytest.mark.parametrize("name", SITUATIONS)
def test_parquet_has_plain_types_for_readers_without_pandas(situation, name):
    results = open_results(situation(name).path)
    results.write_tables()
    plain = {"Int64": [pa.int64()], "float64": [pa.float64()], "boolean": [pa.bool_()]}
    plain["string"] = [pa.string(), pa.large_string()]
    types = pq.read_schema(results.stores[0].path / "tables" / "runs.parquet")
    assert types.names == list(RUNS)
    for column, (kind, _) in RUNS.items():
        assert types.field(column).type in plain[kind], column


def test_a_table_written_again_replaces_the_old_one(trial, record, failed, folder):
    open_results(folder(record()).path).write_tables()
    store = folder(record(), failed(trial(beta=5.0)))
    open_results(store.path).write_tables()
    assert len(pd.read_parquet(store.path / "tables" / "runs.parquet")) == 2


def test_results_introduce_themselves(trial, record, failed, folder):
    results = open_results(folder(record(), failed(trial(beta=5.0)), name="paint").path)
    assert "paint: 1 ok, 1 failed" in repr(results)
