"""Parking: what is written when items of a request wait, in the transaction that says so.

A room that has people answer (``exchange.responders``) registers an ``OpenTasks`` where the rooms are put together: it
is handed every item that waits for a person, on the connection that records it, so that no item waits without a task.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from exchange.gateway.entries import Parked, Settlement
from exchange.gateway.request import Question
from exchange.store import waiting
from exchange.store.waiting import Wait, WaitingItem
from kernel.ledger.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Awaited:
    """An item that waits for a person of ``provider``: what is asked for, by whom, for what, and until when.

    ``subject`` is a blind index: the number is with ``Waiting.subject_of`` alone. ``responder`` holds the settings of
    the source that people answer for, ``entry`` is the ledger entry that says that the item waits. ``asked_by`` is the
    officer named by the token, as `exchange.access` names officers (empty: none is named); ``emergency`` the opening.
    """

    request_id: str
    item: int
    entry: int
    evidence_type: str
    provider: str
    consumer: str
    system: str
    case: str
    service_item: str
    legal_basis: str
    fields: tuple[str, ...]
    questions: tuple[Question, ...]
    relation: str
    subject: bytes = field(repr=False)
    responder: Any
    since: datetime
    until: datetime
    asked_by: str = ""
    emergency: str = ""


OpenTasks = Callable[[Connection, Sequence[Awaited]], None]
"""Called within the transaction that records that these items wait. What it raises undoes all of it."""


def no_tasks(_connection: Connection, _awaited: Sequence[Awaited]) -> None:
    """For an exchange whose sources are all asked at once."""


@dataclass(frozen=True)
class Parking:
    """Has items wait. ``open_tasks`` is told of those that a person answers."""

    open_tasks: OpenTasks = no_tasks

    def park(self, connection: Connection, settlement: Settlement, receipts: Sequence[Receipt]) -> None:
        """Write down every parked item of a settlement, whose entries the receipts are."""
        pairs = [
            (result, receipt.index)
            for result, receipt in zip(settlement.results, receipts, strict=False)
            if isinstance(result, Parked)
        ]
        if not pairs:
            return
        waiting.add(connection, [_row(parked, settlement, entry) for parked, entry in pairs])
        awaited = [_awaited(*pair, settlement) for pair in pairs if pair[0].wait is Wait.PERSON]
        if awaited:
            self.open_tasks(connection, awaited)


def _row(parked: Parked, settlement: Settlement, entry: int) -> WaitingItem:
    asking, ruling = settlement.asking, parked.ruling
    return WaitingItem(
        request_id=asking.id,
        item=ruling.item.number,
        wait=parked.wait,
        entry=entry,
        case=asking.request.case,
        previewer=parked.previewer,
        quotas=tuple(quota.counted for quota in ruling.permit.quotas),
        day=settlement.day,
        since=asking.moment,
        until=parked.until,
        next_at=asking.moment,
    )


def _awaited(parked: Parked, entry: int, settlement: Settlement) -> Awaited:
    asking, item, whom = settlement.asking, parked.ruling.item, parked.ruling.concerned
    officer = asking.token.officer
    return Awaited(
        request_id=asking.id,
        item=item.number,
        entry=entry,
        evidence_type=item.type,
        provider=settlement.providers.get(item.type, ""),
        consumer=asking.system.organisation,
        system=asking.system.name,
        case=asking.request.case,
        service_item=asking.request.service_item,
        legal_basis=asking.request.legal_basis,
        fields=item.fields,
        questions=item.questions,
        relation=whom.relation,
        subject=whom.index,
        responder=parked.responder,
        since=asking.moment,
        until=parked.until,
        asked_by="" if officer is None else asking.indexes.of_officer(f"{asking.token.issuer}\n{officer}"),
        emergency=asking.request.emergency or "",
    )


def given_back(waited: WaitingItem, kept: Sequence[str]) -> list[tuple[str, date]]:
    """The reserved releases of an item that waited on which nothing rests after all."""
    return [(grant, waited.day) for grant in waited.quotas if grant not in kept]
