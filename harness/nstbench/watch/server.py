"""The server of the live page: this machine alone, only for who knows the address, and only to look.

Other users of the machine can reach the port, and so can pages of other sites in the browser. So every
address begins with a token that nobody can guess; and as a site can have its own name lead here, the name is
looked at.
"""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import unquote, urlsplit

from nstbench.api import ResultsError, UsageError, one_line
from nstbench.comparison.stylize_line import Defaults, no_defaults
from nstbench.watch.pages import Pages, part

HOST, NAMES = "127.0.0.1", ("127.0.0.1", "localhost")
"""Where it listens, and by which names it may be called; through a tunnel the port may be another."""

IDLE_S = 30.0
MODEST = 10
"""How much less the threads that answer count than what is being timed, see nice(2)."""

TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".png": "image/png"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; connect-src 'self'; frame-src 'self'; "
    "img-src 'self' data: blob:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Nothing is fetched from elsewhere, the address is told to nobody, and no other site shows the page."""


class WatchServer(ThreadingHTTPServer):
    """Serves one results folder until it is closed.

    Args:
        port: 0 for one that is free.
        defaults: as in `nstbench.report.html.write_report`.

    Raises:
        UsageError: the port cannot be had.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, folder: Path, port: int = 0, defaults: Defaults = no_defaults) -> None:
        self.pages, self.token = Pages(folder, defaults), secrets.token_urlsafe(16)
        self.ended = False
        try:
            super().__init__((HOST, port), _Answer)
        except OSError as error:
            why = error.strerror or error
            raise UsageError(f"--port {port}: {why}; name another, or none for one that is free") from error

    @property
    def address(self) -> str:
        """What to open."""
        return f"http://{HOST}:{self.server_address[1]}/{self.token}/"

    @property
    def trouble(self) -> str:
        """Why there is nothing to be seen yet; empty if there is."""
        return self.pages.look().trouble

    def __enter__(self) -> WatchServer:
        """Begin to answer."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, on connections that are open too."""
        self.ended = True
        self.shutdown()
        self.server_close()

    def wait(self) -> None:
        """Answer until the process is interrupted."""
        while True:
            sleep(3600)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection, without haste."""
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), MODEST)
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Overlook that a browser has gone."""


class _Answer(BaseHTTPRequestHandler):
    server: WatchServer
    protocol_version = "HTTP/1.1"
    timeout = IDLE_S

    def version_string(self) -> str:
        return "nstbench"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: standard error has the progress of the sweep."""

    def do_GET(self) -> None:
        if self.server.ended:
            self.close_connection = True
            return
        if not _is_ours(self.headers.get("Host", "")):
            self._refuse(HTTPStatus.FORBIDDEN, f"this page is served to {' and '.join(NAMES)} alone")
            return
        token, _, path = urlsplit(self.path).path.removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(), self.server.token.encode()):
            self._refuse(HTTPStatus.FORBIDDEN, "the address lacks the token that `nstbench watch` printed")
            return
        try:
            self._answer(unquote(path))
        except (KeyError, ValueError, OSError):
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such page")
        except ResultsError as error:
            self._refuse(HTTPStatus.NOT_FOUND, one_line(error))

    def _answer(self, path: str) -> None:
        pages = self.server.pages
        if path == "state":
            self._send(pages.state(), "application/json", "no-store")
        elif path == "report":
            self._send(pages.report(), "text/html", "no-store")
        elif path.endswith(".png"):
            self._send(pages.picture(path), "image/png", "no-cache")
        else:
            name = path or "watch.html"
            self._send(part(name), TYPES[Path(name).suffix], "max-age=3600" if path else "no-store")

    def _send(self, body: bytes, kind: str, caching: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        tag = f'"{sha256(body).hexdigest()[:16]}"' if caching == "no-cache" else ""
        if tag and self.headers.get("If-None-Match") == tag:
            status, body = HTTPStatus.NOT_MODIFIED, b""
        self.send_response(status)
        headers = {"Content-Type": kind if kind == "image/png" else f"{kind}; charset=utf-8"}
        headers |= {"Content-Length": str(len(body)), "Cache-Control": caching} | HEADERS
        for name, value in (headers | ({"ETag": tag} if tag else {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: HTTPStatus, line: str) -> None:
        self._send(f"nstbench: {line}\n".encode(), "text/plain", "no-store", status)


def _is_ours(host: str) -> bool:
    """Whether a request was meant for this machine: see DNS rebinding."""
    try:
        return urlsplit(f"//{host}").hostname in NAMES
    except ValueError:
        return False
