"""A consent in words: what stands of it now, for the system that asked and for whom it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.gateway.entries import consent_facts
from exchange.gateway.sealing import instant
from exchange.store.consents import Artefact, Frequency
from exchange.transparency.facts_in_words import field_labels, ground
from kernel.canonical import encode
from kernel.text import Text

CONSENTS = "/my/consents"
"""Where people look at what they were asked for: the system that asked may send them there."""


_OFTEN: Mapping[str, Text] = {
    Frequency.ONCE: Text("一次", "once"),
    Frequency.DAILY: Text("每天至多 {} 次", "at most {} times a day"),
    Frequency.MONTHLY: Text("每月至多 {} 次", "at most {} times a month"),
    Frequency.CONTINUOUS: Text("有效期内不限次数", "at any time while it lasts"),
}


def how_often(frequency: str, times: int | None) -> Text:
    """How often something may be provided, in words."""
    said = _OFTEN[frequency]
    return Text(said.zh.format(times), said.en.format(times))


def status_of(one: Artefact, at: datetime) -> str:
    """In one word: asked, declined, unanswered, not-begun, in-force, used-up, withdrawn or ended."""
    if one.declined_at is not None:
        return "declined"
    if one.given_at is None:
        return "asked" if at < one.answer_by else "unanswered"
    if one.withdrawn_at is not None:
        return "withdrawn"
    return _standing(one, at)


def _standing(one: Artefact, at: datetime) -> str:
    terms = one.terms
    if at >= one.ends:
        return "ended"
    if one.left(at) == 0:
        return "used-up"
    return "in-force" if at >= terms.not_before else "not-begun"


def state(one: Artefact, at: datetime) -> dict[str, Any]:
    """For the system that asked."""
    return {
        "consent": one.id,
        "status": status_of(one, at),
        "answer_by": instant(one.answer_by),
        "until": instant(one.ends),
        "left": one.left(at),
        "page": f"{CONSENTS}/{one.id}",
    }


def terms_digest(one: Artefact) -> str:
    """A digest of exactly what somebody agrees to."""
    return f"sha256:{sha256(encode(consent_facts(one))).hexdigest()}"


def detailed(one: Artefact, registry: Registry, at: datetime) -> dict[str, Any]:
    """For whom it is about."""
    terms = one.terms
    kind = registry.evidence_types.get(terms.evidence_type)
    facts = consent_facts(one)
    names = (*terms.fields, *terms.predicates)
    counted = terms.frequency is not Frequency.CONTINUOUS
    return {
        "consent": one.id,
        "status": status_of(one, at),
        "consumer": named_in(registry.organisations, terms.organisation),
        "provider": named_in(registry.organisations, kind.provider if kind else ""),
        "evidence_type": named_in(registry.evidence_types, terms.evidence_type),
        "service_item": named_in(registry.service_items, terms.service_item),
        "ground": ground(facts, registry).members(),
        "case": terms.case if terms.bound else None,
        "fields": [
            {"name": name, "label": label.members()}
            for name, label in zip(names, field_labels(facts, registry), strict=True)
        ],
        "from": instant(terms.not_before),
        "until": instant(one.ends),
        "frequency": terms.frequency.value,
        "times": terms.times if counted else None,
        "used": one.total,
        "left": one.left(at),
        "asked_at": instant(one.asked_at),
        "answer_by": instant(one.answer_by),
        "given_at": None if one.given_at is None else instant(one.given_at),
        "withdrawn_at": None if one.withdrawn_at is None else instant(one.withdrawn_at),
        "terms": terms_digest(one),
    }
