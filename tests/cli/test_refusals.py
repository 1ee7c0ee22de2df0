"""What cannot be done is refused by every command alike, and what went wrong says where."""

import re

import pytest
import typer

import nstbench as front
from nstbench.api import UnknownName, UsageError, with_place
from nstbench.assets import WeightsSource
from nstbench.cli.backends_check import check
from nstbench.cli.console.exit_codes import code_of_error
from nstbench.cli.stylize import stylize
from nstbench.cli.sweep import sweep
from nstbench.cli.verify import verify
from nstbench.run import look_up
from nstbench.run.doctor import LOOK, OFF, OK, Diagnosis, is_usable


@pytest.mark.parametrize(
    "command",
    [
        lambda write: check("fakee"),
        lambda write: verify(["fakee"]),
        lambda write: stylize(["sample:cat", "sample:coffee"], backend="fakee"),
        lambda write: sweep(write(), backend=["fakee"], dry_run=True),
    ],
)
def test_a_name_that_no_backend_has_is_bad_usage_in_every_command(write, command):
    with pytest.raises(UsageError, match="Did you mean 'fake'") as refused:
        command(write)
    assert code_of_error(refused.value) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"executor": "nowhere"}, "unknown executor"),
        ({"executor": "local:cores=2"}, "unknown option 'cores'"),
        ({"devices": "tpu"}, "--devices: found 'tpu'"),
        ({"jobs": 10_000}, "jobs"),
    ],
)
def test_a_dry_run_looks_at_what_the_sweep_would_run_on(write, options, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        sweep(write(), dry_run=True, **options)


def test_a_dry_run_of_what_is_all_refused_ends_in_3(write, capsys):
    with pytest.raises(typer.Exit) as ended:
        sweep(write(), overrides=["precision=bf16"], dry_run=True)
    assert ended.value.exit_code == 3
    assert "refused: precision bf16" in capsys.readouterr().out
    with pytest.raises(typer.Exit) as ended:
        sweep(write(), dry_run=True)
    assert ended.value.exit_code == 0


def test_a_crash_in_a_backend_says_where(write, tmp_path):
    text = write().read_text().replace("[fake]", "[{name: fake, options: {fault: raise}}]")
    path = write(text.replace("referee: none", "referee: none, isolation: none"))
    (message,) = front.sweep(path, tmp_path / "out").runs["error_message"]
    assert re.fullmatch(r"RuntimeError: told to fail at fakes\.py:\d+", message)


def test_the_place_is_the_last_line_of_the_package_that_is_asked_about():
    def raised():
        return re.compile("(")

    with pytest.raises(re.error) as error:
        raised()
    assert " at test_refusals.py:" in with_place(error.value, __name__.partition(".")[0])
    assert "at test_refusals.py:" not in with_place(error.value)
    assert with_place(UnknownName("thing", "x", ["y"])) == "unknown thing 'x'; known: y."


def test_debug_prints_what_the_worker_said(nstbench, write):
    path = write(write().read_text().replace("[fake]", "[{name: fake, options: {fault: raise}}]"))
    done = nstbench("--debug", "sweep", path, check=False)
    assert "Traceback" in done.stderr
    assert re.search(
        r"fake: failed: .*told to fail at fakes\.py:\d+; results/tiny/trials/\w+/log\.txt", done.stdout
    )


def test_weights_are_remarked_upon_once_and_only_where_auto_chose_them(tmp_path, monkeypatch):
    source = WeightsSource("bundled", "bundled", "0" * 64, "/nowhere")
    monkeypatch.setattr(look_up, "resolve_weights", lambda *_: source)
    for asked, count in ((["auto", "auto"], 1), (["bundled"], 0), ([], 0)):
        said = []
        looking = look_up.AssetLookUp(said.append)
        for ref in asked:
            looking.weights(ref, tmp_path)
        looking.weights("auto", tmp_path / "of the referee", remark=False)
        assert len(said) == count
        assert all("`nstbench doctor` says why" in line for line in said)


def test_what_is_not_installed_is_no_fault_of_a_machine():
    def states(*given):
        return is_usable([Diagnosis("backends", state, "") for state in given])

    assert states(OK, OFF)
    assert not states(OK, LOOK)
    assert not states(OFF)
