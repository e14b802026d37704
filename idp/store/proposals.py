"""Proposals: decided once, by another person, before they lapse. One statement is the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, or_, select, true, update

from idp.model.proposal import Outcome, Proposal
from idp.store.tables import proposal
from kernel.canonical import JSON, decode, encode

MOST_SHOWN = 100


def add(connection: Connection, added: Proposal) -> None:
    """Keep a proposal."""
    connection.execute(
        insert(proposal).values(
            id=added.id,
            command=added.command,
            facts=encode(dict(added.facts)).decode(),
            digest=added.digest,
            proposed_by=added.proposed_by,
            proposed_at=added.proposed_at,
            expires_at=added.expires_at,
        )
    )


def find(connection: Connection, proposal_id: str) -> Proposal | None:
    """One proposal, decided or not."""
    row = connection.execute(select(proposal).where(proposal.c.id == proposal_id)).one_or_none()
    return None if row is None else _proposal(row)


def newest(
    connection: Connection, commands: Sequence[str], by: str, before: Proposal | None = None
) -> tuple[list[Proposal], bool]:
    """The newest proposals of these commands, and those that ``by`` made, decided or not; whether there are older ones.

    ``before``: only those older than this one.
    """
    mine = or_(proposal.c.command.in_(commands), proposal.c.proposed_by == by)
    found = _newest(connection, mine, true() if before is None else _older(before), limit=MOST_SHOWN + 1)
    return found[:MOST_SHOWN], len(found) > MOST_SHOWN


def waiting(connection: Connection, commands: Sequence[str], by: str, since: datetime, now: datetime) -> list[Proposal]:
    """The newest of these commands that wait for somebody else than ``by``. None made before ``since`` waits still."""
    return _newest(
        connection,
        proposal.c.command.in_(commands),
        proposal.c.proposed_by != by,
        proposal.c.decided_at.is_(None),
        proposal.c.expires_at > now,
        proposal.c.proposed_at > since,
        limit=MOST_SHOWN,
    )


def _newest(connection: Connection, *conditions: ColumnElement[bool], limit: int) -> list[Proposal]:
    ordered = select(proposal).where(*conditions).order_by(proposal.c.proposed_at.desc(), proposal.c.id)
    return [_proposal(row) for row in connection.execute(ordered.limit(limit))]


def _older(than: Proposal) -> ColumnElement[bool]:
    same = and_(proposal.c.proposed_at == than.proposed_at, proposal.c.id > than.id)
    return or_(proposal.c.proposed_at < than.proposed_at, same)


def decide(connection: Connection, proposal_id: str, digest: str, by: str, outcome: Outcome, now: datetime) -> bool:
    """True for exactly one person, who is not the proposer and saw exactly this."""
    statement = (
        update(proposal)
        .where(
            proposal.c.id == proposal_id,
            proposal.c.digest == digest,
            proposal.c.decided_at.is_(None),
            proposal.c.expires_at > now,
            proposal.c.proposed_by != by,
        )
        .values(decided_by=by, decided_at=now, outcome=outcome.value)
    )
    return connection.execute(statement).rowcount == 1


def _proposal(row: Row[tuple[object, ...]]) -> Proposal:
    return Proposal(
        id=row.id,
        command=row.command,
        facts=cast("Mapping[str, JSON]", decode(row.facts)),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        expires_at=row.expires_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
    )
