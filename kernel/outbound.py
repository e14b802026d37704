"""The one client for addresses that somebody else supplied: metadata, key sets, logos, sector identifiers (F1).

The decision is made where it cannot be raced: on the very address a socket is about to be opened to, after the one name
resolution of the request. No redirects, no proxies from the environment, no cookies, bounded size and time.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pycurl

from kernel.canonical import JSON, MalformedJson, decode

_PROTOCOLS = {"http": pycurl.PROTO_HTTP, "https": pycurl.PROTO_HTTPS}

LOOPBACK_NAMES = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that are this machine by their name alone: the only ones that may do without TLS (RFC 8252 §7.3)."""

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1
_COMPATIBLE = IPv6Network("::/96")  # RFC 4291 §2.5.5.1, deprecated but still understood


class OutboundRefused(Exception):
    """The address is not one we may connect to; nothing was sent. The text never repeats the address."""


class OutboundFailed(Exception):
    """The other side did not answer as it should: unreachable, too slow, too large, wrong status, not JSON."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Where a fetch may go. By default: https to public addresses only.

    `schemes` such as {'https'}; `hosts` limits the host names (None: any); `allow_private` admits networks such as
    10/8, for addresses that the operator has configured. Link-local addresses (cloud metadata services live there),
    multicast and the unspecified address are never allowed.
    """

    schemes: frozenset[str] = frozenset({"https"})
    hosts: frozenset[str] | None = None
    allow_loopback: bool = False
    allow_private: bool = False

    def admits_url(self, url: str) -> bool:
        """Whether the address may be asked at all: scheme, host, and no user information."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return False
        if not url.isascii() or any(mark in url for mark in " \t\r\n\\") or "@" in parts.netloc or not host:
            return False
        return parts.scheme in self.schemes & _PROTOCOLS.keys() and (self.hosts is None or host in self.hosts)

    def admits(self, address: str) -> bool:
        """Whether a connection to this IP address may be opened."""
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return all(self._admits(each) for each in _with_embedded(parsed))

    def _admits(self, address: Address) -> bool:
        if address.is_loopback:
            return self.allow_loopback
        if address.is_unspecified or address.is_link_local or address.is_multicast:
            return False
        return address.is_global or (self.allow_private and address.is_private and not address.is_reserved)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: status, media type in lower case, and the whole body."""

    status: int
    media_type: str
    body: bytes = field(repr=False)


class OutboundClient:
    """Fetches with a policy; holds no connection and no state of any one fetch."""

    def __init__(self, *, ca_file: Path | None = None, resolve: Sequence[str] = ()) -> None:
        """`ca_file` replaces the system's certificate authorities; `resolve` are libcurl's 'host:port:address' entries.

        Where neither exists no certificate can be checked, so every https address fails.
        """
        trusted = ca_file or ssl.get_default_verify_paths().cafile
        self._ca_file = str(trusted) if trusted else ""
        self._resolve = list(resolve)

    def get(self, url: str, *, allow: AddressPolicy, max_bytes: int = 1 << 20, timeout: float = 5.0) -> Fetched:
        """The answer to a GET, whatever its status; `timeout` in seconds covers everything, name resolution included.

        Raises OutboundRefused before anything is sent, OutboundFailed afterwards.
        """
        if not allow.admits_url(url):
            raise OutboundRefused("the policy does not admit this address")
        return _Fetch(url, allow, max_bytes).run(self._ca_file, self._resolve, timeout)

    def post(
        self,
        url: str,
        body: bytes,
        *,
        allow: AddressPolicy,
        media_type: str = "application/json",
        headers: Sequence[str] = (),
        max_bytes: int = 1 << 20,
        timeout: float = 5.0,
    ) -> Fetched:
        """The answer to a POST, whatever its status; ``headers`` are further lines such as ``Idempotency-Key: …``.

        Raises OutboundRefused before anything is sent, OutboundFailed afterwards, and then it may have arrived.
        """
        if not allow.admits_url(url):
            raise OutboundRefused("the policy does not admit this address")
        fetch = _Fetch(url, allow, max_bytes, body, (f"Content-Type: {media_type}", "Expect:", *headers))
        return fetch.run(self._ca_file, self._resolve, timeout)

    def get_json(self, url: str, *, allow: AddressPolicy, max_bytes: int = 1 << 20, timeout: float = 5.0) -> JSON:
        """The JSON of a 200 answer. Raises OutboundRefused, OutboundFailed."""
        fetched = self.get(url, allow=allow, max_bytes=max_bytes, timeout=timeout)
        if fetched.status != 200:
            raise OutboundFailed(f"answered with status {fetched.status}")
        if fetched.media_type != "application/json" and not fetched.media_type.endswith("+json"):
            raise OutboundFailed("did not answer with JSON")
        try:
            return decode(fetched.body, max_bytes=max_bytes)
        except MalformedJson:
            raise OutboundFailed("answered with malformed JSON") from None


