"""Where people are signed in, and signing out there: everything that was allowed in a session ends with it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication.devices import Device, KnownDevices
from idp.authentication.other_sessions import EVERY_OTHER, Others, naming
from idp.authentication.own_account import NothingThere, Owner
from idp.authentication.sessions import Sessions
from idp.model.secret import hashed
from idp.model.session import Session
from idp.store import devices
from kernel.database import Database


@dataclass(frozen=True, slots=True)
class OwnSessions:
    """Raises LedgerUnavailable, DatabaseUnavailable."""

    database: Database
    sessions: Sessions
    known_devices: KnownDevices

    def of(self, owner: Owner) -> list[Session]:
        """The live ones, the one used last first."""
        return self.sessions.of_person(owner.person.id)

    def find(self, owner: Owner, session_id: str) -> Session:
        """One of them. Raises NothingThere."""
        for session in self.of(owner):
            if session.id == session_id:
                return session
        raise NothingThere

    def end(self, owner: Owner, session: Session) -> None:
        """Sign out there."""
        self.sessions.end(session, owner.reference)

    def end_others(self, owner: Owner, here: str, device: Device) -> None:
        """Sign out everywhere but here, and know no other device any more: whoever was there is a stranger again."""
        kept, now = hashed(self.known_devices.known(device, owner.person.id) or ""), self.sessions.clock.now()

        def write(others: Others) -> None:
            def change(connection: Connection) -> None:
                others.end(connection, now)
                devices.forget_others(connection, owner.person.id, kept)

            entries = others.entries("sign-out", owner.reference)
            if entries:
                self.sessions.ledger.append(entries, also=lambda connection, _: change(connection))
            else:
                self.database.write(change)

        naming(self.database, owner.person.id, here, EVERY_OTHER, write)
