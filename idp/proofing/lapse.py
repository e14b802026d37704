"""What falls with somebody's right to represent an entity: their tokens, and every agent they appointed for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from idp.authentication import told
from idp.model.appointment import Appointment
from idp.notices import Notices
from idp.store import appointments, families, representations


class AlreadyOver(Exception):
    """It had ended, or is another person's."""


def end(connection: Connection, notices: Notices, representation_id: str, person_id: str, now: datetime) -> None:
    """End a representation with all that rests on it, in one transaction. Raises AlreadyOver."""
    index = representations.end(connection, representation_id, person_id, now)
    if index is None:
        raise AlreadyOver
    families.revoke_representation(connection, representation_id, now)
    for each in appointments.lapse(connection, person_id, index, now):
        _fallen(connection, notices, each, now)


def suspend(connection: Connection, person_id: str, now: datetime) -> None:
    """Nobody acts by what somebody appointed while their account is disabled: tokens fall, the appointments stay."""
    for appointment_id in appointments.resting_on(connection, person_id, now):
        families.revoke_representation(connection, appointment_id, now)


def below(connection: Connection, notices: Notices, appointment_id: str, now: datetime) -> None:
    """What an administrator appointed falls with their own appointment."""
    for each in appointments.lapse_below(connection, appointment_id, now):
        _fallen(connection, notices, each, now)


def _fallen(connection: Connection, notices: Notices, appointed: Appointment, now: datetime) -> None:
    families.revoke_representation(connection, appointed.id, now)
    if appointed.agent is not None:
        notices.send(connection, appointed.agent, told.AGENCY_LAPSED)
