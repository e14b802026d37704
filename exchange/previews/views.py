"""An item that waits for a preview, in words: what, to whom, why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.gateway.predicates import LABELS
from exchange.gateway.sealing import instant
from exchange.gateway.waiting import Held
from exchange.previews.further import Put
from exchange.previews.looking import Shown
from exchange.store.waiting import Wait
from exchange.transparency.facts_in_words import ground
from kernel.text import Text


def summary(held: Held, registry: Registry) -> dict[str, Any]:
    """Everything but what would leave."""
    intent, asked = held.stored.intent, held.asked
    kind = registry.evidence_types.get(asked["type"])
    facts = {"service_item": held.case.service_item, "legal_basis": held.legal_basis}
    return {
        "request": intent.id,
        "item": held.waited.item,
        "consumer": named_in(registry.organisations, intent.organisation),
        "provider": named_in(registry.organisations, kind.provider if kind else ""),
        "evidence_type": named_in(registry.evidence_types, asked["type"]),
        "service_item": named_in(registry.service_items, held.case.service_item),
        "ground": ground(facts, registry).members(),
        "relation": asked["relation"] or "self",
        "since": instant(held.waited.since),
        "until": instant(held.waited.until),
    } | ({"reason": Wait.FURTHER.value} if held.waited.wait is Wait.FURTHER else {})


def questions(put: Put, registry: Registry) -> dict[str, Any]:
    """With the questions that have to be answered before anything can be shown."""
    asked = [
        {
            "name": one.name,
            "label": one.label.members(),
            "help": None if one.help is None else one.help.members(),
            "type": one.kind.value,
            "optional": one.optional,
            "choices": [{"code": code, "label": label.members()} for code, label in one.choices.items()],
        }
        for one in put.questions
    ]
    return summary(put.held, registry) | {
        "questions": asked,
        "elsewhere": put.elsewhere,
        "attempts_left": put.attempts_left,
        "digest": put.digest,
    }


def detailed(shown: Shown, choice: list[Held], registry: Registry) -> dict[str, Any]:
    """With exactly what would leave, field by field in the order in which it was asked for."""
    evidence: Mapping[str, Any] = shown.claims["evidence"]  # type: ignore[assignment]
    kind = registry.evidence_types[str(evidence["type"])]
    labels = {name: one.label for name, one in kind.fields.items()}
    data = [
        {"name": name, "label": labels.get(name, Text(name, name)).members(), "value": value}
        for name, value in evidence.get("data", {}).items()
    ]
    answers = [
        {**one, "label": LABELS.get(one["name"], Text(one["name"], one["name"])).members()}
        for one in evidence.get("answers", [])
    ]
    return summary(shown.held, registry) | {
        "data": data,
        "answers": answers,
        "provenance": shown.claims["provenance"],
        "choice": [one.waited.item for one in choice],
        "digest": shown.digest,
    }
