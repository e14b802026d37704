"""The public catalogue: who holds what, and what each service item requires. Anyone may read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from exchange.catalogue import views
from exchange.catalogue.registry import Registry
from exchange.gateway.lease import Lease
from exchange.gateway.snapshot import Snapshot
from exchange.gateway.understanding import current
from kernel.problems import INVALID_BODY, NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response

T = TypeVar("T")

MOST_ON_A_PAGE, USUAL_PAGE = 200, 50
LONGEST_SEARCH = 100
_CACHED = (("Cache-Control", "public, max-age=60"),)
_BAD_PAGE = Text(f"limit 应为 1 至 {MOST_ON_A_PAGE}", f"limit is a whole number from 1 to {MOST_ON_A_PAGE}")


@dataclass(frozen=True)
class Catalogue:
    """The catalogue endpoints."""

    policy: Lease[Snapshot]

    def organisations(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/organisations``."""
        return self._page(http, lambda registry: registry.organisations, views.organisation)

    def organisation(self, http: HttpRequest, code: str) -> HttpResponse:
        """``GET /v1/catalogue/organisations/<code>``. Raises Problem (resource.not-found)."""
        del http
        return self._one(code, lambda registry: registry.organisations, views.organisation)

    def evidence_types(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/evidence-types``."""
        return self._page(http, lambda registry: registry.evidence_types, views.evidence_type)

    def evidence_type(self, http: HttpRequest, code: str) -> HttpResponse:
        """``GET /v1/catalogue/evidence-types/<code>``. Raises Problem (resource.not-found)."""
        del http
        return self._one(code, lambda registry: registry.evidence_types, views.evidence_type)

    def service_items(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/catalogue/service-items``."""
        return self._page(http, lambda registry: registry.service_items, views.service_item)

    def service_item(self, http: HttpRequest, code: str) -> HttpResponse:
        """``GET /v1/catalogue/service-items/<code>``. Raises Problem (resource.not-found)."""
        del http
        return self._one(code, lambda registry: registry.service_items, views.service_item)

    def requirements(self, http: HttpRequest, code: str) -> HttpResponse:
        """``GET /v1/service-items/<code>/requirements``. Raises Problem (resource.not-found)."""
        del http
        return self._one(code, lambda registry: registry.service_items, views.requirements)

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

    def _page(
        self,
        http: HttpRequest,
        collection: Callable[[Registry], Mapping[str, T]],
        view: Callable[[T, Registry], dict[str, Any]],
    ) -> HttpResponse:
        registry = current(self.policy).registry
        asked = http.parameters()
        limit, after = _limit(asked.get("limit")), asked.get("after", "")
        wanted = asked.get("q", "")[:LONGEST_SEARCH].casefold()
        found = sorted(code for code, one in collection(registry).items() if _matches(code, one, wanted))
        later = [code for code in found if code > after]
        page = [view(collection(registry)[code], registry) for code in later[:limit]]
        following = later[limit - 1] if len(later) > limit else None
        return json_response({"total": len(found), "items": page, "next": following}, headers=_CACHED)


def _matches(code: str, one: Any, wanted: str) -> bool:
    name: Text = one.name
    return wanted in code.casefold() or wanted in name.zh.casefold() or wanted in name.en.casefold()


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL_PAGE
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST_ON_A_PAGE):
        raise Problem(INVALID_BODY, detail=_BAD_PAGE)
    return int(text)
