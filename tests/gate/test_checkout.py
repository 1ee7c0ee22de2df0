"""Versions of a project as files, out of real repositories."""

import os
import shutil
import subprocess

import pytest

from nstbench.api import UsageError
from nstbench.gate.checkout import checked_out, find_project, repository, version
from nstbench.record.git import git

from .slowable import Repository


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


HIDING = [
    "status.showUntrackedFiles=no",
    "core.fileMode=false",
    "core.fsmonitor=/bin/true",  # says that nothing has changed
    "core.untrackedCache=true",
    "core.excludesFile=HIDING",
    ".git/info/exclude",
]


@pytest.fixture(params=HIDING)
def hiding(repo, tmp_path, request, monkeypatch):
    """Let the user have told git something that hides changes from its answers."""
    (tmp_path / "hiding").write_text("delay*\n")
    if request.param == ".git/info/exclude":
        exclude = repo.folder / ".git/info/exclude"
        exclude.parent.mkdir(exist_ok=True)
        exclude.write_text("delay*\n")
        yield
        exclude.unlink()
        return
    key, value = request.param.replace("HIDING", str(tmp_path / "hiding")).split("=")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", key)
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", value)
    git(repo.folder, "status")  # a cache of what there is, if it is one, is made now
    yield


def test_nothing_that_a_user_has_told_git_hides_a_change(repo, tmp_path, hiding):
    before = fingerprint(repo)
    delay = repo.project / "delay.py"
    delay.write_text("SECONDS = 1")
    created = fingerprint(repo)
    assert brought(repo, tmp_path)["plugin/delay.py"] == b"SECONDS = 1"
    stamp = delay.stat().st_mtime_ns
    delay.write_text("SECONDS = 2")
    os.utime(delay, ns=(stamp, stamp))
    changed = fingerprint(repo)
    repo.module.chmod(0o755)
    assert len({before, created, changed, fingerprint(repo)}) == 4
    repo.module.chmod(0o644)
    delay.unlink()
    assert fingerprint(repo) == before


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_was_told_to_overlook_takes_part(repo, tmp_path, mark):
    before = fingerprint(repo)
    repo.git("update-index", mark, "plugin/slowable.py")
    repo.change("STEP_S = 0.01", "STEP_S = 1")
    assert fingerprint(repo) != before
    assert b"STEP_S = 1" in brought(repo, tmp_path)["plugin/slowable.py"]
    repo.git("update-index", mark.replace("--", "--no-"), "plugin/slowable.py")


def test_a_checkout_that_writes_other_bytes_than_are_committed_is_no_change(repo):
    before = fingerprint(repo)
    attributes = repo.folder / ".git/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("*.py text eol=crlf\n")
    try:
        for path in (repo.module, repo.project / "zipped.py"):
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        assert fingerprint(repo) == before
        repo.module.write_bytes(b"x = 1\r\n" + repo.module.read_bytes())
        assert fingerprint(repo) != before
    finally:
        attributes.unlink()


def with_submodule(repo, tmp_path):
    """Return a copy of the repository with a submodule `plugin/sub`."""
    other, copy = Repository(tmp_path / "other"), Repository(tmp_path / "copy")
    other.folder.mkdir()
    (other.folder / "inner.py").write_text("1")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "Inner"]):
        other.git(*words)
    shutil.copytree(repo.folder, copy.folder)
    copy.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.folder), "plugin/sub")
    copy.git("commit", "-qm", "With a submodule")
    return copy


def test_a_submodule_takes_part_in_both_versions_and_so_do_its_changes(repo, tmp_path):
    repo = with_submodule(repo, tmp_path)
    sub = Repository(repo.project / "sub")
    assert version(repo.project, ".").changes == ""
    assert brought(repo, tmp_path, "HEAD")["plugin/sub/inner.py"] == b"1"
    (sub.folder / "inner.py").write_text("2")
    assert version(repo.project, ".").changes
    (sub.folder / "more.py").write_text("untracked")
    assert brought(repo, tmp_path, "HEAD")["plugin/sub/inner.py"] == b"1"
    found = brought(repo, tmp_path)
    assert (found["plugin/sub/inner.py"], found["plugin/sub/more.py"]) == (b"2", b"untracked")
    assert not (tmp_path / "place").exists()
    assert len(sub.git("worktree", "list").splitlines()) == 1
    sub.git("add", ".")
    sub.git("commit", "-qm", "Another")
    assert version(repo.project, ".").changes


def test_a_repository_inside_that_is_no_submodule_takes_part(repo, tmp_path):
    inside = repo.project / "inside"
    inside.mkdir()
    subprocess.run(["git", "init", "-q", inside], check=True)
    (inside / "delay.py").write_text("1")
    first = fingerprint(repo)
    assert brought(repo, tmp_path)["plugin/inside/delay.py"] == b"1"
    (inside / "delay.py").write_text("2")
    assert fingerprint(repo) != first
    shutil.rmtree(inside)


def test_virtual_environments_and_compiled_files_are_no_change(repo):
    before = fingerprint(repo)
    (repo.folder / "venv/lib").mkdir(parents=True)
    (repo.folder / "venv/pyvenv.cfg").touch()
    (repo.folder / "venv/lib/much.py").touch()
    assert fingerprint(repo) == before


def test_what_lies_behind_a_linked_folder_is_not_written_through_it(repo, tmp_path):
    (repo.project / "deep").mkdir()
    (repo.project / "deep/er.py").write_text("1")
    repo.git("add", ".")
    repo.git("commit", "-qm", "Deep")
    (tmp_path / "elsewhere").mkdir()
    (repo.project / "deep").rename(tmp_path / "elsewhere/deep")
    (repo.project / "deep").symlink_to(tmp_path / "elsewhere/deep")
    found = brought(repo, tmp_path)
    assert found["plugin/deep"] == str(tmp_path / "elsewhere/deep")
    assert (tmp_path / "elsewhere/deep/er.py").read_text() == "1"


def test_a_working_tree_that_changes_before_it_is_copied_is_not_taken_for_what_it_was(repo, tmp_path):
    repo.change("STEP_S = 0.01", "STEP_S = 1")
    seen = version(repo.project, ".")
    repo.change("STEP_S = 1", "STEP_S = 2")
    with (
        pytest.raises(UsageError, match="changed while it was copied"),
        checked_out(seen, tmp_path / "place"),
    ):
        raise AssertionError("the files of another moment")
    assert not (tmp_path / "place").exists()


def test_a_module_that_is_ignored_is_named_as_left_out(repo):
    (repo.folder / ".gitignore").write_text("*.ignored\n__pycache__/\n_version.py\nbuild/\n")
    (repo.project / "_version.py").write_text("1")
    (repo.project / "build").mkdir()
    (repo.project / "build/slowable.py").write_text("1")
    assert version(repo.project, ".").left_out == ("plugin/_version.py",)
