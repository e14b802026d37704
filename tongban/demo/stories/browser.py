"""A browser small enough for a story: it follows redirects, keeps cookies and posts the forms it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

from tongban.client import authorities

TIMEOUT = 30


class NoSuchForm(LookupError):
    """The page has no form with these fields; the text says what the page shows instead."""


@dataclass
class Form:
    """A form of a page: where it goes, and its fields with the values they have."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class Forms(HTMLParser):
    """Collects the forms and links of a page, and its readable text."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self.blocks: list[str] = []
        self.silent = self.preformatted = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Open a form, or note one of its fields."""
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get").lower()))
        elif tag in ("input", "button", "textarea") and self.forms and "name" in values:
            self.forms[-1].names.add(values["name"])
            if tag == "input" and values.get("type") not in ("submit", "checkbox", "radio"):
                self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag == "a" and values.get("href"):
            self.links.append(values["href"])
        elif tag in ("script", "style"):
            self.silent += 1
        elif tag == "pre":
            self.preformatted += 1
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        """Leave what is not text."""
        if tag in ("script", "style"):
            self.silent -= 1
        elif tag == "pre":
            self.preformatted -= 1

    def handle_data(self, data: str) -> None:
        """Keep what a person could read, and what they could copy as it stands."""
        if self.preformatted:
            self.blocks[-1] += data
        if not self.silent and data.strip():
            self.text.append(data.strip())


@dataclass(frozen=True)
class Page:
    """What the browser shows now."""

    url: str
    status: int
    forms: list[Form]
    links: list[str]
    text: str
    blocks: list[str]
    """Texts to be copied as they stand (``pre``)."""

    def asks_for(self, name: str) -> Form | None:
        """The form that has a field or button of this name."""
        return next((form for form in self.forms if name in form.names), None)


class Browser:
    """One person's browser: cookies are shared by all the sites they visit, as on one machine."""

    def __init__(self, language: str = "zh-CN") -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = authorities()
        self.http.headers["Accept-Language"] = language
        self.passwords_typed = 0

    def open(self, url: str) -> Page:
        """Follow a link."""
        return self._page(self.http.get(url, timeout=TIMEOUT))

    def submit(self, page: Page, values: Mapping[str, str]) -> Page:
        """Fill the form that has all these fields and send it."""
        form = next((form for form in page.forms if set(values) <= form.names), None)
        if form is None:
            raise NoSuchForm(f"{page.url} ({page.status}): {page.text[:400]}")
        return self.send(page, form, values)

    def send(self, page: Page, form: Form, values: Mapping[str, str]) -> Page:
        """Fill one form of a page and send it."""
        self.passwords_typed += "password" in values
        target = urljoin(page.url, form.action) if form.action else page.url
        answer = self.http.request(form.method, target, data=form.fields | dict(values), timeout=TIMEOUT)
        return self._page(answer)

    def json(self, url: str) -> Any:
        """What a link to a data file holds."""
        return self.http.get(url, timeout=TIMEOUT).json()

    @staticmethod
    def _page(answer: requests.Response) -> Page:
        parser = Forms()
        parser.feed(answer.text)
        return Page(answer.url, answer.status_code, parser.forms, parser.links, " ".join(parser.text), parser.blocks)