class _Fetch:
    """One request on its way: a POST where it has a body, otherwise a GET."""

    def __init__(
        self,
        url: str,
        allow: AddressPolicy,
        max_bytes: int,
        body: bytes | None = None,
        headers: Sequence[str] = (),
    ) -> None:
        self._url = url
        self._allow = allow
        self._max_bytes = max_bytes
        self._body = body
        self._headers = headers
        self._chunks: list[bytes] = []
        self._received = 0
        self._refused = False
        self._sockets: list[socket.socket] = []

    def run(self, ca_file: str, resolve: list[str], timeout: float) -> Fetched:
        curl = pycurl.Curl()
        try:
            for option, value in self._options(ca_file, resolve, timeout):
                curl.setopt(option, value)
            curl.perform()
            return self._answer(curl)
        except pycurl.error as error:
            raise self._explained(error) from None
        finally:
            curl.close()
            for opened in self._sockets:
                opened.close()

    def _options(self, ca_file: str, resolve: list[str], timeout: float) -> list[tuple[int, Any]]:
        return [
            (pycurl.URL, self._url),
            (pycurl.PROTOCOLS, sum(number for name, number in _PROTOCOLS.items() if name in self._allow.schemes)),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),  # none, whatever the environment says
            (pycurl.NOSIGNAL, 1),
            (pycurl.TIMEOUT_MS, max(1, int(timeout * 1000))),
            (pycurl.MAXFILESIZE, self._max_bytes),
            (pycurl.CAINFO, ca_file),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
            (pycurl.RESOLVE, resolve),
            (pycurl.USERAGENT, "tongban"),
            (pycurl.HTTPHEADER, ["Accept: application/json, */*;q=0.5", *self._headers]),
            *self._posted(),
            (pycurl.OPENSOCKETFUNCTION, self._open_socket),
            (pycurl.WRITEFUNCTION, self._receive),
        ]

    def _posted(self) -> list[tuple[int, Any]]:
        if self._body is None:
            return []
        return [(pycurl.POST, 1), (pycurl.POSTFIELDSIZE, len(self._body)), (pycurl.POSTFIELDS, self._body)]

    def _open_socket(self, _purpose: int, wanted: tuple[int, int, int, Any]) -> socket.socket | int:
        """libcurl asks here before each connection, with the resolved address: the only place that can say yes."""
        family, kind, protocol, address = wanted
        if family not in (socket.AF_INET, socket.AF_INET6) or not self._allow.admits(_text(address[0])):
            self._refused = True
            return int(pycurl.SOCKET_BAD)
        opened = socket.socket(family, kind, protocol)
        self._sockets.append(opened)  # libcurl works on a duplicate of it
        return opened

    def _receive(self, chunk: bytes) -> int:
        self._received += len(chunk)
        if self._received > self._max_bytes:
            return 0  # fewer bytes than were offered: libcurl stops
        self._chunks.append(chunk)
        return len(chunk)

    def _answer(self, curl: pycurl.Curl) -> Fetched:
        declared = str(curl.getinfo(pycurl.CONTENT_TYPE) or "")
        status = int(curl.getinfo(pycurl.RESPONSE_CODE))
        return Fetched(status, declared.partition(";")[0].strip().lower(), b"".join(self._chunks))

    def _explained(self, error: pycurl.error) -> OutboundRefused | OutboundFailed:
        """Only the number is taken from libcurl: its text repeats the address."""
        number = error.args[0]
        if self._refused:
            return OutboundRefused("the policy does not admit the address behind this name")
        if self._received > self._max_bytes or number == pycurl.E_FILESIZE_EXCEEDED:
            return OutboundFailed(f"answered with more than {self._max_bytes} bytes")
        if number == pycurl.E_OPERATION_TIMEDOUT:
            return OutboundFailed("did not answer in time")
        return OutboundFailed(f"could not be fetched (libcurl error {number})")


def _with_embedded(address: Address) -> tuple[Address, ...]:
    """The address and the IPv4 address it reaches when it is one of the IPv6 forms that carry one."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address, address.sixtofour)
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return (address, IPv4Address(int(address) & 0xFFFFFFFF))
    return (address,)


def _text(address: str | bytes) -> str:
    return address.decode("ascii", "replace") if isinstance(address, bytes) else address
