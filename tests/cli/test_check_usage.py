"""What `nstbench check` refuses, before anything is installed or run."""

import pytest


@pytest.fixture
def typed(write, tmp_path, monkeypatch, capsys):
    """Run the verb in this process, as it is many times the same; returns exit code, output, errors."""
    from nstbench.cli import main

    write()

    def run(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["nstbench", "check", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return run


BASE = ["tiny.yaml", "--base", "HEAD"]
JSON = ["--pytest-json", "a.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name an experiment file"),
        (["tiny.yaml", *JSON], "--pytest-json judges files"),
        (JSON, "--pytest-json needs the other side's files"),
        ([*BASE, "--base-python", "python"], "--base names a version, --base-python an environment"),
        (["tiny.yaml", "--candidate-python", "python"], "--candidate-python goes with --base-python"),
        (["tiny.yaml", "--candidate", "HEAD"], "--candidate goes with --base"),
        ([*BASE, "--candidate", "a", "--candidate", "b"], "one --candidate at a time"),
        ([*BASE, "--update-baseline", "--reason", "x"], "--update-baseline takes no other version"),
        (["tiny.yaml", "--update-baseline", "--reason", " "], "--update-baseline needs --reason"),
        (["tiny.yaml", "--own-dependencies"], "--project, --own-dependencies and --extras go with --base"),
        ([*BASE, "--extras", "more"], "--extras goes with --own-dependencies"),
        ([*BASE, "--json", "--markdown"], "--json and --markdown exclude each other"),
        ([*BASE, "--inconclusive", "maybe"], "--inconclusive 'maybe': it may be pass or fail"),
        (BASE, "no pyproject.toml here or above"),
        (["tiny.yaml", "--base-python", "nowhere"], "--base-python nowhere: no such program"),
        (["tiny.yaml", "--base-python", "tiny.yaml"], "--base-python tiny.yaml: no such program"),
        (["tiny.yaml", "-o", "."], "--out .: not an empty folder"),
        (["tiny.yaml", "--set", "iterations=-1"], "--set 'iterations=-1'"),
        (["gone.yaml"], "gone.yaml"),
        ([*BASE, "--project", "REPO", "--base", "mian"], "no git reference 'mian' here"),
        ([*BASE, "--project", "REPO", "--base", "fast", "--set", "gate.pairs=1"], "gate.pairs"),
        (
            [*BASE, "--project", "REPO", "--base", "fast", "--set", "inputs.content=gone.png"],
            "--set 'inputs.content=gone.png'",
        ),
        ([*BASE, "--project", "LOOSE"], "not in a git repository"),
    ],
)
def test_bad_usage_ends_in_2_before_anything_is_installed_or_run(repo, tmp_path, typed, arguments, said):
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose/pyproject.toml").write_text("")
    places = {"REPO": str(repo.project), "LOOSE": str(tmp_path / "loose")}
    code, out, err = typed(*(places.get(each, each) for each in arguments))
    assert (code, out) == (2, "")
    assert said in err
    assert err.startswith("nstbench: ") or "tiny.yaml:" in err or "--set" in err
    after = [path for path in sorted(tmp_path.rglob("*")) if "loose" not in path.parts]
    assert after == before


def test_bad_usage_ends_in_2_as_a_process_too(nstbench, write):
    done = nstbench("check", write(), "--json", "--markdown", check=False)
    assert done.returncode == 2
    assert done.stderr == "nstbench: check: --json and --markdown exclude each other; choose one\n"
