"""One connection to a directory, which can bind, start TLS and search, and nothing else.

sansldap writes and reads the messages (RFC 4511); every octet passes through here, where time and size are counted.
"""

from __future__ import annotations

import math
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from sansldap import (
    BindResponse,
    DereferencingPolicy,
    ExtendedOperations,
    ExtendedResponse,
    LDAPClient,
    LDAPError,
    LDAPFilter,
    LDAPMessage,
    ProtocolError,
    SearchResultDone,
    SearchResultEntry,
    SearchResultReference,
    SearchScope,
)

from connectors.dialling import dial
from connectors.errors import SourceGarbled, SourceTimedOut, SourceTooLarge, SourceUnavailable
from connectors.hosts import is_private
from connectors.ldap import results
from connectors.ldap.settings import Server
from connectors.resilience import Deadline
from connectors.rest.client_certificate import ClientCertificate

_SCOPES = {"base": SearchScope.BASE, "one": SearchScope.ONE_LEVEL, "subtree": SearchScope.SUBTREE}
_GREETING_BYTES = 65_536
"""Of answers to bind and StartTLS."""
_CHUNK = 65_536

_Answer = TypeVar("_Answer", BindResponse, ExtendedResponse)


class ConnectionLost(SourceUnavailable):
    """A kept connection was dead when it was next used: nothing has been answered."""


@dataclass(frozen=True, slots=True)
class Search:
    """One search. `attributes` are asked for, at most `size_limit` entries wanted."""

    base: str
    scope: str
    filter: LDAPFilter
    attributes: Sequence[str]
    size_limit: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, and whether part of the answer is said to lie elsewhere."""

    entries: tuple[SearchResultEntry, ...]
    referred: bool


class Session:
    """A connection. Serves one thread at a time."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._client = LDAPClient()
        self.used = False

    @classmethod
    def open(cls, server: Server, tls: Callable[[], ssl.SSLContext], deadline: Deadline) -> Self:
        """Connect, with TLS as the server wants it. Raises: SourceProblem."""
        session = cls(dial(server.host, server.port, _allowed(server), deadline))
        try:
            if server.tls == "start":
                session._start_tls(deadline)
            if server.tls:
                session._encrypt(tls(), server.host, deadline)
        except BaseException:
            session.close()
            raise
        return session

    def bind(self, dn: str, password: str, deadline: Deadline) -> None:
        """Simple bind (RFC 4513 §5.1). Raises: SourceProblem."""
        self._client.bind_simple(dn, password)
        (answer,) = self._answers(deadline, _GREETING_BYTES, BindResponse)
        results.check(answer.result)

    def bind_by_certificate(self, deadline: Deadline) -> None:
        """As whom the certificate names that TLS has shown (RFC 4422 appendix A: EXTERNAL). Raises: SourceProblem."""
        self._client.bind_sasl("EXTERNAL", cred=b"")
        (answer,) = self._answers(deadline, _GREETING_BYTES, BindResponse)
        results.check(answer.result)

    def search(self, search: Search, deadline: Deadline, max_bytes: int) -> Found:
        """Raises: SourceProblem; ConnectionLost where a kept connection turned out to be dead."""
        self._client.search_request(
            search.base,
            _SCOPES[search.scope],
            DereferencingPolicy.NEVER,
            search.size_limit,
            math.ceil(deadline.left()),
            filter=search.filter,
            attributes=list(search.attributes),
        )
        messages = self._messages(deadline, max_bytes, SearchResultDone)
        self.used = True
        for message in messages:
            if isinstance(message, SearchResultDone):
                results.check(message.result)
        return Found(
            tuple(message for message in messages if isinstance(message, SearchResultEntry)),
            any(isinstance(message, SearchResultReference) for message in messages),
        )

    def close(self) -> None:
        """Close the connection; a directory takes that for an unbind (RFC 4511 §4.3)."""
        self._socket.close()

    def _start_tls(self, deadline: Deadline) -> None:
        self._client.extended_request(ExtendedOperations.LDAP_START_TLS.value)
        (answer,) = self._answers(deadline, _GREETING_BYTES, ExtendedResponse)
        results.check(answer.result)

    def _encrypt(self, context: ssl.SSLContext, host: str, deadline: Deadline) -> None:
        self._client = LDAPClient()  # whatever came before TLS began is not to be believed after it (RFC 4513 §6)
        self._socket.settimeout(deadline.left())
        try:
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        except TimeoutError:
            raise SourceTimedOut("deadline") from None
        except (OSError, ValueError):
            raise SourceUnavailable("tls") from None

    def _answers(self, deadline: Deadline, max_bytes: int, kind: type[_Answer]) -> Sequence[_Answer]:
        """The one message that answers a request which has one answer. Raises: SourceProblem."""
        messages = self._messages(deadline, max_bytes, kind)
        found = [message for message in messages if isinstance(message, kind)]
        if len(messages) != 1:
            raise SourceGarbled("ldap")
        return found

    def _messages(self, deadline: Deadline, max_bytes: int, last: type[LDAPMessage]) -> list[LDAPMessage]:
        """Send what waits to be sent, and read until the last message of the answer. Raises: SourceProblem."""
        messages: list[LDAPMessage] = []
        read = 0
        self._send(deadline)
        while not messages or not isinstance(messages[-1], last):
            chunk = self._receive(deadline, min(_CHUNK, max_bytes - read + 1), begun=read > 0)
            read += len(chunk)
            if read > max_bytes:
                raise SourceTooLarge("bytes")
            messages += self._read(chunk, begun=bool(messages))
        return messages

    def _read(self, chunk: bytes, *, begun: bool) -> list[LDAPMessage]:
        try:
            return self._client.receive(chunk)
        except ProtocolError as error:
            if isinstance(error.request, ExtendedResponse):  # notice of disconnection (RFC 4511 §4.4.1)
                raise self._lost(begun=begun) from None
            raise SourceGarbled("ldap") from None
        except (LDAPError, ValueError, LookupError, RecursionError):
            raise SourceGarbled("ldap") from None

    def _send(self, deadline: Deadline) -> None:
        self._socket.settimeout(deadline.left())
        try:
            self._socket.sendall(self._client.data_to_send())
        except TimeoutError:
            raise SourceTimedOut("deadline") from None
        except OSError:
            raise self._lost(begun=False) from None

    def _receive(self, deadline: Deadline, size: int, *, begun: bool) -> bytes:
        self._socket.settimeout(deadline.left())
        try:
            chunk = self._socket.recv(size)
        except TimeoutError:
            raise SourceTimedOut("deadline") from None
        except OSError:
            chunk = b""
        if not chunk:
            raise self._lost(begun=begun)
        return chunk

    def _lost(self, *, begun: bool) -> SourceUnavailable:
        return ConnectionLost("cut-off") if self.used and not begun else SourceUnavailable("cut-off")


def tls_context(ca_file: str, own: ClientCertificate | None) -> ssl.SSLContext:
    """TLS 1.2 or later, the certificate and the host's name verified, ours shown. Raises: SourceUnavailable."""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if own is not None:
            _show(context, own)
    except (OSError, ValueError):
        raise SourceUnavailable("tls") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _show(context: ssl.SSLContext, own: ClientCertificate) -> None:
    """OpenSSL reads a certificate from a file alone: one that has no name and lies in memory."""
    descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, own.chain + own.key)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def _allowed(server: Server) -> Callable[[str], bool]:
    return is_private if server.private_only else lambda _: True
