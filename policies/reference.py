"""The reference judge: the same Cedar text, decided by cedarpy itself. The one door to it, and it fails closed.

Slow beside the compiled form, hence for tests, for whatever is too delicate for one engine alone (``both_engines``),
and for a sample of what was decided, which ``exchange.governance.simulation`` has judged afterwards. It shares the
registry check and the masks with the compiled form, not the evaluation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from cedarpy import AuthzResult, Decision, Entities, PolicySet, is_authorized

from kernel.dates import local_hour
from policies import cedar, explain, guards, obligations, schema
from policies import decision as outcome
from policies.admission import unregistered, well_formed
from policies.facts import status
from policies.grants.grant import Grant
from policies.index import PolicyImage
from policies.model import AccessRequest, Consent, Opening
from policies.registry import Registry


class Judge:
    """Decides by cedarpy over the grants of an image: all of them, or only those whose consumer and type can match."""

    def __init__(self, image: PolicyImage, *, sliced: bool = True) -> None:
        self._image = image
        self._sliced = sliced
        self._guards = tuple(each.guard for each in image.guards)
        self._grants = {grant.ref: grant for grant in image.members()}
        self._policies: dict[tuple[str, str] | None, PolicySet] = {}
        self._entities: dict[tuple[str, str], Entities] = {}

    def judge(self, request: AccessRequest) -> outcome.Decision:
        """Permit or Deny. An error of any policy, and any third answer, refuse (Cedar itself would skip the policy)."""
        if not well_formed(request):
            return self._deny(explain.ILL_FORMED)
        if (unknown := unregistered(request, self._image.registry)) is not None:
            return self._deny(unknown)
        result = self._ask(request)
        if result.diagnostics.errors or result.decision not in {Decision.Allow, Decision.Deny}:
            return self._deny(explain.engine_failed("Cedar"))
        ids = [result.diagnostics.id_annotations_by_reason[reason] for reason in result.diagnostics.reasons]
        return self._permit(request, ids) if result.allowed else self._deny(*self._determining(ids))

    def _ask(self, request: AccessRequest) -> AuthzResult:
        return is_authorized(
            cedar_request(request, self._image.registry),
            self._policies_for(request),
            self._entities_for(request),
            schema.handle(),
        )

    def _permit(self, request: AccessRequest, refs: list[str]) -> outcome.Decision:
        satisfied = [self._grants[ref] for ref in sorted(refs)]
        duties = obligations.union(satisfied)
        if unknown := obligations.unknown(duties):
            return self._deny(*(explain.unknown_obligation(duty) for duty in unknown))
        masks = obligations.strongest(satisfied, self._image.registry.evidence_types[request.evidence_type].fields)
        return outcome.Permit(
            grants=tuple(grant.ref for grant in satisfied),
            release=obligations.release(request.fields, masks),
            predicates=request.predicates,
            obligations=duties,
            quotas=tuple(outcome.Quota(grant.ref, grant.quota_per_day) for grant in satisfied if grant.quota_per_day),
            epoch=self._image.epoch,
        )

    def _determining(self, refs: list[str]) -> Iterator[outcome.UnmetClause]:
        """The guards that forbade, in their order; without any, that no grant permitted."""
        forbidding = [guard for guard in self._guards if guard.ref in refs]
        for guard in forbidding:
            yield outcome.UnmetClause(guard.ref, guard.code, guard.text)
        if not forbidding:
            yield explain.NO_GRANT

    def _deny(self, *clauses: outcome.UnmetClause) -> outcome.Deny:
        return outcome.Deny(code=clauses[0].code, clauses=clauses, grants=(), epoch=self._image.epoch)

    def _policies_for(self, request: AccessRequest) -> PolicySet:
        scope = (request.system.organisation, request.evidence_type) if self._sliced else None
        if scope not in self._policies:
            texts = [
                cedar.render(grant) for grant in self._grants.values() if scope is None or self._covers(grant, scope)
            ]
            self._policies[scope] = PolicySet.from_str("\n".join([guards.text(self._guards), *texts]))
        return self._policies[scope]

    def _covers(self, grant: Grant, scope: tuple[str, str]) -> bool:
        above = self._image.hierarchy.above
        consumers, families = above["Organisation", scope[0]], above["EvidenceType", scope[1]]
        return ("Organisation", grant.consumer) in consumers and ("EvidenceType", grant.evidence_type) in families

    def _entities_for(self, request: AccessRequest) -> Entities:
        key = (request.system.id, status(request, self._image.registry))
        if key not in self._entities:
            text = json.dumps(list(entities(self._image.registry, *key)))
            self._entities[key] = Entities.from_json_str(text, schema.handle())
        return self._entities[key]


def cedar_request(request: AccessRequest, registry: Registry) -> dict[str, Any]:
    """The request as Cedar reads it."""
    return {
        "principal": _uid("System", request.system.id),
        "action": _uid("Action", request.action.value),
        "resource": _uid("EvidenceType", request.evidence_type),
        "context": _context(request, registry),
    }


def _uid(kind: str, identifier: str) -> dict[str, str]:
    return {"type": f"{schema.NAMESPACE}::{kind}", "id": identifier}


def _ref(kind: str, identifier: str) -> dict[str, Any]:
    """An entity as a value; the escape keeps it one even where no schema says so."""
    return {"__entity": _uid(kind, identifier)}


def _uids(kind: str, identifiers: Iterable[str]) -> list[dict[str, str]]:
    return [_uid(kind, identifier) for identifier in sorted(identifiers)]


def _time(moment: datetime) -> dict[str, Any]:
    return {"__extn": {"fn": "datetime", "arg": cedar.literal_time(moment)}}


def _context(request: AccessRequest, registry: Registry) -> dict[str, Any]:
    context: dict[str, Any] = {
        "fields": sorted(request.fields),
        "predicates": sorted(request.predicates),
        "purpose": _ref("ServiceItem", request.service_item),
        "legalBasis": _ref("LegalBasis", request.legal_basis),
        "basisKind": registry.service_items[request.service_item].legal_bases[request.legal_basis].value,
        "relation": request.relation,
        "loa": request.loa,
        "present": request.present,
        "quotaUsedToday": request.quota_used_today,
        "now": _time(request.now),
        "hour": local_hour(request.now),
        "mandated": request.mandated,
        "sealed": request.sealed,
        "minor": request.minor,
        "ownDivision": request.own_division,
        "delivery": request.delivery.value,
    }
    if request.consent is not None:
        context["consent"] = _consent(request.consent)
    if request.emergency is not None:
        context["emergency"] = _opening(request.emergency)
    return context


def _opening(opening: Opening) -> dict[str, Any]:
    return {
        "id": opening.id,
        "template": opening.template,
        "opened": _time(opening.opened),
        "ends": _time(opening.ends),
    }


def _consent(consent: Consent) -> dict[str, Any]:
    return {
        "purpose": _ref("ServiceItem", consent.service_item),
        "consumer": _ref("Organisation", consent.consumer),
        "evidenceType": _ref("EvidenceType", consent.evidence_type),
        "fields": sorted(consent.fields),
        "predicates": sorted(consent.predicates),
        "notBefore": _time(consent.not_before),
        "notAfter": _time(consent.not_after),
        "revoked": consent.revoked,
    }


def entities(registry: Registry, system: str, system_status: str) -> Iterator[dict[str, Any]]:
    """The registry as Cedar entities, with the one system that asks."""
    owner = registry.systems[system].organisation
    yield _entity(_uid("System", system), _uids("Organisation", [owner]), {"status": system_status})
    for name, organisation in registry.organisations.items():
        yield _entity(_uid("Organisation", name), _uids("Organisation", organisation.parents))
    for name, item in registry.service_items.items():
        yield _entity(_uid("ServiceItem", name), _uids("ServiceItem", item.parents))
    for name, kind in registry.evidence_types.items():
        attributes = {"provider": _ref("Organisation", kind.provider), "classification": kind.classification}
        yield _entity(_uid("EvidenceType", name), _uids("EvidenceType", kind.parents), attributes)


def _entity(
    uid: dict[str, str], parents: list[dict[str, str]], attributes: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"uid": uid, "parents": parents, "attrs": attributes or {}}
