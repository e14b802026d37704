"""Rules that officers wrote down, each version by the day it counts from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, delete, insert, select

from exchange.store.tables import request_rule
from kernel import canonical
from kernel.canonical import JSON


def documents(connection: Connection, kind: str) -> tuple[Mapping[str, Any], ...]:
    """Every version of this kind, in the order in which they count."""
    statement = (
        select(request_rule.c.document)
        .where(request_rule.c.kind == kind)
        .order_by(request_rule.c.effective_from, request_rule.c.name)
    )
    return tuple(cast("Mapping[str, Any]", canonical.decode(text)) for text in connection.scalars(statement))


def put(
    connection: Connection, kind: str, name: str, effective_from: str, document: Mapping[str, JSON], at: datetime
) -> None:
    """Write a version over the one that counts from the same day."""
    connection.execute(
        delete(request_rule).where(
            request_rule.c.kind == kind, request_rule.c.name == name, request_rule.c.effective_from == effective_from
        )
    )
    connection.execute(
        insert(request_rule).values(
            kind=kind,
            name=name,
            effective_from=effective_from,
            document=canonical.encode(dict(document)).decode(),
            changed_at=at,
        )
    )
