"""DPoP proofs and logout tokens that were used: each exactly once, on every node (RFC 9449 §11.1; Back-Channel
Logout 1.0 §2.6).
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete

from exchange.store.tables import seen_proof
from kernel.database.driver import run
from kernel.database.instants import MICROS
from kernel.jose import DpopProof

CLOCKS_APART = timedelta(minutes=3)
"""Two nodes' at most: what this one takes for stale, another may still accept (D1)."""
_CONSUME = "INSERT INTO seen_proof (proof, keep_until) VALUES (?, ?) ON CONFLICT DO NOTHING"


def consume(connection: Connection, proof: DpopProof) -> bool:
    """Whether this is the first use of a proof; its use is recorded in the caller's transaction."""
    digest = hashlib.sha256(f"{proof.jkt}\n{proof.jti}".encode()).digest()
    return run(connection, _CONSUME, (digest, proof.replay_until * MICROS)).rowcount == 1


def consume_logout(connection: Connection, issuer: str, jti: str, keep_until: int) -> bool:
    """Whether a provider's logout token is used for the first time; ``keep_until`` (seconds) is when it is stale."""
    # A proof's text begins with a thumbprint of 43 characters, so the two never meet.
    digest = hashlib.sha256(f"logout\n{issuer}\n{jti}".encode()).digest()
    return run(connection, _CONSUME, (digest, keep_until * MICROS)).rowcount == 1


def prune(connection: Connection, now: datetime) -> int:
    """Forget what every node would refuse as stale anyway; how many."""
    return connection.execute(delete(seen_proof).where(seen_proof.c.keep_until < now - CLOCKS_APART)).rowcount
