"""The wheel that users get: built from a copy of the checkout, looked into, installed elsewhere, run."""

import configparser
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = {
    "nstbench": ROOT / "harness",
    "nstbench_jax": ROOT / "backends",
    "nstbench_tensorflow": ROOT / "backends",
    "nstbench_tfhub": ROOT / "backends",
    "nstbench_torch": ROOT / "backends",
}
LEFT_OUT = (".*", "__pycache__", "*.egg-info", "results", "build", "dist")


def pip(*arguments):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build from a copy, so that nothing is left in the checkout, and without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "copy", ignore=shutil.ignore_patterns(*LEFT_OUT))
    assert (folder / "copy" / "tests").is_dir()
    pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", folder, folder / "copy")
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel):
    """List the files of the wheel, without those that describe it."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name and ".data/" not in name}


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Install into an empty folder that no environment knows of."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--no-index", "--no-deps", "--no-compile", "--target", folder, wheel)
    return folder


@pytest.fixture
def run(installed, tmp_path):
    """Run a command that finds the installed wheel before the checkout; returns what it printed."""

    def runner(*command):
        environment = os.environ | {"PYTHONPATH": str(installed)}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return runner


def test_the_wheel_suits_every_machine(wheel):
    assert wheel.name == f"nstbench-{PROJECT['version']}-py3-none-any.whl"


def test_it_holds_the_packages_and_nothing_else(names):
    assert {name.partition("/")[0] for name in names} == set(PACKAGES)
    assert not [name for name in names if "test_" in name or name.startswith("tests/")]


@pytest.mark.parametrize("package", PACKAGES)
def test_it_holds_every_file_of_the_package(names, package):
    sources = (PACKAGES[package] / package).rglob("*")
    expected = {
        path.relative_to(PACKAGES[package]).as_posix()
        for path in sources
        if path.is_file() and path.suffix != ".pyc"
    }
    assert f"{package}/__init__.py" in expected
    assert {name for name in names if name.startswith(f"{package}/")} == expected


def test_type_checkers_may_read_every_package(names):
    assert {f"{package}/py.typed" for package in PACKAGES} <= names


def test_the_examples_are_installed_along(installed):
    shipped = {path.name for path in (installed / "share/nstbench/experiments").iterdir()}
    assert shipped == {path.name for path in (ROOT / "experiments").iterdir()}


def test_its_entry_points_are_those_of_the_project(wheel):
    parser = configparser.ConfigParser(delimiters="=")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        parser.read_string(archive.read(name).decode())
    found = {section: dict(parser[section]) for section in parser.sections()}
    assert found == {"console_scripts": PROJECT["scripts"], **PROJECT["entry-points"]}


def test_the_installed_command_runs_from_the_wheel(run, installed):
    where = "import nstbench; print(nstbench.__file__)"
    assert run(sys.executable, "-P", "-c", where) == str(installed / "nstbench" / "__init__.py")
    assert PROJECT["version"] in run(sys.executable, "-P", installed / "bin" / "nstbench", "--version")


def test_the_installed_wheel_finds_its_backends(run):
    code = "from nstbench.api import plugins\n[print(p.name, p.load()) for p in plugins().values()]"
    found = run(sys.executable, "-P", "-c", code).split()
    assert set(PROJECT["entry-points"]["nstbench.backends"]) <= set(found)
