"""F1: an address somebody else supplied never reaches where it must not; 0 connections there."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.outbound import AddressPolicy, OutboundClient, OutboundFailed, OutboundRefused

ANY_SCHEME = frozenset({"http", "https", "ftp", "file", "data", "gopher", "dict"})
PUBLIC = AddressPolicy(schemes=ANY_SCHEME)
LOOPBACK = AddressPolicy(schemes=frozenset({"http"}), allow_loopback=True)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Listener:
    """A loopback server that counts connections and answers each with what it was told."""

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self.connections = 0
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                try:
                    connection.recv(65536)
                    self._answer(connection)
                except OSError:
                    continue

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@contextmanager
def listening(answer: Callable[[socket.socket], None] | bytes = b"") -> Iterator[Listener]:
    reply = answer if callable(answer) else lambda connection: connection.sendall(answer)
    listener = Listener(reply)
    try:
        yield listener
    finally:
        listener.close()


def sized(body: bytes, head: bytes = OK) -> bytes:
    return head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0",
        "localhost",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "127.0.0.1.",
    ],
)
def test_F1_loopback_in_every_spelling_gets_no_connection(host):
    with listening(sized(b"{}")) as listener:
        with pytest.raises((OutboundRefused, OutboundFailed)):
            OutboundClient().get(f"http://{host}:{listener.port}/", allow=PUBLIC, timeout=2)
        assert listener.connections == 0


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "::10.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "2130706433",
        "not an address",
        "",
    ],
)
def test_F1_inward_addresses_are_not_admitted(address):
    assert not AddressPolicy().admits(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"])
def test_F1_public_addresses_are_admitted(address):
    assert AddressPolicy().admits(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "fd00::1", "::ffff:10.0.0.1"])
def test_private_networks_need_a_policy_that_says_so(address):
    assert AddressPolicy(allow_private=True).admits(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "255.255.255.255"]
)
def test_a_policy_for_private_networks_admits_no_loopback_or_link_local(address):
    assert not AddressPolicy(allow_private=True).admits(address)


@given(st.ip_addresses(v=4))
def test_F1_wrapping_an_address_in_ipv6_never_admits_more(address):
    policy = AddressPolicy()
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert policy.admits(wrapped) <= policy.admits(str(address))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://93.184.215.14/",
        "data:application/json,{}",
        "gopher://93.184.215.14/",
        "dict://93.184.215.14/",
        "http://user@93.184.215.14/",
        "http://a@b@93.184.215.14/",
        "http://",
        "http:///path",
        "//93.184.215.14/",
        "http://93.184.215.14\\@127.0.0.1/",
        "http://93.184.215.14/ x",
        "http://93.184.215.14:99999/",
        "http://93.184.215.14/\r\nX: y",
        "http://例子.example/",
        "http://[::1",
        "",
    ],
)
def test_F1_other_schemes_and_odd_addresses_are_refused_before_anything_is_resolved(url):
    with pytest.raises(OutboundRefused):
        OutboundClient().get(url, allow=PUBLIC)


def test_F1_the_default_policy_is_https_only():
    with pytest.raises(OutboundRefused):
        OutboundClient().get("http://93.184.215.14/", allow=AddressPolicy())


def test_a_host_list_admits_its_hosts_alone():
    policy = AddressPolicy(hosts=frozenset({"idp.example"}))
    assert policy.admits_url("https://IDP.example/x")
    assert not policy.admits_url("https://idp.example.evil.example/x")


def test_F1_dns_rebinding_the_address_is_judged_when_the_socket_opens():
    with listening(sized(b"{}")) as listener:
        client = OutboundClient(resolve=[f"public.example:{listener.port}:127.0.0.1"])
        with pytest.raises(OutboundRefused) as refused:
            client.get(f"http://public.example:{listener.port}/500199", allow=PUBLIC)
        assert listener.connections == 0
    assert "500199" not in str(refused.value)
    assert "127.0.0.1" not in str(refused.value)


def test_F1_a_redirect_inward_is_not_followed():
    with listening(sized(b'{"secret":1}')) as inside:
        moved = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inside.port}/\r\n".encode()
        with listening(sized(b"", moved)) as outside:
            url = f"http://127.0.0.1:{outside.port}/"
            assert OutboundClient().get(url, allow=LOOPBACK).status == 302
            with pytest.raises(OutboundFailed, match="status 302"):
                OutboundClient().get_json(url, allow=LOOPBACK)
        assert inside.connections == 0


def test_F1_proxies_of_the_environment_are_not_used(monkeypatch):
    with listening(sized(b"{}")) as proxy, listening(sized(b'{"a":1}')) as target:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert OutboundClient().get_json(f"http://127.0.0.1:{target.port}/", allow=LOOPBACK) == {"a": 1}
        assert proxy.connections == 0


def test_a_good_answer_is_decoded_strictly():
    problem = OK.replace(b"application/json", b"Application/Jwk-Set+JSON; charset=utf-8")
    with listening(sized(b'{"keys":[]}', problem)) as listener:
        fetched = OutboundClient().get(f"http://127.0.0.1:{listener.port}/", allow=LOOPBACK)
        assert (fetched.status, fetched.media_type, fetched.body) == (200, "application/jwk-set+json", b'{"keys":[]}')
        assert "keys" not in repr(fetched)
        assert OutboundClient().get_json(f"http://127.0.0.1:{listener.port}/", allow=LOOPBACK) == {"keys": []}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (sized(b'{"a":1,"a":2}'), "malformed JSON"),
        (sized(b"<html>", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"), "did not answer with JSON"),
        (sized(b"{}", b"HTTP/1.1 200 OK\r\n"), "did not answer with JSON"),
        (sized(b"{}", b"HTTP/1.1 503 No\r\n"), "status 503"),
        (b"nonsense\r\n\r\n", "libcurl error"),
        (b"", "libcurl error"),
    ],
)
def test_what_is_no_good_answer_is_said_without_quoting_it(answer, reason):
    with listening(answer) as listener, pytest.raises(OutboundFailed, match=reason):
        OutboundClient().get_json(f"http://127.0.0.1:{listener.port}/", allow=LOOPBACK)


def test_nobody_there():
    with listening() as listener:
        port = listener.port
    with pytest.raises(OutboundFailed):
        OutboundClient().get(f"http://127.0.0.1:{port}/", allow=LOOPBACK)


def test_F2_a_declared_size_over_the_limit_stops_at_the_headers():
    huge = OK + b"Content-Length: 104857600\r\n\r\n"
    with listening(huge) as listener, pytest.raises(OutboundFailed, match="more than 1000 bytes"):
        OutboundClient().get(f"http://127.0.0.1:{listener.port}/", allow=LOOPBACK, max_bytes=1000)


def test_F2_a_never_ending_answer_stops_at_the_limit():
    sent = []

    def endless(connection):
        connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        while sum(sent) < 50_000_000:
            connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
            sent.append(1024)

    with listening(endless) as listener, pytest.raises(OutboundFailed, match="more than 1000 bytes"):
        OutboundClient().get(f"http://127.0.0.1:{listener.port}/", allow=LOOPBACK, max_bytes=1000)
    assert sum(sent) < 50_000_000


def test_F2_a_slow_drip_ends_at_the_deadline():
    def drip(connection):
        connection.sendall(OK + b"\r\n")
        for _ in range(600):
            connection.sendall(b"x")
            time.sleep(0.05)

    begun = time.monotonic()
    with listening(drip) as listener, pytest.raises(OutboundFailed, match="in time"):
        OutboundClient().get(f"http://127.0.0.1:{listener.port}/", allow=LOOPBACK, timeout=0.3)
    assert time.monotonic() - begun < 20  # of thirty


def test_a_limit_reached_exactly_is_no_fault():
    with listening(sized(b'"12345678"')) as listener:
        url = f"http://127.0.0.1:{listener.port}/"
        assert OutboundClient().get_json(url, allow=LOOPBACK, max_bytes=10) == "12345678"


def test_https_needs_a_certificate_of_a_trusted_authority(tmp_path, monkeypatch):
    """An empty set of authorities trusts nobody, so the connection must fail rather than go on unchecked."""
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: ssl.DefaultVerifyPaths(None, None, "", "", "", ""))
    policy = AddressPolicy(allow_loopback=True)
    with listening(b"") as listener, pytest.raises(OutboundFailed):
        OutboundClient().get(f"https://127.0.0.1:{listener.port}/", allow=policy)
