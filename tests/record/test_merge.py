"""Folders of several machines put together: what is taken, what is named, and that no input is touched."""

import json
import signal
from hashlib import sha256

import pytest

from nstbench.api import ResultsError, UsageError
from nstbench.experiment import experiment_from_mapping
from nstbench.record import Store, open_results
from nstbench.record.merge import merge
from nstbench.run.sweep import prepare_sweep

from .swept import EXPERIMENT, copied, killed_at_each_step, state
from .test_store import another_process_claims

BEGUN = "2026-01-01T00:00:00+00:00"
LATER = "2099-01-01T00:00:00+00:00"


def swept(folder, **changes):
    """Sweep two optimisations of two trials each, the one with beta 1 and 2 unless told otherwise."""
    experiment = EXPERIMENT | {"sweep": EXPERIMENT["sweep"] | changes.pop("sweep", {})} | changes
    return prepare_sweep(experiment_from_mapping(experiment, folder.parent), folder).run()


@pytest.fixture(scope="module")
def swept_once(tmp_path_factory):
    """Two folders as two machines left them, with the trials of beta 2 in common; copied, never changed."""
    home = tmp_path_factory.mktemp("machines")
    swept(home / "a")
    swept(home / "b", sweep={"beta": [2, 3]})
    for folder in home.iterdir():
        for trial_id in ids(folder):
            edit(folder, trial_id, started_at=BEGUN)
    return home


@pytest.fixture
def two(swept_once, tmp_path):
    return copied(swept_once / "a", tmp_path / "a"), copied(swept_once / "b", tmp_path / "b")


def ids(folder, **settings):
    """Return the trials of a folder with these settings, in the order of the plan."""
    trials = Store(folder).plan().trials
    wanted = settings.items()
    return [one.trial_id for one in trials if all(getattr(one.settings, k) == v for k, v in wanted)]


def record(folder, trial_id):
    return json.loads((folder / "trials" / trial_id / "result.json").read_text())


def edit(folder, trial_id, **values):
    path = folder / "trials" / trial_id / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def paint(folder, trial_id, content=b"another picture"):
    """Have a trial come to another picture, as another device would have it."""
    data = record(folder, trial_id)
    (folder / data["pictures"][-1]["path"]).write_bytes(content)
    data["pictures"][-1]["sha256"] = sha256(content).hexdigest()
    edit(folder, trial_id, pictures=data["pictures"])


def everything(folder):
    """Return each file with its content and the time it was written, locks among them."""
    return {
        path: (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *folder.rglob("*")]
    }


def test_the_plans_are_joined_and_nothing_is_left_to_run(two, tmp_path):
    before = [everything(each) for each in two]
    merged = merge(two, tmp_path / "c")
    assert [everything(each) for each in two] == before
    assert (merged.alike, merged.conflicts, merged.is_whole) == (2, (), True)
    assert sum(merged.taken.values()) == 6
    results = open_results(tmp_path / "c")
    assert list(results.runs["beta"]) == [1, 1, 2, 2, 3, 3]
    assert set(results.runs["status"]) == {"ok"}
    assert len(results.losses) == 3 * (2 + 4)
    assert all((tmp_path / "c" / path).is_file() for path in results.images["path"])
    for each in two:
        names = {name for name in state(each) if name.split("/")[0] in ("trials", "inputs", "environment")}
        assert names <= state(tmp_path / "c").keys()
    assert swept(tmp_path / "c", sweep={"beta": [1, 2, 3]}).ran == 0


def test_the_merged_folder_belongs_to_the_experiment_that_is_at_hand(two, tmp_path):
    a, b = two
    plan = json.loads((a / "plan.json").read_text())
    away = {"base": "/nowhere", "file": "/nowhere/tiny.yaml", "file_from_here": "../tiny.yaml"}
    (a / "plan.json").write_text(json.dumps(plan | away))
    (a / "experiment.yaml").write_text("name: tiny  # of another machine\n")
    assert merge(two, tmp_path / "c").other_experiments == (a,)
    assert (tmp_path / "c/experiment.yaml").read_bytes() == (b / "experiment.yaml").read_bytes()
    assert swept(tmp_path / "c", sweep={"beta": [1, 2, 3]}).ran == 0


def test_what_went_well_wins_then_the_newest_and_what_differs_is_named(two, tmp_path):
    a, b = two
    short, long = ids(a, beta=2)
    edit(b, short, status="failed", started_at=LATER)
    edit(a, long, device_name="card", started_at=LATER)
    paint(a, long)
    merged = merge(two, tmp_path / "c")
    (conflict,) = merged.conflicts
    assert (conflict.trial_id, conflict.folders, conflict.taken) == (long, two, a)
    assert conflict.differ == ("device", "picture")
    assert record(tmp_path / "c", short)["status"] == "ok"
    assert record(tmp_path / "c", long) == record(a, long)
    merge(two, tmp_path / "d", prefer=b)
    assert record(tmp_path / "d", long) == record(b, long)
    assert record(tmp_path / "d", short)["status"] == "ok"


