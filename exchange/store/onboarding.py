"""What of a department's first steps is kept: its systems' check-ins; and whether it was ever answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from exchange.store.deliveries import RELEASED
from exchange.store.tables import delivery, system_check_in


@dataclass(frozen=True, slots=True)
class CheckIn:
    """The last time a system showed its own token; ``binding`` is dpop or mutual-tls."""

    system: str
    organisation: str
    binding: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FirstCall:
    """The first delivered item: its request and its entry in the log."""

    request_id: str
    entry: int
    at: datetime


def put(connection: Connection, one: CheckIn) -> None:
    """Keep the newest check-in of a system."""
    connection.execute(delete(system_check_in).where(system_check_in.c.system == one.system))
    values = {"system": one.system, "organisation": one.organisation, "binding": one.binding, "at": one.at}
    connection.execute(insert(system_check_in).values(**values))


def check_ins(connection: Connection, organisation: str) -> tuple[CheckIn, ...]:
    """Of an organisation's systems, by name."""
    table = system_check_in
    rows = connection.execute(select(table).where(table.c.organisation == organisation).order_by(table.c.system))
    return tuple(CheckIn(row.system, row.organisation, row.binding, row.at) for row in rows)


def organisations_checked_in(connection: Connection) -> tuple[str, ...]:
    """The departments of which a system has checked in."""
    organisation = system_check_in.c.organisation
    return tuple(connection.scalars(select(organisation).distinct().order_by(organisation)))


def first_call(connection: Connection, organisation: str, evidence_types: Sequence[str]) -> FirstCall | None:
    """The first item of these types that this organisation was given."""
    table = delivery.c
    statement = (
        select(table.request_id, table.entry, table.at)
        .where(table.consumer == organisation, table.evidence_type.in_(evidence_types), table.outcome == RELEASED)
        .order_by(table.entry)
        .limit(1)
    )
    row = connection.execute(statement).first()
    return None if row is None else FirstCall(row.request_id, row.entry, row.at)
