"""Invitations to register clients (RFC 7591 §1.2: initial access tokens), and what a registered client may become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kernel.canonical import JSON

OPERATORS = "tongban_"
"""Members whose names begin so say what a client may do, not what it is: the operator's word alone."""
ORGANISATION = "tongban_organisation"


@dataclass(frozen=True, slots=True)
class Terms:
    """What an operator allows whoever holds an invitation, at registration and at every later update (M1).

    ``fixed`` are metadata members that the operator alone sets: the organisation, service items, a profile.
    """

    organisation: str
    scopes: frozenset[str]
    grant_types: frozenset[str]
    fixed: Mapping[str, JSON] = field(default_factory=dict)

    def after(self, metadata: Mapping[str, JSON]) -> Terms:
        """What they are once the operator has changed the client: what it was left with is all it may ask for (M1)."""
        said = {name for name in metadata if name.startswith(OPERATORS)} | (self.fixed.keys() & metadata.keys())
        grants = metadata.get("grant_types")
        return Terms(
            self.organisation,
            frozenset(str(metadata.get("scope", "")).split()),
            frozenset(str(each) for each in grants) if isinstance(grants, list) else frozenset(),
            {name: metadata[name] for name in sorted(said - {ORGANISATION})},
        )


@dataclass(frozen=True, slots=True)
class Invitation:
    """An initial access token as it is kept: by its hash, with the number of clients it may still register."""

    id: str
    hash: bytes = field(repr=False)
    terms: Terms
    uses_left: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Managed:
    """A client that manages its own registration (RFC 7592), by the hash of its registration access token."""

    client_id: str
    token_hash: bytes = field(repr=False)
    terms: Terms
    issued_at: datetime
