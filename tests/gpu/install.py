"""Install the kit into an environment of its own: `install.py KIT ENVIRONMENT SLOWED`, without a network.

The environment finds every other package in the Python that runs this. SLOWED is the same again, but each
call of its jax-vgg19 takes a tenth longer: what `nstbench check` is to find.
"""

import shutil
import site
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SLOWER = """

def _slowed(run):
    from time import perf_counter, sleep

    def slower(self, n):
        start = perf_counter()
        trace = run(self, n)
        sleep(0.1 * (perf_counter() - start))
        return trace

    return slower


JaxSession.run = _slowed(JaxSession.run)
"""


def main():
    kit, environment, slowed = map(Path, sys.argv[1:])
    (wheel,) = (kit / "wheels").glob("nstbench-*.whl")
    refuse_old(wheel)
    make(environment, [each for each in site.getsitepackages() if Path(each).is_dir()])
    pip = [sys.executable, "-m", "pip", "--python", environment / "bin" / "python", "install", "--no-index"]
    pip += ["--quiet", "--disable-pip-version-check"]
    complete = subprocess.run([*pip, "--find-links", wheel.parent, wheel], check=False).returncode == 0
    if not complete:
        print("a package is missing or too old, see above; going on with all that the kit has")
    # Again, as an nstbench that is there already would do for pip.
    own = [wheel] if complete else sorted(wheel.parent.glob("*.whl"))
    subprocess.run([*pip, "--no-deps", "--force-reinstall", *own], check=True)
    make(slowed, [packages(environment)])
    shutil.copytree(packages(environment) / "nstbench_jax", packages(slowed) / "nstbench_jax")
    with (packages(slowed) / "nstbench_jax" / "session.py").open("a") as file:
        file.write(SLOWER)


def refuse_old(wheel):
    """In a checkout, a wheel that was made before the last change would be measured for it."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            for path in (ROOT / "harness" / name, ROOT / "backends" / name):
                if path.is_file() and path.read_bytes() != archive.read(name):
                    sys.exit(f"{wheel}: older than {path}; make gpu-kit")


def packages(environment):
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(environment)}))


def make(environment, others):
    """Make an empty environment that looks into other folders of packages after its own."""
    venv.create(environment, with_pip=False, symlinks=True, clear=True)
    lines = [f"import site; site.addsitedir({str(folder)!r})" for folder in others]
    (packages(environment) / "others.pth").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