def test_losses_are_compared_and_seconds_are_not(two, tmp_path):
    a, b = two
    short, long = ids(a, beta=2)
    others = b / "trials" / ids(b, beta=3, iterations=4)[0] / "losses.npz"
    (b / "trials" / long / "losses.npz").write_bytes(others.read_bytes())
    edit(b, short, wall_s=1e3, rounds=[])
    (conflict,) = merge(two, tmp_path / "c").conflicts
    assert (conflict.trial_id, conflict.differ) == (long, ("losses",))


def test_what_has_its_losses_and_picture_is_taken_before_what_is_newer(two, tmp_path):
    a, b = two
    short, long = ids(a, beta=2)
    for trial_id, file in ((short, "losses.npz"), (long, "images/000004.png")):
        edit(b, trial_id, started_at=LATER)
        (b / "trials" / trial_id / file).unlink()
    assert merge(two, tmp_path / "c").conflicts == ()
    assert [record(tmp_path / "c", one)["started_at"] for one in (short, long)] == [BEGUN, BEGUN]


def test_what_is_replaced_is_kept_and_a_second_time_changes_nothing(two):
    a, b = two
    trial_id = ids(a, beta=2, iterations=2)[0]
    edit(b, trial_id, started_at=LATER)
    before = state(a)
    merged = merge([b], a)
    assert merged.taken[b] == 3
    after = state(a)
    for name in ("result.json", "losses.npz", "images/000002.png"):
        assert after[f"damaged/trials/{trial_id}/{name}"] == before[f"trials/{trial_id}/{name}"]
    assert record(a, trial_id)["started_at"] == LATER
    assert open_results(a).runs["trial_id"].nunique() == 6
    assert merge([b], a).taken == {a: 6}
    assert state(a) == after


def test_a_snapshot_stays_what_it_was_although_the_trial_it_lies_with_comes_from_elsewhere(two, tmp_path):
    a, b = two
    short, long = ids(a, beta=2)
    first = record(a, long)["pictures"][0]
    assert short in first["path"]
    edit(b, short, started_at=LATER)
    paint(b, short)
    (b / "trials" / long / "result.json").unlink()
    for into in (tmp_path / "c", a):
        content = (a / first["path"]).read_bytes()
        merge([b] if into == a else two, into)
        assert record(into, short) == record(b, short)
        moved, last = record(into, long)["pictures"]
        assert long in moved["path"] and long in last["path"]
        assert (into / moved["path"]).read_bytes() == content
        assert (into / first["path"]).read_bytes() == b"another picture"


@pytest.mark.parametrize("file", ["result.json", "losses.npz", "images/000004.png"])
def test_of_a_damaged_trial_another_folders_is_taken_or_it_is_left_out_and_named(two, tmp_path, file):
    a, b = two
    (alone, shared), before = (ids(a, beta=beta, iterations=4)[0] for beta in (1, 2)), everything(b)
    for trial_id in (alone, shared):
        (a / "trials" / trial_id / file).write_bytes(b"{")
    merged = merge(two, tmp_path / "c")
    said = {one.what: (one.folder, one.kind, one.instead) for one in merged.left_out}
    assert said == {alone: (a, "damaged", None), shared: (a, "damaged", b)}
    assert all(f"{one.what}/{file}" in one.why for one in merged.left_out)
    assert not merged.is_whole
    runs = open_results(tmp_path / "c").runs.set_index("trial_id")
    assert (runs.loc[alone, "status"], runs.loc[shared, "status"]) == ("interrupted", "ok")
    assert everything(b) == before


def test_a_sound_trial_replaces_a_damaged_one_of_the_folder_itself(two):
    a, b = two
    trial_id = ids(a, beta=2)[0]
    (a / "trials" / trial_id / "losses.npz").write_bytes(b"PK")
    (said,) = merge([b], a).left_out
    assert (said.what, said.folder, said.instead) == (trial_id, a, b)
    assert (a / "damaged/trials" / trial_id / "losses.npz").read_bytes() == b"PK"
    assert open_results(a).damaged == []
    assert len(open_results(a).losses) == 18


def clear_soft_locks(folder):
    """Do what is asked of users after a sweep was killed."""
    for left in folder.rglob(".lock.soft"):
        left.unlink()


