"""The outbox: what changed is put here in the transaction that changes it; neither is kept without the other."""

from __future__ import annotations

from sqlalchemy import Connection

from exchange.events.signal import Signal
from exchange.store import signals


def put(connection: Connection, signal: Signal) -> None:
    """Write a signal; what was told before (the same ``cause``) is not told again."""
    signals.add(
        connection,
        signals.Kept(
            cause=signal.cause,
            kind=signal.kind.value,
            system=signal.system,
            evidence_type=signal.evidence_type,
            subject=signal.subject,
            data=signal.data,
            at=signal.at,
        ),
    )
