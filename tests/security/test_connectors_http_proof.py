"""Attacks on how an HTTP source knows us and hands out its pages (K2, K3, K6, K7): nothing we ask leaves its host."""

from __future__ import annotations

import gzip
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import (
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.rest.paging import next_link
from tests.doubles.connectors import source, values
from tests.doubles.http_source import Handler, HttpSource, by_subject, drip, flood, hang, saying
from tests.doubles.token_endpoint import CLIENT, SECRET, TokenEndpoint
from tests.security.test_connectors_http import certificate

NAME = {"name": {"column": "name"}}
SEARCH = {"body": {"id": "{subject}"}, "records": "data"}
XML = {"body": "<q><id>{subject}</id></q>", "records": "/a/p", "xml": {"columns": {"name": "name"}}}


@pytest.fixture(scope="module")
def server() -> Iterator[HttpSource]:
    with HttpSource({"A1": [{"name": "张三"}]}) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy(server: HttpSource) -> None:
    server.behaviour = by_subject
    server.seen.clear()


@pytest.fixture
def tokens() -> Iterator[TokenEndpoint]:
    with TokenEndpoint() as running:
        yield running


def problem(url: str, limits: dict[str, int] | None = None, **settings: Any) -> SourceProblem:
    described = {"url": url, **SEARCH, **settings}
    secrets = {"client": SECRET, "canary": "CANARY-SECRET-OF-ENOUGH-LENGTH"}
    with (
        source("rest", described, NAME, secrets=secrets, limits={"deadline_ms": 5000} | (limits or {})) as asked,
        pytest.raises(SourceProblem) as caught,
    ):
        values(asked)
    return caught.value


def oauth(tokens: TokenEndpoint) -> dict[str, Any]:
    auth = {"kind": "oauth", "client_id": CLIENT, "method": "client_secret_basic", "secret": "client"}
    return {"auth": auth | {"token_url": tokens.address}}


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_K6_a_token_endpoint_that_hangs_or_drips_is_left_at_the_deadline(
    server: HttpSource, tokens: TokenEndpoint, behaviour: Any
) -> None:
    tokens.behaviour = behaviour
    began = time.monotonic()
    found = problem(server.url, {"deadline_ms": 200}, **oauth(tokens))
    assert (type(found), found.reason) == (SourceTimedOut, "token-deadline")
    assert time.monotonic() - began < 10.0
    assert server.seen == []


def test_K6_a_token_endpoint_that_floods_is_cut_off(server: HttpSource, tokens: TokenEndpoint) -> None:
    tokens.behaviour = flood
    found = problem(server.url, {"deadline_ms": 5000, "max_bytes": 10_000}, **oauth(tokens))
    assert (type(found), found.reason) == (SourceTooLarge, "token-bytes")


def test_K6_the_token_and_the_answer_share_one_deadline(server: HttpSource, tokens: TokenEndpoint) -> None:
    issue = tokens.behaviour

    def slowly(handler: Handler) -> None:
        time.sleep(0.25)
        issue(handler)

    tokens.behaviour, server.behaviour = slowly, hang
    began = time.monotonic()
    assert isinstance(problem(server.url, {"deadline_ms": 400}, **oauth(tokens)), SourceTimedOut)
    assert 0.35 < time.monotonic() - began < 5.0


def test_a_token_endpoint_that_redirects_gets_no_secret_elsewhere(server: HttpSource, tokens: TokenEndpoint) -> None:
    with HttpSource() as elsewhere:
        tokens.behaviour = saying(b"", 307, [("Location", elsewhere.url)])
        assert problem(server.url, **oauth(tokens)).reason == "token-http-307"
        assert elsewhere.connections == 0


def test_K6_pages_that_come_slowly_share_one_deadline(server: HttpSource) -> None:
    def slowly(handler: Handler) -> None:
        time.sleep(0.15)
        number = len(handler.server.seen)
        handler.answer(b'{"data": []}', headers=[("Link", f"</{number}>; rel=next")])

    server.behaviour = slowly
    began = time.monotonic()
    paged = {"url": server.url, "query": {"id": "{subject}"}, "records": "data", "paging": {"kind": "link"}}
    with source("rest", paged, NAME, limits={"deadline_ms": 400}) as asked, pytest.raises(SourceTimedOut):
        values(asked)
    assert time.monotonic() - began < 5.0
    assert len(server.seen) <= 4


ELSEWHERE = [
    "{url}/search?id=A1",
    "//{host}/x",
    "http://127.0.0.1:1/",
    "https://{own}/",
    "http://user@{own}/",
    "ftp://x/",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_page_at_another_origin_is_never_asked_for(server: HttpSource, target: str) -> None:
    own = server.url.removeprefix("http://")
    with HttpSource({"A1": [{"name": "inside"}]}) as elsewhere:
        told = target.format(url=elsewhere.url, host=elsewhere.url.removeprefix("http://"), own=own)
        server.behaviour = saying(b'{"data": []}', headers=[("Link", f"<{told}>; rel=next")])
        auth = {"kind": "bearer", "secret": "canary"}
        described = {"url": server.url, "query": {"id": "{subject}"}, "records": "data", "auth": auth}
        with (
            source("rest", described | {"paging": {"kind": "link"}}, NAME, secrets={"canary": "s3cret"}) as asked,
            pytest.raises(SourceGarbled) as caught,
        ):
            values(asked)
        assert caught.value.reason == "page-elsewhere"
        assert elsewhere.connections == 0
        assert len(server.seen) == 1


def test_K7_links_made_to_be_slow_are_read_in_time() -> None:
    began = time.process_time()
    for attack in ("<" * 8000, '<a>;"' * 1500, "<a>" + '; rel="' * 1000, "<a>" + ";" * 8000, "<a>; rel=" + " " * 7000):
        assert next_link([attack] * 20, "https://people.example/") in {"", "https://people.example/a"}
    assert time.process_time() - began < 3.0


def test_K2_K3_documents_made_to_harm_are_refused_in_answers(server: HttpSource) -> None:
    laughs = "<!DOCTYPE a [<!ENTITY b 'c'>]><a><p><name>&b;</name></p></a>"
    for attack, kind, reason in (
        (laughs.encode(), SourceGarbled, "xml-document-type"),
        (b"<a>" + b"<p/>" * 60_000 + b"</a>", SourceTooLarge, "xml-marks"),
        (gzip.compress(b"<a>" + b" " * (10 << 20) + b"</a>"), SourceGarbled, "xml-encoding"),
    ):
        server.behaviour = saying(attack, headers=[("Content-Encoding", "gzip")] if attack[:1] != b"<" else [])
        found = problem(server.url, limits={"deadline_ms": 3000}, **XML)
        assert (type(found), found.reason) == (kind, reason)


@pytest.mark.parametrize("shown", ["known", "unknown", "none"])
def test_a_client_certificate_is_shown_to_the_service(tmp_path: Path, shown: str) -> None:
    """Mutual TLS: the service takes one certificate; without it, or with another, there is no answer."""
    own, ours, other = (certificate(tmp_path, name, 30) for name in ("localhost", "tongban.example", "other.example"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    context.load_verify_locations(ours)
    context.verify_mode = ssl.CERT_REQUIRED
    secrets = {"pem": (ours if shown == "known" else other).read_text()}
    with HttpSource({"A1": [{"name": "张三"}]}, tls=context) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        described = {"url": url, **SEARCH, "ca_file": str(own)}
        described |= {} if shown == "none" else {"client_certificate": "pem"}
        with source("rest", described, NAME, secrets=secrets) as asked:
            if shown == "known":
                assert values(asked) == {"name": "张三"}
                return
            with pytest.raises(SourceUnavailable):
                values(asked)
        assert server.seen == []


def test_a_client_certificate_that_cannot_serve_is_said_at_once(tmp_path: Path) -> None:
    one, other = (certificate(tmp_path, name, 30).read_text() for name in ("one.example", "other.example"))
    key, _, rest = one.partition("-----BEGIN CERTIFICATE")
    mixed = key + "-----BEGIN CERTIFICATE" + other.partition("-----BEGIN CERTIFICATE")[2]
    described = {"url": "https://localhost/", **SEARCH, "client_certificate": "pem"}
    for pem in ("", "text", key, "-----BEGIN CERTIFICATE" + rest, mixed):
        with pytest.raises(SourceMisconfigured) as caught:
            source("rest", described, NAME, secrets={"pem": pem})
        assert "BEGIN" not in repr(vars(caught.value))
    for unusable in ({**described, "url": "http://127.0.0.1/"}, {**described, "url_secret": "plain", "url": None}):
        settings = {name: value for name, value in unusable.items() if value is not None}
        with pytest.raises(SourceMisconfigured):
            source("rest", settings, NAME, secrets={"pem": one, "plain": "http://127.0.0.1/"})


def test_L3_secrets_tokens_and_keys_appear_in_nothing_that_is_shown(server: HttpSource, tokens: TokenEndpoint) -> None:
    tokens.said["access_token"] = "CANARY-TOKEN"
    server.behaviour = saying(b"CANARY-ANSWER", 500)
    for auth in (oauth(tokens)["auth"], {"kind": "hmac", "key_id": "tongban", "secret": "canary"}):
        described = {"url": server.url, **SEARCH, "auth": auth}
        secrets = {"client": SECRET, "canary": "CANARY-SECRET-OF-ENOUGH-LENGTH"}
        with source("rest", described, NAME, secrets=secrets) as asked, pytest.raises(SourceProblem) as caught:
            values(asked)
        shown = repr(vars(caught.value)) + str(caught.value) + repr(asked) + repr(vars(asked._connector))
        assert "CANARY" not in shown
        assert SECRET not in shown
