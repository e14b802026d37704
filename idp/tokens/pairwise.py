"""Identifiers that differ from department to department, so that two of them cannot join a person (or a session)."""

from __future__ import annotations

from dataclasses import dataclass, field

from kernel.envelope import hmac_sha256
from kernel.jose import base64url


@dataclass(frozen=True, slots=True)
class Pairwise:
    """OpenID Connect Core 1.0 §8.1 with the owning organisation as the sector, never a host name: hosts move."""

    key: bytes = field(repr=False)

    def subject(self, person_id: str, organisation: str) -> str:
        """The person as one organisation knows them: the same for all its clients, for ever."""
        return self._derive("sub", person_id, organisation)

    def session(self, session_id: str, organisation: str) -> str:
        """The session as one organisation knows it; a shared `sid` would join what `sub` keeps apart."""
        return self._derive("sid", session_id, organisation)

    def _derive(self, what: str, own: str, organisation: str) -> str:
        return base64url.encode(hmac_sha256(self.key, f"{what}\0{organisation}\0{own}".encode()))
