"""The kit for a GPU, tried on the processor: each kind of step is taken once, with the sizes of `--cpu`."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from nstbench.assets import load_weights, resolve_weights

from ..house import PROJECT, ROOT

HERE = ROOT / "tests" / "gpu"
STEPS = (
    *("ceilings", "verify-highest", "contract", "repeated", "doctor", "loop-48"),
    *("sweep", "sheet", "pytorch", "check-slower", "size"),
)
"""Those left out differ from one of these in a size or a precision alone."""


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """Make a kit with nothing downloaded: what nstbench needs is here."""
    folder = tmp_path_factory.mktemp("kit") / "kit"
    command = [sys.executable, HERE / "build_kit.py", folder, "--no-download"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def out(kit, tmp_path_factory):
    """Run the script of the kit as on the machine it is for; it must need nothing of this checkout."""
    folder = tmp_path_factory.mktemp("run") / "out"
    environment = os.environ | {"PYTHON": sys.executable}
    command = ["bash", kit / "run.sh", "--cpu", folder, *STEPS]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=kit.parent, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == (folder / "summary.txt").read_text()
    return folder


@pytest.fixture(scope="module")
def figures(out):
    return json.loads((out / "figures.json").read_text())


def test_every_step_ends_well(figures):
    codes = {name: code for name, (code, _) in figures["steps"].items()}
    slower = codes.pop("check-slower")
    assert codes == dict.fromkeys((name for name in STEPS if name != "check-slower"), "0"), figures["found"]
    assert slower in ("0", "4", "5"), "a tenth is hard to see in milliseconds of a busy processor"


def test_the_summary_fits_on_the_screen_and_has_a_line_from_every_part(out):
    lines = (out / "summary.txt").read_text().splitlines()
    assert len(lines) <= 60
    for start in (
        "ok: ceilings",
        "ceilings: copy ",
        "verify highest: 16 of 16 rungs ok",
        "contract: 2 checks ok, 0 failed",
        "deterministic, twice in fresh processes: highest identical bits",
        "  48 default: device ",
        "sweep: 8 ok",
        "pytorch: left out, no torch here" if find_spec("torch") is None else "in turns, default: jax-vgg19 ",
        "check, slower: ",
        "size 32: ok, ",
    ):
        assert any(line.startswith(start) for line in lines), (start, lines)
    assert not [line for line in lines if "not summed up" in line or "FAILED" in line]


def test_what_comes_back_is_a_handful_of_small_files(out):
    sizes = {path.name: path.stat().st_size for path in out.iterdir()}
    assert set(sizes) == {"summary.txt", "figures.json", "report.html", "sheet.jpg", "details.tar.gz"}
    assert max(sizes.values()) < 16 * 2**20


def test_all_loops_were_timed(figures):
    rows = figures["found"]["loop-48"]
    assert {row["loop"] for row in rows[:-1]} == {"host", "device", "unroll 2", "unroll 4"}
    assert all(row["step_s"] > 0 and row["compile_s"] > 0 and row["program_bytes"] > 1e6 for row in rows[:-1])


def test_the_slower_version_is_slower_than_the_other(kit, tmp_path):
    """Without the noise of a clock: the same steps, and a tenth of them on top."""
    made = [tmp_path / name for name in ("env", "slowed")]
    subprocess.run([sys.executable, HERE / "install.py", kit, *made], check=True)
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


def test_a_step_that_fails_or_is_cut_off_is_said_and_hides_nothing(tmp_path):
    logs, out = tmp_path / "logs", tmp_path / "out"
    logs.mkdir(), out.mkdir()
    rows = [
        ("ceilings", "1", "3"),
        ("size", "124", "60"),
        ("contract", "0", "9"),
        ("sweep", "no time left", "0"),
    ]
    (logs / "steps.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
    (logs / "ceilings.out").write_text("Traceback ...\n")
    (logs / "size.out").write_text('{"size": 32, "status": "oom"}\n{"size": 64, "sta')
    (logs / "contract.out").write_text('[{"name": "x", "status": "ok"}]')
    subprocess.run([sys.executable, HERE / "summary.py", logs, out], check=True)
    text = (out / "summary.txt").read_text()
    for said in ("ok: contract 9 s", "FAILED (1): ceilings", "cut off: size 60 s", "no time left: sweep"):
        assert said in text
    assert "contract: 1 checks ok" in text


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
