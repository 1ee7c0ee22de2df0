"""The kit for a GPU, tried on the processor: each kind of step is taken once, with the sizes of `--cpu`.

But for the ladder, which has no tiny size, and for the contract and the gate, which other tests try: their
commands are read, and a summary made of what a ladder prints.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from nstbench.assets import load_weights, resolve_weights
from nstbench.experiment import load_experiment
from nstbench.parity.ladder import RungResult
from nstbench.testing import CHECKS

from ..house import PROJECT, ROOT
from ..test_guides import understood

HERE = ROOT / "tests" / "gpu"
STEPS = (
    *("ceilings", "repeated-torch-vgg19", "loop-48"),
    *("sweep", "sheet", "turns-48", "devices", "compiling", "size"),
)
"""Those left out differ from one of these in a size, a precision or a version alone; and see above."""


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """Make a kit with nothing downloaded: what nstbench needs is here."""
    folder = tmp_path_factory.mktemp("kit") / "kit"
    command = [sys.executable, HERE / "build_kit.py", folder, "--no-download"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def run(kit):
    """Run the script of the kit as on the machine it is for; it must need nothing of this checkout."""
    variables = {"PYTHON": sys.executable, "NSTBENCH_GPU_ENV": str(kit.parent / "env")}
    options = {"capture_output": True, "text": True, "cwd": kit.parent, "env": os.environ | variables}

    def run(folder, *steps):
        return subprocess.run(["bash", kit / "run.sh", "--cpu", folder, *steps], **options, check=False)

    return run


@pytest.fixture(scope="module")
def out(run, tmp_path_factory):
    """Return what has come of all steps."""
    folder = tmp_path_factory.mktemp("run") / "out"
    done = run(folder, *STEPS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == (folder / "summary.txt").read_text()
    return folder


@pytest.fixture(scope="module")
def figures(out):
    return json.loads((out / "figures.json").read_text())


def test_every_step_ends_well(figures):
    codes = {name: code for name, (code, _) in figures["steps"].items()}
    assert codes == dict.fromkeys(STEPS, "0"), figures["found"]


def test_a_step_that_does_not_exist_is_said_and_is_a_failure(out, run, kit, tmp_path):
    """Also that what was installed once is not installed again."""
    (kit / "tests/gpu/install.py").unlink()
    done = run(tmp_path, "loop-513")
    assert (done.returncode, done.stdout) == (3, "no such step: loop-513 0 s\n")


def test_the_summary_fits_on_the_screen_and_has_a_line_from_every_part(out):
    lines = (out / "summary.txt").read_text().splitlines()
    assert len(lines) <= 60
    for start in (
        "ok: ceilings",
        "ceilings: copy ",
        "deterministic torch-vgg19, twice in fresh processes: highest identical bits",
        "  48 default: device ",
        "sweep: 8 ok",
        "in turns, 48 default: jax-vgg19 ",
        "--devices cpu:99: ",
        "compiling, 48, as XLA comes, later sweep: loaded in ",
        "size 32: ok, ",
    ):
        assert any(line.startswith(start) for line in lines), (start, lines)
    assert not [line for line in lines if "not summed up" in line or "FAILED" in line]


def test_the_command_of_the_ladder_is_understood():
    (command,) = re.findall(r'"\$nst" (verify [^&]*?) *&', (HERE / "run.sh").read_text())
    for name, value in {"$backend": "jax-vgg19", "$DEVICE": "cpu", "$precision": "bf16"}.items():
        command = command.replace(name, value)
    words = command.split()
    assert understood(words) == "nstbench verify"
    assert "--json" in words


def test_the_command_of_the_contract_is_understood():
    (command,) = re.findall(r'"\$nst" (backends check .*? --json)', (HERE / "run.sh").read_text())
    (only,) = re.findall(r"ONLY='(.*)'", (HERE / "run.sh").read_text())
    words = (
        command.replace("$backend", "jax-vgg19").replace("$DEVICE", "cpu").replace("${ONLY:-}", only).split()
    )
    assert understood(words) == "nstbench backends check"
    assert {check.name for check in CHECKS} >= set(words[words.index("--only") + 1 : -1 : 2])


def test_the_command_of_the_gate_is_understood_and_compares_the_two_versions():
    text = (HERE / "run.sh").read_text()
    (command,) = re.findall(r'"\$nst" (check .*?--json)', text.replace("\\\n", " "))
    words = command.replace("$CHECK", "").replace('"', "").split()
    assert understood(words) == "nstbench check"
    assert load_experiment(HERE / "check.yaml").gate
    assert re.findall(r"^check (\w+) (\S+) \d+$", text, re.MULTILINE) == [
        ("slower", '"$ENV-slowed/bin/python"'),
        ("equal", '"$py"'),
    ]


@pytest.fixture
def summed_up(tmp_path):
    """Sum up what steps printed, by name; those in `codes` ended in another code than 0."""

    def make(printed, codes=()):
        logs, out = tmp_path / "logs", tmp_path / "out"
        logs.mkdir()
        out.mkdir()
        for name, text in printed.items():
            (logs / f"{name}.out").write_text(text)
        rows = {**dict.fromkeys(printed, "0"), **dict(codes)}
        (logs / "steps.tsv").write_text("".join(f"{name}\t{code}\t9\n" for name, code in rows.items()))
        done = subprocess.run([sys.executable, HERE / "summary.py", logs, out], check=False)
        assert done.returncode == (3 if codes else 0)
        return (out / "summary.txt").read_text()

    return make


def test_a_step_that_printed_a_single_line_is_understood(summed_up):
    loop = {"size": 48, "precision": "bf16", "loop": "device", "step_s": 0.5, "mad_s": 0.01, "compile_s": 9.0}
    loop |= {"program_bytes": 2**30, "joules_per_iteration": 2.5}
    text = summed_up({"loop-48": json.dumps(loop), "turns-48": '{"left_out": "no torch here"}'})
    assert "  48 bf16: device 500 ±10 | 9.0 s, 1.00 GiB, 2.5 J" in text
    assert "in turns: left out, no torch here" in text


def test_a_ladder_is_a_line_and_each_rung_that_fails_another(summed_up):
    fine = {"name": "taps", "status": "ok", "error": 1e-6, "limit": 1e-4, "detail": "conv5_2"}
    wrong = {"name": "gradient", "status": "failed", "error": 0.5, "limit": 1e-3, "detail": "far off"}
    broken = {"name": "last loss", "status": "failed", "error": None, "limit": 1e-4, "detail": "no memory"}
    assert set(fine) == {each.name for each in fields(RungResult)}
    text = summed_up(
        {"verify-jax-vgg19-bf16": json.dumps([{"backend": "jax-vgg19", "rungs": [fine, wrong, broken]}])}
    )
    assert "verify jax-vgg19-bf16: 1 of 3 rungs ok; nearest to its limit: gradient 0.5 of 0.001" in text
    assert "FAILED gradient 0.5 of 0.001; far off" in text
    assert "FAILED last loss None of 0.0001; no memory" in text


def test_what_comes_back_is_a_handful_of_small_files(out):
    sizes = {path.name: path.stat().st_size for path in out.iterdir()}
    assert set(sizes) == {"summary.txt", "figures.json", "report.html", "sheet.jpg", "details.tar.gz"}
    assert max(sizes.values()) < 16 * 2**20


def test_all_loops_were_timed(figures):
    rows = figures["found"]["loop-48"]
    assert {row["loop"] for row in rows[:-1]} == {"host", "device", "unroll 2", "unroll 4"}
    assert all(row["step_s"] > 0 and row["compile_s"] > 0 and row["program_bytes"] > 1e6 for row in rows[:-1])


def test_the_slower_version_is_slower_than_the_other(out, kit):
    """Without the noise of a clock: the same steps, and a tenth of them on top."""
    made = [kit.parent / name for name in ("env", "env-slowed")]
    where = "import nstbench_jax.session as s; print(s.__file__, s.JaxSession.run.__name__)"
    for environment, name in zip(made, ("run", "slower"), strict=True):
        command = [environment / "bin" / "python", "-P", "-c", where]
        path, function = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        assert path.startswith(str(environment))
        assert function == name


def test_the_weights_of_the_kit_are_the_bundled_ones_in_half_precision(kit):
    found = load_weights(resolve_weights(str(kit / "bundled-half.npz"), ROOT))
    expected = load_weights(resolve_weights("bundled", ROOT))
    for layer, arrays in expected.items():
        for array, other in zip(arrays, found[layer], strict=True):
            np.testing.assert_allclose(other, array, rtol=2**-11, atol=2**-24)


def test_a_kit_older_than_the_sources_is_refused_in_a_checkout(kit, tmp_path):
    checkout = tmp_path / "checkout"
    shutil.copytree(HERE, checkout / "tests" / "gpu")
    shutil.copytree(ROOT / "backends" / "nstbench_jax", checkout / "backends" / "nstbench_jax")
    (checkout / "backends" / "nstbench_jax" / "network.py").write_text("changed\n")
    command = [sys.executable, checkout / "tests" / "gpu" / "install.py", kit, tmp_path / "a", tmp_path / "b"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "network.py; make gpu-kit" in done.stderr


def test_without_a_kit_the_script_says_how_to_make_one(tmp_path):
    environment = os.environ | {"NSTBENCH_GPU_KIT": str(tmp_path)}
    command = ["bash", HERE / "run.sh", tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert "make gpu-kit" in done.stderr


def test_a_step_that_fails_or_is_cut_off_is_said_and_hides_nothing(summed_up):
    row = {"size": 32, "status": "ok", "predicted_bytes": 2**30, "peak_device_bytes": 2**31}
    row |= {"peak_rss_bytes": 1, "step_median_s": 0.5, "error_message": None}
    printed = {
        "ceilings": "Traceback ...\nMemoryError\n",
        "size": json.dumps(row) + '\n{"size": 64, "sta',
        "contract-x": '[{"name": "x", "status": "ok"}]',
    }
    text = summed_up(printed, {"ceilings": "1", "size": "124", "sweep": "no time left"})
    for said in (
        "ok: contract-x 9 s",
        "FAILED (1): ceilings 9 s",
        "cut off: size 9 s",
        "no time left: sweep",
    ):
        assert said in text
    assert "ceilings: MemoryError" in text
    assert "contract x: 1 checks ok" in text
    assert "size 32: ok, 1.00 GiB predicted, 2.00 GiB of the device used, 0.5 s an iteration" in text


def test_what_travels_is_what_nstbench_needs_beyond_that_machine():
    """Every requirement is carried, or is said to be there."""
    text = (HERE / "wheels.txt").read_text()
    carried = {line for line in text.splitlines() if not line.startswith("#")}
    there = {
        "h5py",
        "jinja2",
        "numpy",
        "pandas",
        "pillow",
        "pyarrow",
        "rich",
        "scikit-image",
        "scipy",
        "typer",
    }
    needed = {re.split(r"[<>=]", each)[0] for each in PROJECT["dependencies"]}
    assert needed <= carried | there, "add it to tests/gpu/wheels.txt"
    assert not carried & there
