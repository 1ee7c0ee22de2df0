"""Install into the environment of the Python that runs this, as pip would: `install.py REQUIREMENT ...`.

uv does it in less than half the time. It is told what pip's own settings say of indexes; where uv cannot be
had or fails, pip does it.
"""

import os
import subprocess
import sys
from ast import literal_eval
from pathlib import Path

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
PIP = [sys.executable, "-m", "pip"]
QUIETLY = ["install", "--quiet", "--disable-pip-version-check", "--constraint", CONSTRAINTS]
VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}
"""Settings of pip, and the variable that says the same to uv."""


def of_pip(said: str) -> dict[str, str]:
    """Return variables for uv that say what `pip config list` said, the last word of each setting."""
    found = {}
    for line in said.splitlines():
        name, _, value = line.partition("=")
        if variable := VARIABLES.get(name.rpartition(".")[2]):
            separator = "," if variable == "UV_FIND_LINKS" else " "
            found[variable] = separator.join(literal_eval(value).split())
    return found


def by_uv(requirements: list[str]) -> bool:
    """Return whether uv has installed it."""
    if subprocess.run([*PIP, *QUIETLY, "uv"], check=False, capture_output=True).returncode:
        return False
    said = subprocess.run([*PIP, "config", "list"], check=False, capture_output=True, text=True).stdout
    # As pip sees it, all indexes are one; uv would look no further than the first that has a package.
    environment = of_pip(said) | {"UV_INDEX_STRATEGY": "unsafe-best-match"} | os.environ
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
    constraints = ["--constraint", CONSTRAINTS, "--build-constraint", CONSTRAINTS]
    done = subprocess.run([*uv, *constraints, *requirements], check=False, env=environment)
    return done.returncode == 0


def main() -> None:
    """Exit as pip does, if it is pip in the end."""
    requirements = sys.argv[1:]
    if by_uv(requirements):
        return
    print("uv could not install it; pip tries", file=sys.stderr)
    environment = os.environ | {"PIP_CONSTRAINT": str(CONSTRAINTS)}  # holds for build requirements too
    # What Python compiles is compiled when it is imported: most never is.
    sys.exit(
        subprocess.run(
            [*PIP, *QUIETLY, "--no-compile", *requirements], env=environment, check=False
        ).returncode
    )


if __name__ == "__main__":
    main()
