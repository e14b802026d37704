"""What of one record may flow back: decided by policies row by row, from grants that name bulk delivery alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import structlog

from exchange.catalogue.model import EvidenceType, System, kept_apart
from exchange.catalogue.model import Status as SystemStatus
from exchange.gateway.parties import is_minor
from exchange.in_force.snapshot import Snapshot
from kernel.canonical import JSON
from kernel.dates import local_day
from kernel.identifiers.subject import SubjectRef
from policies import both_engines
from policies.both_engines import Judges
from policies.decision import Deny, Permit
from policies.delivery import Delivery
from policies.explain import ENGINES_DISAGREE
from policies.grants.grant import Grant
from policies.index import PolicyImage
from policies.model import AccessRequest, Action, SystemPrincipal


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a flow is for: the fields of an evidence type, for a service item, on a legal basis."""

    evidence_type: str
    service_item: str
    legal_basis: str
    fields: frozenset[str]


@dataclass(frozen=True)
class Ruling:
    """Decides for one system and purpose under one epoch. Make one with ``ruling``."""

    system: System
    kind: EvidenceType
    purpose: Purpose
    division: str
    snapshot: Snapshot
    image: PolicyImage = field(repr=False)
    judges: Judges = field(repr=False)

    def of(self, subject: SubjectRef, index: bytes, now: datetime) -> Permit | None:
        """What may leave about a subject whose record lies in the own division; None for nothing. Default deny."""
        sealed = self.snapshot.is_sealed(index, now)
        return self._decide(now, sealed=sealed, minor=is_minor(subject, now))

    def at_all(self, now: datetime) -> Permit | None:
        """What may leave about somebody of whom nothing speaks against it: whether the flow may be at all."""
        return self._decide(now, sealed=False, minor=False)

    def _decide(self, now: datetime, *, sealed: bool, minor: bool) -> Permit | None:
        said = both_engines.decide(
            self.image,
            AccessRequest(
                system=SystemPrincipal(self.system.name, self.system.organisation, self.system.status.value),
                action=Action.of(self.purpose.fields),
                evidence_type=self.kind.code,
                provider=self.kind.provider,
                fields=self.purpose.fields,
                predicates=frozenset(),
                service_item=self.purpose.service_item,
                legal_basis=self.purpose.legal_basis,
                now=now,
                sealed=sealed,
                minor=minor,
                own_division=True,
                delivery=Delivery.BULK,
            ),
            self.judges,
        )
        if isinstance(said, Deny) and ENGINES_DISAGREE in said.clauses:
            structlog.get_logger(__name__).error("decision engines disagree", grants=[*said.grants])
        if not isinstance(said, Permit) or said.quotas or said.obligations:
            return None  # what counts single releases, or owes each person something, is not for bulk
        return said

    def lies_within(self, record: Mapping[str, JSON], day: date) -> bool:
        """Whether a record lies in the own division or below on a day; one without a division lies nowhere."""
        said = record.get(self.kind.division_field or "")
        return isinstance(said, str) and self.snapshot.registry.divisions.lies_in(said, self.division, day)


def ruling(snapshot: Snapshot, system: str, purpose: Purpose, now: datetime) -> Ruling | None:
    """Who decides for a flow; None where it cannot be: its system, evidence type or division is not (or not any more).

    The grants that count are those that name bulk delivery: of all others nobody who signed saw that it might be.
    """
    registry = snapshot.registry
    found, kind = registry.systems.get(system), registry.evidence_types.get(purpose.evidence_type)
    if found is None or kind is None or found.status is not SystemStatus.ACTIVE or kept_apart(found, kind):
        return None
    organisation = registry.organisations.get(found.organisation)
    division = organisation.division if organisation is not None else None
    unknown = division is None or registry.divisions.at(division, local_day(now)) is None
    if division is None or unknown or kind.division_field is None or not purpose.fields <= kind.fields.keys():
        return None
    grants = [
        grant for grant in snapshot.image.members() if is_for_bulk(grant) and grant.consumer == found.organisation
    ]
    image = PolicyImage.build(grants, snapshot.image.registry, snapshot.epoch, after=snapshot.image)
    return Ruling(found, kind, purpose, division, snapshot, image, Judges(image))


def is_for_bulk(grant: Grant) -> bool:
    """Whether whoever signed a grant saw that records leave in bulk, and only those of the consumer's own division."""
    return grant.allows(Delivery.BULK) and grant.own_division_only and grant.emergency is None
