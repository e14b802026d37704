"""Signed documents: what is believed, from whom, and what is told of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.errors import SourceGarbled, SourceMisconfigured, SourceProblem, SourceTooLarge
from connectors.registry import findings
from connectors.source import Outcome, Source
from kernel.clock import ManualClock
from tests.doubles.connectors import manifest, retrieve, source, values
from tests.doubles.http_source import HttpSource, saying
from tests.doubles.signed_documents import AUDIENCE, ISSUER, Signer, saying_documents

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
FIELDS = {"name": {"path": "name"}, "amount": {"path": "amount"}}
RECORD = {"name": "张三", "amount": 0.5}


@pytest.fixture(scope="module")
def server() -> Iterator[HttpSource]:
    with HttpSource() as running:
        yield running


def signer(alg: str = "ES256", **more: Any) -> Signer:
    return Signer(alg, clock=NOW.timestamp, **more)


def opened(server: HttpSource, *trust: Any, secrets: Any = None, **settings: Any) -> Source:
    described = {
        "url": server.url + "/search",
        "body": {"id": "{subject}"},
        "documents": "documents",
        "records": "record",
        "audience": AUDIENCE,
        "trust": list(trust),
        **settings,
    }
    kept = {name: value for name, value in described.items() if value is not None}
    return source("jws", kept, FIELDS, clock=ManualClock(NOW), secrets=secrets)


def refused(asked: Source) -> SourceProblem:
    with asked, pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "RS256", "PS256"])
def test_a_document_by_a_trusted_key_is_a_record(server: HttpSource, alg: str) -> None:
    civil = signer(alg)
    server.behaviour = saying_documents(civil.document("A1", RECORD))
    with opened(server, civil.trusted()) as asked:
        found = retrieve(asked)
    assert found.values == {"name": "张三", "amount": "0.5"}
    assert found.source_time == NOW  # when it was signed


def test_the_answer_may_be_the_document_itself(server: HttpSource) -> None:
    civil = signer()
    document = civil.sign(civil.claims("A1", None, vc=[RECORD]), typ="vc+jwt")
    server.behaviour = saying(document.encode() + b"\n", headers=[("Content-Type", "application/jwt")])
    with opened(server, civil.trusted(), documents=None, records="vc", types=["vc+jwt"]) as asked:
        assert values(asked)["name"] == "张三"
    assert server.seen[-1][2]["Accept"] == "application/jose, application/jwt, application/json"


def test_a_signed_word_that_there_is_no_record_is_an_answer(server: HttpSource) -> None:
    civil = signer()
    server.behaviour = saying_documents(civil.document("A1", None))
    with opened(server, civil.trusted()) as asked:
        assert retrieve(asked).outcome is Outcome.NOT_FOUND
    for answer, status in ((b'{"documents": []}', 200), (b"{}", 200), (b"", 404)):
        server.behaviour = saying(answer, status)
        with opened(server, civil.trusted()) as asked:
            assert retrieve(asked).outcome is Outcome.NOT_FOUND
    assert refused(opened(server, civil.trusted(), not_found=[])).reason == "http-404"


def test_keys_may_stand_in_a_secret(server: HttpSource) -> None:
    civil, older = signer(), signer(kid="k0")
    server.behaviour = saying_documents(civil.document("A1", RECORD))
    bare = {name: value for name, value in civil.public.items() if name != "alg"}
    for keys in ([older.public, civil.public], [bare], [{"kty": "unknown"}, civil.public]):
        trust = {"issuer": ISSUER, "algorithms": ["ES256"], "keys_secret": "civil"}
        with opened(server, trust, secrets={"civil": json.dumps({"keys": keys})}) as asked:
            assert values(asked)["name"] == "张三"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": 5}', '{"keys": []}', '{"keys": [5]}', "[" * 100_000])
def test_a_secret_without_a_usable_key_is_said_at_once(server: HttpSource, text: str) -> None:
    trust = {"issuer": ISSUER, "algorithms": ["ES256"], "keys_secret": "civil"}
    with pytest.raises(SourceMisconfigured) as caught:
        opened(server, trust, secrets={"civil": text})
    assert caught.value.reason == "trust-keys"


def test_what_is_not_believed_is_garbled_with_its_reason(server: HttpSource) -> None:
    civil, stranger, other = signer(), signer(), signer(issuer="https://other.example", kid="k2")
    now = int(NOW.timestamp())
    documents = {
        "jws-bad-signature": stranger.document("A1", RECORD),
        "jws-unknown-key": signer(kid="k9").document("A1", RECORD),
        "jws-wrong-issuer": civil.document("A1", RECORD, iss="https://other.example"),
        "jws-wrong-audience": civil.document("A1", RECORD, aud="https://another.example"),
        "jws-expired": civil.document("A1", RECORD, iat=now - 100, exp=now - 50),
        "jws-issued-in-future": civil.document("A1", RECORD, iat=now + 50),
        "jws-not-yet-valid": civil.document("A1", RECORD, nbf=now + 50),
        "jws-lifetime-too-long": civil.document("A1", RECORD, exp=now + 301),
        "jws-missing-claim": civil.document("A1", RECORD, exp=None),
        "jws-wrong-type": civil.sign(civil.claims("A1", RECORD), typ="vc+jwt"),
        "jws-malformed": "a.b",
        "other-subject": civil.document("B1", RECORD),
        "records": civil.document("A1", "text"),
    }
    for reason, document in documents.items():
        server.behaviour = saying_documents(document)
        problem = refused(opened(server, civil.trusted(), other.trusted()))
        assert (type(problem), problem.reason) == (SourceGarbled, reason)


def test_one_document_that_is_not_believed_spoils_the_answer(server: HttpSource) -> None:
    civil = signer()
    server.behaviour = saying_documents(civil.document("A1", RECORD), signer().document("A1", RECORD))
    assert refused(opened(server, civil.trusted())).reason == "jws-bad-signature"


@pytest.mark.parametrize("answer", [b'{"documents": 5}', b'{"documents": [5]}', b'{"documents": {}}', b"<html>"])
def test_an_answer_without_documents_is_garbled(server: HttpSource, answer: bytes) -> None:
    server.behaviour = saying(answer)
    assert isinstance(refused(opened(server, signer().trusted())), SourceGarbled)
    assert isinstance(refused(opened(server, signer().trusted(), documents=None)), SourceGarbled)


def test_a_document_may_be_as_long_as_an_answer_and_no_longer(server: HttpSource) -> None:
    civil = signer()
    server.behaviour = saying_documents(civil.document("A1", {"name": "x" * 40_000}))
    with opened(server, civil.trusted()) as asked:
        assert len(values(asked)["name"]) == 40_000
    described = {"url": server.url, "body": {"id": "{subject}"}, "audience": AUDIENCE, "trust": [civil.trusted()]}
    with (
        source("jws", described | {"documents": "documents"}, FIELDS, limits={"max_bytes": 20_000}) as asked,
        pytest.raises(SourceTooLarge),
    ):
        values(asked)


@pytest.mark.parametrize(
    "trust",
    [
        [],
        [{"issuer": ISSUER, "algorithms": ["ES256"]}],
        [{"issuer": ISSUER, "algorithms": ["ES256"], "keys": [{"kty": "EC"}]}],
        [{"issuer": ISSUER, "algorithms": ["HS256"], "keys_secret": "k"}],
        [{"issuer": ISSUER, "algorithms": ["none"], "keys_secret": "k"}],
        [{"issuer": ISSUER, "algorithms": ["RS256"], "keys": [signer().public]}],
        [{"issuer": ISSUER, "algorithms": ["ES256"], "keys": [signer().public], "keys_secret": "k"}],
        [{"algorithms": ["ES256"], "keys_secret": "k"}],
    ],
)
def test_a_trust_list_that_trusts_nobody_is_found_in_the_manifest(trust: Any) -> None:
    described = {"url": "https://civil.example", "body": {"id": "{subject}"}, "audience": AUDIENCE, "trust": trust}
    assert findings(manifest("jws", described, {"fields": FIELDS}))
    assert not findings(manifest("jws", described | {"trust": [signer().trusted()]}, {"fields": FIELDS}))


def test_what_else_cannot_work_is_found_in_the_manifest() -> None:
    described = {"url": "https://civil.example", "body": {"id": "{subject}"}, "audience": AUDIENCE}
    described |= {"trust": [signer().trusted()]}
    for change in (
        {"body": "<q>{subject}</q>"},
        {"subject_path": "["},
        {"records": "["},
        {"audience": ""},
        {"url": "http://198.51.100.1/"},
    ):
        assert findings(manifest("jws", described | change, {"fields": FIELDS}))
