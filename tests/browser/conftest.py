"""A real browser, and pages that may ask nothing of anybody."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

COMPILE_ONCE = "--js-flags=--no-enable-lazy-source-positions"
"""Else Chromium, watched by Playwright, compiles functions again to say where they stand."""
HINT = "no Chromium: install Debian's with `apt-get install chromium`, or name one in CHROMIUM"


@pytest.fixture(scope="module")
def chromium():
    """Start Debian's Chromium, headless."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip(HINT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", COMPILE_ONCE])
        yield browser
        browser.close()


@dataclass
class Tab:
    """A page, and what was opened in it did that it must not."""

    page: Any
    options: dict
    quiet: bool = True
    refused: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.page.route("**/*", self._only_files)
        self.page.on(
            "console", lambda said: said.type == "error" and self.quiet and self._complain(said.text)
        )
        self.page.on("pageerror", lambda error: self._complain(str(error)))

    def open(self, path, quiet):
        self.quiet = quiet  # a file that is not there is a complaint
        self.page.goto(Path(path).resolve().as_uri())
        self.page.wait_for_selector("#table tbody", state="attached")

    def clear(self):
        """Leave it as it was before anything was opened."""
        self.page.emulate_media(media="null")
        self.page.goto("about:blank")
        refused, self.refused = self.refused, []
        complaints, self.complaints = self.complaints, []
        assert not refused
        assert not complaints

    def _complain(self, text):
        self.complaints.append(text)

    def _only_files(self, route):
        if route.request.url.startswith("file://"):
            route.continue_()
        else:
            self.refused.append(route.request.url)
            route.abort()


def faults_of(page, within=None):
    """Return a line for each rule of accessibility that axe finds broken, however little it matters."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, within).response["violations"]
    return [f"{one['impact']} {one['id']}: {[n['html'][:120] for n in one['nodes'][:3]]}" for one in found]


@pytest.fixture(scope="module")
def tabs():
    """Keep what may be used again: where a report was, the next opens in a third of the time, compiled."""
    return []


@pytest.fixture
def open_page(chromium, tabs):
    """Open a file in a page of its own; in the end no page may have complained or asked the network."""
    used = []

    def opener(path, *, quiet=True, **options):
        options = {"reduced_motion": "reduce", "viewport": {"width": 1280, "height": 900}} | options
        free = [tab for tab in tabs if tab.options == options and tab not in used]
        tab = free[0] if free else Tab(chromium.new_context(**options).new_page(), options)
        used.append(tab)
        if not free:
            tabs.append(tab)
        tab.open(path, quiet)
        return tab.page

    yield opener
    for tab in used:
        tab.clear()
