"""How a request would be decided, and by which clauses: for the API and for the command line alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from exchange.catalogue.model import kept_apart
from exchange.catalogue.registry import Registry
from exchange.errors import SANDBOX_ONLY
from exchange.governance.forms import Question
from exchange.governance.views import names
from exchange.in_force.snapshot import Snapshot
from kernel.canonical import JSON
from policies import both_engines
from policies.clauses import demands
from policies.decision import Deny, Permit
from policies.grants.grant import Grant
from policies.model import AccessRequest, Action, Consent, Opening, SystemPrincipal

_ASSUMED = "assumed"
_A_WHILE = timedelta(minutes=1)
"""For how long what is assumed (a consent, an opening) lasts: it is asked about at its first moment alone."""


def explanation(question: Question, snapshot: Snapshot, now: datetime, language: str) -> dict[str, JSON]:
    """How a request would be decided by the grants in force now, and by which clauses.

    What the gateway itself refuses is refused here too.
    """
    asked = _access_request(question, snapshot, question.at or now)
    decision = both_engines.decide(snapshot.image, asked, snapshot.judges)
    system = snapshot.registry.systems.get(question.system)
    kind = snapshot.registry.evidence_types.get(question.evidence_type)
    if system is not None and kind is not None and kept_apart(system, kind):
        return {"epoch": decision.epoch, "grants": [], "decision": "deny", **_kept_apart(language)}
    view: dict[str, JSON] = {"epoch": decision.epoch, "grants": [*decision.grants]}
    if isinstance(decision, Deny):
        unmet: list[JSON] = [
            {"clause": clause.id, "code": clause.code, "text": clause.text.in_(language)} for clause in decision.clauses
        ]
        return view | {"decision": "deny", "code": decision.code, "unmet": unmet}
    standing = {grant.ref: grant for grant in snapshot.image.members()}
    granted = [standing[ref] for ref in decision.grants]
    return view | {"decision": "permit", **released(decision), "met": met(granted, snapshot.registry, language)}


def released(permit: Permit) -> dict[str, JSON]:
    """What may leave by a permit, and with which obligations."""
    return {
        "release": {name: mask.value for name, mask in permit.release.items()},
        "obligations": [obligation.text for obligation in permit.obligations],
    }


def met(granted: Iterable[Grant], registry: Registry, language: str) -> list[JSON]:
    """The clauses of satisfied grants, each with what it asks for."""
    return [
        {"clause": demand.id, "text": demand.text.in_(language)}
        for grant in granted
        for demand in demands(grant, names(registry, grant.evidence_type))
    ]


def _kept_apart(language: str) -> dict[str, JSON]:
    code, text = SANDBOX_ONLY.code, SANDBOX_ONLY.title.in_(language)
    return {"code": code, "unmet": [{"clause": "sandbox", "code": code, "text": text}]}


def _access_request(question: Question, snapshot: Snapshot, now: datetime) -> AccessRequest:
    system = snapshot.registry.systems.get(question.system)
    kind = snapshot.registry.evidence_types.get(question.evidence_type)
    organisation, status = (system.organisation, snapshot.status_of(system)) if system else ("", "unknown")
    return AccessRequest(
        system=SystemPrincipal(question.system, organisation, status),
        action=Action.of(question.fields) if question.emergency is None else Action.OBTAIN_EMERGENCY,
        evidence_type=question.evidence_type,
        provider=kind.provider if kind else "",
        fields=question.fields,
        predicates=question.predicates,
        service_item=question.service_item,
        legal_basis=question.legal_basis,
        now=now,
        relation=question.relation,
        loa=question.loa,
        present=question.loa > 0,
        mandated=question.mandated,
        minor=question.minor,
        own_division=question.own_division,
        delivery=question.delivery,
        consent=_consent(question, organisation, now) if question.consent else None,
        emergency=None if question.emergency is None else _opening(question.emergency, now),
    )


def _consent(question: Question, consumer: str, now: datetime) -> Consent:
    """To exactly what is asked for, while it is asked for."""
    return Consent(
        service_item=question.service_item,
        consumer=consumer,
        evidence_type=question.evidence_type,
        fields=question.fields,
        predicates=question.predicates,
        not_before=now,
        not_after=now + _A_WHILE,
        revoked=False,
    )


def _opening(template: str, now: datetime) -> Opening:
    return Opening(id=_ASSUMED, template=template, opened=now, ends=now + _A_WHILE)
