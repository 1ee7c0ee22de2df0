"""`nstbench history` as users type it, over real commits and sweeps."""

import json
import shutil
import subprocess

import pytest

EXPERIMENT = """
name: tiny
inputs: {content: sample:cat, style: sample:coffee}
fixed: {size: 32, iterations: 6, alpha: 1, beta: 10}
measure: {referee: none, chunk: 2}
backends: [{name: fake, options: {step_s: 0.002}}]
"""


def git_in(folder):
    """Return what runs git in a folder, and returns what it says."""

    def run(*arguments):
        command = ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()

    return run


@pytest.fixture
def git(tmp_path):
    """Make a repository with one commit of the folder that the commands run in."""
    run = git_in(tmp_path)
    run("init", "-q")
    (tmp_path / "tiny.yaml").write_text(EXPERIMENT)
    run("add", ".")
    run("commit", "-qm", "Start")
    return run


@pytest.fixture
def swept(request, tmp_path, tmp_path_factory):
    """Have a sweep at that commit, too: made for the first test that wants one, copied for the others."""
    kept = tmp_path_factory.getbasetemp() / "history"
    if kept.exists():
        shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
        return git_in(tmp_path)
    run = request.getfixturevalue("git")
    request.getfixturevalue("nstbench")("sweep", "tiny.yaml")
    shutil.copytree(tmp_path, kept)
    return run


def lines(tmp_path):
    return [json.loads(line) for line in (tmp_path / "results/history.jsonl").read_text().splitlines()]


def test_a_commit_is_added_once_and_its_median_is_that_of_the_sweep(swept, nstbench, tmp_path):
    head = swept("rev-parse", "HEAD")
    assert nstbench("history", "add", "results/tiny").stdout == (
        f"results/history.jsonl: commit {head[:7]}: 1 added\n"
    )
    assert "1 on record already" in nstbench("history", "add", "results/tiny").stdout
    nstbench("sweep", "tiny.yaml", "--force")
    done = nstbench("history", "add", "results/tiny")
    (row,) = lines(tmp_path)
    (run,) = json.loads(nstbench("show", "results/tiny", "--json").stdout)
    assert (row["commit"], row["subject"]) == (head, "Start")
    assert row["step_median_s"] == pytest.approx(run["step_median_s"], rel=1e-12)
    assert row["step_median_s"] > 0.002
    assert row["measured_at"] == run["started_at"]
    assert "1 replaced by the newer measurement" in done.stdout


def test_results_of_an_earlier_commit_are_not_taken_for_the_next(swept, nstbench, tmp_path):
    start = swept("rev-parse", "HEAD")
    swept("commit", "-qm", "Second", "--allow-empty")
    nstbench("sweep", "tiny.yaml")  # does nothing, as all is done
    done = nstbench("history", "add", "results/tiny")
    assert done.stdout == f"results/history.jsonl: commit {start[:7]}: 1 added\n"
    assert "none measured at commit" in done.stderr and "sweep --force" in done.stderr
    nstbench("sweep", "tiny.yaml", "--force")
    assert "1 added" in nstbench("history", "add", "results/tiny").stdout
    assert [row["subject"] for row in lines(tmp_path)] == ["Start", "Second"]


def test_an_edited_experiment_does_not_carry_old_measurements_to_a_new_commit(swept, nstbench, tmp_path):
    before = swept("rev-parse", "HEAD")
    (tmp_path / "tiny.yaml").write_text(EXPERIMENT.replace("iterations: 6", "iterations: 8"))
    swept("commit", "-qam", "Second")
    after = swept("rev-parse", "HEAD")
    nstbench("sweep", "tiny.yaml", "--force")
    nstbench("history", "add", "results/tiny")
    assert [(row["iterations"], row["commit"]) for row in lines(tmp_path)] == [(8, after)]
    nstbench("history", "add", "results/tiny", "--outside-plan")
    assert {(row["iterations"], row["commit"]) for row in lines(tmp_path)} == {(8, after), (6, before)}


def test_rows_of_one_folder_go_to_the_commits_they_were_measured_at(swept, nstbench, tmp_path):
    (tmp_path / "tiny.yaml").write_text(
        EXPERIMENT.replace("iterations: 6, ", "") + "sweep: {iterations: [6, 8]}"
    )
    swept("commit", "-qam", "Second")
    nstbench("sweep", "tiny.yaml")
    said = nstbench("history", "add", "results/tiny").stdout.splitlines()
    assert len(said) == 2 and all(line.endswith(": 1 added") for line in said)
    assert {(row["iterations"], row["subject"]) for row in lines(tmp_path)} == {(6, "Start"), (8, "Second")}


