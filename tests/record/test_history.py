"""A history: which commit, which machine, which row is kept, and a file that survives."""

import json
import subprocess
import threading
from dataclasses import replace

import pytest

from nstbench.api import ResultsError, UsageError
from nstbench.record.checkout import Checkout, checkout_of
from nstbench.record.commit import Commit, find_commit
from nstbench.record.files import write_json
from nstbench.record.history import history_rows, machine_of, problem_of
from nstbench.record.history_file import add_to_history, merged, read_history

FACTS = {"cpu": "Chip", "cores": 8, "platform": "Linux-6.1.0-amd64-x86_64", "packages": {"numpy": "1"}}
COMMIT = Commit("a" * 40, "2026-01-01T00:00:00+00:00", "First")


@pytest.fixture
def git(tmp_path, monkeypatch):
    """Make a real repository with one commit; returns what runs git in it."""
    top = tmp_path / "repo"
    top.mkdir()

    def run(*arguments):
        done = subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments],
            cwd=top, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    run("init", "-q")
    (top / "code.py").write_text("1")
    run("add", ".")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2020-02-02T20:20:20+05:00")
    run("commit", "-qm", "Start here\n\nMore words.")
    run.top = top
    return run


@pytest.fixture
def rows_at(folder, record):
    """Make the rows of a results folder with a single trial, measured for a commit."""

    def maker(commit=COMMIT, facts=FACTS, version="1.0", **fields):
        made = record(environment_id="e1", compile_count=1, **fields)
        one = replace(made, trial=replace(made.trial, backend_version=version).identified())
        store = folder(one)
        write_json(store.path / "environment" / "e1.json", facts)
        return history_rows(store, lambda _: commit)

    return maker


def commit(digit, day=1, **fields):
    return Commit(digit * 40, f"2026-01-{day:02d}T00:00:00+00:00", f"Commit {digit}", **fields)


def test_a_commit_is_what_git_says(git):
    found = find_commit("HEAD", git.top)
    assert (found.sha, found.subject, found.dirty) == (git("rev-parse", "HEAD"), "Start here", False)
    assert found.committed_at == "2020-02-02T15:20:20+00:00"


def test_a_changed_tracked_file_makes_the_tree_dirty_but_for_those_named(git):
    (git.top / "new.py").write_text("untracked")
    assert not find_commit("HEAD", git.top).dirty
    (git.top / "code.py").write_text("2")
    assert find_commit("HEAD", git.top).dirty
    assert not find_commit("HEAD", git.top, apart=[git.top / "code.py"]).dirty


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_was_told_to_overlook_makes_the_tree_dirty(git, mark):
    git("update-index", mark, "code.py")
    (git.top / "code.py").write_text("2")
    assert find_commit("HEAD", git.top).dirty


def test_a_file_that_was_added_and_one_that_is_gone_make_the_tree_dirty(git):
    (git.top / "new.py").write_text("staged")
    git("add", "new.py")
    assert find_commit("HEAD", git.top).dirty
    git("rm", "-qf", "new.py")
    assert not find_commit("HEAD", git.top).dirty
    (git.top / "code.py").unlink()
    assert find_commit("HEAD", git.top).dirty


def test_what_a_checkout_itself_changes_and_the_right_to_execute_do_not_make_the_tree_dirty(git):
    (git.top / ".git/info/attributes").write_text("*.py text eol=crlf\n")
    (git.top / "code.py").write_bytes(b"1\n2\n")
    git("commit", "-qam", "Lines")
    (git.top / "code.py").write_bytes(b"1\r\n2\r\n")
    (git.top / "code.py").chmod(0o755)
    assert not find_commit("HEAD", git.top).dirty


def test_only_the_commit_that_is_checked_out_can_be_dirty(git):
    git("commit", "-qm", "Second", "--allow-empty")
    (git.top / "code.py").write_text("2")
    assert find_commit("HEAD", git.top).dirty
    assert not find_commit("HEAD~1", git.top).dirty


