"""HTTP by libcurl: kept connections, one deadline for everything, and an answer that is cut off at its limit.

libcurl was measured to be the lightest client for this work (a quarter of urllib3's CPU time). Where a kept connection
turns out to be dead before any answer, libcurl repeats the request once on a fresh one by itself; a look-up is a
read, so that is safe.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pycurl

from connectors.errors import SourceGarbled, SourceProblem, SourceTimedOut, SourceTooLarge, SourceUnavailable
from connectors.hosts import is_private
from connectors.rest.client_certificate import ClientCertificate
from connectors.rest.request import Request

_MOST_FIELDS, _LONGEST_FIELD = 20, 8192
_PROBLEMS: dict[int, tuple[type[SourceProblem], str]] = {
    pycurl.E_OPERATION_TIMEDOUT: (SourceTimedOut, "deadline"),
    pycurl.E_FILESIZE_EXCEEDED: (SourceTooLarge, "bytes"),
    pycurl.E_COULDNT_RESOLVE_HOST: (SourceUnavailable, "resolve"),
    pycurl.E_COULDNT_CONNECT: (SourceUnavailable, "connect"),
    pycurl.E_PARTIAL_FILE: (SourceUnavailable, "cut-off"),
    pycurl.E_GOT_NOTHING: (SourceUnavailable, "no-answer"),
    pycurl.E_RECV_ERROR: (SourceUnavailable, "cut-off"),
    pycurl.E_SEND_ERROR: (SourceUnavailable, "cut-off"),
    pycurl.E_SSL_CONNECT_ERROR: (SourceUnavailable, "tls"),
    pycurl.E_PEER_FAILED_VERIFICATION: (SourceUnavailable, "tls"),
    pycurl.E_SSL_CACERT_BADFILE: (SourceUnavailable, "tls"),
    pycurl.E_SSL_CERTPROBLEM: (SourceUnavailable, "tls"),
    pycurl.E_UNSUPPORTED_PROTOCOL: (SourceGarbled, "http"),
    pycurl.E_FTP_WEIRD_SERVER_REPLY: (SourceGarbled, "http"),
    pycurl.E_BAD_CONTENT_ENCODING: (SourceGarbled, "http"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer.

    Attributes:
        kind: its ``Content-Type``, or "".
        fields: its header fields that were asked for, by their names in small letters.
    """

    status: int
    body: bytes
    kind: str = ""
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Transport:
    """A stack of libcurl handles, each keeping its connection. Safe for threads: a handle serves one at a time."""

    def __init__(
        self, *, max_bytes: int, ca_file: str, private_only: bool, certificate: ClientCertificate | None = None
    ) -> None:
        self._max_bytes = max_bytes
        self._ca_file = ca_file
        self._private_only = private_only
        self._certificate = certificate
        self._idle: list[pycurl.Curl] = []  # the last one used is the next: its connection is the warmest
        self._closed = False

    def exchange(
        self, request: Request, seconds: float, *, max_bytes: int | None = None, fields: Sequence[str] = ()
    ) -> Answer:
        """Send a request and read its answer within `seconds`, all in all. Raises: SourceProblem.

        `max_bytes` is what is left of the limit where several answers share it; `fields` names header fields that are
        wanted, in small letters.
        """
        if self._closed:
            raise SourceUnavailable("closed")
        handle = self._take()
        body = _Body(self._max_bytes if max_bytes is None else max_bytes)
        found = _Fields(fields) if fields else None
        try:
            return self._perform(handle, request, seconds, body, found)
        finally:
            self._put_back(handle)

    def close(self) -> None:
        """Close every connection; one that is in use closes when its answer is there."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> pycurl.Curl:
        try:
            return self._idle.pop()
        except IndexError:
            return self._handle()

    def _put_back(self, handle: pycurl.Curl) -> None:
        if self._closed:
            handle.close()
        else:
            self._idle.append(handle)

    def _perform(
        self, handle: pycurl.Curl, request: Request, seconds: float, body: _Body, fields: _Fields | None
    ) -> Answer:
        _prepare(handle, request, seconds)
        handle.setopt(pycurl.WRITEFUNCTION, body.receive)
        if fields is not None:
            handle.setopt(pycurl.HEADERFUNCTION, fields.receive)
        try:
            handle.perform()
        except pycurl.error as error:
            raise _problem(int(error.args[0]), body) from None
        kind = handle.getinfo(pycurl.CONTENT_TYPE) or ""
        return Answer(handle.getinfo(pycurl.RESPONSE_CODE), bytes(body.data), kind, fields.values if fields else {})

    def _handle(self) -> pycurl.Curl:
        handle = pycurl.Curl()
        fixed = (*_FIXED, *self._trust(), *self._own_certificate(), (pycurl.MAXFILESIZE_LARGE, self._max_bytes))
        for option, value in fixed:
            handle.setopt(option, value)
        if self._private_only:
            handle.setopt(pycurl.OPENSOCKETFUNCTION, _open_private)
        return handle

    def _trust(self) -> Sequence[tuple[int, Any]]:
        if self._ca_file:
            return ((pycurl.CAINFO, self._ca_file),)
        system = ssl.get_default_verify_paths()
        return tuple(
            (option, path) for option, path in ((pycurl.CAINFO, system.cafile), (pycurl.CAPATH, system.capath)) if path
        )

    def _own_certificate(self) -> Sequence[tuple[int, Any]]:
        if self._certificate is None:
            return ()
        return ((pycurl.SSLCERT_BLOB, self._certificate.chain), (pycurl.SSLKEY_BLOB, self._certificate.key))


class _Fields:
    """Wanted header fields of an answer, a few of bounded length."""

    __slots__ = ("_left", "values")

    def __init__(self, names: Sequence[str]) -> None:
        self.values: dict[str, list[str]] = {name: [] for name in names}
        self._left = _MOST_FIELDS

    def receive(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        found = self.values.get(name.strip().lower().decode("latin-1"))
        if found is not None and self._left and len(value) <= _LONGEST_FIELD:
            found.append(value.decode("latin-1").strip())
            self._left -= 1


class _Body:
    """What has been received, never more than the limit."""

    __slots__ = ("_limit", "data", "over")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.data = bytearray()
        self.over = False

    def receive(self, chunk: bytes) -> int:
        if len(self.data) + len(chunk) > self._limit:
            self.over = True
            return 0  # less than what came: libcurl ends the transfer
        self.data += chunk
        return len(chunk)


_FIXED: tuple[tuple[int, Any], ...] = (
    (pycurl.NOSIGNAL, 1),  # signals and threads do not mix
    (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
    (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
    (pycurl.FOLLOWLOCATION, 0),
    (pycurl.PATH_AS_IS, 1),
    (pycurl.PROXY, ""),  # an empty name switches off what the environment may say
    (pycurl.TCP_NODELAY, 1),
    (pycurl.TCP_KEEPALIVE, 1),
    (pycurl.SSL_VERIFYPEER, 1),
    (pycurl.SSL_VERIFYHOST, 2),
    (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
    (pycurl.USERAGENT, "tongban"),
)


def _prepare(handle: pycurl.Curl, request: Request, seconds: float) -> None:
    handle.setopt(pycurl.URL, request.url)
    handle.setopt(pycurl.HTTPHEADER, request.headers)
    handle.setopt(pycurl.TIMEOUT_MS, max(1, int(seconds * 1000)))
    if request.body is None:
        handle.setopt(pycurl.HTTPGET, 1)
    else:
        handle.setopt(pycurl.POSTFIELDS, request.body)


def _problem(code: int, body: _Body) -> SourceProblem:
    if body.over:
        return SourceTooLarge("bytes")
    problem, reason = _PROBLEMS.get(code, (SourceUnavailable, f"curl-{code}"))
    return problem(reason)


def _open_private(_: int, address: Any) -> Any:
    """Plain http stays inside private networks, whatever a name resolves to."""
    family, kind, protocol, where = address
    return _Lent(family, kind, protocol) if is_private(where[0]) else pycurl.SOCKET_BAD


class _Lent(socket.socket):
    """A socket that pycurl copies the descriptor of: the original closes as soon as it is let go."""

    def __del__(self) -> None:
        self.close()
