"""Attacks by documents that look signed (J of the tokens' list, at a source), and by who serves them (K3, K6)."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.errors import SourceGarbled, SourceProblem, SourceTimedOut, SourceTooLarge, SourceUnavailable
from tests.cases import sized
from tests.doubles.connectors import source, values
from tests.doubles.http_source import HttpSource, drip, flood, hang, saying
from tests.doubles.signed_documents import AUDIENCE, Signer, part, saying_documents
from tests.doubles.token_endpoint import CLIENT, SECRET, TokenEndpoint
from tests.security.test_connectors_http import certificate

CIVIL = Signer()
GOOD = CIVIL.document("A1", {"name": "张三"})
"""What forgers start from."""


@pytest.fixture(scope="module")
def server() -> Iterator[HttpSource]:
    with HttpSource() as running:
        yield running


def opened(server: HttpSource, limits: Any = None, trust: Any = None, secrets: Any = None, **more: Any) -> Any:
    described = {
        "url": server.url + "/search",
        "body": {"id": "{subject}"},
        "documents": "documents",
        "records": "record",
        "audience": AUDIENCE,
        "trust": trust or [CIVIL.trusted()],
        **more,
    }
    kept = {"deadline_ms": 5000, "failures": 1000} | (limits or {})
    return source("jws", described, ["name"], limits=kept, secrets=secrets)


def problem(server: HttpSource, limits: Any = None, trust: Any = None) -> SourceProblem:
    with opened(server, limits, trust) as asked, pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


def unsigned(header: Any) -> str:
    return f"{part(header)}.{GOOD.split('.')[1]}."


def keyed_with_the_public_key() -> str:
    signed = f"{part({'alg': 'HS256', 'kid': 'k1', 'typ': 'JWT'})}.{GOOD.split('.')[1]}"
    mac = hmac.digest(json.dumps(CIVIL.public).encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{part(mac)}"


def bringing_its_own_key(**header: Any) -> str:
    stranger = Signer()
    return stranger.sign(stranger.claims("A1", {"name": "x"}), **({"jwk": stranger.public} | header))


FORGED = {
    "none": unsigned({"alg": "none", "typ": "JWT"}),
    "none-with-kid": unsigned({"alg": "none", "kid": "k1", "typ": "JWT"}),
    "no-signature": unsigned({"alg": "ES256", "kid": "k1", "typ": "JWT"}),
    "hmac-with-the-public-key": keyed_with_the_public_key(),
    "own-key": bringing_its_own_key(),
    "own-key-at-an-address": bringing_its_own_key(jwk=None, jku="https://evil.example/jwks"),
    "other-algorithm": GOOD.replace(GOOD.split(".")[0], part({"alg": "RS256", "kid": "k1", "typ": "JWT"})),
    "critical": CIVIL.sign(CIVIL.claims("A1", {"name": "x"}), b64=True, crit=["b64"]),
    "two-subjects": CIVIL.sign(json.dumps(CIVIL.claims("B1", {})).encode()[:-1] + b', "sub": "A1"}'),
    "json-serialisation": json.dumps({"payload": GOOD.split(".")[1], "signatures": []}),
    "not-a-token": "name=张三",
    "empty": "",
}


@pytest.mark.parametrize("document", FORGED.values(), ids=FORGED.keys())
def test_a_forged_document_is_never_a_record(server: HttpSource, document: str) -> None:
    server.behaviour = saying_documents(document)
    found = problem(server)
    assert isinstance(found, SourceGarbled)
    assert found.reason.startswith("jws-")


def test_a_trusted_issuer_cannot_speak_for_another(server: HttpSource) -> None:
    """Each issuer's keys vouch for that issuer alone, even under the same key identifier."""
    other = Signer(issuer="https://other.example")
    server.behaviour = saying_documents(other.document("A1", {"name": "x"}, iss=CIVIL.issuer))
    assert problem(server, trust=[CIVIL.trusted(), other.trusted()]).reason.startswith("jws-")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=sized(60, 5_000))
@given(at=st.floats(0, 1, exclude_max=True), to=st.sampled_from("AQgw-_.=x9"))
def test_no_character_of_a_document_can_be_changed(server: HttpSource, at: float, to: str) -> None:
    good = CIVIL.document("A1", {"name": "张三"})
    place = int(at * len(good))
    changed = good[:place] + to + good[place + 1 :]
    server.behaviour = saying_documents(changed)
    with opened(server) as asked:
        if changed == good:
            assert values(asked) == {"name": "张三"}
            return
        with pytest.raises(SourceGarbled):
            values(asked)


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_K6_a_source_that_hangs_or_drips_is_left_at_the_deadline(server: HttpSource, behaviour: Any) -> None:
    server.behaviour = behaviour
    assert isinstance(problem(server, {"deadline_ms": 200}), SourceTimedOut)


def test_K3_K6_more_than_allowed_is_not_read(server: HttpSource) -> None:
    server.behaviour = flood
    assert isinstance(problem(server, {"deadline_ms": 5000, "max_bytes": 10_000}), SourceTooLarge)
    server.behaviour = saying_documents(*[GOOD] * 21)  # before any signature is looked at
    assert problem(server).reason == "records"
    server.behaviour = saying(b"[" * 100_000)
    assert isinstance(problem(server), SourceGarbled)


def test_redirects_are_not_followed(server: HttpSource) -> None:
    with HttpSource() as elsewhere:
        server.behaviour = saying(b"", 302, [("Location", elsewhere.url)])
        assert problem(server).reason == "http-302"
        assert elsewhere.connections == 0


def test_K3_a_compressed_bomb_is_never_inflated(server: HttpSource) -> None:
    bomb = gzip.compress(b'{"documents": ["' + b"x" * (10 << 20) + b'"]}')
    server.behaviour = saying(bomb, headers=[("Content-Encoding", "gzip")])
    assert problem(server).reason == "json"


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_K6_a_token_endpoint_that_hangs_or_drips_is_left_at_the_deadline(server: HttpSource, behaviour: Any) -> None:
    with TokenEndpoint() as tokens:
        tokens.behaviour = behaviour
        auth = {"kind": "oauth", "client_id": CLIENT, "method": "client_secret_basic", "secret": "client"}
        auth |= {"token_url": tokens.address}
        with (
            opened(server, {"deadline_ms": 150}, auth=auth, secrets={"client": SECRET}) as asked,
            pytest.raises(SourceTimedOut) as caught,
        ):
            values(asked)
    assert caught.value.reason == "token-deadline"


@pytest.mark.parametrize("trusted", [True, False])
def test_K6_invalid_tls_is_unavailable_whatever_is_signed(tmp_path: Path, trusted: bool) -> None:
    pem, other = (certificate(tmp_path, name, 30) for name in ("localhost", "other.example"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with HttpSource({"A1": [{"name": "张三"}]}, tls=context) as server:
        server.behaviour = CIVIL.by_subject
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        with opened(server, url=url, ca_file=str(pem if trusted else other)) as asked:
            if trusted:
                assert values(asked) == {"name": "张三"}
                return
            with pytest.raises(SourceUnavailable) as caught:
                values(asked)
        assert (caught.value.reason, server.seen) == ("tls", [])
