"""Assertions and proofs that were accepted: none is accepted twice, on any node (C11, D1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from kernel.database.driver import insert_many
from kernel.database.instants import micros

_SPEND = "INSERT INTO seen_proof (digest, keep_until) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING digest"

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
    return not spent_before(connection, [proof])


def spent_before(connection: Connection, used: Sequence[SpentProof]) -> list[SpentProof]:
    """Use all of these up by one statement; returns those that were used before, also by another one of these."""
    digests = [proof.digest for proof in used]
    rows = [(digest, micros(proof.keep_until)) for digest, proof in zip(digests, used, strict=True)]
    fresh = {bytes(row[0]) for row in insert_many(connection, _SPEND, rows)}
    if len(fresh) == len(used):
        return []
    before: list[SpentProof] = []
    for digest, proof in zip(digests, used, strict=True):
        if digest in fresh:
            fresh.remove(digest)
        else:
            before.append(proof)
    return before
