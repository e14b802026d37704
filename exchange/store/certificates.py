"""The register of certificates: each changed only under the revision that was read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, insert, select, update

from exchange.store.tables import certificate, certificate_change
from kernel.database import upsert_ignore

_c, _h = certificate.c, certificate_change.c
_PREFIX, _SHOWN, _WHOLE = "cert_", 16, 32
_NAME = re.compile(r"cert_[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Past:
    """One change on record; ``reason`` and ``officer`` where one recorded it, ``entry`` of the log (-1: not known)."""

    revision: int
    change: str
    status: str
    effective_at: datetime
    valid_until: str | None
    description: str | None = field(repr=False)
    recorded_at: datetime
    reason: str = field(default="", repr=False)
    officer: str = ""
    entry: int = -1


@dataclass(frozen=True, slots=True)
class Kept:
    """A certificate (keyed index), whose it is, about whom (blind index), and what was reported, oldest first."""

    certificate: bytes = field(repr=False)
    organisation: str
    evidence_type: str
    subject: bytes = field(repr=False)
    history: tuple[Past, ...]

    @property
    def name(self) -> str:
        """What the log, addresses and officers call it: of its index, it says neither identifier nor holder."""
        return _name(self.certificate)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One change, and of which certificate."""

    name: str
    evidence_type: str
    past: Past


def find(connection: Connection, index: bytes) -> Kept | None:
    """One certificate with its history."""
    row = connection.execute(select(certificate).where(_c.certificate == index)).one_or_none()
    if row is None:
        return None
    statement = select(certificate_change).where(_h.certificate == index, _h.revision <= row.revision)
    history = tuple(_past(each) for each in connection.execute(statement.order_by(_h.revision)))
    return Kept(index, row.organisation, row.evidence_type, bytes(row.subject), history)


def find_by_name(connection: Connection, name: str) -> Kept | None:
    """One certificate with its history, by what the log calls it."""
    if _NAME.fullmatch(name) is None:
        return None
    begins = bytes.fromhex(name.removeprefix(_PREFIX))
    within = (_c.certificate >= begins, _c.certificate <= begins + b"\xff" * (_WHOLE - len(begins)))
    index = connection.scalar(select(_c.certificate).where(*within))
    return None if index is None else find(connection, bytes(index))


def of_holder(connection: Connection, evidence_type: str, subject: bytes, index: bytes | None) -> tuple[Kept, ...]:
    """What is on record of a holder's certificates of one kind, of the one with this index alone where there is one."""
    joined = certificate.join(certificate_change, _h.certificate == _c.certificate)
    whose = (_c.evidence_type == evidence_type, _c.subject == subject, _h.revision <= _c.revision)
    statement = select(certificate_change).select_from(joined).where(*whose).order_by(_h.certificate, _h.revision)
    if index is not None:
        statement = statement.where(_c.certificate == index)
    rows = groupby(connection.execute(statement), key=lambda row: bytes(row.certificate))
    found = [(name, [*changes]) for name, changes in rows]
    return tuple(
        Kept(name, changes[0].organisation, evidence_type, subject, tuple(map(_past, changes)))
        for name, changes in found
    )


def recorded(connection: Connection, organisation: str, before: int | None, limit: int) -> list[Recorded]:
    """What was recorded of an organisation's certificates, newest first, of entries before one."""
    own = (_h.organisation == organisation, _h.entry >= 0)
    joined = select(certificate_change, _c.evidence_type).join(certificate, _c.certificate == _h.certificate)
    statement = joined.where(*own).order_by(_h.entry.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_h.entry < before)
    rows = connection.execute(statement)
    return [Recorded(_name(bytes(row.certificate)), row.evidence_type, _past(row)) for row in rows]


def append(connection: Connection, kept: Kept, past: Past, entry: int) -> bool:
    """Add a change to a certificate, which is made with its first; False when somebody else reported one meanwhile.

    ``entry`` is where the log says so.
    """
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
            organisation=kept.organisation,
            entry=entry,
            reason=past.reason,
            officer=past.officer,
        )
    )
    return True


def _name(index: bytes) -> str:
    return f"{_PREFIX}{index[:_SHOWN].hex()}"


def _past(row: Any) -> Past:
    return Past(**{name: getattr(row, name) for name in Past.__slots__})
