"""Stopping what somebody began in the owner's name: by a link, by signing in, by changing how one signs in, and when an
account that was disabled meanwhile is enabled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from idp.authentication import told
from idp.notices import Notices
from idp.store import notices as outbox
from idp.store import recoveries
from kernel.canonical import JSON
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.event import Event

T = TypeVar("T")

STOPPED = "RecoveryStopped"
"""The entry's name, whoever stops one."""


class OthersOpen(Exception):
    """Recoveries are open that no entry of the transaction names, or some are not that one does."""

    def __init__(self, found: tuple[str, ...]) -> None:
        super().__init__("recoveries are open that are not named")
        self.found = found


def stop(connection: Connection, notices: Notices, person_id: str, now: datetime) -> bool:
    """End whatever recovery is open, withdraw the message with its link, and say so; False when nothing was open."""
    return _stop(connection, notices, person_id, now, at_window=True)


def stop_asked_for(
    connection: Connection, notices: Notices, person_id: str, named: tuple[str, ...], now: datetime
) -> None:
    """The same for what was asked for by a name alone. What two clerks allowed takes their notice's link to stop.

    It ends what others sign in with, so that signing in with it must not be a way to prevent that (ADR 0099).
    Each that is stopped has an entry in this transaction. Raises OthersOpen, with those that need one.
    """
    found = recoveries.asked_for(connection, person_id, now)
    if found != named:
        raise OthersOpen(found)
    if found:
        _stop(connection, notices, person_id, now, at_window=False)


def naming(write: Callable[[tuple[str, ...]], T]) -> T:
    """Make a change that stops recoveries: with entries for those that turn out to be open, of which it is told.

    Seldom there is one, so that nobody else waits for one more look.
    """
    named: tuple[str, ...] = ()
    while True:
        try:
            return write(named)
        except OthersOpen as others:
            named = others.found


def entry(identity: str, person_id: str, recovery: str, command: str, reference: SubjectRef | None) -> Event:
    """That the owner stopped one."""
    facts: dict[str, JSON] = {"recovery": recovery, "person": person_id, "actor": person_id, "command": command}
    return Event(STOPPED, identity, facts=facts, subject=reference)


def entries_of(person_id: str, named: tuple[str, ...]) -> tuple[tuple[str, Mapping[str, JSON]], ...]:
    """That others stopped some: what an act does besides (`Act`)."""
    return tuple((STOPPED, {"recovery": each, "person": person_id}) for each in named)


def _stop(connection: Connection, notices: Notices, person_id: str, now: datetime, *, at_window: bool) -> bool:
    stopped = recoveries.stop(connection, person_id, now, at_window=at_window)
    if stopped:
        outbox.withdraw(connection, person_id, told.RECOVERY_LINK.name, now)
        notices.send(connection, person_id, told.RECOVERY_STOPPED)
    return stopped
