"""Assertions and proofs that were accepted: none is accepted twice, on any node (C11, D1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from kernel.database.driver import run
from kernel.database.instants import micros

_SPEND = "INSERT INTO seen_proof (digest, keep_until) VALUES (?, ?) ON CONFLICT DO NOTHING"

ASSERTION, DPOP, BACKCHANNEL_REQUEST = "client-assertion", "dpop", "backchannel-request"
"""The kinds: the first part of what is kept, so that one never collides with the other (T4)."""


@dataclass(frozen=True, slots=True)
class SpentProof:
    """One single-use statement: its kind, who made it, its identifier, and until when it could be shown again."""

    kind: str
    issuer: str
    jti: str
    keep_until: datetime

    @property
    def digest(self) -> bytes:
        """What is kept. The kind is part of it, so that an assertion never collides with a proof (T4)."""
        return hashlib.sha256(f"{self.kind}\0{self.issuer}\0{self.jti}".encode()).digest()


def spend(connection: Connection, proof: SpentProof) -> bool:
    """True for the first use, False for every other."""
    return run(connection, _SPEND, (proof.digest, micros(proof.keep_until))).rowcount == 1
