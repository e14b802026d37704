"""What of a manifest can be searched: its code, its names, its description, and the labels of its items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exchange.catalogue.kinds import EVIDENCE_TYPE, ORGANISATION, SERVICE_ITEM
from exchange.catalogue.words import normal, words

Document = Mapping[str, Any]

IN_NAME, LONGEST_NAME = 1000, 500
"""A word of a name weighs 1000 less the name's length, so that the shorter of two names comes first; any other, 1."""


@dataclass(frozen=True, slots=True)
class Searchable:
    """One entry as the index keeps it; ``weights`` by word."""

    kind: str
    name: str
    organisation: str
    share_type: str
    text: str
    weights: Mapping[str, int]


def searchable(document: Document) -> Searchable | None:
    """The entry of a manifest; None for kinds that nobody searches (systems, connectors, grants)."""
    kind, spec = document["kind"], document["spec"]
    if kind not in _OWNERS:
        return None
    code: str = document["metadata"]["name"]
    owner = spec.get(_OWNERS[kind], code)
    names = [code, *spec["name"].values()]
    others = [*spec.get("description", {}).values(), *_items(spec)]
    weights = dict.fromkeys(words("\n".join(others)), 1)
    weights |= dict.fromkeys(words("\n".join(names)), IN_NAME - min(LONGEST_NAME, max(map(len, names[1:]))))
    share_type = spec.get("share_type", "conditional") if kind == EVIDENCE_TYPE else ""
    return Searchable(kind, code, owner, share_type, normal("\n".join([*names, *others])), weights)


_OWNERS = {ORGANISATION: "", EVIDENCE_TYPE: "provider", SERVICE_ITEM: "organisation"}
"""Kinds that are searched, and the member of each that names the organisation it belongs to."""


def _items(spec: Mapping[str, Any]) -> Iterator[str]:
    for name, field in spec.get("fields", {}).items():
        yield name
        yield from field["label"].values()
    for requirement in spec.get("requirements", ()):
        yield from requirement["name"].values()
