"""Who is signed in at the pages: a random cookie, its hash in the database, and what it opens sealed under the cookie.

A session ends by itself when it is left alone or its hours are over, by the officer, by the identity provider's word
(back channel), and within a second of any revocation that would end an access token: each request asks the feed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.authentication.access_token import AccessToken, Mandate
from exchange.authentication.tokens import Caller, unauthorized
from exchange.blind_index import BlindIndex
from exchange.console.cookies import SESSION, Cookies
from exchange.console.relying_party import SignedIn
from exchange.store import console_sessions, proofs
from exchange.store.console_sessions import StoredSession
from kernel.canonical import decode, encode
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.envelope import CannotOpen, blind_index, open_, seal
from kernel.identifiers.subject import SubjectRef
from kernel.problems import Problem
from kernel.web.http import HttpRequest

TOUCH_EVERY = timedelta(minutes=1)
"""Reading many pages writes once a minute."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's session: what they may do, as the API would read it, and the ID token that ends the sign-in."""

    token: AccessToken
    id_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The provider's word that somebody signed out: of one sign-in where ``sid`` names it, otherwise everywhere.

    ``keep_until`` (seconds since 1970-01-01 UTC) is when its token is stale.
    """

    issuer: str
    jti: str
    keep_until: int
    sid: str
    sub: str


@dataclass(frozen=True)
class Sessions:
    """Begins, finds and ends sessions. Safe for threads."""

    database: Database
    clock: Clock
    entropy: Entropy
    cookies: Cookies
    indexes: BlindIndex
    check_standing: Callable[[AccessToken], None]
    idle: timedelta
    lasting: timedelta
    origin: str
    cookie: str = SESSION
    of_citizens: bool = False
    """Whether a session knows whom it is of by their number, as a citizen's own token does; an officer's never does."""

    def begin(self, signed_in: SignedIn) -> tuple[str, str]:
        """A new session and the header that hands out its cookie; never one that a browser brought along."""
        secret, now = token(self.entropy), self.clock.now()
        ends_at = now + self.lasting
        person, mandate = (signed_in.token.person, signed_in.token.mandate) if self.of_citizens else (None, None)
        held = replace(signed_in.token, expires_at=ends_at.timestamp(), person=person, mandate=mandate)
        session = Session(held, signed_in.id_token)
        kept = StoredSession(
            token=_hash(secret),
            sid=signed_in.sid,
            officer=self.officer(signed_in.token.issuer, signed_in.token.sub),
            used_at=now,
            ends_at=ends_at,
            sealed=seal(_key(secret), encode(_said(session)), _hash(secret)),
        )
        self.database.write(lambda connection: console_sessions.add(connection, kept))
        return self.cookies.set(self.cookie, secret)

    def of(self, request: HttpRequest) -> Session | None:
        """The session of this browser, if it still holds. Raises Problem (token.revocations-unknown)."""
        secret = self.cookies.read(request, self.cookie)
        if secret is None:
            return None
        kept = self._kept(secret)
        now = self.clock.now()
        if kept is None or not kept.used_at - self.idle <= now < min(kept.ends_at, kept.used_at + self.idle):
            return None
        session = _opened(kept, secret)
        if session is None or not self._stands(session):
            return None
        if now - kept.used_at >= TOUCH_EVERY:
            self.database.write(lambda connection: console_sessions.touch(connection, kept.token, now))
        return session

    def authenticate(self, request: HttpRequest) -> Caller:
        """The officer as a caller of the API's rooms; nothing to prove is left, so nothing is used up. Raises Problem.

        Only pages come here, and their posts have been asked for the form's own token before.
        """
        session = self.of(request)
        if session is None:
            raise unauthorized(errors.TOKEN_MISSING, self.origin)
        return Caller(session.token, None)

    def end(self, request: HttpRequest) -> tuple[Session | None, tuple[str, str]]:
        """End the session of this browser: what it was, and the header that takes its cookie back.

        Whether it still stands is not asked: nobody is kept signed in because the revocation feed is silent.
        """
        secret = self.cookies.read(request, self.cookie)
        kept = None if secret is None else self._kept(secret)
        if secret is None or kept is None:
            return None, self.cookies.clear(self.cookie)
        self.database.write(lambda connection: console_sessions.end(connection, kept.token))
        return _opened(kept, secret), self.cookies.clear(self.cookie)

    def end_as_told(self, word: LoggedOut) -> int | None:
        """End the sessions that the provider's word is about, how many; None for a word that was taken before.

        In one transaction, so that a word is used up only by what it ended.
        """

        def end(connection: Connection) -> int | None:
            if not proofs.consume_logout(connection, word.issuer, word.jti, word.keep_until):
                return None
            if word.sid:
                return console_sessions.end_sign_in(connection, word.sid)
            return console_sessions.end_officer(connection, self.officer(word.issuer, word.sub))

        return self.database.write(end)

    def prune(self) -> int:
        """Forget what is over; how many."""
        now = self.clock.now()
        return self.database.write(lambda connection: console_sessions.prune(connection, now, now - self.idle))

    def officer(self, issuer: str, sub: str) -> str:
        """Whom the ledger would name."""
        return self.indexes.of_officer(f"{issuer}\n{sub}")

    def _kept(self, secret: str) -> StoredSession | None:
        with self.database.read() as connection:
            return console_sessions.find(connection, _hash(secret))

    def _stands(self, session: Session) -> bool:
        try:
            self.check_standing(session.token)
        except Problem as problem:
            if problem.kind.status != 401:
                raise  # the feed is unknown: nobody is sent away for that
            return False
        return True


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(secret: str) -> bytes:
    return blind_index(secret.encode(), "console session")


_SETS = ("scope", "roles")
_PLAIN = ("issuer", "key_id", "client_id", "jti", "sub", "sid", "organisation")
_TIMES = ("issued_at", "expires_at")


def _said(session: Session) -> dict[str, Any]:
    held = session.token
    plain = {name: getattr(held, name) for name in _PLAIN}
    times = {name: int(getattr(held, name)) for name in _TIMES}
    sets = {name: sorted(getattr(held, name)) for name in _SETS}
    person = None if held.person is None else {"scheme": held.person.scheme, "value": held.person.value}
    assurance = 0 if person is None else held.assurance
    acting = None if held.mandate is None else held.mandate.members()
    whose = {"person": person, "assurance": assurance, "mandate": acting, "registration": held.registration}
    return {**plain, **times, **sets, "id_token": session.id_token, **whose}


def _opened(kept: StoredSession, secret: str) -> Session | None:
    try:
        said: Any = decode(open_(_key(secret), kept.sealed, kept.token))
    except CannotOpen:
        return None
    held: dict[str, Any] = {name: said[name] for name in _PLAIN}
    held |= {name: float(said[name]) for name in _TIMES}
    held |= {name: frozenset(said[name]) for name in _SETS}
    person, acting = said.get("person"), said.get("mandate")
    token_ = AccessToken(
        **held,
        assurance=said.get("assurance", 0),
        person=None if person is None else SubjectRef(person["scheme"], person["value"]),
        officer=None,
        details=(),
        key_thumbprint=None,
        certificate_thumbprint=None,
        mandate=None if acting is None else Mandate.kept(acting),
        registration=said.get("registration", 0),
    )
    return Session(token_, said["id_token"])
