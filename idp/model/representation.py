"""Acting for a legal entity: who represents which one, how that was proven, and what a token says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from kernel.canonical import JSON
from kernel.jose import base64url

LASTS = timedelta(days=30)
"""How long a look into the register counts (ADR 0028)."""

ALL = "all"
"""`service_items` of a mandate for every matter."""

ONESELF = "self"
"""The choice of a person who acts for nobody else."""


class Capacity(StrEnum):
    """In what capacity somebody acts."""

    LEGAL_REPRESENTATIVE = "legal-representative"
    AGENT = "agent"
    """Appointed by a legal representative (`idp.model.appointment`)."""


@dataclass(frozen=True, slots=True)
class Representation:
    """One person's standing right to act for one entity. ``code`` is its unified social credit code.

    ``rests_on`` is the legal representative's own proof, and ``representative`` whose it is: the same as ``id`` and
    ``person``, unless an agent acts. ``service_items`` None: every matter of the entity.
    """

    id: str
    person: str
    capacity: Capacity
    code: str = field(repr=False)
    name: str = field(repr=False)
    valid_until: datetime
    confirmed_at: datetime
    """When the register last said so."""
    representative: str
    rests_on: str
    service_items: tuple[str, ...] | None = None
    may_appoint: bool = False
    """Whether this person may appoint agents of the entity."""
    reference: str = ""
    """What the exchange alone knows the right by, for as long as it lasts: a newer proof of it keeps the same."""

    def covers(self, service_items: Iterable[str]) -> bool:
        """Whether all of these are matters in which the person may act for the entity."""
        return self.service_items is None or set(service_items) <= set(self.service_items)

    def claim(self) -> dict[str, JSON]:
        """`mandate` (ADR 0028): for whom the person of `sub` acts, in what capacity and matters, and until when."""
        return {
            "principal": {"scheme": "social-credit-code", "value": self.code, "name": self.name},
            "capacity": self.capacity.value,
            "service_items": ALL if self.service_items is None else [*self.service_items],
            "exp": int(self.valid_until.timestamp()),
        }


def reference_of(person: str, entity_index: bytes) -> str:
    """The reference of a legal representative's right, by whichever proof."""
    return _reference(f"representation\n{person}\n{entity_index.hex()}")


def reference_of_agency(appointment: str) -> str:
    """The reference of what an agent was appointed to."""
    return _reference(f"appointment\n{appointment}")


def _reference(text: str) -> str:
    return base64url.encode(sha256(text.encode()).digest()[:16])


@dataclass(frozen=True, slots=True)
class SealedRepresentation:
    """The stored form: code and name sealed under the person's key, found by a blind index of the code."""

    id: str
    person: str
    capacity: Capacity
    entity_index: bytes
    sealed: bytes
    verifier: str
    evidence: bytes
    proven_at: datetime
    valid_until: datetime
    confirmed_at: datetime
