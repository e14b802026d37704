"""On what consent an item rests: a preview's agreement, the sign-in's, or an artefact that its person gave before.

Pure but for reading the artefacts. That one still stands, and that a use of it is left, is settled by the statement
that takes the use, in the transaction that records the release (``exchange.store.consents.use``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from exchange.catalogue.model import REPRESENTED, SELF
from exchange.gateway.asking import About, Asking
from exchange.gateway.request import Item
from exchange.in_force.snapshot import Snapshot
from exchange.store import consents
from exchange.store.consents import Artefact
from kernel.database import Database
from policies.grants.terms import BasisKind
from policies.model import Consent

AGREED_FOR = timedelta(minutes=5)
"""How long a preview's confirmation is consent: as long as a token for one purpose lives."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The consent that policies see, and the artefact that it is; None where it is none that was given before."""

    consent: Consent | None
    artefact: Artefact | None = None


def rests_on_consent(service_item: str, legal_basis: str, snapshot: Snapshot) -> bool:
    """Whether the registry says of this ground that it is the person's own consent."""
    item = snapshot.registry.service_items.get(service_item)
    basis = item.legal_bases.get(legal_basis) if item else None
    return basis is not None and basis.kind == BasisKind.CONSENT


def with_consents(database: Database, asking: Asking, snapshot: Snapshot, about: Iterable[bytes] = ()) -> Asking:
    """The same with what its people gave before, as it stands now; read only where consent is the ground.

    What a guardian gave is there as far as this case proves whose guardian they are (ADR 0062).

    ``about``: blind indexes of whoever else it is about. Of somebody whom only a record of this request names (ADR
    0050, composition) nothing is read: nobody could have been asked about them in this case before.
    """
    request = asking.request
    if not rests_on_consent(request.service_item, request.legal_basis, snapshot):
        return asking
    people = {*about, *(asking.indexes.of(item.subject) for item in request.items if item.subject is not None)}
    people |= set() if asking.person is None else {asking.person}
    with database.read() as connection:
        found = consents.given(connection, asking.system.organisation, request.service_item, request.case, people)
    return replace(asking, consents=found)


def basis_of(item: Item, about: About, asking: Asking) -> Basis:
    """What somebody agreed to just now, at their sign-in, or before: the first of these that there is."""
    granted = next((one for one in asking.detail.items if one.type == item.type), None)
    if granted is None:
        return Basis(None)
    if asking.agreed is not None:
        return Basis(_agreed(item, asking, asking.agreed))
    if asking.token.present and about.relation in {SELF, REPRESENTED}:
        said = _at_sign_in(item, asking, granted.fields, granted.predicates)
        if said.not_before <= asking.moment < said.not_after or not asking.consents:
            return Basis(said)
    return _given_before(item, about, asking)


def _at_sign_in(item: Item, asking: Asking, fields: frozenset[str], predicates: frozenset[str]) -> Consent:
    """What the person agreed to at sign-in: exactly the authorization detail, for as long as the token lives.

    It covers their own records, and those of the company they said they act for.
    """
    skew = timedelta(seconds=asking.leeway)
    return Consent(
        service_item=asking.detail.service_item,
        consumer=asking.system.organisation,
        evidence_type=item.type,
        fields=fields,
        predicates=predicates,
        not_before=datetime.fromtimestamp(asking.token.issued_at, UTC) - skew,
        not_after=datetime.fromtimestamp(asking.token.expires_at, UTC) + skew,
        revoked=asking.consent_withdrawn,
    )


def _agreed(item: Item, asking: Asking, at: datetime) -> Consent:
    """What somebody agreed to by confirming what they saw: that, and for no longer than it takes to provide it."""
    return Consent(
        service_item=asking.request.service_item,
        consumer=asking.system.organisation,
        evidence_type=item.type,
        fields=frozenset(item.fields),
        predicates=item.predicate_names,
        not_before=at,
        not_after=at + AGREED_FOR,
        revoked=False,
    )


def _given_before(item: Item, about: About, asking: Asking) -> Basis:
    """The artefact that covers most: one that could be used, else one of which a refusal can say why it cannot."""
    fitting = [one for one in asking.consents if _is_for(one, item, about, asking)]
    if not fitting:
        return Basis(None)
    best = min(fitting, key=lambda one: _shortcomings(one, item, asking))
    return Basis(_as_policies_see(best), best)


def _is_for(one: Artefact, item: Item, about: About, asking: Asking) -> bool:
    terms, request = one.terms, asking.request
    here = not terms.bound or terms.case == request.case
    same = (terms.evidence_type, terms.legal_basis) == (item.type, request.legal_basis)
    return one.subject == about.subject and here and same


def _shortcomings(one: Artefact, item: Item, asking: Asking) -> tuple[bool, ...]:
    """What keeps an artefact from being used now, the gravest first."""
    terms, at = one.terms, asking.moment
    lives = terms.not_before <= at < one.ends
    covers = set(item.fields) <= set(terms.fields) and item.predicate_names <= set(terms.predicates)
    return one.withdrawn_at is not None, not lives, not covers, one.left(at) == 0


def _as_policies_see(one: Artefact) -> Consent:
    terms = one.terms
    return Consent(
        service_item=terms.service_item,
        consumer=terms.organisation,
        evidence_type=terms.evidence_type,
        fields=frozenset(terms.fields),
        predicates=frozenset(terms.predicates),
        not_before=terms.not_before,
        not_after=one.ends,
        revoked=one.withdrawn_at is not None,
    )


def overspent(artefacts: Iterable[Artefact | None], at: datetime) -> list[bool]:
    """For each of the items that rest on these artefacts, whether those before it take the last use of its own."""
    taken: Counter[str] = Counter()
    said: list[bool] = []
    for one in artefacts:
        left = None if one is None else one.left(at)
        over = one is not None and left is not None and taken[one.id] >= left
        said.append(over)
        if one is not None and not over:
            taken[one.id] += 1
    return said
