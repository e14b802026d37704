"""Agents whom representatives appointed. An appointment stands while whoever made it represents the entity."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, Select, Update, and_, exists, func, insert, or_, select, update

from idp.model.appointment import Appointment, AppointmentState
from idp.store.tables import appointment, person, representation

_row = appointment.c
MOST_SHOWN = 50


def add(connection: Connection, added: Appointment) -> None:
    """Keep an appointment that waits for its agent."""
    connection.execute(
        insert(appointment).values(
            id=added.id,
            representative=added.representative,
            entity_index=added.entity_index,
            agent_index=added.agent_index,
            sealed=added.sealed,
            service_items=None if added.service_items is None else " ".join(added.service_items),
            proposed_at=added.proposed_at,
            valid_until=added.valid_until,
            may_appoint=added.may_appoint,
            via=added.via,
        )
    )


def count_open(connection: Connection, representative: str, now: datetime) -> int:
    """How many of a representative's wait or are in force."""
    statement = select(func.count()).where(_row.representative == representative, *_open(now))
    count: int = connection.execute(statement).scalar_one()
    return count


def count_administrators(connection: Connection, representative: str, now: datetime) -> int:
    """How many of those may appoint agents."""
    statement = select(func.count()).where(_row.representative == representative, _row.may_appoint, *_open(now))
    count: int = connection.execute(statement).scalar_one()
    return count


def count_vain(connection: Connection, representative: str, agent_index: bytes, since: datetime, now: datetime) -> int:
    """How many of a representative's to one number wait for an answer, or ended, at whatever stage, since a moment."""
    unanswered = and_(_row.confirmed_at.is_(None), *_open(now))
    statement = select(func.count()).where(
        _row.representative == representative,
        _row.agent_index == agent_index,
        or_(unanswered, _row.ended_at > since),
    )
    count: int = connection.execute(statement).scalar_one()
    return count


def of_representative(connection: Connection, representative: str) -> list[Appointment]:
    """What somebody appointed, or their administrators did, newest first; what is over, too."""
    return _newest(connection, _row.representative == representative)


def of_administrator(connection: Connection, administrator: str, now: datetime) -> list[Appointment]:
    """What somebody appointed as an administrator, newest first, while they are one."""
    return _newest(connection, _row.via.in_(_administering(administrator, now)))


def acting(connection: Connection, some: Iterable[Appointment], now: datetime) -> set[str]:
    """The ids of those that are not suspended."""
    wanted = select(_row.id).where(_row.id.in_([each.id for each in some]), _represented(now))
    return set(connection.execute(wanted).scalars())


def find(connection: Connection, appointment_id: str) -> Appointment | None:
    """One, however it stands."""
    found = connection.execute(select(appointment).where(_row.id == appointment_id)).one_or_none()
    return None if found is None else _appointment(found)


def _newest(connection: Connection, condition: ColumnElement[bool]) -> list[Appointment]:
    statement = select(appointment).where(condition)
    newest = statement.order_by(_row.proposed_at.desc(), _row.id).limit(MOST_SHOWN)
    return [_appointment(found) for found in connection.execute(newest)]


def awaiting(connection: Connection, agent_index: bytes, now: datetime) -> list[Appointment]:
    """What waits for the holder of a number to confirm it."""
    statement = select(appointment).where(
        _row.agent_index == agent_index, _row.confirmed_at.is_(None), *_open(now), _represented(now)
    )
    return [_appointment(found) for found in connection.execute(statement.order_by(_row.proposed_at, _row.id))]


def of_agent(connection: Connection, agent: str, now: datetime) -> list[Appointment]:
    """Those by which somebody may act, newest first."""
    statement = select(appointment).where(_row.agent == agent, *_open(now), _represented(now))
    newest = statement.order_by(_row.confirmed_at.desc(), _row.id)
    return [_appointment(found) for found in connection.execute(newest)]


def suspended(connection: Connection, agent: str, now: datetime) -> list[Appointment]:
    """Those by which somebody may not act for now: representation or account of whoever appointed does not stand."""
    statement = select(appointment).where(_row.agent == agent, *_open(now), ~_represented(now))
    newest = statement.order_by(_row.confirmed_at.desc(), _row.id).limit(MOST_SHOWN)
    return [_appointment(found) for found in connection.execute(newest)]


def stands(connection: Connection, appointment_id: str, agent: str, now: datetime) -> bool:
    """Whether this person may act by it now."""
    wanted = exists(
        select(_row.id).where(_row.id == appointment_id, _row.agent == agent, *_open(now), _represented(now))
    )
    found: bool = connection.execute(select(wanted)).scalar_one()
    return found


def confirm(connection: Connection, appointment_id: str, agent_index: bytes, agent: str, now: datetime) -> str | None:
    """The agent takes it on: the representative, for one call alone; None when it waits for them no longer."""
    statement = update(appointment).where(
        _row.id == appointment_id,
        _row.agent_index == agent_index,
        _row.confirmed_at.is_(None),
        *_open(now),
        _represented(now),
    )
    return _whose(connection, statement.values(agent=agent, confirmed_at=now))


def decline(connection: Connection, appointment_id: str, agent_index: bytes, now: datetime) -> str | None:
    """Whoever was meant says no: the representative; None when it waits for them no longer."""
    statement = update(appointment).where(
        _row.id == appointment_id, _row.agent_index == agent_index, _row.confirmed_at.is_(None), *_open(now)
    )
    return _whose(connection, _ended(statement, now))


