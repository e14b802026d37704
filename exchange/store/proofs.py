"""DPoP proofs that were used: each exactly once, on every node (RFC 9449 §11.1)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from sqlalchemy import Connection, delete

from exchange.store.tables import seen_proof
from kernel.database import upsert_ignore
from kernel.jose import DpopProof


def consume(connection: Connection, proof: DpopProof) -> bool:
    """Whether this is the first use of a proof; its use is recorded in the caller's transaction."""
    row = {
        "proof": hashlib.sha256(f"{proof.jkt}\n{proof.jti}".encode()).digest(),
        "keep_until": datetime.fromtimestamp(proof.replay_until, UTC),
    }
    return connection.execute(upsert_ignore(seen_proof, connection), row).rowcount == 1


def prune(connection: Connection, now: datetime) -> int:
    """Forget proofs that would be refused as stale anyway; how many."""
    return connection.execute(delete(seen_proof).where(seen_proof.c.keep_until < now)).rowcount
