"""Attacks through and by HTTP sources (K1, K3, K6), and what a connector must not do on its own."""

from __future__ import annotations

import datetime
import gzip
import http.client
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
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
from connectors.hosts import is_private
from connectors.source import Outcome
from tests.doubles.connectors import retrieve, source, values
from tests.doubles.http_source import HttpSource, by_subject, drip, flood, hang, saying

NAME = {"name": {"path": "name"}}
BODY = {"body": {"id": "{subject}"}, "records": "data"}


@pytest.fixture(scope="module")
def server() -> Iterator[HttpSource]:
    with HttpSource({"A1": [{"name": "张三"}]}) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy(server: HttpSource) -> None:
    server.behaviour = by_subject
    server.seen.clear()


def problem(url: str, **settings: Any) -> SourceProblem:
    limits = settings.pop("limits", {"deadline_ms": 400})
    with (
        source("rest", {"url": url, **BODY, **settings}, NAME, limits=limits) as asked,
        pytest.raises(SourceProblem) as caught,
    ):
        values(asked)
    return caught.value


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_K6_a_source_that_hangs_or_drips_is_left_at_the_deadline(server: HttpSource, behaviour: Any) -> None:
    server.behaviour = behaviour
    began = time.monotonic()
    assert isinstance(problem(server.url), SourceTimedOut)
    assert time.monotonic() - began < 10.0  # the source hangs for twenty


def test_K6_two_gigabytes_are_cut_off_at_the_limit(server: HttpSource) -> None:
    server.behaviour = flood
    server.sent = 0
    assert isinstance(problem(server.url, limits={"deadline_ms": 5000, "max_bytes": 100_000}), SourceTooLarge)
    time.sleep(0.05)
    assert server.sent < 32 << 20  # what the sockets between had already taken in


def test_K6_a_length_over_the_limit_is_refused_before_the_body_comes(server: HttpSource) -> None:
    def announce(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(2 << 30))
        handler.end_headers()
        handler.server.released.wait(5)

    server.behaviour = announce
    assert isinstance(problem(server.url), SourceTooLarge)


def test_K6_endless_headers_are_bounded(server: HttpSource) -> None:
    def announce(handler: Any) -> None:
        handler.send_response(200)
        for number in range(200_000):
            handler.wfile.write(b"X-%d: %b\r\n" % (number, b"x" * 100))
        handler.end_headers()

    server.behaviour = announce
    assert isinstance(problem(server.url, limits={"deadline_ms": 5000}), SourceGarbled)


def test_K3_a_compressed_bomb_is_never_inflated(server: HttpSource) -> None:
    bomb = gzip.compress(b'{"data": [{"name": "' + b"x" * (50 << 20) + b'"}]}')
    assert len(bomb) < 100_000
    server.behaviour = saying(bomb, headers=[("Content-Encoding", "gzip")])
    assert isinstance(problem(server.url), SourceGarbled)
    assert "Accept-Encoding" not in server.seen[0][2]


def test_redirects_are_not_followed(server: HttpSource) -> None:
    with HttpSource({"A1": [{"name": "inside"}]}) as inside:
        server.behaviour = saying(b"", 302, [("Location", inside.url)])
        assert problem(server.url).reason == "http-302"
        assert inside.connections == 0


def test_a_proxy_named_in_the_environment_is_not_used(server: HttpSource, monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpSource() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with source("rest", {"url": server.url, **BODY}, NAME) as asked:
            assert values(asked) == {"name": "张三"}
        assert proxy.connections == 0


def test_cookies_are_not_kept(server: HttpSource) -> None:
    server.behaviour = saying(b'{"data": []}', headers=[("Set-Cookie", "session=1")])
    with source("rest", {"url": server.url, **BODY}, NAME) as asked:
        values(asked)
        values(asked)
    assert "Cookie" not in server.seen[1][2]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(alphabet="A1/\\.%?#&=:@{}[]\"' \r\n\t\0;é中", min_size=1, max_size=20))
@pytest.mark.parametrize("place", ["url", "query", "header", "body"])
def test_K1_no_subject_leaves_its_place_in_the_request(server: HttpSource, place: str, value: str) -> None:
    described: dict[str, Any] = {
        "url": {"url": server.url + "/people/{subject}"},
        "query": {"url": server.url + "/search", "query": {"id": "{subject}", "fixed": "1"}},
        "header": {"url": server.url + "/search", "headers": {"X-Person": "{subject}", "X-Fixed": "1"}},
        "body": {"url": server.url + "/search", "body": {"id": "{subject}", "fixed": "1"}},
    }[place]
    server.seen.clear()
    with source("rest", {**described, "records": "data"}, NAME) as asked:
        expected = Outcome.FOUND if value == "A1" else Outcome.NOT_FOUND
        assert retrieve(asked, value).outcome is expected
    for method, path, headers, body in server.seen:
        assert headers["Host"] == server.url.removeprefix("http://")
        assert (method, bool(body)) == (("POST", True) if place == "body" else ("GET", False))
        assert path.startswith("/people/" if place == "url" else "/search")
        assert path.count("?") == (place == "query")
        assert headers.get("X-Fixed") == ("1" if place == "header" else None)


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("192.168.1.1", True),
        ("172.16.0.1", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("0.0.0.0", False),
        ("8.8.8.8", False),
        ("198.51.100.7", False),
        ("172.32.0.1", False),
        ("::ffff:8.8.8.8", False),
        ("2001:4860:4860::8888", False),
    ],
)
def test_plain_http_stays_inside_private_networks(address: str, private: bool) -> None:
    assert is_private(address) is private


def test_plain_http_never_connects_to_a_public_address() -> None:
    found = problem("http://198.51.100.7:81/", insecure_http=True)  # RFC 5737: documentation only
    assert (type(found), found.reason) == (SourceUnavailable, "connect")


@pytest.mark.parametrize(
    "url",
    ["http://198.51.100.7/", "http://people.example/", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/"],
)
def test_plain_http_elsewhere_and_other_schemes_are_refused_at_once(url: str) -> None:
    with pytest.raises(SourceMisconfigured):
        source("rest", {"url": url, **BODY}, NAME)


def certificate(folder: Path, name: str, days: int) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}-{days}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


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
def test_K6_invalid_tls_is_unavailable(tmp_path: Path, name: str, days: int, trusted: bool, good: bool) -> None:
    pem = certificate(tmp_path, name, days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with HttpSource({"A1": [{"name": "张三"}]}, tls=context) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        settings = {"url": url, **BODY} | ({"ca_file": str(pem)} if trusted else {})
        with source("rest", settings, NAME) as asked:
            if good:
                assert values(asked) == {"name": "张三"}
                return
            with pytest.raises(SourceUnavailable) as caught:
                values(asked)
        assert caught.value.reason == "tls"
        assert server.seen == []


def test_L3_secrets_and_numbers_appear_in_nothing_that_is_shown(server: HttpSource) -> None:
    server.behaviour = saying(b"CANARY-ANSWER", 500)
    settings = {"url": server.url + "/CANARY-PATH", **BODY, "auth": {"kind": "bearer", "secret": "k"}}
    with (
        source("rest", settings, NAME, secrets={"k": "CANARY-SECRET"}) as asked,
        pytest.raises(SourceProblem) as caught,
    ):
        retrieve(asked, "CANARY-NUMBER")
    shown = repr(vars(caught.value)) + str(caught.value) + repr(caught.value) + repr(asked.health()) + repr(asked)
    assert "CANARY" not in shown
    assert http.client.responses[503] not in shown
