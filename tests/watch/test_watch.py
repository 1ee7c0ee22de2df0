"""The live page: a real server, real sweeps of stand-ins, a real browser."""

import http.client
import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, sleep
from urllib.parse import urlsplit

import pytest

import nstbench
from nstbench.api import UsageError
from nstbench.cli.app import app
from nstbench.record.progress import ProgressFile, sweeps_of
from nstbench.run.job import Advanced
from nstbench.run.watcher import Watcher
from nstbench.watch import pages
from nstbench.watch.server import WatchServer

from ..browser.conftest import chromium  # noqa: F401 - a fixture

EXPERIMENT = {
    "name": "live",
    "inputs": {"content": "sample:cat", "style": "sample:coffee"},
    "fixed": {"size": 32, "iterations": 6, "alpha": 1},
    "sweep": {"beta": [1, 10, 100]},
    "backends": ["fake"],
    "measure": {"referee": "none", "snapshot_every": 2, "chunk": 1},
}
HANGING = [{"name": "fake", "options": {"fault": "hang", "at": 4}}]
SWEEP = "import json, sys, nstbench; nstbench.sweep(json.loads(sys.argv[1]), sys.argv[2])"


def wait_for(known, limit_s=60):
    until = monotonic() + limit_s
    while not (found := known()):
        assert monotonic() < until, "waited in vain"
        sleep(0.02)
    return found


