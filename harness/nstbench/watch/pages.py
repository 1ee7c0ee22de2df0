"""What is served, and how often it is made anew: what is being timed needs the processor more than a page."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from time import monotonic, thread_time

from nstbench.comparison.stylize_line import Defaults
from nstbench.record.inside import own_file
from nstbench.record.layout import INPUTS, refuse_strange
from nstbench.report.html import plotly_js, template
from nstbench.system.files import read_regular
from nstbench.watch.folder import Look, WatchedFolder

LOOK_S, REPORT_S = 1.0, 4.0
"""How often the folder is looked at, and a report made of it, at most."""

SHARE = 10
"""Where that takes long it is done less often: it has a tenth of a core at most."""

OWN = ("watch.html", "watch.css", "carry.js", "watch.js")
OF_REPORT = ("report.css", "theme.js")


class Pages:
    """What a results folder looks like in the browser. Threads may ask at once."""

    def __init__(self, folder: Path, defaults: Defaults) -> None:
        self._folder = WatchedFolder(folder, defaults)
        self._looking, self._making = Lock(), Lock()
        self._look, self._next_look = Look(), 0.0
        self._version, self._next_report = "", 0.0
        self._report: tuple[str, bytes] = "", b""

    def look(self) -> Look:
        """Say what the folder is like, or was a second ago."""
        with self._looking:
            if monotonic() >= self._next_look:
                since = thread_time()
                self._look = self._folder.look()
                self._next_look = monotonic() + max(LOOK_S, SHARE * (thread_time() - since))
            return self._look

    def state(self) -> bytes:
        """Return as JSON how far the sweeps are, and of which version of the results there is a report."""
        look = self.look()
        with self._looking:
            if look.version != self._version and (not look.at_work or monotonic() >= self._next_report):
                self._version = look.version
            return json.dumps(look.to_json() | {"version": self._version}).encode()

    def report(self) -> bytes:
        """Return the report of that version, or of one that is newer.

        Raises:
            ResultsError: the results are damaged, or there are none.
        """
        with self._making:
            version, since = self._version, thread_time()
            if self._report[0] != version or not version:
                self._report = version, self._folder.report()
                self._next_report = monotonic() + max(REPORT_S, SHARE * (thread_time() - since))
            return self._report[1]

    def picture(self, path: str) -> bytes:
        """Return a PNG file of the folder.

        Raises:
            ValueError: a sweep puts no picture there.
            ResultsError, OSError: there is none, or it is a link.
        """
        folder, _, name = path.partition("/")
        if folder == INPUTS.name:
            refuse_strange([name])
        else:
            refuse_strange([], [path])
        return read_regular(own_file(self._folder.path, Path(path)))


@cache
def part(name: str) -> bytes:
    """Return a file that every page is made of.

    Raises:
        KeyError: there is none of that name.
    """
    if name == "plotly.js":
        return plotly_js().encode()
    if name in OF_REPORT:
        return template(name).encode()
    if name not in OWN:
        raise KeyError(name)
    return (files("nstbench.watch") / "templates" / name).read_bytes()
