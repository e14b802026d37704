"""The outbox of change signals, in the order in which they were committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, delete, select, update

from exchange.store.tables import signal, signal_turn
from kernel import canonical
from kernel.canonical import JSON
from kernel.database import upsert_ignore

_LARGEST = 1 << 16
_s = signal.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A signal as stored, in the words of ``exchange.events.signal.Signal``; ``number`` once it has one."""

    cause: str
    kind: str
    system: str
    evidence_type: str
    subject: bytes | None = field(repr=False)
    data: Mapping[str, JSON]
    at: datetime
    number: int = 0


def add(connection: Connection, added: Kept) -> None:
    """Store a signal, unless its cause is known."""
    connection.execute(
        upsert_ignore(signal, connection).values(
            cause=added.cause,
            kind=added.kind,
            system=added.system,
            evidence_type=added.evidence_type,
            subject=added.subject,
            data=canonical.encode(dict(added.data)).decode(),
            at=added.at,
        )
    )


def any_waiting(connection: Connection) -> bool:
    """Whether there is anything to hand out."""
    return connection.scalar(select(_s.number).where(_s.distributed_at.is_(None)).limit(1)) is not None


def take_turn(connection: Connection) -> None:
    """Be the only one who hands out until the end of the transaction."""
    connection.execute(update(signal_turn).where(signal_turn.c.one == 1).values(turns=signal_turn.c.turns + 1))


def waiting(connection: Connection, most: int) -> list[Kept]:
    """Signals not handed out yet, oldest first."""
    rows = connection.execute(select(signal).where(_s.distributed_at.is_(None)).order_by(_s.number).limit(most))
    return [
        Kept(
            row.cause,
            row.kind,
            row.system,
            row.evidence_type,
            None if row.subject is None else bytes(row.subject),
            cast("Mapping[str, JSON]", canonical.decode(row.data, max_bytes=_LARGEST)),
            row.at,
            row.number,
        )
        for row in rows
    ]


def handed_out(connection: Connection, number: int, at: datetime) -> None:
    """Note that a signal is in every queue it belongs to; whom it is about is forgotten here."""
    connection.execute(update(signal).where(_s.number == number).values(distributed_at=at, subject=None, data="{}"))


def prune(connection: Connection, before: datetime) -> None:
    """Forget signals handed out before an instant."""
    connection.execute(delete(signal).where(_s.distributed_at < before))
