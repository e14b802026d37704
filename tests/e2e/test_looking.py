"""The judge of pages finds what is wrong, at whichever width, and lets a sound page pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.looking import Look

PAGE = """<!doctype html><html lang="{lang}"><head><title>Page</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>@media (max-width: 600px) {{ .desk {{ display: none }} }}
@media (min-width: 600px) {{ .phone {{ display: none }} }}
.pale {{ color: #ccc }} .first {{ order: -1 }} .column {{ display: flex; flex-direction: column }}</style></head>
<body><main><h1>Page</h1>{body}</main></body></html>"""
FAULTS = {
    "pale words": '<p class="pale">Words</p>',
    "a field without a name, at the desk alone": '<p class="desk"><input type="text"></p>',
    "a field without a name, on the phone alone": '<p class="phone"><input type="text"></p>',
    "wider than a phone": '<p style="width: 700px">Wide</p>',
    "the keyboard goes back up": '<p class="column"><a href="/a">One</a><a href="/b" class="first">Two</a></p>',
}


def opened(page: Page, serve_app: Callable[[Any], str], body: str, lang: str) -> Page:
    def answer(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [PAGE.format(lang=lang, body=body).encode()]

    page.goto(serve_app(answer))
    return page


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_found(
    new_page: Callable[..., Page], look: Look, serve_app: Callable[[Any], str], fault: str
) -> None:
    for lang in ("zh-CN", "en"):
        with pytest.raises(AssertionError):
            look(opened(new_page(lang), serve_app, FAULTS[fault], lang), fault)


def test_a_sound_page_passes(page: Page, look: Look, serve_app: Callable[[Any], str]) -> None:
    look(opened(page, serve_app, '<p><a href="/">Words</a></p>', "en"), "sound")
