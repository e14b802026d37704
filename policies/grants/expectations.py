"""Requests that come with a grant, each with how its author means it to be decided: the grant's own tests.

They are tried on the whole set whenever the grant is examined and again when it would take effect (ADR 0045). They say
what was meant and permit nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from kernel.canonical import JSON
from kernel.dates import read_instant
from kernel.text import Text
from policies.delivery import Delivery

MOST = 50
"""Expectations of one grant: each is decided by both engines."""


class Verdict(StrEnum):
    """How a request is meant to be decided."""

    PERMIT = "permit"
    DENY = "deny"

    @property
    def text(self) -> Text:
        """In words."""
        return Text("准予", "allowed") if self is Verdict.PERMIT else Text("拒绝", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A request by the grant's consumer for the grant's evidence type, and how it is meant to be decided.

    ``legal_basis`` None for the grant's own; ``loa`` 0 for a person who is absent; ``own_division``: about a record of
    the consumer's own division; ``consented``: with the person's consent to exactly this, where the basis is consent;
    ``at`` None for the moment of the trial, or the grant's start if that is later.
    """

    expect: Verdict
    service_item: str
    relation: str
    loa: int
    fields: frozenset[str] = frozenset()
    predicates: frozenset[str] = frozenset()
    legal_basis: str | None = None
    mandated: bool = False
    minor: bool = False
    own_division: bool = False
    delivery: Delivery = Delivery.DIRECT
    consented: bool = True
    at: datetime | None = None


_USUAL: Mapping[str, JSON] = {
    "fields": [],
    "predicates": [],
    "legal_basis": None,
    "mandated": False,
    "minor": False,
    "own_division": False,
    "delivery": Delivery.DIRECT.value,
    "consented": True,
    "at": None,
}


def to_json(one: Expectation) -> dict[str, JSON]:
    """The canonical form, without what is as usual; ``from_json`` reads it without loss."""
    said: dict[str, JSON] = {
        "expect": one.expect.value,
        "service_item": one.service_item,
        "relation": one.relation,
        "loa": one.loa,
        "fields": [*sorted(one.fields)],
        "predicates": [*sorted(one.predicates)],
        "legal_basis": one.legal_basis,
        "mandated": one.mandated,
        "minor": one.minor,
        "own_division": one.own_division,
        "delivery": one.delivery.value,
        "consented": one.consented,
        "at": None if one.at is None else one.at.astimezone(UTC).isoformat(timespec="milliseconds"),
    }
    return {name: value for name, value in said.items() if name not in _USUAL or value != _USUAL[name]}


def from_json(document: Mapping[str, Any]) -> Expectation:
    """Read the canonical form. Raises TypeError, ValueError, KeyError or AttributeError for anything else."""
    said = dict(document)
    for name in ("fields", "predicates"):
        if not isinstance(said.get(name, []), list):
            raise TypeError(name)
        said[name] = frozenset(said.get(name, []))
    if said.get("at") is not None:
        said["at"] = read_instant(said["at"])
    kinds = {"expect": Verdict(said["expect"]), "delivery": Delivery(said.get("delivery", Delivery.DIRECT))}
    return Expectation(**{"relation": "self"} | said | kinds)
