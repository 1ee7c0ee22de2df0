"""Versions of a project as files, out of real repositories."""

import subprocess

import pytest

from nstbench.api import UsageError
from nstbench.gate.checkout import checked_out, find_project, repository, version
from nstbench.record.git import git


def files(folder):
    """Return every file below a folder but git's own, with its content."""
    found = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    inside = {path.relative_to(folder): path for path in found}
    return {
        str(name): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for name, path in inside.items()
        if name.parts[0] != ".git"
    }


def brought(repo, tmp_path, ref="."):
    """Return the files of the whole repository as the version has them."""
    with checked_out(version(repo.project, ref), tmp_path / "place") as project:
        assert project == tmp_path / "place/plugin"
        return files(project.parent)


def fingerprint(repo):
    return version(repo.project, ".").fingerprint


def test_a_reference_is_what_git_has_under_that_name(repo, tmp_path):
    repo.change("STEP_S = 0.01", "STEP_S = 1")
    old = brought(repo, tmp_path, "uninstallable")
    assert old["plugin/zipped.py"] == b"raise ImportError('no build today')\n"
    assert b"STEP_S = 0.01" in old["plugin/slowable.py"]
    found = version(repo.project, "uninstallable")
    assert found.commit == repo.git("rev-parse", "uninstallable")
    assert found.what == f"uninstallable ({found.commit[:8]} The uninstallable version)"
    assert found.fingerprint == found.commit[:12]


def test_a_clean_working_tree_is_its_commit(repo, tmp_path):
    assert fingerprint(repo) == version(repo.project, "fast").fingerprint
    assert brought(repo, tmp_path) == brought(repo, tmp_path, "fast")
    assert version(repo.project, ".").what == f"the working tree ({repo.git('rev-parse', 'HEAD')[:8]})"


def test_uncommitted_staged_removed_and_untracked_files_take_part_and_ignored_ones_do_not(repo, tmp_path):
    repo.change("STEP_S = 0.01", "STEP_S = 1")
    (repo.project / "staged.py").write_text("staged")
    repo.git("add", "plugin/staged.py")
    (repo.project / "staged.py").write_text("and changed again")
    (repo.folder / "data.txt").unlink()
    (repo.project / "new").mkdir()
    (repo.project / "new/überraschung.py").write_text("untracked")
    (repo.project / "local.ignored").write_text("secret")
    assert brought(repo, tmp_path) == {
        name: content for name, content in files(repo.folder).items() if not name.endswith(".ignored")
    }


def test_links_and_files_that_became_folders_are_brought_as_they_are(repo, tmp_path):
    (repo.folder / "data.txt").unlink()
    (repo.folder / "data.txt").mkdir()
    (repo.folder / "data.txt/inner").write_text("a folder now")
    (repo.folder / "absolute").symlink_to(repo.module)
    (repo.folder / "dangling").symlink_to("nowhere")
    repo.git("add", "absolute")
    assert brought(repo, tmp_path) == files(repo.folder)


def test_a_file_that_is_no_text_of_today_takes_part(repo, tmp_path):
    repo.module.write_bytes("# coding: latin-1\nname = 'Gr\u00fcn'\n".encode("latin-1"))
    first = fingerprint(repo)
    repo.module.write_bytes("# coding: latin-1\nname = 'Gr\u00f6n'\n".encode("latin-1"))
    assert fingerprint(repo) != first
    assert b"Gr\xf6n" in brought(repo, tmp_path)["plugin/slowable.py"]


@pytest.mark.parametrize("kind", ["changed", "staged", "removed", "untracked"])
def test_any_change_that_takes_part_changes_the_fingerprint_and_undoing_it_brings_it_back(repo, kind):
    before = fingerprint(repo)
    if kind == "removed":
        repo.module.unlink()
    else:
        (repo.module if kind == "changed" else repo.project / "more.py").write_text("x")
    if kind == "staged":
        repo.git("add", ".")
    assert fingerprint(repo) != before
    repo.restore()
    assert fingerprint(repo) == before


def test_the_content_of_untracked_files_counts_and_ignored_files_do_not(repo):
    (repo.project / "more.py").write_text("x")
    first = fingerprint(repo)
    (repo.project / "more.py").write_text("y")
    second = fingerprint(repo)
    assert first != second
    (repo.project / "local.ignored").write_text("x")
    assert fingerprint(repo) == second


def test_the_repository_is_left_as_it_was_whatever_happens_inside(repo, tmp_path):
    """Another worktree of the user's whose disk is away must not be forgotten for it."""
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "away"), "fast")
    (tmp_path / "away").rename(tmp_path / "elsewhere")
    repo.change("STEP_S = 0.01", "STEP_S = 1")
    (repo.project / "more.py").write_text("x")
    repo.git("add", ".")
    state = repo.git("status", "--porcelain"), repo.git("worktree", "list"), repo.git("stash", "list")
    with (
        pytest.raises(KeyboardInterrupt),
        checked_out(version(repo.project, "."), tmp_path / "place") as project,
    ):
        (project / "built.txt").write_text("litter of a build")
        raise KeyboardInterrupt
    assert state == (
        repo.git("status", "--porcelain"),
        repo.git("worktree", "list"),
        repo.git("stash", "list"),
    )
    assert not (tmp_path / "place").exists()
    repo.git("worktree", "prune")


def test_what_a_killed_check_left_behind_is_no_obstacle(repo, tmp_path):
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "place"), "fast")
    (tmp_path / "place/litter").touch()
    assert "litter" not in brought(repo, tmp_path)
    assert "place" not in repo.git("worktree", "list")


def test_inside_a_hook_of_git_the_answers_are_the_same(repo, tmp_path, monkeypatch):
    """Git sets these for hooks; they would send `git -C` back to the repository and index of the hook."""
    expected = brought(repo, tmp_path)
    monkeypatch.setenv("GIT_DIR", str(repo.folder / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repo.folder / ".git/index"))
    assert repository(repo.project) == repo.folder.resolve()
    assert brought(repo, tmp_path) == expected
    assert git(repo.folder, "status", "--porcelain") == ""


def test_the_project_is_the_nearest_above_and_a_mistyped_folder_has_none(repo, tmp_path):
    (repo.project / "deep/er").mkdir(parents=True)
    assert find_project(repo.project / "deep/er") == repo.project
    with pytest.raises(UsageError, match=r"no pyproject.toml here or above"):
        find_project(tmp_path)
    with pytest.raises(UsageError, match=r"plugin/dep: no such folder"):
        find_project(repo.project / "dep")


def test_no_repository_and_no_such_reference_are_said(repo, tmp_path):
    with pytest.raises(UsageError, match=r"not in a git repository: fatal"):
        version(tmp_path, ".")
    for ref in ("mian", "", "--all"):
        with pytest.raises(UsageError, match=rf"no git reference '{ref}' here"):
            version(repo.project, ref)


def test_a_machine_without_git_is_told_what_else_there_is(repo, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"git is not installed; .*--base-python"):
        version(repo.project, "fast")


def test_a_repository_without_a_commit_has_nothing_to_compare(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    with pytest.raises(UsageError, match="no git reference 'HEAD'"):
        version(tmp_path, ".")
