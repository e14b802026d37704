"""What a decision is about: the request as the exchange established it, never the caller's own word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from policies.delivery import Delivery
from policies.grants.grant import Grant
from policies.grants.terms import SELF, BasisKind, InvalidGrant, Obligation

__all__ = [
    "SELF",
    "AccessRequest",
    "Action",
    "BasisKind",
    "Consent",
    "Grant",
    "InvalidGrant",
    "Obligation",
    "Opening",
    "SystemPrincipal",
    "SystemStatus",
]


class Action(StrEnum):
    """The kind of disclosure: ``obtain`` releases fields (and answers), ``verify`` only yes/no answers.

    ``obtainEmergency`` is neither: what it releases is decided by templates alone, and templates by nothing else.
    """

    OBTAIN = "obtain"
    VERIFY = "verify"
    OBTAIN_EMERGENCY = "obtainEmergency"

    @classmethod
    def of(cls, fields: frozenset[str]) -> Action:
        """The action of an item that asks for these fields: without any, it only verifies."""
        return cls.OBTAIN if fields else cls.VERIFY


class SystemStatus(StrEnum):
    """Whether a department's system may act."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


LOCKED = "locked"
"""The status of an active system that looked up too many people, until that is lifted."""


@dataclass(frozen=True, slots=True)
class SystemPrincipal:
    """The authenticated system that asks, its owning organisation and its status (``active`` or anything else)."""

    id: str
    organisation: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A person's consent as the consent store holds it, already matched to the subject of the request.

    Live from ``not_before`` (inclusive) to ``not_after`` (exclusive) unless ``revoked``; for one service item, one
    consuming organisation and one evidence type; it covers exactly these fields and yes/no questions.
    """

    service_item: str
    consumer: str
    evidence_type: str
    fields: frozenset[str]
    predicates: frozenset[str]
    not_before: datetime
    not_after: datetime
    revoked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A template of emergency access, opened by two persons: from ``opened`` (inclusive) to ``ends`` (exclusive).

    ``id`` names the opening, ``template`` (id@version) the grant that it opens.
    """

    id: str
    template: str
    opened: datetime
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequest:
    """One evidence item about one subject, as the exchange established it.

    ``provider`` is the owner of the evidence type by the catalogue; ``relation`` how the subject stands to the person
    of the case, proven (``self`` for that person); ``loa`` the assurance of the sign-in, 0 when the citizen is not
    ``present``; ``mandated`` whether the person acts by a mandate that covers the service item; ``consent`` None when
    none was found; ``now`` the time of the decision; ``quota_used_today`` a hint for an early refusal only: the quota
    itself is reserved atomically after a permit (``Permit.quotas``); ``sealed`` whether the subject is sealed at that
    time; ``minor`` whether they are younger than ``guards.OF_AGE``; ``emergency`` the opening that the request names;
    ``own_division`` whether the record lies in the division of whoever asks (until the record is known: whether it
    could); ``delivery`` how they want it.
    """

    system: SystemPrincipal
    action: Action
    evidence_type: str
    provider: str
    fields: frozenset[str]
    predicates: frozenset[str]
    service_item: str
    legal_basis: str
    now: datetime
    relation: str = SELF
    loa: int = 0
    present: bool = False
    consent: Consent | None = None
    quota_used_today: int = 0
    mandated: bool = False
    sealed: bool = False
    minor: bool = False
    emergency: Opening | None = None
    own_division: bool = False
    delivery: Delivery = Delivery.DIRECT
