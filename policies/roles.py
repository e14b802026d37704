"""Officers and the capacities in which they act on grants. One person, one signature, whatever the number of roles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A capacity; the values are those of the ``roles`` claim of an officer's access token (RFC 9068 §2.2.3.1)."""

    CONSUMER_OFFICER = "consumer-officer"
    PROVIDER_OFFICER = "provider-officer"
    GOVERNANCE_OFFICER = "governance-officer"
    GOVERNANCE_APPROVER = "governance-approver"
    AUDITOR = "auditor"
    SYSTEM_ADMINISTRATOR = "system-administrator"
    EXCHANGE = "exchange"
    """The exchange itself, for what the clock alone decides (expiry, replacement by a newer version)."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Who acts: an identifier that is the same at every sign-in, the organisation, and the roles held there."""

    id: str
    organisation: str
    roles: frozenset[Role]
