"""A logged decision in words and JSON, for the API, the pages and the command line alike; nothing of a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection

from exchange import errors
from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.gateway.enforcement import decision_name
from exchange.governance.decisions.retelling import Again, DecisionName, Entry, Result, granted, made_again
from exchange.governance.explaining import met
from exchange.governance.views import names
from exchange.in_force.snapshot import Snapshot
from exchange.store.decisions import LoggedDecision
from kernel.canonical import JSON
from kernel.problems import ProblemKind
from kernel.text import Text
from policies import recorded
from policies.analysis.words import example
from policies.clauses import demands, standing
from policies.decision import Deny
from policies.grants.grant import Grant
from policies.refusals import REFUSALS

RESULTS: Mapping[Result, Text] = {
    Result.AGREES: Text("按当时的规则重算，结论相同", "Made again by the rules of then, it comes out the same"),
    Result.DIFFERS: Text(
        "按当时的规则重算，结论不同，请告知平台运维人员",
        "Made again by the rules of then, it comes out otherwise: tell the operators of the platform",
    ),
    Result.OTHER_RULES: Text(
        "由另一版本的模式或守卫作出，本版本不能重算；各款文字为现在的表述",
        "It was made by another schema or other guards, which this version has not; clauses are in words of now",
    ),
    Result.LOST: Text("当时的规则已无法还原，不能重算", "The rules of then can no longer be put together"),
}

_TITLES: Mapping[str, Text] = {
    kind.code: kind.title for kind in (*vars(errors).values(), *REFUSALS.values()) if isinstance(kind, ProblemKind)
}


def decision_view(
    connection: Connection, snapshot: Snapshot, name: DecisionName, entries: tuple[Entry, ...], language: str
) -> dict[str, JSON]:
    """A decision with every entry that it stands in, at least one."""
    newest, registry = entries[-1], snapshot.registry
    consumer, provider = newest.parties
    return {
        "decision": str(name),
        "request": name.request,
        "item": name.item,
        "consumer": named_in(registry.organisations, consumer),
        "provider": named_in(registry.organisations, provider),
        "evidence_type": named_in(registry.evidence_types, newest.fact("evidence_type", "evidence_type")),
        "service_item": named_in(registry.service_items, newest.fact("service_item", "service_item")),
        "entries": [_entry_view(connection, snapshot, entry, language) for entry in entries],
    }


def _entry_view(connection: Connection, snapshot: Snapshot, entry: Entry, language: str) -> dict[str, JSON]:
    code = entry.facts.get("reason")
    view: dict[str, JSON] = {
        "entry": entry.index,
        "event": entry.event,
        "recorded_at": entry.at.isoformat(),
        "reason": None if code is None else {"code": code, "text": _TITLES.get(code, Text(code, code)).in_(language)},
    }
    if entry.logged is None:
        return view | {"asked": None, "said": None, "again": None}
    again = made_again(connection, snapshot, entry.logged)
    said: dict[str, Any] = orjson.loads(entry.logged.verdict)
    clauses = _clauses(said, again, granted(connection, said["grants"]), language)
    return view | {
        "asked": _asked(entry.logged, again.registry, language),
        "said": _said(said) | {"clauses": clauses},
        "again": _again(again, language),
    }


def _asked(logged: LoggedDecision, registry: Registry, language: str) -> dict[str, JSON]:
    """What policies were asked, and when: nothing of a person is part of it (``policies.recorded``)."""
    asked: dict[str, JSON] = orjson.loads(logged.asked)
    request = recorded.Asked(logged.asked).at(logged.at, logged.consent_from, logged.consent_until)
    bounds = {"consent_from": logged.consent_from, "consent_until": logged.consent_until}
    times = {name: at.isoformat() for name, at in {"at": logged.at, **bounds}.items() if at is not None}
    text = example(request, names(registry, logged.evidence_type)).in_(language)
    return {"text": text, **asked, **times, "epoch": logged.epoch, "catalogue": logged.catalogue, "rules": logged.rules}


def _said(said: Mapping[str, Any]) -> dict[str, JSON]:
    """A verdict, without the clauses."""
    if not said["permit"]:
        return {"decision": "deny", "code": said["code"], "grants": said["grants"]}
    return {
        "decision": "permit",
        **{name: said[name] for name in ("grants", "release", "predicates", "obligations", "quotas")},
    }


def _clauses(said: Mapping[str, Any], again: Again, grants: tuple[Grant, ...], language: str) -> list[JSON]:
    if said["permit"]:
        return met(grants, again.registry, language)
    words = _words(again, grants)
    return [_clause(name, words, language) for name in said["clauses"]]


def _clause(name: str, words: Mapping[str, Text], language: str) -> dict[str, JSON]:
    text = words.get(name) or standing(name) or Text("现在的版本没有这一款", "This version knows no such clause")
    return {"clause": name, "text": text.in_(language)}


def _words(again: Again, grants: Iterable[Grant]) -> dict[str, Text]:
    """What each clause says: as the refusal put it where that comes out again, or else what the clause asks for."""
    asked = {one.id: one.text for grant in grants for one in demands(grant, names(again.registry, grant.evidence_type))}
    refused = again.decision.clauses if isinstance(again.decision, Deny) else ()
    return asked | {clause.id: clause.text for clause in refused}


def _again(again: Again, language: str) -> dict[str, JSON]:
    view: dict[str, JSON] = {"result": again.result.value, "text": RESULTS[again.result].in_(language)}
    if again.result is Result.DIFFERS and again.decision is not None:
        view["said"] = _said(orjson.loads(recorded.verdict(again.decision)))
    return view


def line_view(logged: LoggedDecision, registry: Registry) -> dict[str, JSON]:
    """A decision as it stands in a list."""
    asked, said = orjson.loads(logged.asked), orjson.loads(logged.verdict)
    return {
        "decision": decision_name(logged.request_id, logged.item, logged.epoch),
        "entry": logged.entry,
        "at": logged.at.isoformat(),
        "consumer": named_in(registry.organisations, asked["organisation"]),
        "provider": named_in(registry.organisations, asked["provider"]),
        "evidence_type": named_in(registry.evidence_types, asked["evidence_type"]),
        "service_item": named_in(registry.service_items, asked["service_item"]),
        "said": "permit" if said["permit"] else "deny",
        "code": said.get("code"),
        "outcome": logged.outcome,
    }
