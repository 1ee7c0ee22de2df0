"""`new_plugin` writes the example plugin under another name, and it works."""

import os
import subprocess
import sys

import pytest

from nstbench.api import UsageError
from nstbench.testing.scaffold import new_plugin, plugin_files

CHECK = "from nstbench.cli.backends import backends_app; backends_app()"


def test_the_example_in_the_repository_is_what_it_writes(request):
    folder = request.config.rootpath / "tests/plugins/nstbench-colour-transfer"
    kept = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    assert kept == plugin_files("colour-transfer")


@pytest.mark.thorough
def test_a_new_plugin_is_installed_and_passes_its_tests_and_every_check(tmp_path):
    project = new_plugin("oil-on-2-canvases", tmp_path / "deep" / "inside")
    assert "OilOn2Canvases" in (project / "nstbench_oil_on_2_canvases.py").read_text()
    assert not [path for path in project.iterdir() if "olour-transfer" in path.read_text()]
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    environment = os.environ | {"PYTHONPATH": str(site), "PIP_NO_INPUT": "1"}
    for command in (
        [*pip, "--no-build-isolation", "--no-deps", "--target", str(site), str(project)],
        [sys.executable, "-m", "pytest", "-q", "-W", "error"],
        [sys.executable, "-c", CHECK, "check", "oil-on-2-canvases"],
    ):
        done = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout


def test_an_iterative_plugin_differs_in_its_module_alone():
    once, steps = plugin_files("oil-paint"), plugin_files("oil-paint", iterative=True)
    assert [name for name in once if once[name] != steps[name]] == ["nstbench_oil_paint.py"]
    assert "class OilPaint(Backend)" in steps["nstbench_oil_paint.py"]
    assert not any(word in steps["nstbench_oil_paint.py"] for word in ("Descent", "colour_descent"))


@pytest.mark.parametrize(
    "name", ["", "Oil", "oil paint", "2oil", "oil--paint", "oil-", "../oil", "ö", "class"]
)
def test_a_name_that_will_not_do_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match="cannot name a backend; take lower-case"):
        new_plugin(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over(tmp_path):
    project = new_plugin("oil", tmp_path)
    (project / "README.md").write_text("mine")
    with pytest.raises(UsageError, match="nstbench-oil exists; choose"):
        new_plugin("oil", tmp_path)
    assert (project / "README.md").read_text() == "mine"
    with pytest.raises(UsageError, match="cannot be written: Not a directory"):
        new_plugin("oil", project / "README.md")
