"""Administrators of a legal entity: agents whom its representative lets appoint agents, within what they have.

What an administrator appoints is the representative's as much as theirs: it rests on the representative's right, falls
with either of the two, and both can end it. An administrator makes no administrators, so no chain grows (ADR 0044).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from idp.authentication.own_account import NothingThere
from idp.model.appointment import MOST_ADMINISTRATORS, Appointment
from idp.store import appointments
from kernel.text import Text

REPRESENTATIVE_ALONE = Text("只有法定代表人可以指定管理员", "Only the legal representative can appoint administrators")
_ENOUGH_ADMINISTRATORS = Text("管理员最多五名", "There can be five administrators at most")
_BEYOND_TERM = Text("不能晚于您自己的授权期限", "No later than your own mandate")
_BEYOND_MATTERS = Text("不能超出您自己的经办范围", "Only matters of your own mandate")


class CannotAppoint(Exception):
    """What was filled in cannot be; ``at`` names the field, ``text`` says why."""

    def __init__(self, at: str, text: Text) -> None:
        super().__init__(at)
        self.at, self.text = at, text


def one_more(connection: Connection, representative: str, now: datetime) -> None:
    """Raises CannotAppoint where there are enough administrators."""
    if appointments.count_administrators(connection, representative, now) >= MOST_ADMINISTRATORS:
        raise CannotAppoint("administrator", _ENOUGH_ADMINISTRATORS)


def within(
    connection: Connection, administrator: str, via: str, items: tuple[str, ...] | None, until: datetime, now: datetime
) -> None:
    """An administrator hands on no more than they have. Raises NothingThere, CannotAppoint."""
    if not appointments.stands(connection, via, administrator, now):
        raise NothingThere  # ended since the form was opened
    own = appointments.find(connection, via)
    assert own is not None  # it stands
    if until > own.valid_until:
        raise CannotAppoint("until", _BEYOND_TERM)
    if own.service_items is not None and (items is None or not set(items) <= set(own.service_items)):
        raise CannotAppoint("matters" if items is None else "items", _BEYOND_MATTERS)


def behind(connection: Connection, kept: Appointment | None) -> str | None:
    """The administrator who made an appointment; None where the representative did."""
    via = None if kept is None or kept.via is None else appointments.find(connection, kept.via)
    return None if via is None else via.agent
