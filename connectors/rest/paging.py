"""Answers that come in pages: how the next one is asked for, and when there is none.

A page is asked for by a number, an offset, a cursor from the page before, or the address that page gives as its next
(RFC 8288); such an address must be of the same origin. However many there are, they share one deadline, one limit of
bytes and one of records, and their number is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from connectors.base import Raw
from connectors.errors import SourceGarbled, SourceTooLarge
from connectors.faults import fault, within
from connectors.mapping.reading import Reader
from connectors.templates import mentions

_LONGEST_CURSOR = 1024
_LONGEST_ADDRESS = 4096
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ADDRESS = re.compile(r"[\x21-\x7e]+")
_LINK = re.compile(r'<([^<>]*)>((?:[^<",]|"[^"]*")*)')  # RFC 8288 §3
_PARAMETER = re.compile(r';\s*([A-Za-z*-]+)\s*=\s*(?:"([^"]*)"|([^\s;,"]+))')


@dataclass(frozen=True, slots=True)
class Paging:
    """How a source hands out its pages.

    Attributes:
        kind: ``page``, ``offset``, ``cursor`` or ``link``.
        first: the number of the first page, or the first offset.
        size: records of a full page; a page with fewer is the last. 0 for cursors and links.
        cursor: where a page holds the cursor of the next.
        max_pages: more are too large an answer.
    """

    kind: str
    first: int
    size: int
    cursor: Reader | None
    max_pages: int

    @property
    def place(self) -> str:
        """The name by which templates refer to what tells the pages apart; "" for links."""
        return "" if self.kind == "link" else self.kind

    @property
    def numbers(self) -> frozenset[str]:
        """Texts of a JSON body that stand for a number."""
        return frozenset({f"{{{self.kind}}}"}) if self.kind in {"page", "offset"} else frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """What tells the next request from the first.

    Attributes:
        parameters: values for the places of the templates.
        url: the whole address where the source gave it, else "".
    """

    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str = field(default="", repr=False)


def parse_paging(
    settings: Mapping[str, Any], place: Callable[[Mapping[str, Any], str], Reader | None], asked: str
) -> Paging | None:
    """The paging of a manifest; `place` compiles an expression, `asked` is the text of all templates.

    Raises: ManifestFault.
    """
    told = settings.get("paging")
    if told is None:
        return None
    with within("paging"):
        _check(told, asked, has_body="body" in settings)
        return Paging(
            kind=told["kind"],
            first=told.get("first", 1 if told["kind"] == "page" else 0),
            size=told.get("size", 0),
            cursor=place(told, "next"),
            max_pages=told.get("max_pages", 10),
        )


_NEEDS: Mapping[str, frozenset[str]] = {
    "page": frozenset({"size"}),
    "offset": frozenset({"size"}),
    "cursor": frozenset({"next"}),
    "link": frozenset(),
}


def _check(told: Mapping[str, Any], asked: str, *, has_body: bool) -> None:
    kind = told["kind"]
    needed = _NEEDS[kind]
    if needed != told.keys() & {"size", "next"} or ("first" in told and "size" not in told):
        names = ", ".join(sorted(needed)) or "—"
        raise fault((), f"{kind} 须有且仅有：{names}", f"{kind} needs exactly: {names}")
    if kind == "link" and has_body:
        raise fault(("kind",), "link 只用于 GET", "link is for GET alone")
    if kind != "link" and not mentions(asked, kind):
        raise fault(("kind",), f"请求中没有 {{{kind}}}", f"nothing in the request says {{{kind}}}")


class Walk:
    """The pages of one look-up, one after the other."""

    def __init__(self, paging: Paging) -> None:
        self._paging = paging
        self._count = 1
        self._seen: set[str] = set()
        self._offset = paging.first

    def first(self) -> Page:
        """The page that is asked for first."""
        if self._paging.kind in {"page", "offset"}:
            return Page({self._paging.kind: str(self._paging.first)})
        return Page({"cursor": ""} if self._paging.kind == "cursor" else {})

    @property
    def may_end_here(self) -> bool:
        """Whether a page that is not there is no page missing: the first, or one that nobody has promised."""
        return self._count == 1 or self._paging.kind in {"page", "offset"}

    def after(self, document: Any, found: int, url: str, links: Sequence[str]) -> Page | None:
        """The page after one with `found` records at `url`, or None after the last. Raises: SourceProblem."""
        following = self._following(document, found, url, links)
        if following is None:
            return None
        self._count += 1
        if self._count > self._paging.max_pages:
            raise SourceTooLarge("pages")
        told = following.url or following.parameters[self._paging.kind]
        if told in self._seen:
            raise SourceGarbled("page-repeats")
        self._seen.add(told)
        return following

    def _following(self, document: Any, found: int, url: str, links: Sequence[str]) -> Page | None:
        if self._paging.kind == "link":
            target = next_link(links, url)
            return Page(url=target) if target else None
        if self._paging.cursor is not None:
            cursor = _cursor(self._paging.cursor(document))
            return Page({"cursor": cursor}) if cursor else None
        if found < self._paging.size:
            return None
        self._offset += 1 if self._paging.kind == "page" else found
        return Page({self._paging.kind: str(self._offset)})


def _cursor(told: Raw) -> str:
    if told is None or told is False:
        return ""
    if isinstance(told, bool) or not isinstance(told, str | int):
        raise SourceGarbled("cursor")
    cursor = str(told)
    if len(cursor) > _LONGEST_CURSOR or _CONTROL.search(cursor):
        raise SourceGarbled("cursor")
    return cursor


def next_link(links: Sequence[str], url: str) -> str:
    """The address that ``Link`` fields give as the next of `url`, or "". Raises: SourceGarbled for another origin."""
    targets = {target for line in links for target, more in _LINK.findall(line) if "next" in _relations(more)}
    if not targets:
        return ""
    if len(targets) > 1:
        raise SourceGarbled("page-ambiguous")
    try:
        joined: str = urljoin(url, targets.pop())
        same = _origin(joined) == _origin(url)
    except ValueError:
        raise SourceGarbled("page-address") from None
    if len(joined) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(joined):
        raise SourceGarbled("page-address")
    if not same:
        raise SourceGarbled("page-elsewhere")
    return joined


def _relations(more: str) -> Sequence[str]:
    """The relations a link's parameters name; only the first ``rel`` counts (RFC 8288 §3.3)."""
    named = (quoted or bare for name, quoted, bare in _PARAMETER.findall(more) if name.lower() == "rel")
    return next(named, "").lower().split()


def _origin(url: str) -> tuple[str, str]:
    """Scheme, and the whole authority: a user name in it would make another one of the same host."""
    parts = urlsplit(url)
    if parts.port == 0:
        raise ValueError("no port")
    return parts.scheme, parts.netloc.lower()
