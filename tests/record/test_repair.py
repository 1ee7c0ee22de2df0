"""Mending results folders: what comes back, what is moved aside, and that it may be killed at any moment."""

import json
import os
import signal

import pytest

from nstbench.api import ResultsError
from nstbench.record import Store, open_results
from nstbench.record.repair import repair

from .swept import copied, killed_at_each_step, state, sweep_into
from .test_store import another_process_claims

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Return a folder as a sweep left it; it is copied, never changed."""
    folder = tmp_path_factory.mktemp("sound") / "tiny"
    sweep_into(folder)
    return folder


@pytest.fixture
def mine(sound, tmp_path):
    """Return a copy of it, and its trials' folders in the order of their ids."""
    folder = copied(sound, tmp_path / "tiny")
    return folder, sorted((folder / "trials").iterdir())


def mended(folder):
    """Repair a folder, which a second time has to find sound; return the lines."""
    lines, again = [], []
    assert repair(folder, lines.append) == len(lines)
    assert repair(folder, again.append) == 0, again
    return lines


def without_stamps(state):
    """Leave out what says when files were written."""
    return {name: content for name, content in state.items() if name != "tables/stamps.json"}


@pytest.mark.parametrize("damage", ["stamps gone", "a folder for stamps", "a record's time", "a table's bit"])
def test_a_mended_folder_is_opened_from_its_own_tables(mine, damage, monkeypatch):
    folder, (one, *_) = mine
    stamps, table = folder / "tables/stamps.json", folder / "tables/runs.parquet"
    if "stamps" in damage:
        stamps.unlink()
    if "folder" in damage:
        stamps.mkdir()
    if damage == "a record's time":
        os.utime(one / "result.json", (1e9, 1e9))
    if damage == "a table's bit":
        before, content = table.stat().st_mtime_ns, table.read_bytes()
        table.write_bytes(content[:8] + bytes([content[8] ^ 255]) + content[9:])
        os.utime(table, ns=(before, before))
    assert "tables: made anew" in mended(folder)
    monkeypatch.setattr(Store, "records", None)
    results = open_results(folder)
    assert [len(getattr(results, name)) for name in ("runs", "losses")] == [4, 12]


def test_what_a_sweep_left_is_sound(mine):
    folder, _ = mine
    before = state(folder)
    assert mended(folder) == []
    assert state(folder) == before


def test_what_is_derived_comes_back_as_it_was(mine):
    folder, (one, other, *_) = mine
    before = state(folder)
    (folder / "tables/runs.parquet").write_bytes(b"PAR1")
    (folder / "tables/images.parquet").unlink()
    (one / "trial.json").write_text("{")
    (other / "trial.json").unlink()
    assert len(mended(folder)) == 3
    after = state(folder)
    assert {name: after[name] for name in before if name != "tables/stamps.json"} == without_stamps(before)
    assert after[f"damaged/trials/{one.name}/trial.json"] == b"{"


def test_a_trial_is_what_its_record_or_the_plan_says_and_a_record_is_of_the_trial_that_its_folder_says(mine):
    folder, (one, other, *_) = mine
    before = state(folder)
    (one / "trial.json").unlink()
    (one / "result.json").unlink()
    result = json.loads((other / "result.json").read_text())
    (other / "result.json").write_text(json.dumps(result | {"trial": None}))
    lines = mended(folder)
    after = state(folder)
    assert after[f"trials/{one.name}/trial.json"] == before[f"trials/{one.name}/trial.json"]
    assert json.loads((other / "result.json").read_text()) == result
    assert any("what trial it is of" in line for line in lines)


@pytest.mark.parametrize("damage", ["gone", "cut off", "no list", "one entry", "a link", "a pipe"])
def test_a_plan_is_made_anew_from_what_is_left(mine, damage):
    folder, _ = mine
    plan = folder / "plan.json"
    data = json.loads(plan.read_text())
    order = [each["trial_id"] for each in data["trials"]]
    plan.unlink()
    if damage == "cut off":
        plan.write_text('{"experiment": "tiny", "trials": [')
    if damage == "no list":
        plan.write_text(json.dumps(data | {"trials": 3}))
    if damage == "one entry":
        data["trials"][1] = {"trial_id": order[1]}
        plan.write_text(json.dumps(data))
    if damage == "a link":
        plan.symlink_to("nowhere")
    if damage == "a pipe":
        os.mkfifo(plan)
    lines = mended(folder)
    (said,) = [line for line in lines if line.startswith("plan.json: made anew")]
    made = Store(folder).plan()
    assert made.experiment == "tiny"
    ids = [trial.trial_id for trial in made.trials]
    assert ids == (order if damage == "one entry" else sorted(order))
    assert ("their order" in said) == (damage != "one entry")
    assert os.path.lexists(folder / "damaged/plan.json") == (damage != "gone")
    assert list(open_results(folder).runs["status"]) == ["ok"] * 4
    assert sweep_into(folder).ran == 0


