"""Deciding: one ruling per item, by policy and by what the catalogue and the case say. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from exchange import errors
from exchange.authentication.access_token import AccessToken, Detail
from exchange.catalogue.model import REPRESENTED, EvidenceType, kept_apart
from exchange.gateway.asking import About, Asking
from exchange.gateway.consenting import Basis, basis_of
from exchange.gateway.parties import CITIZEN, Concerned, acts_for_a_party, concerned, is_minor
from exchange.gateway.refusals import Refusal, by_policy
from exchange.gateway.request import EvidenceRequest, Item
from exchange.in_force.snapshot import Snapshot
from exchange.store.cases import Case
from exchange.store.consents import Artefact
from policies import both_engines
from policies.decision import Decision, Deny, Permit
from policies.delivery import Delivery
from policies.emergency.opening import EmergencyState
from policies.model import AccessRequest, Action, Opening, SystemPrincipal


@dataclass(frozen=True, slots=True)
class Judged:
    """What policies were asked about an item, what they said, and by which version of the catalogue.

    ``artefact``: the consent given before that was put before them.
    """

    asked: AccessRequest
    said: Decision
    catalogue: int
    artefact: Artefact | None = None


@dataclass(frozen=True, slots=True)
class Permitted:
    """An item that may be released as ``permit`` says."""

    item: Item
    decision: str
    concerned: Concerned
    permit: Permit
    judged: Judged


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that may not; ``concerned`` is None where it could not be established whom it is about.

    ``judged`` is None where policies were not asked; they may have permitted what is refused for another reason.
    """

    item: Item
    decision: str
    concerned: Concerned | None
    refusal: Refusal
    judged: Judged | None = None


Ruling = Permitted | Refused


def fitting_detail(request: EvidenceRequest, token: AccessToken) -> Detail | None:
    """The one authorization detail that covers the whole request (RFC 9396 §7), if there is one."""
    purpose = (request.service_item, request.case, request.legal_basis)
    for detail in token.details:
        same = (detail.service_item, detail.case, detail.legal_basis) == purpose
        if same and all(_covered(item, detail) for item in request.items):
            return detail
    return None


def _covered(item: Item, detail: Detail) -> bool:
    return detail.covers(item.type, frozenset(item.fields), item.predicate_names)


def rule(asking: Asking, case: Case, snapshot: Snapshot) -> tuple[Ruling, ...]:
    """A ruling on every item, in their order, all under the same epoch."""
    return tuple(_rule(item, asking, case, snapshot) for item in asking.request.items)


def _rule(item: Item, asking: Asking, case: Case, snapshot: Snapshot) -> Ruling:
    name = decision_name(asking.id, item.number, snapshot.epoch)
    kind = snapshot.registry.evidence_types.get(item.type)
    whom = concerned(
        item,
        kind,
        person=asking.token.person,
        known=asking.person,
        company=asking.company,
        case=case,
        indexes=asking.indexes,
    )
    if isinstance(whom, Refusal):
        return Refused(item, name, None, whom)
    if kind is not None and kept_apart(asking.system, kind):
        return Refused(item, name, whom, Refusal(errors.SANDBOX_ONLY))
    about = About(
        subject=whom.index,
        relation=whom.relation,
        sealed=snapshot.is_sealed(whom.index, asking.moment),
        minor=is_minor(whom.subject, asking.moment),
        own_division=own_division(asking, kind, snapshot) is not None,
    )
    judged = judge(item, about, asking, case, snapshot)
    if isinstance(judged.said, Deny):
        return Refused(item, name, whom, by_policy(judged.said), judged)
    if judged.artefact is not None and judged.artefact.left(asking.moment) == 0:
        return Refused(item, name, whom, Refusal(errors.CONSENT_USED_UP), judged)
    if asking.request.delivery is Delivery.PREVIEW and previewer_of(whom, about.minor, asking) is None:
        return Refused(item, name, whom, Refusal(errors.NOBODY_TO_PREVIEW), judged)
    return Permitted(item, name, whom, judged.said, judged)


def previewer_of(whom: Concerned, minor: bool, asking: Asking) -> bytes | None:
    """Who looks at an item before it leaves (blind index): whom it is about, so that nobody sees a relative's record.

    For a company, and for somebody under age, it is the person who asked, by a mandate or guardianship that is proven;
    of a company that a record merely names (an employer) nobody here may see more than would leave.
    """
    if whom.subject.scheme == CITIZEN:
        return asking.person if minor else whom.index
    return asking.person if whom.relation == REPRESENTED else None


