"""A version of a project in an environment of its own, with real installations and no index."""

import subprocess
import sys
from importlib.metadata import version as version_of

import pytest

from nstbench.assets import cache_dir
from nstbench.gate.checkout import version
from nstbench.gate.environments import Recipe, installed
from nstbench.gate.side import SideBroken

pytestmark = pytest.mark.thorough


@pytest.fixture
def recipe():
    """Environments lie where the command keeps them, so that tests share what takes seconds to make."""
    return Recipe(cache_dir() / "environments")


def asked(side, code):
    done = subprocess.run([side.python, "-P", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_version_runs_its_own_code_beside_this_environment_s_packages(repo, recipe):
    side = installed("base", version(repo.project, "fast"), recipe)
    where, step = asked(side, "import slowable as s; print(s.__file__, s.STEP_S)").split()
    assert where.startswith(str(side.python.parents[1]))
    assert step == "0.01"
    ours = "import numpy, nstbench, pip; print(numpy.__version__, nstbench.__file__, pip.__version__)"
    here = subprocess.run([sys.executable, "-c", ours], capture_output=True, text=True, check=True)
    assert asked(side, ours) == here.stdout.strip()
    assert version_of("numpy") in here.stdout


def test_where_this_environment_has_no_pip_the_new_one_installs_and_gives_its_own_up(
    repo, tmp_path, monkeypatch
):
    monkeypatch.setattr("nstbench.gate.environments.find_spec", lambda name: None)
    side = installed("base", version(repo.project, "fast"), Recipe(tmp_path))
    assert asked(side, "import slowable; print(slowable.STEP_S)") == "0.01"
    own = side.python.parents[1] / "lib"
    assert [path.name for path in own.glob("*/site-packages/*.dist-info")] == ["slowable-1.0.dist-info"]


def test_an_environment_is_made_once_and_anew_for_other_content(repo, recipe, monkeypatch):
    made = installed("base", version(repo.project, "fast"), recipe)
    monkeypatch.setattr("nstbench.gate.environments._make", None)  # whatever installs now, fails
    again = installed("candidate", version(repo.project, "."), recipe)
    assert (again.name, again.python) == ("candidate", made.python)
    repo.change("STEP_S = 0.01", "STEP_S = 0.011")
    with pytest.raises(TypeError):
        installed("candidate", version(repo.project, "."), recipe)


def test_a_version_that_does_not_install_says_where_to_read_why_and_leaves_nothing(repo, recipe):
    repo.change("import os", "import os, sys")
    state = repo.git("status", "--porcelain")
    with pytest.raises(
        SideBroken, match=r"does not install: ImportError: no build today \(see .*install.txt\)"
    ) as caught:
        installed("candidate", version(repo.project, "uninstallable"), recipe)
    assert caught.value.side == "candidate"
    assert "\n" not in str(caught.value)
    log = next(
        recipe.cache.glob(f"plugin-{repo.git('rev-parse', '--short=8', 'uninstallable')}-*/install.txt")
    )
    assert str(log) in str(caught.value)
    assert "no build today" in log.read_text()
    assert repo.git("status", "--porcelain") == state
    assert len(repo.git("worktree", "list").splitlines()) == 1


def test_dependencies_of_its_own_come_from_its_metadata_and_nothing_else_is_seen(repo, tmp_path, recipe):
    wheel = tmp_path / "needed-1.0-py3-none-any.whl"
    code = (
        f"import sys; sys.path.insert(0, {str(repo.project)!r}); import zipped, pathlib\n"
        "zipped.NAME = 'needed-1.0'\n"
        "zipped.FILES['METADATA'] = zipped.METADATA.replace('slowable', 'needed')\n"
        f"pathlib.Path('slowable.py').touch(); zipped.build_wheel({str(tmp_path)!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    build = repo.project / "zipped.py"
    requires = (
        f'Version: 1.0\nProvides-Extra: more\nRequires-Dist: needed @ {wheel.as_uri()} ; extra == "more"\n'
    )
    build.write_text(build.read_text().replace("Version: 1.0\n", requires, 1))
    wanted = version(repo.project, ".")
    side = installed("base", wanted, Recipe(recipe.cache, own_dependencies=True, extras="more"))
    seen = "import importlib.metadata as m; print(sorted(d.name for d in m.distributions()))"
    assert asked(side, seen) == "['needed', 'pip', 'setuptools', 'slowable']"
