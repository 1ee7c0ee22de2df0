"""`nstbench merge` as users meet it: lines, JSON and exit codes."""

import json
import shutil

import pytest

from ..record.test_merge import LATER, edit, ids, paint, swept


@pytest.fixture
def two(tmp_path):
    """Two folders of two trials that differ in the picture of the longer one."""
    swept(tmp_path / "a", sweep={"beta": [1]})
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    short, long = ids(tmp_path / "a")
    edit(tmp_path / "b", long, started_at=LATER)
    paint(tmp_path / "b", long)
    return short, long


def test_lines_and_json_say_what_was_taken_and_what_differs(two, nstbench):
    _, long = two
    assert nstbench("merge", "a", "b", "-o", "c").stdout.splitlines() == [
        "c: 2 trials of 'tiny': 1 from a, 1 from b",
        "1 trial in several folders with the same losses and picture",
        f"trial {long}: a and b differ in picture; that of b is taken",
    ]
    told = json.loads(nstbench("merge", "b", "-o", "a", "--prefer", "a", "--json").stdout)
    assert told["taken"] == {"a": 2}
    assert told["conflicts"] == [
        {"trial_id": long, "folders": ["a", "b"], "differ": ["picture"], "taken": "a"}
    ]


def test_what_is_left_out_ends_in_3_and_what_does_not_belong_together_in_2(two, nstbench, tmp_path):
    short, _ = two
    for name in ("a", "b"):
        (tmp_path / name / "trials" / short / "result.json").write_text("{")
    done = nstbench("merge", "a", "b", "-o", "c", check=False)
    assert (done.returncode, done.stderr) == (3, "")
    assert [line.split(":")[0] for line in done.stdout.splitlines()[2:]] == [
        f"{name}/trials/{short}/result.json" for name in ("a", "b")
    ]
    assert all(line.endswith("mends what it can; left out") for line in done.stdout.splitlines()[2:])
    refused = nstbench("merge", "a", "b", "-o", "a", check=False)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)


@pytest.mark.thorough
def test_the_experiment_goes_on_in_the_merged_folder_also_where_both_were_moved(nstbench, write, tmp_path):
    path = write()
    nstbench("sweep", path, "-o", "results/a")
    nstbench("merge", "results/a", "-o", "deep/er/c")
    (tmp_path / "moved").mkdir()
    for name in (path.name, "deep"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    assert "0 run now" in nstbench("sweep", f"moved/{path.name}", "-o", "moved/deep/er/c").stderr
