"""A real browser, and pages that may ask nothing of anybody."""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

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
class Watch:
    """What pages did that they must not."""

    refused: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def open_page(chromium):
    """Open a file in a context of its own; in the end no page may have complained or asked the network."""
    watch, contexts = Watch(), []

    def opener(path, *, quiet=True, **options):
        context = chromium.new_context(
            **{"reduced_motion": "reduce", "viewport": {"width": 1280, "height": 900}} | options
        )
        contexts.append(context)
        context.route("**/*", lambda route: _only_files(route, watch))
        page = context.new_page()
        if quiet:  # a file that is not there is a complaint
            page.on("console", lambda said: said.type == "error" and watch.complaints.append(said.text))
        page.on("pageerror", lambda error: watch.complaints.append(str(error)))
        page.goto(Path(path).resolve().as_uri())
        page.wait_for_selector("#table tbody", state="attached")
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not watch.refused
    assert not watch.complaints


def _only_files(route, watch):
    if route.request.url.startswith("file://"):
        route.continue_()
    else:
        watch.refused.append(route.request.url)
        route.abort()