def test_what_was_checked_out_is_known_with_the_files_that_differed(git):
    assert checkout_of(git.top) == Checkout(git("rev-parse", "HEAD"))
    (git.top / "new.py").write_text("untracked")
    (git.top / "a b.py").write_text("1")
    git("add", "a b.py")
    (git.top / "code.py").write_text("2")
    assert checkout_of(git.top).changed == ("a b.py", "code.py")
    git("mv", "-f", "code.py", "code2.py")
    assert set(checkout_of(git.top).changed) == {"a b.py", "code.py", "code2.py"}


def test_where_there_is_no_commit_none_is_noted(git, tmp_path, monkeypatch):
    assert checkout_of(tmp_path) == Checkout()
    (tmp_path / "fresh").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "fresh", check=True)
    assert checkout_of(tmp_path / "fresh") == Checkout()
    monkeypatch.setenv("PATH", str(git.top))
    assert checkout_of(git.top) == Checkout()


def test_no_repository_and_no_such_commit_are_one_line(git, tmp_path):
    with pytest.raises(UsageError, match=r"not in a git repository.*--commit needs a repository too"):
        find_commit("HEAD", tmp_path)
    for rev in ("nope", "--all"):
        with pytest.raises(UsageError, match=f"no commit '{rev}'"):
            find_commit(rev, git.top)


def test_without_git_nothing_is_guessed(git, monkeypatch):
    monkeypatch.setenv("PATH", str(git.top))
    with pytest.raises(UsageError, match="git cannot be started"):
        find_commit("HEAD", git.top)


def test_a_row_holds_the_figures_of_the_record(rows_at, record):
    (row,) = rows_at(peak_rss_bytes=7, started_at="2026-01-02T00:00:00+00:00", threads=2)
    expected = record()
    assert row.step_median_s == expected.step_median_s == 0.25
    assert (row.rounds, row.iterations, row.peak_rss_bytes, row.referee_total) == (1, 4, 7, 0.75)
    assert (row.commit, row.committed_at, row.subject) == (COMMIT.sha, COMMIT.committed_at, "First")
    assert (row.measured_at, row.machine_name) == ("2026-01-02T00:00:00+00:00", "Chip, 2 cores, Linux")


def test_trials_without_a_steady_round_have_no_row(rows_at, folder, failed, record):
    assert rows_at(rounds=()) == []
    assert history_rows(folder(failed(), name="failed"), lambda _: COMMIT) == []


def test_the_problem_is_the_same_for_another_version_and_not_for_another_setting(trial):
    same = replace(trial(), backend_version="2.0").identified()
    assert same.trial_id != trial().trial_id
    assert problem_of(same) == problem_of(trial())
    assert problem_of(trial(beta=11.0)) != problem_of(trial())
    assert problem_of(replace(trial(), options={"step_s": 1.0})) != problem_of(trial())


def test_a_machine_stays_the_same_when_kernel_and_packages_change():
    newer = FACTS | {"platform": "Linux-6.9.9-x", "packages": {"numpy": "2"}}
    assert machine_of(newer, 4, "Chip") == machine_of(FACTS, 4, "Chip")
    machines = [(FACTS, 4, None), (FACTS, 2, None), (FACTS, 4, "GPU"), (FACTS | {"cpu": "Other"}, 4, None)]
    machines.append((FACTS | {"platform": "macOS-15-arm64"}, 4, None))
    assert len({machine_of(*one) for one in machines}) == len(machines)


def test_a_folder_that_does_not_know_its_machine_is_refused(folder, record):
    with pytest.raises(ResultsError, match=r"gone\.json.*the machine is unknown"):
        history_rows(folder(record(environment_id="gone")), lambda _: COMMIT)


def test_the_newer_measurement_of_a_commit_replaces_the_older(rows_at, tmp_path):
    path = tmp_path / "deep" / "history.jsonl"
    early, late = (rows_at(started_at=f"2026-02-0{day}T00:00:00+00:00") for day in (1, 2))
    assert len(add_to_history(path, early).added) == 1
    assert len(add_to_history(path, late).replaced) == 1
    assert len(add_to_history(path, late).unchanged) == 1
    assert len(add_to_history(path, early).outdone) == 1
    assert list(read_history(path)) == late


