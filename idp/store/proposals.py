"""Proposals: decided once, by another person, before they lapse. One statement is the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Row, insert, or_, select, update

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


def newest(connection: Connection, commands: Sequence[str], by: str) -> list[Proposal]:
    """The newest proposals of these commands, and those that ``by`` made, decided or not."""
    statement = (
        select(proposal)
        .where(or_(proposal.c.command.in_(commands), proposal.c.proposed_by == by))
        .order_by(proposal.c.proposed_at.desc(), proposal.c.id)
        .limit(MOST_SHOWN)
    )
    return [_proposal(row) for row in connection.execute(statement)]


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
