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
    "wider than the narrowest phone alone": '<p style="width: 350px">Wide</p>',
    "words that a box cuts off": '<p style="width: 60px; overflow: hidden; white-space: nowrap">Nobody reads this</p>',
    "a line that a box cuts off": '<div style="height: 20px; overflow: hidden">One<br>Two<br>Three</div>',
    "words beyond the edge": '<p style="position: absolute; left: -30px">Words</p>',
    "words upon words": '<p>One line of words</p><p style="margin-top: -30px">Another line of words</p>',
    "something lies on a control": (
        '<p><a href="/">Words</a></p><div style="position: absolute; inset: 0; background: #fff; opacity: 0.01"></div>'
    ),
    "a control that is too small": (
        '<p><button style="width: 16px; height: 16px; padding: 0; border: 0">+</button>'
        '<button style="width: 16px; height: 16px; padding: 0; border: 0">-</button></p>'
    ),
    "nothing to see": '<p style="opacity: 0">Words</p><style>h1 { visibility: hidden }</style>',
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


@pytest.mark.parametrize(
    ("lang", "body"),
    [
        ("en", "<p>登录已经结束</p>"),
        ("en", "<p>You signed in at 市场监管局.</p>"),
        ("en", '<p><span lang="zh">登录已经结束</span></p>'),  # the kit marks it, but nobody is called so
        ("en", "<p>Its number: 17。</p>"),
        ("zh-CN", "<h2>Sign in again</h2>"),
        ("zh-CN", "<p><button>Send the code</button></p>"),
    ],
)
def test_words_in_the_other_language_are_found(
    page: Page, look: Look, serve_app: Callable[[Any], str], lang: str, body: str
) -> None:
    with pytest.raises(AssertionError, match=r"unmarked|untranslated"):
        look(opened(page, serve_app, body, lang), "other words")


@pytest.mark.parametrize(
    ("lang", "body"),
    [
        ("en", '<p>You signed in as <span lang="zh-CN">王小明</span>.</p>'),
        ("en", '<p>You signed in as <span lang="zh">李丽（代 王小明）</span>.</p>'),
        ("zh-CN", '<h2>登录 Market website</h2><p>invalid request</p><button lang="en">In English</button>'),
    ],
)
def test_a_name_that_is_marked_as_of_the_other_language_is_none_of_them(
    page: Page, look: Look, serve_app: Callable[[Any], str], lang: str, body: str
) -> None:
    look.names = lambda: ("李丽", "代 王小明")
    look(opened(page, serve_app, body, lang), "names")


def test_a_sound_page_passes(page: Page, look: Look, serve_app: Callable[[Any], str]) -> None:
    look(opened(page, serve_app, '<p><a href="/">Words</a></p>', "en"), "sound")