def test_a_dirty_tree_never_replaces_a_clean_one(rows_at):
    clean = rows_at(commit("a"), started_at="2026-02-01T00:00:00+00:00")
    dirty = rows_at(commit("a", dirty=True), started_at="2026-02-02T00:00:00+00:00")
    assert list(merged(clean, dirty).rows) == clean
    assert list(merged(dirty, clean).rows) == clean


def test_one_measurement_is_not_taken_for_two_commits(rows_at):
    before, after = (rows_at(commit(digit), started_at="2026-02-01T00:00:00+00:00") for digit in "ab")
    outcome = merged(before, after)
    assert (list(outcome.rows), list(outcome.elsewhere)) == (before, after)


def test_rows_are_ordered_by_date_and_a_new_commit_changes_no_other_line(rows_at, tmp_path):
    path = tmp_path / "history.jsonl"
    for digit, day in (("c", 3), ("a", 1), ("d", 3), ("b", 2)):
        before = path.read_text().splitlines() if path.exists() else []
        add_to_history(
            path, rows_at(commit(digit, day), started_at=f"2026-02-1{day}T0{ord(digit) % 8}:00:00Z")
        )
        assert [line for line in path.read_text().splitlines() if line in before] == before
    assert [row.commit[0] for row in read_history(path)] == ["a", "b", "c", "d"]


def test_a_subject_may_hold_any_character(rows_at, tmp_path):
    path = tmp_path / "history.jsonl"
    rows = rows_at(replace(COMMIT, subject="a\u2028b 🎨 \x85 \"'</script>"))
    add_to_history(path, rows)
    assert list(read_history(path)) == rows


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda row: "<<<<<<< HEAD", "Expecting value"),
        (lambda row: json.dumps(row)[:-20], "not a line"),
        (lambda row: "[1]", "not a line"),
        (lambda row: json.dumps(row | {"more": 1}), "more"),
        (lambda row: json.dumps({k: v for k, v in row.items() if k != "commit"}), "commit"),
        (lambda row: json.dumps(row | {"step_median_s": "1"}), "step_median_s is no number"),
        (lambda row: json.dumps(row | {"step_median_s": float("nan")}), "step_median_s is no number"),
        (lambda row: json.dumps(row | {"step_median_s": 0}), "not positive"),
        (lambda row: json.dumps(row | {"committed_at": "yesterday"}), "isoformat"),
        (lambda row: json.dumps(row | {"committed_at": "2026-01-01T00:00:00"}), "no time zone"),
        (lambda row: json.dumps(row | {"label": None}), "label is no text"),
    ],
)
def test_a_damaged_line_is_named_and_nothing_is_lost(rows_at, tmp_path, damage, said):
    path = tmp_path / "history.jsonl"
    add_to_history(path, rows_at())
    path.write_text(path.read_text() + "\n" + damage(json.loads(path.read_text())) + "\n")
    content = path.read_bytes()
    with pytest.raises(ResultsError, match=rf"history\.jsonl:3: .*{said}.*mend or remove") as caught:
        add_to_history(path, rows_at(commit("b")))
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_merge_that_left_two_rows_for_a_commit_is_read_as_one(rows_at, tmp_path):
    path = tmp_path / "history.jsonl"
    lines = []
    for day in (2, 1):
        rows = rows_at(started_at=f"2026-02-0{day}T00:00:00+00:00")
        add_to_history(tmp_path / f"{day}.jsonl", rows)
        lines.append((tmp_path / f"{day}.jsonl").read_text())
    path.write_text("\r\n".join(line.strip() for line in lines))
    assert [row.measured_at[:10] for row in read_history(path)] == ["2026-02-02"]


def test_writers_at_the_same_time_lose_nothing(rows_at, tmp_path):
    path = tmp_path / "history.jsonl"
    (row,) = rows_at()
    several = [
        replace(row, commit=digit * 40, measured_at=f"2026-02-01T00:0{digit}:00Z") for digit in "12345678"
    ]
    threads = [threading.Thread(target=add_to_history, args=(path, [one])) for one in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.commit for one in read_history(path)} == {one.commit for one in several}


def test_a_history_that_is_not_there_is_said(tmp_path):
    with pytest.raises(ResultsError, match="no history yet"):
        read_history(tmp_path / "none.jsonl")
