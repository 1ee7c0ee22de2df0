from __future__ import annotations

import hashlib
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nstbench.api import AssetError
from nstbench.assets import resolve_weights
from nstbench.assets.imagenet import VGG19, Download, fetch

CONTENT = bytes(range(256)) * 400
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def own_keras_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@contextmanager
def serving(body=CONTENT, status=200, promised=None):
    """A real server; yields a download and the list of methods it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            asked.append(self.command)
            self.send_response(status)
            self.send_header("Content-Length", str(promised or len(body)))
            self.end_headers()

        def do_GET(self):
            self.do_HEAD()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Download(f"http://127.0.0.1:{server.server_port}/vgg19.h5", MD5, patience_s=5.0), asked
        server.shutdown()
        thread.join()


def nothing(line):
    pytest.fail(f"said {line!r}")


def test_the_file_is_downloaded_once_to_where_keras_keeps_it(tmp_path):
    said = []
    with serving() as (download, asked):
        path = fetch(download, said.append)
        assert path == tmp_path / "models" / "vgg19.h5"
        assert path.read_bytes() == CONTENT
        assert fetch(download, nothing) == path
    assert asked.count("GET") == 1
    assert len(said) == 1
    assert download.url in said[0]


def test_a_copy_that_keras_fetched_is_used_without_asking_the_server(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "vgg19.h5").write_bytes(CONTENT)
    source = resolve_weights("imagenet", tmp_path, nothing, Download("http://127.0.0.1:9/vgg19.h5", MD5))
    assert (source.name, source.kind) == ("imagenet", "imagenet")
    assert source.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert resolve_weights("auto", tmp_path, nothing, Download("http://127.0.0.1:9/vgg19.h5", MD5)) == source


def test_a_damaged_copy_is_fetched_again(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "vgg19.h5").write_bytes(CONTENT[:-1])
    with serving() as (download, _):
        assert fetch(download, lambda line: None).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ({"body": CONTENT[:-9]}, "hash"),
        ({"body": b"<html>please log in</html>"}, "hash"),
        ({"body": CONTENT[:-9], "promised": len(CONTENT)}, "9 more expected"),
        ({"status": 404}, "HTTP 404"),
        ({"status": 503}, "HTTP 503"),
    ],
)
def test_a_wrong_answer_is_refused_and_leaves_nothing(tmp_path, server, reason):
    with serving(**server) as (download, _), pytest.raises(AssetError) as caught:
        fetch(download, lambda line: None)
    message = str(caught.value)
    assert reason in message
    assert download.url in message
    assert f"Put {download.url} at {tmp_path / 'models' / 'vgg19.h5'} to use it" in message
    assert "\n" not in message
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_refused_connection_is_told_at_once(tmp_path):
    started = time.monotonic()
    with pytest.raises(AssetError, match="refused"):
        fetch(Download("http://127.0.0.1:9/vgg19.h5", MD5), nothing)
    assert time.monotonic() - started < 2


def test_a_server_that_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/vgg19.h5"
        started = time.monotonic()
        with pytest.raises(AssetError, match=r"no answer within 0.3 s|timed out"):
            fetch(Download(url, MD5, patience_s=0.3), nothing)
        assert time.monotonic() - started < 2


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    with serving() as (download, _), pytest.raises(AssetError, match="cannot be downloaded"):
        fetch(download, lambda line: None)


def test_the_default_is_the_file_that_keras_names(monkeypatch, tmp_path):
    assert VGG19.path == tmp_path / "models" / "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert VGG19.path.parent == tmp_path / "home" / ".keras" / "models"
