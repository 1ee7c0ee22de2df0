"""How `make` installs: as pip is set up to, though by another program."""

import os
import subprocess
import sys

from ..install import of_pip

SETTINGS = """
[global]
index-url = /mirror
find-links =
    /wheels
    /more
timeout = 7
[install]
extra-index-url = /one /two
no-compile = true
"""


def test_what_pip_says_of_indexes_uv_is_told(tmp_path):
    file = tmp_path / "pip.conf"
    file.write_text(SETTINGS)
    others = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env=others | {"PIP_CONFIG_FILE": str(file)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    told = of_pip(said)
    assert told["UV_DEFAULT_INDEX"] == "/mirror"
    assert told["UV_FIND_LINKS"] == "/wheels,/more"
    assert told["UV_EXTRA_INDEX_URL"] == "/one /two"
    assert told["UV_HTTP_TIMEOUT"] == "7"
    assert not any("compile" in name.lower() for name in told)


def test_nothing_set_says_nothing():
    assert of_pip("") == {}
