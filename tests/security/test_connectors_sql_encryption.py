"""Databases on other machines: nothing is said to one whose TLS is missing or invalid (K6), the password least of all.

The servers here speak the first words of their protocols, up to where a client says who it is.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from connectors.errors import SourceMisconfigured, SourceUnavailable
from connectors.sql import encryption
from tests.doubles.connectors import retrieve, source
from tests.security.test_connectors_http import certificate

SSL_REQUEST = struct.pack(">II", 8, 80877103)
"""https://www.postgresql.org/docs/current/protocol-message-formats.html"""


class Beginning:
    """A server that begins, and notes what it then hears. ``tls``: None where it has none."""

    def __init__(self, begin: Callable[[socket.socket, bool], None], tls: ssl.SSLContext | None) -> None:
        self._begin, self._tls = begin, tls
        self.heard = b""
        self._listens = socket.create_server(("127.0.0.1", 0))
        self.port = self._listens.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listens.shutdown(socket.SHUT_RDWR)
        self._listens.close()
        self._thread.join(5)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listens.accept()
                with contextlib.suppress(OSError), client:
                    client.settimeout(3)
                    self._speak(client)

    def _speak(self, client: socket.socket) -> None:
        self._begin(client, self._tls is not None)
        if self._tls is None:
            self.heard += client.recv(4096)
            return
        with self._tls.wrap_socket(client, server_side=True) as encrypted:
            self.heard += encrypted.recv(4096)


def postgresql(client: socket.socket, tls: bool) -> None:
    first = client.recv(8, socket.MSG_PEEK)
    if first == SSL_REQUEST:
        client.recv(8)
        client.sendall(b"S" if tls else b"N")


def mysql(client: socket.socket, tls: bool) -> None:
    """https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html"""
    able = 0x8A208 | (0x800 if tls else 0)
    greeting = b"\x0a8.0.0\0" + bytes(4) + b"s" * 8 + b"\0" + struct.pack("<H", able & 0xFFFF) + b"\x2d\2\0"
    greeting += struct.pack("<H", able >> 16) + b"\x15" + bytes(10) + b"s" * 12 + b"\0mysql_native_password\0"
    client.sendall(struct.pack("<I", len(greeting)) + greeting)
    if tls:
        client.recv(36)


URLS = {
    "postgresql": (
        postgresql,
        "postgresql+psycopg://reader:hunter2@localhost:{}/people?hostaddr=127.0.0.1",
        "sslrootcert",
    ),
    "mysql": (mysql, "mysql+pymysql://reader:hunter2@localhost:{}/people?charset=utf8mb4", "ssl_ca"),
}


@pytest.fixture(autouse=True)
def _another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "is_same_machine", lambda _: False)


@pytest.fixture(params=URLS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextlib.contextmanager
def asked(
    kind: str, tls: ssl.SSLContext | None, authority: Path | None, **settings: object
) -> Iterator[tuple[bytes, str]]:
    """What a server of the kind has heard from somebody who looked somebody up, and why that was in vain."""
    begin, url, parameter = URLS[kind]
    server = Beginning(begin, tls)
    try:
        location = url.format(server.port) + (f"&{parameter}={authority}" if authority else "")
        described = {"url": location, "table": "people", "subject_column": "id", **settings}
        with source("sql", described, ["name"]) as made, pytest.raises(SourceUnavailable) as caught:
            retrieve(made)
    finally:
        server.close()
    yield server.heard, caught.value.reason


def context(pem: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(pem)
    return made


@pytest.mark.parametrize(
    ("name", "days", "trusted", "good"),
    [
        ("localhost", 30, True, True),
        ("localhost", 30, False, False),
        ("localhost", -1, True, False),
        ("other.example", 30, True, False),
    ],
    ids=["trusted", "unknown-authority", "expired", "other-name"],
)
def test_K6_who_is_asked_is_told_to_nobody_but_a_verified_database(
    tmp_path: Path, kind: str, name: str, days: int, trusted: bool, good: bool
) -> None:
    pem = certificate(tmp_path, name, days)
    with asked(kind, context(pem), pem if trusted else None) as (heard, reason):
        assert (b"reader" in heard) is good
        assert good or (heard, reason) == (b"", "tls")


def test_K6_a_database_without_tls_is_told_nothing(tmp_path: Path, kind: str) -> None:
    with asked(kind, None, certificate(tmp_path, "localhost", 30)) as told:
        assert told == (b"", "tls")


@pytest.mark.parametrize(
    "said", ["sslmode=disable", "sslmode=prefer", "sslmode=require", "gssencmode=prefer&sslmode=allow"]
)
def test_K6_what_an_address_says_of_lesser_modes_is_not_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    begin, url, parameter = URLS["postgresql"]
    monkeypatch.setitem(URLS, "postgresql", (begin, f"{url}&{said}", parameter))
    pem = certificate(tmp_path, "localhost", 30)
    for tls in (None, context(pem)):
        with asked("postgresql", tls, None) as told:
            assert told == (b"", "tls")


def test_a_manifest_may_say_that_a_database_is_spoken_to_without_tls(kind: str) -> None:
    with asked(kind, None, None, insecure_sql=True) as (heard, _):
        assert b"reader" in heard


def test_a_file_of_certificates_that_is_missing_is_no_reason_to_trust(tmp_path: Path) -> None:
    url = f"mysql+pymysql://reader@db.example/people?ssl_ca={tmp_path}/none.pem"
    with pytest.raises(SourceMisconfigured) as caught:
        source("sql", {"url": url, "table": "people", "subject_column": "id"}, ["name"])
    assert caught.value.reason == "ca-file"


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("postgresql+psycopg:///people", True),
        ("postgresql+psycopg://127.0.0.1/people", True),
        ("postgresql+psycopg:///people?host=/run/postgresql", True),
        ("postgresql+psycopg://[::1]/people", True),
        ("postgresql+psycopg://db.example/people", False),
        ("postgresql+psycopg://localhost/people?host=db.example", False),
        ("postgresql+psycopg://localhost/people?host=localhost,db.example", False),
        ("postgresql+psycopg://localhost/people?hostaddr=192.0.2.1", False),
        ("postgresql+psycopg:///people?service=register", False),
        ("mysql+pymysql://localhost/people", True),
        ("mysql+pymysql://db.example/people?unix_socket=/run/mysqld/mysqld.sock", True),
        ("mysql+pymysql://192.0.2.1/people", False),
    ],
)
def test_this_machine_is_known_whatever_way_it_is_named(monkeypatch: pytest.MonkeyPatch, url: str, here: bool) -> None:
    monkeypatch.undo()
    made = make_url(url)
    given = (encryption.of_mysql if made.get_backend_name() == "mysql" else encryption.of_postgresql)(made)
    assert (not given) is here
