"""Looking at a page as different people do, on a phone and at a desk; axe-core is the first judge of accessibility."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page, Response
from sqlalchemy import MetaData, select

from kernel.database import Database

NARROWEST, PHONE, DESK = 320, 390, 1200
"""WCAG 2.2 1.4.10 asks for the first: what fits there, and here, fits between."""
WIDTHS = (PHONE, DESK)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHOTS = os.environ.get("TONGBAN_SCREENSHOTS")
"""The folder for pictures of every page that is looked at; none are taken without it."""

_JUDGING, _LAYOUT = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("judging.js", "layout.js"))
SCRIPT = f"""globalThis.judged = (() => {{
  let made;
  return (asked) => (made ??= (() => {{ {AXE_SCRIPT}
{_JUDGING}
return judge; }})())(asked);
}})();
globalThis.laidOut = (() => {{
  let made;
  return () => (made ??= (() => {{ {_LAYOUT}
return layout; }})())();
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

    axe finds nothing, the keyboard goes down the page, and a picture is taken when a folder is named for them. What is
    looked for in such a picture is asked of the browser: at these widths and on the narrowest phone nothing is wider
    than the window, cut off, covered, one upon the other, or in the other language. Without scripts (`scripts=False`)
    nobody can be asked, and only the width is looked at; nor is a page that a library draws (`own=False`).

    Colours are the same in both languages: they are judged at the desk in English and on the phone in Chinese, so that
    whoever walks in both has judged them at both widths.
    """

    shown: Mapping[Page, Answered]
    seen: set[Answered] = field(default_factory=set)
    """What has been looked at so far."""
    names: Callable[[], Iterable[str]] = tuple
    """What has Chinese names alone, which an English page shows as they are."""
    _known: set[str] = field(default_factory=set)

    def __call__(self, page: Page, name: str, *, scripts: bool = True, own: bool = True) -> None:
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
            if scripts and own:
                self._laid_out(page, name, width)
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name}-{language}-{width}.png", full_page=True)
        if own:
            page.set_viewport_size({"width": NARROWEST, "height": before["height"]})
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= NARROWEST, f"{name} is wider than {NARROWEST}"
            if scripts:
                self._laid_out(page, name, NARROWEST)
        page.set_viewport_size(before)
        if not problem and page in self.shown:
            self.seen.add(self.shown[page])

    def _laid_out(self, page: Page, name: str, width: int) -> None:
        """Nothing at this width is what a picture would show to be wrong; see layout.js."""
        found = page.evaluate("laidOut()")
        found["untranslated"] = self._untranslated(found.pop("chinese"))
        wrong = {fault: at for fault, at in found.items() if at}
        assert not wrong, f"{name} at {width}: {wrong}"

    def _untranslated(self, passages: Iterable[str]) -> list[str]:
        """Those of a page's Chinese passages, on a page in English, that are no names."""
        unknown = [text for text in passages if not self._is_known(text)]
        if unknown:  # asked late: what a database holds changes from page to page, and takes long to read
            self._known = {run for name in self.names() for run in _CHINESE.findall(name)}
        return [text for text in unknown if not self._is_known(text)]

    def _is_known(self, text: str) -> bool:
        return all(run in self._known or not _less(run, self._known) for run in _CHINESE.findall(text))


def _less(run: str, names: Iterable[str]) -> str:
    """What is left of `run` without `names`."""
    return reduce(lambda left, name: left.replace(name, ""), sorted(names, key=len, reverse=True), run)


_CHINESE = re.compile(r"[\u3400-\u9fff]+")


def stored_words(database: Database) -> set[str]:
    """Every run of Chinese characters that a database holds in plain: what people named and typed, no page's own.

    Of a text in both languages the Chinese half is left out: there is English to be shown in its place.
    """
    found: set[str] = set()
    tables = MetaData()
    with database.read() as connection:
        tables.reflect(connection)
        for row in (row for table in tables.tables.values() for row in connection.execute(select(table)).mappings()):
            for column, value in row.items():
                if not (column.endswith("_zh") and row.get(f"{column.removesuffix('_zh')}_en")):
                    text = value.decode("utf-8", "ignore") if isinstance(value, bytes) else str(value)
                    found.update(_CHINESE.findall(_without_translated(text)))
    return found


def _without_translated(text: str) -> str:
    """What is stored, if in JSON, less the Chinese beside which English stands."""
    try:
        return json.dumps(_halved(json.loads(text)), ensure_ascii=False) if text[:1] in ("{", "[") else text
    except ValueError:
        return text


def _halved(value: Any) -> Any:
    if isinstance(value, dict):
        translated = bool(value.get("zh") and value.get("en"))
        return {name: _halved(each) for name, each in value.items() if not (translated and name == "zh")}
    return [_halved(each) for each in value] if isinstance(value, list) else value


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
