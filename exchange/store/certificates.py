"""The register of certificates: each changed only under the revision that was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from exchange.store.tables import certificate, certificate_change
from kernel.database import upsert_ignore

_c, _h = certificate.c, certificate_change.c


@dataclass(frozen=True, slots=True)
class Past:
    """One change on record."""

    revision: int
    change: str
    status: str
    effective_at: datetime
    valid_until: str | None
    description: str | None = field(repr=False)
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """A certificate (keyed index), whose it is, about whom (blind index), and what was reported, oldest first."""

    certificate: bytes = field(repr=False)
    organisation: str
    evidence_type: str
    subject: bytes = field(repr=False)
    history: tuple[Past, ...]


def find(connection: Connection, index: bytes) -> Kept | None:
    """One certificate with its history."""
    row = connection.execute(select(certificate).where(_c.certificate == index)).one_or_none()
    if row is None:
        return None
    statement = select(certificate_change).where(_h.certificate == index, _h.revision <= row.revision)
    history = tuple(
        Past(
            each.revision,
            each.change,
            each.status,
            each.effective_at,
            each.valid_until,
            each.description,
            each.recorded_at,
        )
        for each in connection.execute(statement.order_by(_h.revision))
    )
    return Kept(index, row.organisation, row.evidence_type, bytes(row.subject), history)


def append(connection: Connection, kept: Kept, past: Past) -> bool:
    """Add a change to a certificate, which is made with its first; False when somebody else reported one meanwhile."""
    if past.revision == 1:
        first = upsert_ignore(certificate, connection).values(
            certificate=kept.certificate,
            organisation=kept.organisation,
            evidence_type=kept.evidence_type,
            subject=kept.subject,
            revision=1,
        )
        moved = connection.execute(first).rowcount
    else:
        at = (_c.certificate == kept.certificate, _c.revision == past.revision - 1)
        moved = connection.execute(update(certificate).where(*at).values(revision=past.revision)).rowcount
    if moved != 1:
        return False
    connection.execute(
        insert(certificate_change).values(
            certificate=kept.certificate,
            revision=past.revision,
            change=past.change,
            status=past.status,
            effective_at=past.effective_at,
            valid_until=past.valid_until,
            description=past.description,
            recorded_at=past.recorded_at,
        )
    )
    return True
