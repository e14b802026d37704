"""Who we are to an HTTP service: tokens, client certificates, signatures."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import http_message_signatures as independent
import pytest
import requests

from connectors.errors import (
    SourceBusy,
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTimedOut,
    SourceUnavailable,
)
from connectors.registry import findings
from connectors.rest.signatures import digest, parameters, sign
from connectors.source import Source
from kernel import jose
from kernel.clock import ManualClock
from kernel.entropy import SeededEntropy
from tests.doubles.connectors import manifest, source, values
from tests.doubles.http_source import Handler, HttpSource, by_subject, saying
from tests.doubles.token_endpoint import CLIENT, SECRET, TokenEndpoint

NAME = {"name": {"path": "name"}}
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
PRIVATE = jose.generate_p256(SeededEntropy(77)) | {"alg": "ES256", "kid": "k1"}
SHARED = "a secret shared by two"


@pytest.fixture
def tokens() -> Iterator[TokenEndpoint]:
    with TokenEndpoint() as running:
        running.public = {name: PRIVATE[name] for name in ("kty", "crv", "x", "y")}
        yield running


@pytest.fixture
def server(tokens: TokenEndpoint) -> Iterator[HttpSource]:
    """A service that answers to the token issued last."""

    def guarded(handler: Handler) -> None:
        if tokens.issued and handler.headers["Authorization"] == f"Bearer {tokens.issued[-1]}":
            by_subject(handler)
        else:
            handler.answer(b"", 401)

    with HttpSource({"A1": [{"name": "张三"}]}) as running:
        running.behaviour = guarded
        yield running


def oauth(tokens: TokenEndpoint, **more: Any) -> dict[str, Any]:
    auth = {"kind": "oauth", "client_id": CLIENT, "method": "client_secret_basic", "secret": "client"}
    return {"token_url": tokens.address, **auth, **more}


def opened(server: HttpSource, auth: Any, clock: Any = None, deadline_ms: int = 5000, **settings: Any) -> Source:
    secrets = {"client": SECRET, "key": json.dumps(PRIVATE), "shared": SHARED}
    described = {"url": server.url + "/search", "body": {"id": "{subject}"}, "records": "data", "auth": auth}
    return source("rest", described | settings, NAME, secrets=secrets, clock=clock, limits={"deadline_ms": deadline_ms})


def refused(asked: Source) -> SourceProblem:
    with pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


def test_a_token_is_asked_for_once_and_shared(server: HttpSource, tokens: TokenEndpoint) -> None:
    with opened(server, oauth(tokens, scope="people.read", resource="urn:people")) as asked:
        for _ in range(3):
            assert values(asked) == {"name": "张三"}
    assert tokens.forms == [{"grant_type": "client_credentials", "scope": "people.read", "resource": "urn:people"}]
    assert tokens.seen[0][2]["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_client_may_prove_itself_with_its_key(server: HttpSource, tokens: TokenEndpoint) -> None:
    with opened(server, oauth(tokens, method="private_key_jwt", secret="key")) as asked:
        assert values(asked) == {"name": "张三"}
    assert tokens.forms[0]["client_id"] == CLIENT
    assert "Authorization" not in tokens.seen[0][2]


@pytest.mark.parametrize(("seconds", "good_for"), [(300, 269), ("300", 269), (10, 7), (None, 47)])
def test_a_token_is_renewed_shortly_before_it_ends(
    server: HttpSource, tokens: TokenEndpoint, seconds: Any, good_for: int
) -> None:
    tokens.said |= {"expires_in": seconds}
    clock = ManualClock(NOW)
    with opened(server, oauth(tokens), clock) as asked:
        values(asked)
        clock.advance(good_for)
        values(asked)
        assert len(tokens.issued) == 1
        clock.advance(2)
        values(asked)
        assert len(tokens.issued) == 2


def test_after_401_there_is_one_more_try_with_a_fresh_token(server: HttpSource, tokens: TokenEndpoint) -> None:
    with opened(server, oauth(tokens)) as asked:
        values(asked)
        tokens.new_token()  # the service forgets the first one
        assert values(asked) == {"name": "张三"}
        assert len(tokens.issued) == 3
        server.behaviour = saying(b"", 401)
        assert refused(asked).reason == "http-401"
        assert len(server.seen) == 5  # once, refused and again, and again twice: never a third time


def test_one_caller_renews_and_the_others_wait(server: HttpSource, tokens: TokenEndpoint) -> None:
    at_once = threading.Barrier(6)
    issue = tokens.behaviour

    def slowly(handler: Handler) -> None:
        time.sleep(0.1)
        issue(handler)

    tokens.behaviour = slowly
    with opened(server, oauth(tokens)) as asked:

        def look_up() -> None:
            at_once.wait()
            assert values(asked) == {"name": "张三"}

        threads = [threading.Thread(target=look_up) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(tokens.issued) == 1
    assert len(server.seen) == 6


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (400, b"{}", SourceMisconfigured, "token-http-400"),
        (401, b"{}", SourceMisconfigured, "token-http-401"),
        (302, b"", SourceMisconfigured, "token-http-302"),
        (429, b"", SourceBusy, "token-http-429"),
        (503, b"", SourceUnavailable, "token-http-503"),
        (200, b"<html>", SourceGarbled, "token-json"),
        (200, b"[]", SourceGarbled, "token-answer"),
        (200, b'{"access_token": "a b", "token_type": "Bearer"}', SourceGarbled, "token-answer"),
        (200, b'{"access_token": "a\\r\\nX: 1", "token_type": "Bearer"}', SourceGarbled, "token-answer"),
        (200, b'{"access_token": "a"}', SourceGarbled, "token-answer"),
        (200, b'{"access_token": "a", "token_type": "Bearer", "expires_in": -1}', SourceGarbled, "token-answer"),
        (200, b'{"access_token": "a", "token_type": "Bearer", "expires_in": true}', SourceGarbled, "token-answer"),
        (200, b'{"access_token": "a", "token_type": "DPoP"}', SourceMisconfigured, "token-type"),
    ],
)
def test_what_a_token_endpoint_answers_is_a_problem_of_its_kind(
    server: HttpSource, tokens: TokenEndpoint, status: int, body: bytes, kind: type[SourceProblem], reason: str
) -> None:
    tokens.behaviour = saying(body, status)
    with opened(server, oauth(tokens)) as asked:
        problem = refused(asked)
    assert (type(problem), problem.reason) == (kind, reason)
    assert server.seen == []


def test_a_wrong_secret_is_a_misconfiguration(server: HttpSource, tokens: TokenEndpoint) -> None:
    with opened(server, oauth(tokens, secret="shared")) as asked:
        assert refused(asked).reason == "token-http-401"
    for unusable in ("client", "shared"):
        with pytest.raises(SourceMisconfigured):
            opened(server, oauth(tokens, method="private_key_jwt", secret=unusable))


def test_a_signed_request_is_verified_by_another_implementation(server: HttpSource) -> None:
    """RFC 9421 with RFC 9530, checked by the library http-message-signatures."""
    server.behaviour = by_subject
    auth = {"kind": "hmac", "key_id": "tongban", "secret": "shared"}
    with opened(server, auth, headers={"X-System": " tong ", "X-Person": "{subject}:"}) as asked:
        assert values(asked) == {"name": "张三"}
    ((_, path, headers, body),) = server.seen
    assert headers["X-Person"] == "A1:"
    verified = verify(server.url + path, headers, body)
    assert '"@method" "@target-uri" "accept" "content-type" "x-system" "x-person" "content-digest"' in str(
        headers["Signature-Input"]
    )
    assert verified.parameters["alg"] == "hmac-sha256"
    changed = headers | {"X-Person": "B1"}
    for url, forged, sent in (
        (server.url + "/other", headers, body),
        (server.url + path, changed, body),
        (server.url + path, headers, b'{"id": "B1"}'),
    ):
        with pytest.raises((independent.InvalidSignature, AssertionError)):
            verify(url, forged, sent)


def test_a_signed_get_covers_the_address_with_its_query(server: HttpSource) -> None:
    server.behaviour = by_subject
    auth = {"kind": "hmac", "key_id": "tongban", "secret": "shared"}
    described = {"url": server.url + "/search", "query": {"id": "{subject}"}, "records": "data", "auth": auth}
    with source("rest", described, NAME, secrets={"shared": SHARED}) as asked:
        assert values(asked) == {"name": "张三"}
        values(asked)
    ((_, path, headers, _), (_, _, others, _)) = server.seen
    assert "Content-Digest" not in headers
    assert verify(server.url + path, headers, None).parameters["keyid"] == "tongban"
    assert headers["Signature-Input"] != others["Signature-Input"]  # a nonce, so that none is good twice


class _Shared(independent.HTTPSignatureKeyResolver):
    def resolve_private_key(self, key_id: str) -> bytes:
        raise NotImplementedError

    def resolve_public_key(self, key_id: str) -> bytes:
        assert key_id == "tongban"
        return SHARED.encode()


def verify(url: str, headers: Any, body: bytes | None) -> Any:
    """What the other library says about a request that was received."""
    request = requests.Request("GET" if body is None else "POST", url, headers=headers, data=body).prepare()
    request.headers.update(headers)
    if body is not None:
        assert headers["Content-Digest"].encode() == digest(body)
    verifier = independent.HTTPMessageVerifier(
        signature_algorithm=independent.algorithms.HMAC_SHA256, key_resolver=_Shared()
    )
    (result,) = verifier.verify(request)
    return result


def test_RFC_9421_B_2_5_signing_a_request_using_hmac_sha256() -> None:
    secret = base64.b64decode(
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
    )
    components = [
        ("date", b"Tue, 20 Apr 2021 02:07:55 GMT"),
        ("@authority", b"example.com"),
        ("content-type", b"application/json"),
    ]
    covered = parameters([name for name, _ in components], created=1618884473, keyid="test-shared-secret")
    assert covered == '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
    assert base64.b64encode(sign(components, covered, secret)) == b"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="


def test_a_shared_secret_has_some_length(server: HttpSource) -> None:
    with pytest.raises(SourceMisconfigured):
        opened(server, {"kind": "hmac", "key_id": "tongban", "secret": "short"})
    described = {"url": server.url, "body": {"id": "{subject}"}, "auth": {"kind": "hmac", "key_id": "t", "secret": "s"}}
    with pytest.raises(SourceMisconfigured):
        source("rest", described, NAME, secrets={"s": "short"})


@pytest.mark.parametrize(
    "auth",
    [
        {"kind": "oauth", "secret": "client"},
        {"kind": "oauth", "secret": "c", "token_url": "http://198.51.100.7/", "client_id": "a", "method": "none"},
        {
            "kind": "oauth",
            "secret": "c",
            "token_url": "http://198.51.100.7/",
            "client_id": "a",
            "method": "private_key_jwt",
        },
        {"kind": "hmac", "secret": "shared"},
        {"kind": "hmac", "secret": "shared", "key_id": 'a"b'},
        {"kind": "hmac", "secret": "shared", "key_id": "a", "header": "X"},
        {"kind": "api-key", "secret": "shared", "query": "key"},
        {"kind": "api-key", "secret": "shared", "username": "key"},
        {"kind": "bearer", "secret": "shared", "scope": "x"},
        {"kind": "basic", "secret": "shared", "username": "a:b"},
    ],
)
def test_credentials_that_lack_or_mix_something_are_found_in_the_manifest(auth: Any) -> None:
    """An API key has a header and no other place: an address is written into logs."""
    described = {"url": "https://people.example/", "body": {"id": "{subject}"}, "auth": auth}
    assert findings(manifest("rest", described, {"fields": NAME}))


def test_a_token_endpoint_that_hangs_takes_no_longer_than_the_look_up(
    server: HttpSource, tokens: TokenEndpoint
) -> None:
    tokens.behaviour = lambda handler: handler.server.released.wait(20)
    with opened(server, oauth(tokens), deadline_ms=200) as asked:
        began = time.monotonic()
        problem = refused(asked)
    assert (type(problem), problem.reason) == (SourceTimedOut, "token-deadline")
    assert time.monotonic() - began < 10.0
