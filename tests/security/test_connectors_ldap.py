"""Attacks through and by directories: injection and referrals (K5), hanging, dripping, flooding and false TLS (K6)."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import (
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.ldap.filters import escape_dn
from connectors.source import Outcome, Source
from tests.cases import sized
from tests.doubles import directory
from tests.doubles.connectors import retrieve, source, values
from tests.doubles.directory import Directory, Listener

pytestmark = pytest.mark.skipif(not directory.installed(), reason=directory.MISSING)

NAME = {"name": {"column": "displayName"}}
BIND = {"bind": {"dn": directory.READER, "secret": "directory"}}
SECRETS = {"directory": directory.READER_PASSWORD}
STARTED = bytes.fromhex("300c02010178070a010004000400")
"""Message 1, ExtendedResponse: StartTLS may begin."""
BOUND = bytes.fromhex("300c02010161070a010004000400")
INJECTIONS = (
    "*)(uid=*",
    "*",
    "A1)(&",
    "A1*",
    "*)(|(objectClass=*",
    "A1)(|(employeeNumber=*))",
    "\\2a",
    "\\41\\31",
    "A1\\00",
    "(employeeNumber=A1)",
    "A1))(|(cn=*",
    "a1",
    "A 1",
    "&",
    "!(A1)",
)


def opened(url: str, base: str = "dc=demo", limits: Any = None, secrets: Any = SECRETS, **changes: Any) -> Source:
    described = {"url": url, "base": base, "subject_attribute": "employeeNumber", **BIND, **changes}
    described = {name: value for name, value in described.items() if value is not None}
    return source("ldap", described, NAME, secrets=secrets, limits=limits or {"deadline_ms": 3000})


def problem(*arguments: Any, **changes: Any) -> SourceProblem:
    with opened(*arguments, **changes) as asked, pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


@pytest.fixture(scope="module")
def branch(directory_server: Directory) -> str:
    return directory_server.branch(
        [
            {"employeeNumber": "A1", "displayName": "张三", "title": "on"},
            {"employeeNumber": "B1", "displayName": "李四", "title": "off"},
        ]
    )


@pytest.fixture(scope="module")
def guarded(directory_server: Directory, branch: str) -> Any:
    name = branch.partition("=")[2].partition(",")[0]
    with opened(directory_server.url, "ou={branch},dc=demo", filter="(title={title})") as asked:
        yield asked, name


@pytest.mark.parametrize("value", INJECTIONS)
def test_K5_an_injection_is_a_value_that_nobody_has(guarded: tuple[Source, str], value: str) -> None:
    asked, name = guarded
    assert retrieve(asked, value, branch=name, title="on").outcome is Outcome.NOT_FOUND
    assert retrieve(asked, "A1", branch=name, title=value).outcome is Outcome.NOT_FOUND
    assert retrieve(asked, "A1", branch=value, title="on").outcome is Outcome.NOT_FOUND
    assert values(asked, "A1", branch=name, title="on") == {"name": "张三"}


@pytest.mark.parametrize(
    "value", ["{branch},dc=demo", "x,ou={branch}", "x+ou={branch}", "{branch},dc=demo#", '"{branch}"']
)
def test_K5_a_value_stays_one_value_of_the_base(guarded: tuple[Source, str], value: str) -> None:
    asked, name = guarded
    assert retrieve(asked, "A1", branch=value.replace("{branch}", name), title="on").outcome is Outcome.NOT_FOUND


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=sized(60, 5_000))
@given(value=st.text(alphabet='A1B*()\\&|!=<>~,+;"#/ \0é中', min_size=1, max_size=16))
def test_K5_no_text_becomes_syntax(guarded: tuple[Source, str], value: str) -> None:
    asked, name = guarded
    expected = Outcome.FOUND if value == "A1" else Outcome.NOT_FOUND
    assert retrieve(asked, value, branch=name, title="on").outcome is expected
    assert retrieve(asked, "A1", branch=value, title="on").outcome is Outcome.NOT_FOUND


@given(value=st.text(min_size=1, max_size=16))
def test_K5_an_escaped_value_ends_at_no_character_of_its_own(value: str) -> None:
    unescaped, escaped = "", iter(escape_dn(value))
    for character in escaped:
        assert character not in ',+"<>;='
        unescaped += next(escaped) if character == "\\" else character
    assert unescaped == value


def test_K5_a_referral_to_another_host_is_never_followed(directory_server: Directory) -> None:
    branch = directory_server.branch([{"employeeNumber": "A1", "displayName": "张三"}])
    with Listener(directory.hang) as elsewhere:
        directory_server.add(
            f"ou=elsewhere,{branch}",
            objectClass=("referral", "extensibleObject"),
            ou="elsewhere",
            ref=f"{elsewhere.url}/ou=elsewhere,{branch}",
        )
        assert problem(directory_server.url, branch).reason == "referral"
        assert problem(directory_server.url, f"ou=elsewhere,{branch}", referrals="ignore").reason == "referral"
        with opened(directory_server.url, branch, referrals="ignore") as asked:
            assert values(asked) == {"name": "张三"}
        assert elsewhere.connections == 0


@pytest.mark.parametrize("behaviour", [directory.hang, directory.drip])
def test_K6_a_directory_that_hangs_or_drips_is_left_at_the_deadline(behaviour: Any) -> None:
    with Listener(behaviour) as listener:
        began = time.monotonic()
        found = problem(listener.url, limits={"deadline_ms": 350})
        assert isinstance(found, SourceTimedOut)
        assert time.monotonic() - began < 5.0


@pytest.mark.parametrize("deadline_ms", [350])
@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
def test_K6_a_handshake_that_never_ends_is_left_at_the_deadline(scheme: str, deadline_ms: int) -> None:
    behaviour = directory.hang if scheme == "ldaps" else directory.saying(STARTED)

    def started_then_silent(connection: socket.socket, released: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(STARTED)
        released.wait(20)

    with Listener(behaviour if scheme == "ldaps" else started_then_silent) as listener:
        url = listener.url.replace("ldap:", f"{scheme}:")
        assert isinstance(problem(url, limits={"deadline_ms": deadline_ms}, start_tls=scheme == "ldap"), SourceTimedOut)


def test_K6_two_gigabytes_are_cut_off_at_the_limit() -> None:
    with Listener(directory.flood) as listener:
        found = problem(listener.url, limits={"deadline_ms": 3000, "max_bytes": 100_000}, bind=None, anonymous=True)
        assert isinstance(found, SourceTooLarge)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"\x30\x00",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x80\x02\x01\x01\x61\x80",
        b"\xff" * 64,
        b"\x30" * 4000,
        STARTED,
        BOUND + BOUND,
        bytes.fromhex("300c02010561070a010004000400"),
        bytes.fromhex("300c02010161070a0100040400ff00ff"),
    ],
)
def test_K6_what_is_no_answer_is_garbled(answer: bytes) -> None:
    with Listener(directory.saying(answer)) as listener:
        found = problem(listener.url, limits={"deadline_ms": 300})
        assert isinstance(found, SourceGarbled | SourceTimedOut)


def test_K6_a_directory_that_hangs_up_is_unavailable() -> None:
    with Listener(lambda connection, _: connection.recv(1)) as listener:
        assert problem(listener.url).reason == "cut-off"


@pytest.mark.parametrize("start_tls", [False, True])
def test_tls_is_spoken_with_a_directory_whose_certificate_is_vouched_for(
    directory_server: Directory, branch: str, start_tls: bool
) -> None:
    url = directory_server.url if start_tls else directory_server.tls_url
    with opened(url, branch, ca_file=str(directory_server.authority), start_tls=start_tls) as asked:
        assert values(asked) == {"name": "张三"}


@pytest.mark.parametrize("start_tls", [False, True])
def test_a_certificate_says_who_we_are_in_place_of_a_password(
    directory_server: Directory, branch: str, start_tls: bool
) -> None:
    url = directory_server.url if start_tls else directory_server.tls_url
    named = {"bind": None, "client_certificate": "ours", "ca_file": str(directory_server.authority)}
    secrets = {"ours": directory_server.client_certificate}
    with opened(url, branch, secrets=secrets, start_tls=start_tls, **named) as asked:
        assert values(asked) == {"name": "张三"}


def test_a_certificate_nobody_vouches_for_opens_nothing(
    directory_server: Directory, branch: str, tmp_path: Path
) -> None:
    directory.certify(tmp_path, "127.0.0.1")
    stranger = "".join((tmp_path / name).read_text() for name in ("server.pem", "server.key"))
    named = {"bind": None, "client_certificate": "ours", "ca_file": str(directory_server.authority)}
    said = problem(directory_server.tls_url, branch, secrets={"ours": stranger}, **named)
    assert said.reason in {"tls", "cut-off", "bind-refused"}
    ours, _, _ = directory_server.client_certificate.partition("-----BEGIN PRIVATE")
    other_key = ours + (tmp_path / "server.key").read_text()
    for secret in ("", "no certificate", other_key):
        with pytest.raises(SourceMisconfigured):
            opened(directory_server.tls_url, branch, secrets={"ours": secret}, **named)


@pytest.mark.parametrize("start_tls", [False, True])
def test_K6_a_certificate_nobody_vouches_for_is_refused(directory_server: Directory, start_tls: bool) -> None:
    url = directory_server.url if start_tls else directory_server.tls_url
    assert problem(url, start_tls=start_tls).reason == "tls"


@pytest.mark.parametrize("start_tls", [False, True])
def test_K6_a_certificate_of_another_host_is_refused(directory_server: Directory, start_tls: bool) -> None:
    url = (directory_server.url if start_tls else directory_server.tls_url).replace("127.0.0.1", "localhost")
    assert problem(url, start_tls=start_tls, ca_file=str(directory_server.authority)).reason == "tls"


def test_K6_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    with Directory() as server:
        server.stop()
        directory.certify(server.folder, "127.0.0.1", days=-1)
        server.start()
        assert problem(server.tls_url, ca_file=str(server.authority)).reason == "tls"


def test_K6_a_file_of_certificates_that_is_missing_is_no_reason_to_trust(directory_server: Directory) -> None:
    assert problem(directory_server.tls_url, ca_file="/nowhere.pem").reason == "tls"


def test_no_password_is_sent_where_tls_was_asked_for_and_not_given() -> None:
    heard = bytearray()

    def refuse(connection: socket.socket, _: threading.Event) -> None:
        while octets := connection.recv(65_536):
            heard.extend(octets)
            connection.sendall(bytes.fromhex("300c02010178070a010204000400"))  # protocolError

    with Listener(refuse) as listener:
        assert isinstance(problem(listener.url, start_tls=True), SourceUnavailable)
    assert directory.READER.encode() not in heard
    assert directory.READER_PASSWORD.encode() not in heard


@pytest.mark.parametrize("injected", [BOUND, BOUND[:5]])
def test_what_was_said_before_tls_began_is_not_believed_after_it(
    directory_server: Directory, branch: str, injected: bytes
) -> None:
    """A man in the middle appends an answer of his own to the one that starts TLS, and then only passes octets on."""

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):  # whoever asked may have hung up
            while octets := source.recv(65_536):
                target.sendall(octets)

    def between(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65_536)
        with socket.create_connection(("127.0.0.1", directory_server.port)) as real:
            real.sendall(bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037")
            assert real.recv(65_536)
            connection.sendall(STARTED + injected)
            back = threading.Thread(target=pass_on, args=(real, connection), daemon=True)
            back.start()
            pass_on(connection, real)
            real.shutdown(socket.SHUT_RDWR)
            back.join()

    with (
        Listener(between) as listener,
        opened(listener.url, branch, start_tls=True, ca_file=str(directory_server.authority)) as asked,
    ):
        if len(injected) == len(BOUND):
            with pytest.raises(SourceGarbled):
                values(asked)
        else:
            assert retrieve(asked, "nobody").outcome is Outcome.NOT_FOUND


def test_a_wrong_password_is_a_wrong_description(directory_server: Directory) -> None:
    assert problem(directory_server.url, secrets={"directory": "wrong"}).reason == "bind-refused"


def test_an_empty_password_would_be_an_anonymous_bind_and_is_refused(directory_server: Directory) -> None:
    with pytest.raises(SourceProblem) as caught:
        opened(directory_server.url, secrets={"directory": "\n"})
    assert caught.value.reason == "secret-unusable"


def test_without_encryption_only_machines_of_private_networks_are_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def resolve(*arguments: object, **_: object) -> list[Any]:
        asked.append(arguments)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 389))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    patient = {"deadline_ms": 30_000}
    began = time.monotonic()
    found = problem("ldap://directory.example", insecure_ldap=True, bind=None, anonymous=True, limits=patient)
    assert (found.reason, len(asked)) == ("connect", 1)
    assert time.monotonic() - began < 20.0  # nobody would have answered there until the deadline
