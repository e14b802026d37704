"""Every version of a catalogue entry: when it was published, what it says, and how it differs from another one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from exchange.catalogue.desk import CatalogueDesk
from exchange.console.door import Door, Visitor, page
from exchange.console.entry_drafting import address_of
from exchange.console.inside import asking, told
from exchange.console.words import text_of
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.routes import Route

Row = tuple[str, str | None, str | None]
"""A member in words, and its value in the one version and in the other."""


@dataclass(frozen=True)
class VersionPages:
    """The pages of versions. ``desk`` is the API's own, entered by a session."""

    door: Door
    desk: CatalogueDesk

    def show(self, visitor: Visitor, request: HttpRequest, kind: str, name: str, version: str) -> HttpResponse:
        """One version beside another: the one before, or that which the address names. Raises Problem."""
        against = request.parameters().get("against", "")
        query = urlencode({"against": against}) if against else ""
        found = told(self.desk.version(asking(request, query), kind, name, version))
        every = versions_of(self.desk, request, kind, name)
        number, other = found["version"], found["compared_with"]
        at = f"{address_of({'kind': kind, 'name': name})}/versions"
        return page(
            "entry_version",
            visitor,
            request,
            title=Text(f"{name} 第 {number} 版", f"{name}, version {number}"),
            version=next(one for one in every if one["version"] == number),
            other=other,
            differences=rows_of(found["differences"]),
            content=content_of(self.desk, request, kind, name, number),
            manifest=json.dumps(found["manifest"], ensure_ascii=False, indent=2),
            beside=[
                (f"{at}/{number}?against={one['version']}", one["version"], one["version"] == other)
                for one in every
                if one["version"] != number
            ],
            back=address_of({"kind": kind, "name": name}),
        )

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        said = Text("目录条目的一个版本", "A version of a catalogue entry")
        return (self.door.route("GET", "/entries/<kind>/<name>/versions/<version>", self.show, said),)


def versions_of(desk: CatalogueDesk, request: HttpRequest, kind: str, name: str) -> list[dict[str, Any]]:
    """Every publication as a row, the newest first; none of what was never published. Raises Problem."""
    try:
        found = told(desk.versions(asking(request), kind, name))["versions"]
    except Problem as problem:
        if problem.kind is not NOT_FOUND:
            raise
        return []
    at = f"{address_of({'kind': kind, 'name': name})}/versions"
    return [
        {
            "version": one["version"],
            "href": f"{at}/{one['version']}",
            "at": datetime.fromisoformat(one["at"]),
            "how": HOW.get(one["how"], Text(one["how"], one["how"])),
            "by": one["by"],
        }
        for one in reversed(found)
    ]


def content_of(desk: CatalogueDesk, request: HttpRequest, kind: str, name: str, version: int) -> list[tuple[str, str]]:
    """What a version says, member by member: all of it differs from nothing. Raises Problem."""
    found = told(desk.version(asking(request, urlencode({"against": "0"})), kind, name, str(version)))
    return [(label, after or "") for label, _, after in rows_of(found["differences"])]


def rows_of(differences: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Differences as rows of a table."""
    return [(t(text_of(one["member"])), _shown(one["before"]), _shown(one["after"])) for one in differences]


def _shown(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return t("是", "yes") if value else t("否", "no")
    if isinstance(value, dict) and value.keys() == {"zh", "en"}:
        return t(value["zh"], value["en"])
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return t("、", ", ").join(value)
    return json.dumps(value, ensure_ascii=False)


HOW: Mapping[str, Text] = {
    "review": Text("审核后发布", "published after review"),
    "manifest": Text("由运维以清单写入", "applied from a manifest by the operator"),
}
"""How a version came into force."""
