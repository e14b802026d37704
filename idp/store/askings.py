"""Askings nobody has looked at yet: one row each, whatever name was given, and taken by one conditional statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, delete, insert, select

from idp.model.asking import Asking
from idp.store.tables import backchannel_asking, recovery_asking


@dataclass(frozen=True, slots=True)
class Askings:
    """The askings of one table."""

    table: Table

    def add(self, connection: Connection, asking: Asking) -> None:
        """Keep an asking."""
        values = {"id": asking.id, "sealed": asking.sealed}
        connection.execute(insert(self.table).values(**values, asked_at=asking.asked_at, expires_at=asking.expires_at))

    def waiting(self, connection: Connection, now: datetime, most: int) -> list[Asking]:
        """Those nobody has looked at yet, oldest first."""
        mine = self.table.c
        statement = select(self.table).where(mine.expires_at > now).order_by(mine.asked_at, mine.id).limit(most)
        rows = connection.execute(statement).all()
        return [Asking(row.id, row.sealed, row.asked_at, row.expires_at) for row in rows]

    def take(self, connection: Connection, asking_id: str) -> bool:
        """True for exactly one caller, ever."""
        return connection.execute(delete(self.table).where(self.table.c.id == asking_id)).rowcount == 1


RECOVERIES = Askings(recovery_asking)
"""For the way back into an account."""
BACKCHANNEL = Askings(backchannel_asking)
"""For a person's answer by the back channel (CIBA)."""