def end_by_agent(connection: Connection, appointment_id: str, agent: str, now: datetime) -> str | None:
    """The agent acts no longer: the representative; None when it is over or another's."""
    statement = update(appointment).where(_row.id == appointment_id, _row.agent == agent, *_open(now))
    return _whose(connection, _ended(statement, now))


def end_by_representative(
    connection: Connection, appointment_id: str, representative: str, now: datetime
) -> Appointment | None:
    """The representative, or the administrator who appointed, takes it back: what it was; None when not theirs."""
    theirs = or_(_row.representative == representative, _row.via.in_(_administering(representative, now)))
    statement = update(appointment).where(_row.id == appointment_id, theirs, *_open(now))
    found = connection.execute(_ended(statement, now).returning(appointment)).one_or_none()
    return None if found is None else _appointment(found)


def ended_since(connection: Connection, since: datetime) -> list[str]:
    """Those that agents had taken on and that ended since a moment, by whomever."""
    statement = select(_row.id).where(_row.ended_at > since, _row.confirmed_at.is_not(None))
    return list(connection.execute(statement).scalars())


def resting_on(connection: Connection, person_id: str, now: datetime) -> list[str]:
    """Those that agents had taken on and that somebody made, as representative or as administrator."""
    own = appointment.alias()
    as_administrator = _row.via.in_(select(own.c.id).where(own.c.agent == person_id))
    statement = select(_row.id).where(or_(_row.representative == person_id, as_administrator), *_taken_on(now))
    return list(connection.execute(statement).scalars())


def made_by_disabled(connection: Connection, now: datetime) -> list[str]:
    """Those that agents had taken on and by which nobody acts while an account is disabled that they rest on."""
    own, disabled = appointment.alias(), select(person.c.id).where(person.c.disabled_at.is_not(None))
    by_representative = select(_row.id).where(_row.representative.in_(disabled), *_taken_on(now))
    by_administrator = select(_row.id).join(own, own.c.id == _row.via).where(own.c.agent.in_(disabled), *_taken_on(now))
    return list(connection.execute(by_representative.union(by_administrator)).scalars())


def lapse(connection: Connection, representative: str, entity_index: bytes, now: datetime) -> list[Appointment]:
    """All of an entity that somebody made fall with their right to represent it; those that fell."""
    return _lapsed(connection, now, _row.representative == representative, _row.entity_index == entity_index)


def lapse_below(connection: Connection, administrator: str, now: datetime) -> list[Appointment]:
    """All that were made by an appointment that has ended; those that fell."""
    return _lapsed(connection, now, _row.via == administrator)


def _lapsed(connection: Connection, now: datetime, *conditions: ColumnElement[bool]) -> list[Appointment]:
    mine = (*conditions, *_open(now))
    fallen = [_appointment(found) for found in connection.execute(select(appointment).where(*mine))]
    statement = update(appointment).where(*mine)
    connection.execute(statement.values(ended_at=now, ended_as=AppointmentState.LAPSED.value))
    return fallen


def _ended(statement: Update, now: datetime) -> Update:
    return statement.values(ended_at=now, ended_as=AppointmentState.REVOKED.value)


def _whose(connection: Connection, statement: Update) -> str | None:
    found: str | None = connection.execute(statement.returning(_row.representative)).scalar_one_or_none()
    return found


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_row.ended_at.is_(None), _row.valid_until > now)


def _taken_on(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (_row.confirmed_at.is_not(None), *_open(now))


def _administering(administrator: str, now: datetime) -> Select[tuple[str]]:
    """The appointments by which somebody may appoint agents now."""
    own = appointment.alias()
    return select(own.c.id).where(
        own.c.agent == administrator, own.c.may_appoint, own.c.ended_at.is_(None), own.c.valid_until > now
    )


def _represented(now: datetime) -> ColumnElement[bool]:
    """The representative still represents the entity, and an administrator who appointed stands; both have accounts."""
    made, account = representation.c, person.c
    own, administrator = appointment.alias(), person.alias()
    administered = exists(
        select(own.c.id)
        .join(administrator, administrator.c.id == own.c.agent)
        .where(
            own.c.id == _row.via,
            own.c.ended_at.is_(None),
            own.c.valid_until > now,
            administrator.c.disabled_at.is_(None),
        )
        .correlate(appointment)
    )
    return or_(_row.via.is_(None), administered) & exists(
        select(made.id)
        .join(person, account.id == made.person)
        .where(
            made.person == _row.representative,
            made.entity_index == _row.entity_index,
            made.ended_at.is_(None),
            made.valid_until > now,
            account.disabled_at.is_(None),
        )
    )


def _appointment(found: Row[tuple[object, ...]]) -> Appointment:
    return Appointment(
        id=found.id,
        representative=found.representative,
        entity_index=bytes(found.entity_index),
        agent_index=bytes(found.agent_index),
        sealed=bytes(found.sealed),
        service_items=None if found.service_items is None else tuple(found.service_items.split()),
        proposed_at=found.proposed_at,
        valid_until=found.valid_until,
        agent=found.agent,
        confirmed_at=found.confirmed_at,
        ended_at=found.ended_at,
        may_appoint=found.may_appoint,
        via=found.via,
        ended_as=None if found.ended_as is None else AppointmentState(found.ended_as),
    )
