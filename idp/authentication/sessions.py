"""Web sessions: one sign-in for every department, ended by idleness, by age, or by the person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from idp.authentication.crowding import Leaving, making_room
from idp.authentication.devices import Device
from idp.model.assurance import Authentication, Factor
from idp.model.person import Person
from idp.model.secret import hashed
from idp.model.session import Session
from idp.store import sessions
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

Work = Callable[[Connection], None]
NOTE_USE_EVERY = timedelta(minutes=1)
"""Not every page view is worth a write."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lasts."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class Sessions:
    """The web sessions of one provider. Cookies are 256 random bits; the database keeps their hash."""

    database: Database
    ledger: Ledger
    limits: Limits
    clock: Clock
    entropy: Entropy

    def current(self, cookie: str | None) -> Session | None:
        """Who counts as signed in by a cookie; its use is noted. None without one, or when it was idle too long."""
        session, now = self.unended(cookie), self.clock.now()
        if session is None or session.seen_at + self.limits.idle <= now:
            return None
        if session.seen_at + NOTE_USE_EVERY <= now:
            self.database.write(lambda connection: sessions.touch(connection, session.id, now))
        return session

    def unended(self, cookie: str | None) -> Session | None:
        """The session of a cookie, however long unused here: a department may work in it (ADR 0017).

        For ending it, and for what comes after it. Nobody is signed in by it.
        """
        if cookie is None:
            return None
        with self.database.read() as connection:
            return sessions.by_cookie(connection, hashed(cookie), self.clock.now())

    def signed_in(
        self,
        person: Person,
        factor: Factor,
        reference: SubjectRef | None,
        before: Session | None,
        device: Device,
        work: Work | None = None,
        besides: Sequence[Event] = (),
        leaving: SubjectRef | None = None,
    ) -> str:
        """Begin a session by a primary factor; returns its new cookie. ``work`` and entries ``besides`` commit with it.

        The same person signing in again keeps the session under another cookie; another person's is ended (A9), with an
        entry about them, whom the ledger knows as ``leaving``. A person has so many sessions at most (`crowding`).
        """
        now = self.clock.now()
        authentication = Authentication({factor: now})
        if before is not None and before.person == person.id:
            return self._renewed(before, authentication, factor, reference, work, besides)
        begun = Session(
            new_id("ses", self.clock, self.entropy),
            person.id,
            authentication,
            now,
            now + self.limits.absolute,
            device.kind,
            device.network,
        )
        cookie = token(self.entropy)

        def begin(crowd: Leaving) -> None:
            def also(connection: Connection, _receipts: object) -> None:
                if before is not None and not sessions.end(connection, before.id, now):
                    raise _EndedAlready
                crowd.end(connection, now)
                sessions.add(connection, begun, hashed(cookie))
                if work is not None:
                    work(connection)

            ended = [] if before is None else [_displaced(before, person, leaving)]
            self.ledger.append([*ended, *crowd.entries(reference), *entries], also=also)

        entries = [self._event(begun, authentication, factor, reference), *besides]
        try:
            making_room(self.database, person.id, begin)
        except _EndedAlready:  # seldom, and recorded by what ended it
            return self.signed_in(person, factor, reference, None, device, work, besides)
        return cookie

    def stepped_up(
        self, session: Session, factor: Factor, reference: SubjectRef | None, work: Work | None = None
    ) -> str:
        """Note one more factor; returns the session's new cookie. ``work`` commits with it."""
        authentication = session.authentication.showing(factor, self.clock.now())
        return self._renewed(session, authentication, factor, reference, work)

    def of_person(self, person_id: str) -> list[Session]:
        """Where a person is signed in: what has not ended or expired, and is in use here or at a department."""
        now = self.clock.now()
        with self.database.read() as connection:
            return sessions.of_person(connection, person_id, now, now - self.limits.idle)

    def end(self, session: Session, reference: SubjectRef | None) -> None:
        """End a session and all that was allowed in it."""
        now = self.clock.now()

        def also(connection: Connection, _receipts: object) -> None:
            sessions.end(connection, session.id, now)

        facts: dict[str, JSON] = {"actor": session.person, "command": "sign-out"}
        self.ledger.append([Event("SignedOut", session.id, facts=facts, subject=reference)], also=also)

    def _renewed(
        self,
        session: Session,
        authentication: Authentication,
        factor: Factor,
        reference: SubjectRef | None,
        work: Work | None,
        besides: Sequence[Event] = (),
    ) -> str:
        cookie, now = token(self.entropy), self.clock.now()

        def also(connection: Connection, _receipts: object) -> None:
            if not sessions.renew(connection, session.id, hashed(cookie), authentication, now):
                raise SessionEnded
            if work is not None:
                work(connection)

        self.ledger.append([self._event(session, authentication, factor, reference), *besides], also=also)
        return cookie

    def _event(
        self, session: Session, authentication: Authentication, factor: Factor, reference: SubjectRef | None
    ) -> Event:
        """``factor`` was shown just now, ``methods`` in this session so far."""
        facts: dict[str, JSON] = {
            "session": session.id,
            "factor": factor.value,
            "methods": [*authentication.recorded],
            "actor": session.person,
            "command": "sign-in",
        }
        return Event("SignedIn", new_id("sin", self.clock, self.entropy), facts=facts, subject=reference)


def _displaced(before: Session, by: Person, subject: SubjectRef | None) -> Event:
    facts: dict[str, JSON] = {"person": before.person, "actor": by.id, "command": "sign-in"}
    return Event("SignedOut", before.id, facts=facts, subject=subject)


class _EndedAlready(Exception):
    """The session before ended while somebody else was signing in."""


class SessionEnded(Exception):
    """The session ended while its person was still signing in."""
