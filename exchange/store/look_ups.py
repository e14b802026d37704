"""Look-ups that officers made while nobody was present, of evidence or of how a certificate stands: the deliveries that
name one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from exchange.store.tables import delivery, evidence_request, service_case

_row = delivery.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """Look-ups between two instants, older than an entry; of one provider's data, by one officer, in one case (None:
    any).
    """

    provider: str | None
    officer: str | None
    case: str | None
    since: datetime
    until: datetime
    before: int | None


@dataclass(frozen=True, slots=True)
class LookUp:
    """What an officer (a blind index) asked for in a case, whose it is, and what came of it.

    ``chosen_over``: other evidence that would have done, and why it was not asked for.
    """

    officer: str
    consumer: str
    system: str
    case: str
    service_item: str
    legal_basis: str
    provider: str
    evidence_type: str
    asked: str
    relation: str
    outcome: str
    entry: int
    at: datetime
    chosen_over: tuple[dict[str, str], ...]


def page(connection: Connection, wanted: Wanted, limit: int) -> list[LookUp]:
    """The newest look-ups first."""
    statement = (
        select(
            _row.officer,
            _row.consumer,
            service_case.c.system,
            _row.case_id,
            _row.service_item,
            _row.legal_basis,
            _row.provider,
            _row.evidence_type,
            _row.asked,
            _row.relation,
            _row.outcome,
            _row.entry,
            _row.at,
            _row.item,
            evidence_request.c.asked.label("request"),
        )
        .join(service_case, service_case.c.id == _row.case_id)
        .outerjoin(evidence_request, evidence_request.c.id == _row.request_id)
        .where(_row.officer != "", _row.at >= wanted.since, _row.at < wanted.until)
        .order_by(_row.entry.desc())
        .limit(limit)
    )
    chosen = ((_row.provider, wanted.provider), (_row.officer, wanted.officer), (_row.case_id, wanted.case))
    for column, value in chosen:
        if value is not None:
            statement = statement.where(column == value)
    if wanted.before is not None:
        statement = statement.where(_row.entry < wanted.before)
    return [LookUp(*(*tuple(one)[:-2], _chosen_over(one.request, one.item))) for one in connection.execute(statement)]


def _chosen_over(request: str | None, item: int) -> tuple[dict[str, str], ...]:
    asked = () if request is None else json.loads(request)["items"]
    return tuple(asked[item].get("chosen_over", ())) if item < len(asked) else ()
