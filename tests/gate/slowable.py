"""A plugin in a git repository, as a stranger's: a backend that sleeps, in versions that are tagged.

The plugin lies in a folder of its own, as in a monorepo, and builds without anything from an index. Every
prepared session writes a line to the file `SLOWABLE_LOG`: how long a step takes, and whose code it is.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

STEP_S = 0.01
SLOW = "STEP_S = 0.06"
CRASH = "raise RuntimeError('broken on purpose')"

PYPROJECT = """
[build-system]
requires = []
build-backend = "zipped"
backend-path = ["."]
"""

BUILD = '''
"""The least that a build backend has to do."""
import zipfile
from pathlib import Path

NAME = "slowable-1.0"
METADATA = f"""Metadata-Version: 2.1
Name: slowable
Version: 1.0
"""
FILES = {
    "METADATA": METADATA,
    "WHEEL": "Wheel-Version: 1.0\\nGenerator: zipped\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "entry_points.txt": "[nstbench.backends]\\nslowable = slowable:Slowable\\n",
    "RECORD": "",
}


def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = f"{NAME}-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder) / name, "w") as wheel:
        wheel.write("slowable.py")
        for file, text in FILES.items():
            wheel.writestr(f"{NAME}.dist-info/{file}", text)
    return name
'''

MODULE = f"""
import os
import time

from nstbench.testing.fakes import FakeBackend, FakeSession

STEP_S = {STEP_S}


class Slowable(FakeBackend):
    def prepare(self, problem):
        with open(os.environ["SLOWABLE_LOG"], "a") as log:
            print(STEP_S, __file__, file=log)
        return Session(problem, self.options, self._compiled)


class Session(FakeSession):
    def run(self, n):
        time.sleep(n * STEP_S)
        return super().run(n)
"""

EXPERIMENT = """
name: tiny
inputs: {content: sample:cat, style: sample:coffee}
fixed: {size: 32, iterations: 8, alpha: 1, beta: 10}
measure: {referee: none, chunk: 2}
gate: {screening_pairs: 2, pairs: 2, step_min_s: 0.5}
backends: [slowable]
"""
"""Short. Versions differ sixfold, and half is allowed: no noise matters."""


class Repository:
    """A repository with the plugin in `plugin/`; tags: `fast`, `uninstallable`."""

    def __init__(self, folder):
        self.folder, self.project = folder, folder / "plugin"
        self.module = self.project / "slowable.py"

    def git(self, *words):
        command = ["git", "-C", self.folder, "-c", "user.name=n", "-c", "user.email=e", *words]
        environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return done.stdout.strip()

    def change(self, old, new):
        text = self.module.read_text()
        assert old in text
        self.module.write_text(text.replace(old, new))

    def restore(self):
        self.git("reset", "-q", "--hard", "fast")
        self.git("clean", "-qfdx")


def repository(folder):
    """Make the repository, unless it is there."""
    made = Repository(folder)
    if not folder.exists():
        made.project.mkdir(parents=True)
        (folder / ".gitignore").write_text("*.ignored\n__pycache__/\n")
        (folder / "data.txt").write_text("data\n")
        (made.project / "pyproject.toml").write_text(PYPROJECT)
        (made.project / "zipped.py").write_text(BUILD)
        made.module.write_text(MODULE)
        made.git("init", "-q", "-b", "main")
        _commit(made, "fast")
        (made.project / "zipped.py").write_text("raise ImportError('no build today')\n")
        _commit(made, "uninstallable")
        made.restore()
    return made


def _commit(made, tag):
    made.git("add", ".")
    made.git("commit", "-qm", f"The {tag} version")
    made.git("tag", tag)


def environment(folder, source):
    """Make an environment at hand, as a user's: this one's packages, and the module in `source`."""
    venv.create(folder, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    shared = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})"
    (packages / "own.pth").write_text(f"{source}\n{shared}\n")
    facts = packages / "slowable-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: slowable\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text("[nstbench.backends]\nslowable = slowable:Slowable\n")
    return folder / "bin" / Path(sys.executable).name
