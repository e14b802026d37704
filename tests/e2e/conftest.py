"""A real browser for pages: Debian's Chromium, nothing but loopback, axe-core as the first judge of accessibility."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.conftest import ENGINE
from tests.doubles.identity_provider import Provider, provider_at
from tests.doubles.provider_fixtures import empty_postgresql, empty_sqlite, fresh
from tests.e2e.looking import SCRIPT, Answered, Look, judged, remember

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
    "--js-flags=--no-opt --no-maglev --always-sparkplug --no-flush-bytecode",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
"""Every page runs the same judge once: code is kept from page to page, and none made faster in vain, which saves a
quarter of the browser's work. The last lets no request leave the machine; that one was tried is noticed by `new_page`.
"""
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
def shown() -> dict[Page, Answered]:
    """What each page of a test shows: the request that it is the answer to."""
    return {}


@pytest.fixture
def new_page(browser: Browser, shown: dict[Page, Answered]) -> Iterator[NewPage]:
    """Open pages in fresh contexts: `new_page(language='en', width=390)`; outside requests and CSP breaches fail."""
    with ExitStack() as stack:

        def open_page(language: str = "zh-CN", width: int = 1200, *, scripts: bool = True) -> Page:
            page = stack.enter_context(_Watched(browser, language, width, scripts))
            remember(shown, page)
            return page

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
        if scripts:
            self._context.add_init_script(SCRIPT)
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
def axe() -> Callable[[Page], None]:
    """Assert that axe-core finds no violation on a page as it stands: `axe(page)`."""

    def check(page: Page) -> None:
        assert page.viewport_size is not None
        judged(page, page.viewport_size["width"])

    return check


@pytest.fixture
def look(shown: dict[Page, Answered]) -> Look:
    """Look at pages on a phone and at a desk: `look(page, "sign-in")`; `look.seen` is what has been looked at."""
    return Look(shown)


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
