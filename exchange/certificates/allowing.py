"""Whether somebody may learn how a certificate stands: where they could have the evidence itself at this moment.

The gateway's own ruling decides, for what the token names and a grant gives of that evidence: so that whatever keeps
evidence back keeps the status back, too (ADR 0082). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from exchange.authentication.access_token import AccessToken, Detail, DetailItem
from exchange.certificates.forms import Asked
from exchange.gateway.asking import Asking
from exchange.gateway.enforcement import Permitted, rule
from exchange.gateway.parties import Concerned, acts_for_a_party, in_every_relation, in_own_right
from exchange.gateway.request import Item, Question
from exchange.in_force.snapshot import Snapshot
from exchange.store.cases import Case
from policies.delivery import Delivery
from policies.grants.grant import Grant
from policies.grants.terms import BasisKind
from policies.model import Action

CERTIFICATE_STATUS = "certificate-status"
"""What log, provider and officers' look-ups say was asked for: it is no field, and no question about a record."""
_ACTIONS = (Action.OBTAIN, Action.VERIFY)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Under which grant it may be told, about whom, and the asking as the grant's ground makes it."""

    grant: Grant
    concerned: Concerned
    asking: Asking


def details_for(asked: Asked, token: AccessToken) -> tuple[Detail, ...]:
    """The details of a token that are about this case and this evidence (RFC 9396 §7)."""
    return tuple(one for one in token.details if one.case == asked.case and _parts(one, asked))


def whom(asked: Asked, asking: Asking, case: Case, snapshot: Snapshot) -> tuple[Concerned, ...]:
    """The holder, in every relation that the case proves; empty where they are none of its parties, or none is proven,
    or somebody is present who has no part in the case: that is nobody's presence here.
    """
    subject = asking.indexes.of(asked.subject)
    if all(party.subject != subject for party in case.parties) or not _has_a_part(asking, case):
        return ()
    kind = snapshot.registry.evidence_types.get(asked.evidence_type)
    return in_every_relation(
        Item(0, asked.evidence_type, (), (), asked.subject),
        kind,
        person=asking.token.person,
        known=asking.person,
        company=asking.company,
        case=case,
        indexes=asking.indexes,
    )


def allowed(
    asked: Asked, asking: Asking, details: tuple[Detail, ...], people: tuple[Concerned, ...], case: Case, by: Snapshot
) -> Allowed | None:
    """A grant under which that very evidence could be had now, and what it is told by; None where there is none."""
    for detail in details:
        for grant, put in _questions(asked, asking, detail, people, by):
            (ruling,) = rule(put, case, by)
            if isinstance(ruling, Permitted) and grant.ref in ruling.permit.grants:
                return Allowed(grant, ruling.concerned, put)
    return None


def _has_a_part(asking: Asking, case: Case) -> bool:
    person = asking.person
    return person is None or in_own_right(case, person) or acts_for_a_party(case, asking.company_index)


def _parts(detail: Detail, asked: Asked) -> tuple[DetailItem, ...]:
    return tuple(item for item in detail.items if item.type == asked.evidence_type)


def _grants(asked: Asked, asking: Asking, detail: Detail, snapshot: Snapshot) -> Iterator[Grant]:
    """Those of the asking department for this evidence, this purpose and this ground, by their references."""
    keys = ((asking.system.organisation, action, asked.evidence_type) for action in _ACTIONS)
    found = {grant.ref: grant for key in keys for grant in snapshot.image.grants.get(key, ())}
    for ref in sorted(found):
        grant = found[ref]
        if detail.service_item in grant.service_items and grant.legal_basis == detail.legal_basis and _is_plain(grant):
            yield grant


def _questions(
    asked: Asked, asking: Asking, detail: Detail, people: tuple[Concerned, ...], snapshot: Snapshot
) -> Iterator[tuple[Grant, Asking]]:
    """The question as requests for evidence, each for whatever the token and one grant both name."""
    for grant, part, one in product(_grants(asked, asking, detail, snapshot), _parts(detail, asked), people):
        questions = tuple(Question(name, {}) for name in sorted(grant.predicates & part.predicates))
        item = Item(
            0, asked.evidence_type, (*sorted(grant.fields & part.fields),), questions, asked.subject, one.relation
        )
        request = replace(asking.request, legal_basis=detail.legal_basis, items=(item,))
        yield grant, replace(asking, request=request, detail=detail)


def _is_plain(grant: Grant) -> bool:
    """Whether a grant asks for nothing beyond a decision.

    A consent that is used, a quota, the record's own division, obligations and a look beforehand are seen to where
    evidence leaves; hours and mandates are left to that, too.
    """
    more = grant.mandate_required or grant.own_division_only or bool(grant.obligations)
    free = not more and grant.emergency is None and grant.hours is None and grant.quota_per_day is None
    return free and grant.allows(Delivery.DIRECT) and grant.basis_kind is BasisKind.STATUTORY