def get(address, path="", host=None, token=None):
    """Ask as a browser does; returns status and body."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    place = parts.path if token is None else f"/{token}/"
    connection.request("GET", f"{place}{path}", headers={"Host": host or parts.netloc})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def state(address):
    return json.loads(get(address, "state")[1])


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    """Look, and make reports, as often as is asked for."""
    monkeypatch.setattr(pages, "SHARE", 0)
    monkeypatch.setattr(pages, "LOOK_S", 0)
    monkeypatch.setattr(pages, "REPORT_S", 0.5)


@pytest.fixture(scope="module")
def swept(tmp_path_factory, cache):
    folder = tmp_path_factory.mktemp("watched") / "live"
    nstbench.sweep(EXPERIMENT, folder)
    return folder


@pytest.fixture(scope="module")
def served(swept):
    with WatchServer(swept) as server:
        yield server.address


def test_only_who_knows_the_token_is_answered_and_only_under_the_name_of_this_machine(served):
    assert get(served)[0] == 200
    for token in ("", "x", "%F0%9F%90%88"):
        for path in ("", "state", "report", "plotly.js"):
            assert get(served, path, token=token)[0] == 403
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1", "@"):
        assert get(served, "state", host=host)[0] == 403
    assert get(served, "state", host="localhost:8000")[0] == 200  # through a tunnel


def test_nothing_is_served_but_the_page_and_the_pictures_of_the_folder(served, swept, tmp_path):
    (tmp_path / "private.png").write_bytes(b"private")
    (swept.parent / "outside.png").write_bytes(b"outside")
    picture = next(swept.glob("trials/*/images/*.png"))
    link = picture.with_name("link.png")
    link.symlink_to(tmp_path / "private.png")
    inside = picture.relative_to(swept).as_posix()
    assert get(served, inside) == (200, picture.read_bytes())
    assert get(served, f"inputs/{next(swept.glob('inputs/*.png')).name}")[0] == 200
    for path in (
        *(
            "plan.json",
            "../outside.png",
            "%2e%2e/outside.png",
            "..%2foutside.png",
            "inputs/../../outside.png",
        ),
        *("inputs/..%2f..%2foutside.png", "trials/../../outside.png", f"/{picture}", str(picture), "inputs/"),
        *(link.relative_to(swept).as_posix(), "trials", "templates/watch.js", "inputs/none.png"),
        *(f"{inside}/", f"trials/{picture.parts[-3]}/log.txt", f"{inside}%00.png", "folder.py"),
    ):
        assert get(served, path)[0] == 404, path
    link.unlink()


def test_a_folder_that_is_looked_at_stays_as_it_was(swept, served):
    def seen():
        return {path: path.stat().st_mtime_ns for path in swept.rglob("*")}

    before = seen()
    assert get(served, "report")[0] == 200
    assert state(served)["says"] == "No sweep is at work, and all trials are done."
    assert seen() == before


def test_a_folder_that_is_not_there_or_is_damaged_is_one_line(tmp_path):
    with WatchServer(tmp_path / "none") as server:
        assert "none: no results yet" in server.trouble
        code, said = get(server.address, "report")
        assert (code, said.count(b"\n")) == (404, 1)
        assert state(server.address)["version"] == ""
    (tmp_path / "plan.json").write_text('{"experiment": "x", "tri')
    with WatchServer(tmp_path) as server:
        assert "plan.json: damaged" in server.trouble
        assert "\n" not in server.trouble


def test_a_port_that_is_taken_is_one_line(swept, served):
    port = urlsplit(served).port
    with pytest.raises(UsageError, match=f"--port {port}: Address already in use"):
        WatchServer(swept, port)


def test_a_sweep_says_how_far_it_is_and_that_it_was_killed(tmp_path):
    command = [sys.executable, "-c", SWEEP, json.dumps(EXPERIMENT | {"backends": HANGING}), str(tmp_path)]
    with WatchServer(tmp_path) as server, subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            job = wait_for(lambda: [each for each in running(server) if each["iterations"]])[0]
            assert (job["of"], job["phase"], job["picture"][:7]) == (6, "rounds", "trials/")
            assert job["curve"]["iteration"] == list(range(1, job["iterations"] + 1))
        finally:
            process.kill()
        process.wait()
        said = state(server.address)
        assert said["says"].startswith("The last sweep was killed: 0 of 3 trials are done.")
        assert said["sweeps"] == []
    ProgressFile(tmp_path).close()  # as the next sweep does
    assert not (tmp_path / "progress").exists()


def running(server):
    return [job for sweep in state(server.address)["sweeps"] for job in sweep["jobs"]]


def test_what_a_sweep_left_that_makes_no_sense_is_overlooked(tmp_path):
    (tmp_path / "progress").mkdir()
    for at, text in enumerate(("", "{", "[]", '{"jobs": 1}', '{"jobs": [], "node": 1}', '{"left_s": NaN}')):
        (tmp_path / "progress" / f"{at}.json").write_text(text)
    assert sweeps_of(tmp_path) == []


class Gate(Watcher):
    """Holds a sweep up where the loss curve of each trial has come half way."""

    def __init__(self):
        self.reached, self.passed, self.open = Event(), Event(), False

    def event(self, job, event):
        if isinstance(event, Advanced) and event.iterations == 4 and not self.open:
            self.reached.set()
            self.passed.wait(60)
            self.passed.clear()

    def go_on(self):
        self.reached.clear()
        self.passed.set()


@contextmanager
def held_up(folder):
    """Sweep in a thread, held up half way through each trial."""
    gate = Gate()
    thread = Thread(target=nstbench.sweep, args=(EXPERIMENT, folder), kwargs={"watch": gate})
    thread.start()
    try:
        yield gate
    finally:
        gate.open = True
        gate.passed.set()
        thread.join()


@pytest.fixture
def tab(chromium):  # noqa: F811
    context = chromium.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(90_000)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert not errors
    context.close()


def report_with(tab, counts):
    """Wait for a report with these counts; returns its frame."""
    shown = "document.querySelector('#reports iframe:not(.coming)')"
    said = f"{shown}?.contentDocument.querySelector('.counts')?.textContent.trim().split(/\\s+/).join(' ')"
    tab.wait_for_function(f"counts => {said} === counts", arg=counts)
    return tab.query_selector("#reports iframe:not(.coming)").content_frame()


def test_the_page_grows_with_the_sweep_and_stays_as_its_reader_left_it(tab, tmp_path):
    with WatchServer(tmp_path) as server, held_up(tmp_path) as gate:
        tab.goto(server.address)
        gate.reached.wait(60)
        report = report_with(tab, "3 pending")
        tab.wait_for_selector("#jobs li img[src$='images/000002.png']")
        assert report.locator("#failures").inner_text() == ""
        (growing,) = wait_for(lambda: report.evaluate("Object.values(data.curves)"))
        assert growing["iteration"] == [1, 2]  # as when the picture was taken, a moment ago
        report.locator("#find").fill("beta=1")
        report.locator("#table thead button").first.click()
        report.locator("#table tbody button").first.click()
        selected = report.evaluate("selected")
        report.evaluate("scrollTo({top: byId('losses').offsetTop - 40, behavior: 'instant'})")
        gate.go_on()
        report = report_with(tab, "2 pending 1 ok")
        assert report.input_value("#find") == "beta=1"
        assert report.evaluate("selected") == selected is not None
        assert report.get_attribute("#table th[aria-sort]", "aria-sort") == "ascending"
        top = report.evaluate("byId('losses').getBoundingClientRect().top")
        assert top == pytest.approx(40, abs=2)
        for _ in range(2):
            gate.reached.wait(60)
            gate.go_on()
        report_with(tab, "3 ok")
        tab.wait_for_function("() => byId('says').textContent.endsWith('all trials are done.')")
        assert tab.locator("#jobs li").count() == 0
    tab.wait_for_function("() => byId('says').textContent.startsWith('Nobody answers')")


def test_watching_prints_the_address_and_ends_with_ctrl_c(swept):
    command = [sys.executable, "-c", "from nstbench.cli import main; main()", "watch", str(swept)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        assert get(process.stdout.readline().strip())[0] == 200
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, ("", "no longer served\n"))


def test_a_sweep_serves_itself_meanwhile_and_ends_where_there_is_no_terminal(write, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        app(["sweep", str(write()), "--watch", "-o", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert end.value.code == 0
    assert "1 ok; 1 run now" in said
    with pytest.raises(OSError):
        get(said.split("watch    ")[1].split()[0])
