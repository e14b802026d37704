"""A real browser for pages: Debian's Chromium, nothing but loopback, axe-core as the first judge of accessibility."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.conftest import ENGINE
from tests.doubles.identity_provider import Provider, provider_at
from tests.doubles.provider_fixtures import empty_postgresql, empty_sqlite, fresh

__all__ = ["empty_postgresql", "empty_sqlite", "fresh"]

BROWSERS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
"""The same browser twice: without the windows that nobody sees, it needs a third less of the processor."""
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
"""The last lets no request leave the machine; that one was tried is noticed by `new_page`."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOPBACK = {"127.0.0.1", "localhost", "::1", "[::1]"}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the whole session. Without Chromium what needs one is left out; the run's last lines say how to
    enable it.
    """
    chromium = next((path for path in BROWSERS if Path(path).exists()), None)
    if chromium is None:
        pytest.skip("needs a browser: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Open pages in fresh contexts: `new_page(language='en', width=390)`; outside requests and CSP breaches fail."""
    with ExitStack() as stack:

        def open_page(language: str = "zh-CN", width: int = 1200, *, scripts: bool = True) -> Page:
            return stack.enter_context(_Watched(browser, language, width, scripts))

        yield open_page


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page in Chinese at 1200 px."""
    return new_page()


class _Watched:
    """A page whose every request and console message is looked at; leaving it says what was wrong."""

    def __init__(self, browser: Browser, language: str, width: int, scripts: bool) -> None:
        self._context = browser.new_context(
            locale=language, viewport={"width": width, "height": 900}, java_script_enabled=scripts
        )
        self._faults: list[str] = []
        # Listening, and not routing: a routed page has no cache and asks Python about each of its files.
        self._context.on("request", self._on_request)
        self._context.on("console", self._on_console)

    def _on_request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("data", "blob") and url.hostname not in LOOPBACK:
            self._faults.append(f"request to {url.hostname}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Uncaught" in message.text:
            self._faults.append(message.text)

    def __enter__(self) -> Page:
        return self._context.new_page()

    def __exit__(self, *exception: object) -> None:
        self._context.close()
        assert not self._faults, self._faults


@pytest.fixture
def axe() -> Callable[..., None]:
    """Assert that axe-core finds no violation on a page: `axe(page)`; `axe(page, colours=False)` judges all else."""
    judge = Axe()
    # Every rule of these kinds runs; only what was violated is told at length.
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}

    def check(page: Page, *, colours: bool = True) -> None:
        if page.evaluate("typeof axe") == "undefined":
            page.evaluate(judge.axe_script)
        found = page.evaluate("options => axe.run(options)", options | ({} if colours else WITHOUT_COLOURS))
        result = AxeResults(found)
        assert result.violations_count == 0, result.generate_report()

    return check


WITHOUT_COLOURS = {"rules": {"color-contrast": {"enabled": False}}, "preload": False}
"""Colours, sizes of text, and what style sheets, fetched for it again, say of turning a phone: half of the work."""
WIDTHS = (390, 1200)
"""A phone and a desk."""
SHOTS = os.environ.get("TONGBAN_SCREENSHOTS")
"""The folder for pictures of every page that is looked at; none are taken without it."""

AT_REST = """new Promise(rested => requestAnimationFrame(() => requestAnimationFrame(() =>
  Promise.allSettled(document.getAnimations().map(one => one.finished)).then(rested))))"""
"""What another width, or a mouse that went away, sets going begins a frame later; sizes mean something at its end."""

Look = Callable[..., None]


COLOURED = {"en": 1200}
"""Language → the width at which its colours are judged; those of others on a phone. Colours are the same in both
languages: whoever walks in both has judged them at both widths.
"""


@pytest.fixture
def look(axe: Callable[..., None]) -> Look:
    """Look at a page as different people do: `look(page, "sign-in")`.

    On a phone and on a desk: axe finds nothing, nothing is wider than the window, and a picture is taken when a folder
    is named for them. Without scripts (`scripts=False`) axe cannot run, and only the rest is looked at.
    """

    def look_at(page: Page, name: str, *, scripts: bool = True) -> None:
        before = page.viewport_size
        coloured = COLOURED.get(page.locator("html").get_attribute("lang") or "", WIDTHS[0])
        page.mouse.move(0, 0)  # a page is looked at, not pointed at: widths would move things under the mouse
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width}"
            if scripts:
                page.evaluate(f"() => {AT_REST}")
                axe(page, colours=width == coloured)
            if SHOTS:
                language = page.locator("html").get_attribute("lang")
                page.screenshot(path=f"{SHOTS}/{name}-{language}-{width}.png", full_page=True)
        assert before is not None
        page.set_viewport_size(before)

    return look_at


class _Quiet(WSGIRequestHandler):
    def log(self, *arguments: Any) -> None:
        """Say nothing: the addresses of test pages are no news."""


@pytest.fixture
def free_port() -> int:
    """A loopback port nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def serve_app() -> Iterator[Callable[[Any], str]]:
    """Serve a WSGI application on a free loopback port, or a given one: `base = serve_app(app)`."""
    with ExitStack() as stack:

        def start(app: Any, port: int = 0) -> str:
            server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


ServeProvider = Callable[..., Provider]


@pytest.fixture
def serve_provider(
    fresh: Callable[[str], str], tmp_path: Path, serve_app: Callable[..., str], free_port: int
) -> Iterator[ServeProvider]:
    """A provider that a real browser reaches at its own issuer address: THE way to test the provider's pages.

    A file of page tests needs no server of its own, only::

        @pytest.fixture
        def provider(serve_provider: ServeProvider) -> Provider:
            return serve_provider()

    `serve_provider(host="localhost")` where passkeys are met (browsers know them for names alone); further words are
    settings of `provider_at`. It starts from a copy of the worker's migrated database, so that each test may have its
    own: what costs time is the browser, so look at many pages in one test rather than at one page in each.
    """
    with ExitStack() as stack:

        def serve(host: str = "127.0.0.1", **changes: Any) -> Provider:
            issuer = f"http://{host}:{free_port}"
            running = stack.enter_context(provider_at(fresh(ENGINE), tmp_path, migrated=True, issuer=issuer, **changes))
            serve_app(running.app, port=free_port)
            return running

        yield serve
