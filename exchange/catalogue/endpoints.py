"""The public catalogue: who holds what, and what each service item requires. Anyone may read it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from exchange.catalogue import views
from exchange.catalogue.kinds import EVIDENCE_TYPE, ORGANISATION, SERVICE_ITEM
from exchange.catalogue.model import SHARE_TYPES, EvidenceType, Organisation, ServiceItem
from exchange.catalogue.registry import Registry
from exchange.catalogue.search.index import Filters, Place
from exchange.catalogue.search.shelves import Shelves
from exchange.catalogue.search.words import Term, terms
from exchange.in_force.snapshot import Snapshot, current
from exchange.paging import page_size
from exchange.requirements.broker import needed
from exchange.requirements.circumstances import checked
from exchange.requirements.forms import asked_circumstances, asked_day
from exchange.requirements.views import requirements_view
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.lease import Lease
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response

T = TypeVar("T")

LONGEST_SEARCH = 100
_CACHED = (("Cache-Control", "public, max-age=60"),)
_PLACE = re.compile(r"([0-9]{1,9})\.([0-9A-Za-z-]{1,64})", re.ASCII)
_BAD_PLACE = Text("after 应为上一页的 next", "after is the next of the page before")
_BAD_SHARE_TYPE = Text(
    f"share_type 只能是：{'、'.join(SHARE_TYPES)}", f"share_type is one of: {', '.join(SHARE_TYPES)}"
)


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """One kind of entry: where the registry keeps it, to whom one belongs, and how it is shown."""

    kind: str
    of: Callable[[Registry], Mapping[str, T]]
    owner: Callable[[T], str]
    view: Callable[[T, Registry], dict[str, Any]]


ORGANISATIONS = Shelf(ORGANISATION, lambda registry: registry.organisations, lambda one: one.code, views.organisation)
EVIDENCE_TYPES = Shelf(
    EVIDENCE_TYPE, lambda registry: registry.evidence_types, lambda one: one.provider, views.evidence_type
)
SERVICE_ITEMS = Shelf(
    SERVICE_ITEM, lambda registry: registry.service_items, lambda one: one.organisation, views.service_item
)


@dataclass(frozen=True)
class Catalogue:
    """The catalogue endpoints."""

    policy: Lease[Snapshot]
    clock: Clock
    shelves: Shelves

    def keep_up(self) -> None:
        """Bring the search to the catalogue in force. Raises Problem (policy.stale-epoch)."""
        self.shelves.keep_up(current(self.policy).registry)

    def begun(self) -> None:
        """Make the search ready when it never was, so that no question waits for it.

        Whoever looks whether this node is ready does not wait for the thread that is at it. Raises NotBegun, and as
        ``keep_up``.
        """
        if not self.shelves.begun:
            self.shelves.begin(current(self.policy).registry)

    def organisations(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/organisations``."""
        return self._page(http, ORGANISATIONS)

    def organisation(self, http: HttpRequest, code: str) -> HttpResponse:
        """``GET /v1/catalogue/organisations/<code>``. Raises Problem (resource.not-found)."""
        del http

        def view(one: Organisation, registry: Registry) -> dict[str, Any]:
            return {**views.organisation(one, registry), "predecessors": views.predecessors(one, registry)}

        return self._one(code, lambda registry: registry.organisations, view)

    def evidence_types(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/evidence-types``."""
        return self._page(http, EVIDENCE_TYPES)

    def evidence_type(self, http: HttpRequest, code: str) -> HttpResponse:
        """``GET /v1/catalogue/evidence-types/<code>``. Raises Problem (resource.not-found)."""
        del http
        sources = current(self.policy).sources

        def view(kind: EvidenceType, registry: Registry) -> dict[str, Any]:
            return {**views.evidence_type(kind, registry), "source": views.source(sources.get(code))}

        return self._one(code, lambda registry: registry.evidence_types, view)

    def service_items(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/service-items``."""
        return self._page(http, SERVICE_ITEMS)

    def service_item(self, http: HttpRequest, code: str) -> HttpResponse:
        """``GET /v1/catalogue/service-items/<code>``. Raises Problem (resource.not-found)."""
        del http
        return self._one(code, lambda registry: registry.service_items, views.service_item)

    def requirements(self, http: HttpRequest, code: str) -> HttpResponse:
        """``GET /v1/service-items/<code>/requirements``: in these circumstances, on that day.

        Raises Problem: resource.not-found, request.invalid, case.circumstance-unknown.
        """
        asked, today = http.parameters(), local_day(self.clock.now())
        declared, day = asked_circumstances(asked.get("circumstances", "")), asked_day(asked.get("day"), today)

        def view(item: ServiceItem, registry: Registry) -> dict[str, Any]:
            checked(declared, item, registry)
            return requirements_view(item, needed(item, declared, day, registry), registry)

        return self._one(code, lambda registry: registry.service_items, view)

    def _one(
        self,
        code: str,
        collection: Callable[[Registry], Mapping[str, T]],
        view: Callable[[T, Registry], dict[str, Any]],
    ) -> HttpResponse:
        registry = current(self.policy).registry
        found = collection(registry).get(code)
        if found is None:
            raise Problem(NOT_FOUND)
        return json_response(view(found, registry), headers=_CACHED)

    def _page(self, http: HttpRequest, shelf: Shelf[T]) -> HttpResponse:
        asked = http.parameters()
        wanted = terms(asked.get("q", "")[:LONGEST_SEARCH])
        if asked.get("q", "").strip() and not wanted:
            return json_response({"total": 0, "items": [], "next": None}, headers=_CACHED)
        registry = current(self.policy).registry
        question = Question(wanted, _filters(asked), asked.get("after", ""), page_size(asked.get("limit")))
        found = self._searched(shelf, registry, question) if wanted else _listed(shelf, registry, question)
        entries = shelf.of(registry)
        # After a large import the search may be a moment behind: what went meanwhile is left out.
        items = [shelf.view(entries[code], registry) for code in found.codes if code in entries]
        return json_response({"total": found.total, "items": items, "next": found.following}, headers=_CACHED)

    def _searched(self, shelf: Shelf[T], registry: Registry, question: Question) -> Found:
        index = self.shelves.index(shelf.kind, registry)
        page = index.find(question.terms, question.filters, _place(question.after), question.limit)
        following = page.following
        return Found(page.codes, page.total, f"{following.score}.{following.code}" if following else None)


@dataclass(frozen=True, slots=True)
class Question:
    """What a reader looks for, and which page of it."""

    terms: tuple[Term, ...]
    filters: Filters
    after: str
    limit: int


@dataclass(frozen=True, slots=True)
class Found:
    """Codes of one page in order, how many there are in all, and what the next page is asked with."""

    codes: tuple[str, ...]
    total: int
    following: str | None


def _listed(shelf: Shelf[T], registry: Registry, question: Question) -> Found:
    """Everything that passes the filters, by code."""
    owner, share_type = question.filters.organisation, question.filters.share_type
    codes = sorted(
        code
        for code, one in shelf.of(registry).items()
        if (owner is None or shelf.owner(one) == owner)
        and (share_type is None or getattr(one, "share_type", "") == share_type)
    )
    start = bisect_right(codes, question.after)
    page = tuple(codes[start : start + question.limit])
    return Found(page, len(codes), page[-1] if start + question.limit < len(codes) else None)


def _filters(asked: Mapping[str, str]) -> Filters:
    organisation, share_type = asked.get("organisation") or None, asked.get("share_type") or None
    if share_type is not None and share_type not in SHARE_TYPES:
        raise Problem(INVALID_BODY, detail=_BAD_SHARE_TYPE)
    return Filters(organisation, share_type)


def _place(after: str) -> Place | None:
    """The place a page's ``next`` stands for. Raises Problem (request.invalid)."""
    if not after:
        return None
    found = _PLACE.fullmatch(after)
    if found is None:
        raise Problem(INVALID_BODY, detail=_BAD_PLACE)
    return Place(int(found[1]), found[2])