def test_what_is_damaged_is_moved_and_done_again(mine):
    folder, (one, other, third, fourth) = mine
    (one / "result.json").write_text("[]")
    (other / "losses.npz").write_bytes(b"PK")
    picture = next((third / "images").iterdir())
    picture.write_bytes(b"no picture")
    for name in ("trial.json", "result.json"):
        (fourth / name).write_text("{")
    (folder / "trials/strange").mkdir()
    (folder / "trials/strange/result.json").write_text("{}")
    machine = next((folder / "environment").iterdir())
    machine.write_text("null")
    image = next((folder / "inputs").iterdir())
    image.write_bytes(image.read_bytes()[:-20])
    mended(folder)
    kept = {str(path.relative_to(folder / "damaged")) for path in (folder / "damaged").rglob("*")}
    gone = [one / "result.json", other / "losses.npz", picture, fourth / "result.json", machine, image]
    assert {str(path.relative_to(folder)) for path in gone} | {"trials/strange/result.json"} <= kept
    assert not any(path.exists() for path in gone)
    results = open_results(folder)
    assert sorted(results.runs["status"]) == ["interrupted"] * 2 + ["ok"] * 2
    assert other.name not in set(results.losses["trial_id"])
    assert sweep_into(folder).ran == 2
    assert image.exists()


def test_links_and_files_in_the_place_of_folders_lead_nowhere_else(mine, tmp_path):
    folder, (one, other, *_) = mine
    outside = tmp_path / "outside"
    outside.mkdir()
    for place in (one, other / "images", folder / "tables", folder / "inputs", folder / "environment"):
        place.rename(tmp_path / f"kept-{place.name}")
        place.symlink_to(outside)
    for store_writes in (
        lambda store: store.write_losses(one.name, b""),
        lambda store: store.write_picture(other.name, 4, b""),
        lambda store: store.write_environment("machine", {}),
        lambda store: store.log_path(one.name),
        lambda store: store.claim([one.name]),
    ):
        with pytest.raises(ResultsError, match=r"is a link, .* `nstbench repair .*` moves it"):
            store_writes(Store(folder))
    mended(folder)
    sweep_into(folder)
    assert list(outside.iterdir()) == []
    assert (folder / "damaged/tables").is_symlink()
    assert set(open_results(folder).runs["status"]) == {"ok"}


def test_a_dry_run_says_so_and_does_nothing(mine):
    folder, (one, *_) = mine
    (one / "result.json").write_text("{")
    (folder / "plan.json").write_text("{")
    before, said, done = state(folder), [], []
    repair(folder, said.append, dry_run=True)
    assert state(folder) == before
    repair(folder, done.append)
    assert said == done


def test_temporary_files_go_once_nobody_can_be_writing_them(mine):
    folder, (one, other, *_) = mine
    names = [one / ".result.json.0123456789ab.tmp", other / "images/.000004.png.0123456789ab.tmp"]
    young = folder / "tables/.runs.parquet.0123456789ab.tmp"
    old = folder / "inputs/.a.png.0123456789ab.tmp"
    for name in (*names, young, old):
        name.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    with another_process_claims(Store(folder), one.name):
        said = []
        repair(folder, said.append)
    assert f"trials/{one.name}: left alone, as a sweep is running it" in said
    assert names[0].exists()
    mended(folder)
    assert [path.exists() for path in (*names, young, old)] == [False, False, True, False]


def test_a_repair_that_is_killed_is_finished_by_the_next(sound, tmp_path):
    def damaged(name):
        folder = copied(sound, tmp_path / name / "tiny")
        one, *_ = sorted((folder / "trials").iterdir())
        (folder / "plan.json").write_text('{"experiment": "mine", "base": "/x", "trials": 3}')
        (folder / "tables/runs.parquet").unlink()
        (one / "result.json").write_text("{")
        (one / "trial.json").write_text("{")
        return folder

    whole = damaged("whole")
    mended(whole)
    expected = without_stamps(state(whole))
    folders = [damaged(f"killed-{step}") for step in range(14)]
    codes = killed_at_each_step(repair, "folder, lambda line: None", folders)
    assert set(codes) == {-signal.SIGKILL, 0}
    for folder, code in zip(folders[: codes.index(0)], codes, strict=False):
        assert code == -signal.SIGKILL
        repair(folder, print)
        after = {name: content for name, content in state(folder).items() if not name.endswith(".tmp")}
        assert without_stamps(after) == expected, folder.name


def test_what_is_no_results_folder_is_left_alone(tmp_path):
    (tmp_path / "tables").write_text("mine")
    with pytest.raises(ResultsError, match="not a results folder"):
        repair(tmp_path, print)
    assert [path.name for path in tmp_path.iterdir()] == ["tables"]
