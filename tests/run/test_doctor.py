"""The doctor starts every backend in a process of its own, whatever becomes of that."""

import time

import pytest

from nstbench.run import doctor
from nstbench.run.installed import installed

from .. import zoo

STARTS = {
    "raises": ("raise OSError('no driver')", "does not start: OSError: no driver"),
    "exits": ("os._exit(3)", "does not start: exited with 3"),
    "aborts": ("os.write(2, b'F0: no such flag\\n'); os.abort()", "does not start: F0: no such flag"),
    "dies": ("os.kill(os.getpid(), 9)", "does not start: was ended by SIGKILL"),
    "leaves": ("subprocess.Popen(['sleep', '600']); return Device('cpu', 'mine')", "starts on cpu mine"),
    "hangs": ("time.sleep(600)", "does not start within 2 s; look at the driver"),
}


@pytest.mark.parametrize("name", STARTS)
def test_whatever_a_backend_does_when_it_starts_is_one_line(tmp_path, monkeypatch, name):
    body, said = STARTS[name]
    imports = "import os, subprocess, time; from nstbench.api import Device"
    method = f"    def start(self, device, deterministic=False):\n        {imports}\n        {body}\n"
    zoo.plugin(tmp_path, f"start-{name}", zoo.SOUND + method)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(doctor, "installed_plugins", lambda: [installed(f"start-{name}")])
    if name == "hangs":
        monkeypatch.setattr(doctor, "START_TIMEOUT_S", 2.0)
    begun = time.monotonic()
    state = doctor.OK if name == "leaves" else doctor.LOOK
    assert [*doctor._backends(start=True)] == [(state, f"start-{name}: {said}")]
    assert time.monotonic() - begun < 60