def test_a_commit_that_was_not_measured_cannot_be_claimed(swept, nstbench, tmp_path):
    swept("commit", "-qm", "Second", "--allow-empty")
    refused = nstbench("history", "add", "results/tiny", "--commit", "HEAD", check=False)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    start, second = (swept("rev-parse", rev)[:7] for rev in ("HEAD~1", "HEAD"))
    assert f"was measured at commit {start}, not at {second}" in refused.stderr
    assert not (tmp_path / "results/history.jsonl").exists()
    nstbench("history", "add", "results/tiny", "--commit", "HEAD~1")


def test_results_of_another_repository_are_refused(swept, nstbench, tmp_path):
    shutil.rmtree(tmp_path / ".git")
    swept("init", "-q")
    swept("commit", "-qm", "Other", "--allow-empty")
    refused = nstbench("history", "add", "results/tiny", check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "which results were measured at, is not in this repository" in refused.stderr


def test_results_that_know_no_commit_want_one_named(nstbench, write, tmp_path):
    nstbench("sweep", write(EXPERIMENT))
    commit = ("-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "Start", "--allow-empty")
    for words in (("init", "-q"), commit):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    refused = nstbench("history", "add", "results/tiny", check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "its commit is not known; name it with --commit REV" in refused.stderr
    nstbench("history", "add", "results/tiny", "--commit", "HEAD")
    assert [row["subject"] for row in lines(tmp_path)] == ["Start"]


def test_what_a_dirty_tree_measured_is_refused_unless_allowed_and_then_marked(git, nstbench, tmp_path):
    (tmp_path / "tiny.yaml").write_text(EXPERIMENT + "seed: 0\n")
    nstbench("sweep", "tiny.yaml")
    git("checkout", "-q", "tiny.yaml")
    refused = nstbench("history", "add", "results/tiny", check=False)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert "--allow-dirty" in refused.stderr
    nstbench("history", "add", "results/tiny", "--allow-dirty")
    assert [row["dirty"] for row in lines(tmp_path)] == [True]


def test_what_is_changed_after_measuring_does_not_matter(swept, nstbench, tmp_path):
    (tmp_path / "tiny.yaml").write_text(EXPERIMENT + "seed: 0\n")
    nstbench("history", "add", "results/tiny")
    assert [row["dirty"] for row in lines(tmp_path)] == [False]


def test_the_history_itself_may_be_committed_and_changed(swept, nstbench, tmp_path):
    nstbench("history", "add", "results/tiny")
    swept("add", "results/history.jsonl")
    swept("commit", "-qm", "Keep the history")
    nstbench("sweep", "tiny.yaml", "--force")
    nstbench("history", "add", "results/tiny")
    nstbench("sweep", "tiny.yaml", "--force")
    nstbench("history", "add", "results/tiny")
    assert [row["dirty"] for row in lines(tmp_path)] == [False, False]


def test_no_repository_is_one_line_also_with_a_commit(nstbench, write):
    nstbench("sweep", write())
    for more in ([], ["--commit", "HEAD"]):
        done = nstbench("history", "add", "results/tiny", *more, check=False)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "--commit needs a repository too" in done.stderr


def test_a_folder_in_which_nothing_went_well_adds_nothing(git, nstbench, tmp_path):
    (tmp_path / "bad.yaml").write_text(EXPERIMENT.replace("step_s: 0.002", "fault: raise"))
    assert nstbench("sweep", "bad.yaml", check=False).returncode == 3
    done = nstbench("history", "add", "results/tiny", check=False)
    assert (done.returncode, "nothing was added" in done.stderr) == (2, True)


def test_show_tells_the_commit_at_which_the_median_doubles(swept, nstbench, tmp_path):
    nstbench("history", "add", "results/tiny")
    (row,) = lines(tmp_path)
    made = [
        row
        | {"commit": f"{place:040x}", "committed_at": f"2026-01-{place + 1:02d}T00:00:00+00:00"}
        | {"step_median_s": row["step_median_s"] * (2 if place >= 8 else 1)}
        for place in range(16)
    ]
    (tmp_path / "results/history.jsonl").write_text("".join(json.dumps(one) + "\n" for one in made))
    done = nstbench("history", "show")
    assert f"{8:040x}"[:7] + " x2.00 slower" in done.stdout
    (one,) = json.loads(nstbench("history", "show", "--experiment", "tiny", "--json").stdout)
    assert [step["commit"] for step in one["steps"]] == [f"{8:040x}"]
    assert len(one["commits"]) == 16
    unknown = nstbench("history", "show", "--experiment", "tyni", check=False)
    assert (unknown.returncode, "Did you mean 'tiny'?" in unknown.stderr) == (2, True)


def test_no_history_yet_says_how_to_start_one(nstbench):
    done = nstbench("history", "show", check=False)
    assert (done.returncode, "`nstbench history add` starts one" in done.stderr) == (2, True)
