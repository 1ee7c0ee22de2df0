"""The command as users type it: a process, its exit code, and what it prints where."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ..command import NSTBENCH

FRAMEWORKS = {"jax", "flax", "optax", "tensorflow", "tensorflow_hub", "keras", "torch"}
RUN = """sys.argv = ['nstbench', *{arguments!r}]
from nstbench.cli import main
try: main()
except SystemExit as end: assert not end.code, end.code
"""


def modules_after(code, of=FRAMEWORKS | {"pandas", "pyarrow"}):
    script = f"import sys; {code}\nprint(sorted({of!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_importing_nstbench_loads_neither_pandas_nor_a_framework():
    assert modules_after("import nstbench, nstbench.api, nstbench.cli") == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["backends"], ["sweep", "--help"], ["schema"]])
def test_light_verbs_load_neither_pandas_nor_a_framework(arguments):
    assert modules_after(RUN.format(arguments=arguments)) == "[]"


def test_a_worker_loads_neither_what_reads_experiments_nor_what_draws():
    """It starts for each backend, or each trial."""
    code = "import nstbench.run.worker, nstbench.run.bench, nstbench.testing.fakes"
    assert (
        modules_after(code, FRAMEWORKS | {"pandas", "pydantic", "yaml", "plotly", "scipy", "skimage"}) == "[]"
    )


def test_planning_loads_no_framework(write):
    path = write(write().read_text().replace("[fake]", "[jax-vgg19, tf-vgg19, tfhub-fast]"))
    arguments = ["sweep", str(path), "--dry-run", "--set", "weights=random:0", "--set", "size=64"]
    loaded = modules_after(RUN.format(arguments=arguments), FRAMEWORKS)
    assert loaded == "[]"


def test_version_is_that_of_the_distribution(nstbench):
    from importlib.metadata import version

    assert nstbench("--version").stdout == f"nstbench {version('nstbench')}\n"


def test_backends_lists_every_entry_point_as_table_and_json(nstbench):
    rows = {row["name"]: row for row in json.loads(nstbench("backends", "--json").stdout)}
    assert {"jax-vgg19", "tf-vgg19", "tfhub-fast", "fake", "colour-transfer"} <= set(rows)
    assert rows["jax-vgg19"]["ready"] and rows["jax-vgg19"]["iterative"]
    assert rows["colour-transfer"]["distribution"] == "nstbench-colour-transfer"
    text = nstbench("backends").stdout
    assert all(name in text for name in rows)


def test_a_backend_whose_framework_is_missing_says_how_to_install_it(tmp_path):
    """Hide jax the way a machine without it would: the module cannot be found."""
    code = (
        "import importlib.util as u, sys; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'jax' else find(name, *a)\n"
        "sys.argv = ['nstbench', *sys.argv[1:]]; from nstbench.cli import main; main()"
    )
    run = [sys.executable, "-c", code]
    listing = subprocess.run(
        [*run, "backends"], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stdout
    assert "not installed: no module jax" in listing
    assert "pip install 'nstbench[jax]'" in listing
    command = [*run, "stylize", "sample:cat", "sample:coffee", "--backend", "jax-vgg19"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 6
    assert "pip install 'nstbench[jax]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_sweep_prints_a_table_on_stdout_and_the_rest_on_stderr(nstbench, write, tmp_path):
    done = nstbench("sweep", write())
    assert "fake" in done.stdout
    assert "tables" not in done.stdout
    assert "results/tiny/tables" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert (tmp_path / "results/tiny/tables/runs.parquet").exists()
    (row,) = json.loads(nstbench("show", "results/tiny", "--json").stdout)
    assert row["status"] == "ok"
    assert row["trial_id"] in nstbench("show", "results/tiny", "--table", "images").stdout


def test_a_dry_run_prints_the_plan_and_writes_nothing(nstbench, write, tmp_path):
    path = write()
    (row,) = json.loads(nstbench("sweep", path, "--dry-run", "--json").stdout)
    assert row["state"] == "to do"
    assert not (tmp_path / "results").exists()
    nstbench("sweep", path)
    (row,) = json.loads(nstbench("sweep", path, "--dry-run", "--json").stdout)
    assert row["state"] == "done"
    said = nstbench("sweep", path, "--dry-run").stdout
    assert said.splitlines()[-1] == "1 trial, 0 to do"
    for damage in (lambda plan: plan.write_text("{"), Path.unlink):
        damage(tmp_path / "results/tiny/plan.json")
        done = nstbench("sweep", path, "--dry-run", check=False)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_set_and_backend_override_the_file(nstbench, write):
    options = ("--set", "iterations=3", "--set", "beta=0", "--backend", "fake")
    (row,) = json.loads(nstbench("sweep", write(), *options, "--json").stdout)
    assert (row["iterations"], row["beta"]) == (3, 0.0)


def test_failed_trials_end_in_3(nstbench, write):
    path = write(write().read_text().replace("[fake]", "[{name: fake, options: {fault: raise}}]"))
    done = nstbench("sweep", path, check=False)
    assert done.returncode == 3
    assert "told to fail" in done.stdout


def test_a_sweep_in_which_everything_is_refused_ends_in_3_and_says_that_nothing_was_run(nstbench, write):
    path = write(write().read_text() + "sweep: {beta: [1, 2]}\n")
    for again in ("2 refused; 0 run now", "2 refused; 0 run now"):
        done = nstbench("sweep", path, "--set", "precision=bf16", check=False)
        assert (done.returncode, again in done.stderr) == (3, True)
        assert "every trial was refused" in done.stderr
        assert "precision bf16 is beyond it" in done.stdout


def test_a_sweep_in_which_something_is_refused_and_the_rest_is_fine_ends_in_0(nstbench, write):
    done = nstbench("sweep", write(write().read_text() + "sweep: {precision: [highest, bf16]}\n"))
    assert "1 refused; 1 run now" in done.stderr or "1 ok, 1 refused; 1 run now" in done.stderr


def test_stylize_of_what_is_refused_ends_in_3(nstbench, tmp_path):
    options = ["--backend", "fake", "--set", "precision=bf16"]
    done = nstbench("stylize", "sample:cat", "sample:coffee", *options, check=False)
    assert (done.returncode, "fake: refused: precision bf16 is beyond it" in done.stderr) == (3, True)
    assert not (tmp_path / "pastiche.png").exists()


def test_a_reader_that_leaves_does_not_end_the_sweep(write, tmp_path):
    path = write(write().read_text() + "sweep: {beta: [1, 2, 3]}\n")
    command = f"{Path(sys.executable).with_name('nstbench')} sweep {path} -o {tmp_path}/out"
    subprocess.run(f"{command} 2>&1 | head -1", shell=True, check=True, capture_output=True)
    assert len(list(tmp_path.glob("out/trials/*/result.json"))) == 3


def test_a_place_that_cannot_be_written_is_one_line(nstbench, write, tmp_path):
    (tmp_path / "file").touch()
    for arguments in (
        ["sweep", write(), "-o", "file/out"],
        ["stylize", "sample:cat", "sample:coffee", "-o", "file/a.png", "--backend", "fake"],
    ):
        done = nstbench(*arguments, check=False)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_stylize_says_how_it_failed(nstbench, write):
    command = [
        "stylize",
        "sample:cat",
        "sample:coffee",
        "--backend",
        "jax-vgg19",
        "--set",
        "weights=random:0",
    ]
    no_gpu = nstbench(*command, "--set", "device=gpu", check=False)
    assert (no_gpu.returncode, "no gpu device" in no_gpu.stderr) == (6, True)
    many = nstbench(*command, "--set", "sweep.beta=[1, 2]", check=False)
    assert (many.returncode, "one picture" in many.stderr) == (2, True)


def test_a_backend_without_the_device_asked_for_ends_in_6(nstbench, write):
    path = write(write().read_text().replace("[fake]", "[jax-vgg19]"))
    done = nstbench("sweep", path, "--set", "device=gpu", "--set", "weights=random:0", check=False)
    assert done.returncode == 6
    assert "no gpu device" in done.stdout


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("size: 32", "size: huge"), "tiny.yaml:4:"),
        (("iterations", "itertions"), "Did you mean 'iterations'?"),
        (("[fake]", "[fakee]"), "Did you mean 'fake'?"),
        (("sample:cat", "sample:cta"), "Did you mean 'cat'?"),
        (("sample:cat", "gone.png"), "gone.png"),
    ],
)
def test_a_bad_experiment_ends_in_2_with_where_and_what(nstbench, write, change, line):
    done = nstbench("sweep", write(write().read_text().replace(*change)), check=False)
    assert done.returncode == 2
    assert line in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_bad_usage_ends_in_2(nstbench):
    for arguments in (
        ["sweep", "missing.yaml"],
        ["show", "nowhere"],
        ["show", ".", "--table", "runz"],
        ["swep"],
    ):
        done = nstbench(*arguments, check=False)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(nstbench):
    assert "Traceback" in nstbench("--debug", "sweep", "missing.yaml", check=False).stderr


def test_the_schema_shipped_with_the_experiments_is_the_one_printed(nstbench, request):
    shipped = request.config.rootpath / "experiments" / "experiment.schema.json"
    assert nstbench("schema").stdout == shipped.read_text()


def test_completion_can_be_shown(tmp_path):
    """In a shell, as it is the one that is found among the parents of the process."""
    command = ["bash", "-c", f"{NSTBENCH} --show-completion; exit $?"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "_NSTBENCH_COMPLETE" in shown
