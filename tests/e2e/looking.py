"""Looking at a page as different people do, on a phone and at a desk; axe-core is the first judge of accessibility."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page, Response

PHONE, DESK = 390, 1200
WIDTHS = (PHONE, DESK)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHOTS = os.environ.get("TONGBAN_SCREENSHOTS")
"""The folder for pictures of every page that is looked at; none are taken without it."""

_JUDGING = Path(__file__).with_name("judging.js").read_text(encoding="utf-8")
SCRIPT = f"""globalThis.judged = (() => {{
  let made;
  return (asked) => (made ??= (() => {{ {AXE_SCRIPT}
{_JUDGING}
return judge; }})())(asked);
}})();"""
"""What every page of a context brings along; a page that nobody looks at only reads over it."""

_COLOURS = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
_NO_COLOURS = _COLOURS | {"rules": {"color-contrast": {"enabled": False}}}
"""Half the work."""
_WIDTH = ("target-size", "scrollable-region-focusable")
"""What axe-core asks of sizes and places. All else is the same at every width at which the same things are there."""


class Answered(NamedTuple):
    """The request that a page was the answer to."""

    method: str
    path: str
    status: int


@dataclass
class Look:
    """Look at pages: `look(page, "sign-in")`.

    axe finds nothing, nothing is wider than the window, the keyboard goes down the page, and a picture is taken when a
    folder is named for them. Without scripts (`scripts=False`) axe cannot run, and only the rest is looked at.

    Colours are the same in both languages: they are judged at the desk in English and on the phone in Chinese, so that
    whoever walks in both has judged them at both widths.
    """

    shown: Mapping[Page, Answered]
    seen: set[Answered] = field(default_factory=set)
    """What has been looked at so far."""

    def __call__(self, page: Page, name: str, *, scripts: bool = True) -> None:
        language = page.locator("html").get_attribute("lang") or ""
        before = page.viewport_size
        assert before is not None
        page.mouse.move(0, 0)  # a page is looked at, not pointed at: widths would move things under the mouse
        first, second = (DESK, PHONE) if language == "en" else (PHONE, DESK)
        problem = False
        for width in (first, second):
            if page.viewport_size != {"width": width, "height": before["height"]}:
                page.set_viewport_size({"width": width, "height": before["height"]})
            if scripts:
                found = judged(page, width, colours=width == first, again=width == second)
                problem = found["problem"]
            else:
                found = {"width": page.evaluate("document.documentElement.scrollWidth")}
            assert found["width"] <= width, f"{name} is wider than {width}"
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name}-{language}-{width}.png", full_page=True)
        if page.viewport_size != before:
            page.set_viewport_size(before)
        if not problem and page in self.shown:
            self.seen.add(self.shown[page])


def judged(page: Page, width: int, *, colours: bool = True, again: bool = False) -> dict[str, Any]:
    """What stands there at this width; what axe finds wrong fails."""
    asked = {
        "options": _COLOURS if colours else _NO_COLOURS,
        "changing": [*_WIDTH, "color-contrast"] if colours else [*_WIDTH],
        "again": again,
        "column": width == PHONE,
    }
    found: dict[str, Any] = page.evaluate("asked => judged(asked)", asked)
    result = AxeResults(found)
    assert result.violations_count == 0, result.generate_report()
    assert found["unordered"] == [], f"the keyboard goes back up to {found['unordered']}"
    return found


def remember(shown: MutableMapping[Page, Answered], page: Page) -> None:
    """Keep in mind what request each of a page's documents answers."""

    def on_response(response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and request.frame == page.main_frame and not 300 <= response.status < 400:
            shown[page] = Answered(request.method, urlsplit(response.url).path, response.status)

    page.on("response", on_response)
