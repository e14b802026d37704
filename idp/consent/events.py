"""Ledger entries of what a person was told and decided."""

from __future__ import annotations

from idp.consent.page import ConsentPage
from idp.model import scopes
from idp.model.authorization import AuthorizationRequest
from idp.model.client import Client
from idp.resource.labels import BasisKind
from kernel.canonical import JSON
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.event import Event

_PLAIN = "scope"


def decided(
    interaction: str,
    request: AuthorizationRequest,
    client: Client,
    page: ConsentPage,
    allowed: bool,
    by: SubjectRef | None,
) -> list[Event]:
    """One entry for the plain scopes and one for each detail: ConsentGiven, ConsentWithheld or NoticeShown."""
    who: dict[str, JSON] = {"client": client.id, "organisation": client.organisation, "allowed": allowed}
    events = []
    if request.scope:
        facts = who | {"scope": scopes.text(request.scope)}
        events.append(Event(_name(None, allowed), interaction, _PLAIN, facts, by))
    for number, (detail, label) in enumerate(zip(request.details, page.details, strict=True)):
        facts = who | {"detail": detail.to_json()}
        events.append(Event(_name(label.basis_kind, allowed), interaction, f"detail-{number}", facts, by))
    return events


def _name(basis: BasisKind | None, allowed: bool) -> str:
    """A statutory use is announced, not consented to; whether the person went on stands in the facts."""
    if basis is BasisKind.STATUTORY:
        return "NoticeShown"
    return "ConsentGiven" if allowed else "ConsentWithheld"
