"""The LDAP adapter: one search per look-up, over kept connections that can only read."""

from __future__ import annotations

import ssl

from connectors.adapters import Opening, spellings
from connectors.base import Query, Record
from connectors.errors import SourceMisconfigured, SourceUnavailable
from connectors.ldap.attributes import by_name, text, values_of
from connectors.ldap.filters import all_of, equals, escape_dn
from connectors.ldap.session import ConnectionLost, Found, Search, Session, tls_context
from connectors.ldap.settings import LdapSettings
from connectors.resilience import Deadline
from connectors.rest.client_certificate import ClientCertificate
from connectors.templates import template


class LdapConnector:
    """A directory. Sockets keep the deadline, looking up a host's name does not: the source's threads carry calls."""

    kind = "ldap"
    keeps_deadline = False

    def __init__(self, settings: LdapSettings, opening: Opening) -> None:
        self._settings = settings
        self._server = settings.server(opening)
        self._password = _password(settings, opening)
        self._certificate = _certificate(settings, opening)
        self._limits = opening.limits
        self._clock = opening.clock
        self._base = template(settings.base, escape_dn)
        self._base_varies = "{" in settings.base
        self._attributes = tuple(dict.fromkeys((*settings.columns, settings.subject_attribute)))
        self._context: ssl.SSLContext | None = None
        self._idle: list[Session] = []  # the last one used is the next
        self._closed = False

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's entries. Raises: SourceProblem."""
        if self._closed:
            raise SourceUnavailable("closed")
        deadline = Deadline(self._clock, query.deadline)
        wanted = spellings(query, self._settings.lower_case_too)
        found = self._found(self._search(query, wanted), deadline)
        if found.referred and not self._settings.ignore_referrals:
            raise SourceMisconfigured("referral")  # part of the answer is elsewhere, and we do not go there
        named = self._settings.subject_attribute.lower()
        return tuple(
            Record(values_of(entry, self._settings))
            for entry in found.entries
            if any(text(value) in wanted for value in by_name(entry).get(named, ()))  # directories compare loosely
        )

    def close(self) -> None:
        """Close every connection; one that is in use closes when its answer is there."""
        self._closed = True
        self._drop_idle()

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _search(self, query: Query, wanted: tuple[str, ...]) -> Search:
        return Search(
            base=self._base(query),
            scope=self._settings.scope,
            filter=all_of(
                equals(self._settings.subject_attribute, wanted), *(one(query) for one in self._settings.filters)
            ),
            attributes=self._attributes,
            size_limit=self._limits.max_records + 1,
        )

    def _found(self, search: Search, deadline: Deadline) -> Found:
        try:
            return self._ask(search, deadline)
        except ConnectionLost:  # the directory was restarted: the other kept connections are dead, too
            self._drop_idle()
            return self._ask(search, deadline)  # reading again changes nothing (law 5)
        except SourceMisconfigured as problem:
            if problem.reason == "base-missing" and self._base_varies:
                return Found((), referred=False)
            raise

    def _ask(self, search: Search, deadline: Deadline) -> Found:
        session = self._take(deadline)
        try:
            found = session.search(search, deadline, self._limits.max_bytes)
        except BaseException:
            session.close()  # what it still has to say would be taken for the next answer
            raise
        self._put_back(session)
        return found

    def _take(self, deadline: Deadline) -> Session:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect(deadline)

    def _put_back(self, session: Session) -> None:
        if self._closed:
            session.close()
        else:
            self._idle.append(session)

    def _connect(self, deadline: Deadline) -> Session:
        session = Session.open(self._server, self._tls, deadline)
        try:
            if self._settings.bind_dn:
                session.bind(self._settings.bind_dn, self._password, deadline)
            elif self._certificate is not None:
                session.bind_by_certificate(deadline)
        except BaseException:
            session.close()
            raise
        return session

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = tls_context(self._settings.ca_file, self._certificate)
        return self._context


def open_source(settings: LdapSettings, opening: Opening) -> LdapConnector:
    """The adapter's opener. Raises: SourceMisconfigured."""
    return LdapConnector(settings, opening)


def _certificate(settings: LdapSettings, opening: Opening) -> ClientCertificate | None:
    name = settings.client_certificate
    return ClientCertificate.parse(opening.secret(name)) if name else None


def _password(settings: LdapSettings, opening: Opening) -> str:
    if not settings.bind_dn:
        return ""
    password = opening.secret(settings.bind_secret).strip("\r\n")
    if not password:  # RFC 4513 §5.1.2: a name without a password is an anonymous bind that looks like another
        raise SourceMisconfigured("secret-unusable")
    return password