def at_release(ruling: Permitted, asking: Asking, case: Case, snapshot: Snapshot, now: datetime) -> Ruling:
    """What remains of a permit just before the item is recorded and leaves: decided again where a time has run out.

    It never comes to rest on quotas that were not reserved for it: then whoever asks may ask again.
    """
    lapses = snapshot.image.lapses(ruling.judged.asked, ruling.permit.grants, now)
    if not lapses and asking.company == asking.company_at(now):
        return ruling
    again = _rule(ruling.item, replace(asking, moment=now), case, snapshot)
    if isinstance(again, Permitted) and not set(again.permit.quotas) <= set(ruling.permit.quotas):
        return Refused(again.item, again.decision, again.concerned, Refusal(errors.POLICY_STALE), again.judged)
    return again


def judge(item: Item, about: About, asking: Asking, case: Case, snapshot: Snapshot) -> Judged:
    """What policies say about an item."""
    kind = snapshot.registry.evidence_types.get(item.type)
    opened, basis = opening_of(asking, snapshot), basis_of(item, about, asking)
    asked = access_request(
        item,
        about,
        asking,
        case,
        basis,
        status=snapshot.status_of(asking.system),
        provider=kind.provider if kind else "",
        emergency=_opening_for(about, case, opened),
    )
    return Judged(asked, _decided(asked, snapshot), snapshot.registry.version, basis.artefact)


def _opening_for(about: About, case: Case, opened: EmergencyState | None) -> Opening | None:
    """An opening is for whom its case was about when the second person looked: whoever came later is not under it."""
    if opened is None or opened.opening is None or not case.was_about(about.subject, opened.opening.opened):
        return None
    return opened.opening


def _decided(asked: AccessRequest, snapshot: Snapshot) -> Decision:
    """By the compiled clerk; what is too delicate for one engine alone, by both (``policies.both_engines``)."""
    return both_engines.decide(snapshot.image, asked, snapshot.judges)


def opening_of(asking: Asking, snapshot: Snapshot) -> EmergencyState | None:
    """The opening that the request names, while it is open and for this very case."""
    found = None if asking.request.emergency is None else snapshot.openings.get(asking.request.emergency)
    return found if found is not None and found.asked.case == asking.request.case else None


def own_division(asking: Asking, kind: EvidenceType | None, snapshot: Snapshot) -> str | None:
    """The division in which records of this type would be the asking department's own; None where none could be."""
    if kind is None or kind.division_field is None:
        return None
    organisation = snapshot.registry.organisations.get(asking.system.organisation)
    return None if organisation is None else organisation.division


def of_another_division(ruling: Permitted, snapshot: Snapshot) -> Ruling:
    """What remains of a permit once the record turns out to lie elsewhere: policies are asked again, as is logged.

    Every condition on it narrows, so that what remains rests on some of the same grants.
    """
    asked = replace(ruling.judged.asked, own_division=False)
    judged = replace(ruling.judged, asked=asked, said=_decided(asked, snapshot))
    if isinstance(judged.said, Deny):
        return Refused(ruling.item, ruling.decision, ruling.concerned, by_policy(judged.said), judged)
    return replace(ruling, permit=judged.said, judged=judged)


def decision_name(request_id: str, item: int, epoch: int) -> str:
    """``dec_…``: names request, item and the epoch it was decided under."""
    return f"dec_{request_id.partition('_')[2]}_{item}_{epoch}"


def access_request(
    item: Item,
    about: About,
    asking: Asking,
    case: Case,
    basis: Basis,
    *,
    status: str,
    provider: str,
    emergency: Opening | None = None,
) -> AccessRequest:
    """The item as policies see it: everything from verified sources, nothing on the caller's word."""
    fields, token = frozenset(item.fields), asking.token
    return AccessRequest(
        system=SystemPrincipal(asking.system.name, asking.system.organisation, status),
        action=Action.of(fields) if asking.request.emergency is None else Action.OBTAIN_EMERGENCY,
        evidence_type=item.type,
        provider=provider,
        fields=fields,
        predicates=item.predicate_names,
        service_item=asking.request.service_item,
        legal_basis=asking.request.legal_basis,
        now=asking.moment,
        relation=about.relation,
        loa=token.assurance,
        present=token.present,
        consent=basis.consent,
        mandated=acts_for_a_party(case, asking.company_index),
        sealed=about.sealed,
        minor=about.minor,
        emergency=emergency,
        own_division=about.own_division,
        delivery=asking.request.delivery,
    )