@pytest.mark.parametrize("locks", ["", "soft"])
def test_a_trial_that_a_sweep_is_running_is_left_out_and_named(two, tmp_path, monkeypatch, locks):
    monkeypatch.setenv("NSTBENCH_LOCKS", locks)
    a, b = two
    alone, shared = (ids(a, beta=beta)[0] for beta in (1, 2))
    with another_process_claims(Store(a), alone, shared):
        before = everything(a)
        merged = merge(two, tmp_path / "c")
        assert everything(a) == before
    clear_soft_locks(a)
    said = {one.what: (one.folder, one.kind, one.instead) for one in merged.left_out}
    assert said == {alone: (a, "running", None), shared: (a, "running", b)}
    with another_process_claims(Store(tmp_path / "c"), alone):
        (said,) = merge(two, tmp_path / "c").left_out
    assert (said.what, said.folder, said.kind) == (alone, tmp_path / "c", "running")
    clear_soft_locks(tmp_path / "c")
    assert merge(two, tmp_path / "c").is_whole


def test_what_does_not_belong_together_is_refused_and_nothing_is_written(two, tmp_path):
    a, b = two
    swept(tmp_path / "other", name="other", sweep={"beta": [1], "iterations": [2]})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    (tmp_path / "link").symlink_to(a)
    before = everything(tmp_path)
    for folders, into, prefer, why in (
        ((a, tmp_path / "other"), "c", None, "holds the experiment 'other', and .*/a holds 'tiny'"),
        ((a, b), "other", None, "holds the experiment 'tiny', and .*/other holds 'other'"),
        ((a, b), "mine", None, "holds what nstbench did not make"),
        ((a, b), "a", None, "is only read"),
        ((a, b), "link/c", None, "is only read"),
        ((a, b), "c", tmp_path / "other", "cannot be preferred, as it is none of those merged: .*/a, .*/b"),
        ((a, tmp_path / "mine"), "c", None, "not a results folder"),
    ):
        with pytest.raises((UsageError, ResultsError), match=why) as refusal:
            merge(folders, tmp_path / into, prefer)
        assert "\n" not in str(refusal.value)
    (b / "plan.json").write_text("{")
    before |= {path: now for path, now in everything(tmp_path).items() if path.is_relative_to(b)}
    with pytest.raises(ResultsError, match="plans anew"):
        merge(two, tmp_path / "c")
    assert everything(tmp_path) == before


def test_what_links_lead_to_is_not_copied_nor_written_to(two, tmp_path):
    a, b = two
    first, second, *_ = ids(a)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    for place in (a / "trials" / first / "log.txt", a / "trials" / second / "losses.npz"):
        place.unlink(missing_ok=True)
        place.symlink_to(outside / "secret")
    machine = next((a / "environment").iterdir())
    machine.unlink()
    machine.symlink_to(outside / "secret")
    _, fourth, *_ = ids(b)
    (b / "trials" / fourth / "images").rename(tmp_path / "images")
    (b / "trials" / fourth / "images").symlink_to(tmp_path / "images")
    merged = merge(two, tmp_path / "c")
    assert {one.what for one in merged.left_out} == {second, fourth, str(machine.relative_to(a))}
    assert all(content != b"secret" for content in state(tmp_path / "c").values())
    assert not any(path.is_symlink() for path in (tmp_path / "c").rglob("*"))
    (tmp_path / "d").mkdir()
    (tmp_path / "d/plan.json").write_bytes((b / "plan.json").read_bytes())
    (tmp_path / "d/trials").symlink_to(outside)
    with pytest.raises(ResultsError, match=r"is a link, .* `nstbench repair"):
        merge(two, tmp_path / "d")
    assert [path.name for path in outside.iterdir()] == ["secret"]


@pytest.mark.thorough
def test_a_merge_that_is_killed_goes_on_with_the_same_call(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    swept(a, sweep={"beta": [2]})
    copied(a, b)
    short, long = ids(a)
    edit(b, short, started_at=LATER)
    paint(b, short)
    half = copied(a, tmp_path / "half")
    (half / "trials" / long / "losses.npz").write_text("damaged")
    edit(a, long, started_at=LATER)

    def after(folder):
        """Leave out what says when files were written, and what a killed writer leaves."""
        kept = state(folder).items()
        return {k: v for k, v in kept if k != "tables/stamps.json" and not k.endswith(".tmp")}

    for start, steps in ((None, 4), (half, 23)):
        folders = [tmp_path / f"{start and start.name}-{step}" for step in range(steps)]
        whole, *folders = [copied(start, folder) if start else folder for folder in folders]
        merge((a, b), whole)
        codes = killed_at_each_step(merge, f"[Path({str(a)!r}), Path({str(b)!r})], folder", folders)
        assert set(codes) == ({-signal.SIGKILL, 0} if start else {-signal.SIGKILL})
        for folder in folders[: codes.index(0) if start else None]:
            merge((a, b), folder)
            assert after(folder) == after(whole), folder.name
