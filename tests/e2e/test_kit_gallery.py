"""The page kit in a real browser: every component, both languages, both widths, with and without JavaScript."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from kernel.metrics import Metrics
from kernel.text import Text
from kernel.web.app import create_app
from kernel.web.gallery import gallery
from kernel.web.health import Health

SCREENSHOTS = os.environ.get("TONGBAN_SCREENSHOTS")


@pytest.fixture
def site(serve_app: Callable[[object], str]) -> str:
    """The gallery's address."""
    app = create_app(
        "gallery",
        routes=[],
        blueprints=[gallery()],
        health=Health({}),
        metrics=Metrics(),
        title=Text("组件陈列", "Component gallery"),
        secret_key=b"g" * 32,
    )
    return serve_app(app)


def look(page: Page, name: str) -> None:
    """Keep a screenshot where TONGBAN_SCREENSHOTS says, for people to look at."""
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("path", ["/gallery", "/gallery/compact", "/gallery?type=large", "/nowhere"])
def test_pages_are_accessible_and_fit(new_page, axe, site, language, width, path) -> None:
    page = new_page(language, width)
    page.goto(site + path)
    look(page, f"{path.strip('/').replace('/', '-').replace('?', '-')}-{language}-{width}")
    axe(page)
    assert page.locator("html").get_attribute("lang") == language
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, "the page scrolls sideways"
