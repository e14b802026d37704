"""Attack cases on the exchange's door: whose token, bound to what, used how often (E1, E3, D1, D2, D3, D5, F4)."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from exchange.authentication.fetching import IssuerUnreachable
from exchange.authentication.issuer import REFETCH_SECONDS
from kernel import jose
from kernel.entropy import SeededEntropy
from kernel.jose import base64url
from tests.doubles import proving
from tests.doubles.exchange import (
    ISSUER,
    ITEM,
    NAME,
    ORIGIN,
    OWNER,
    STRANGER,
    Holder,
    World,
    detail,
    prepared_postgresql,
    prepared_sqlite,
    request,
    signed,
    small_world,
    world,
)

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world", "world"]

PATH = "/v1/evidence-requests"


@pytest.fixture
def case(small_world: World) -> Iterator[str]:
    """An open case; afterwards: strangers caused no durable write and no look-up."""
    made = small_world.open_case()
    before = len(small_world.entries())
    yield made
    assert len(small_world.entries()) == before
    assert small_world.calls == []
    with small_world.outside.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM evidence_request").scalar() == 0


def refused(answer: Any, code: str) -> None:
    """401 with a challenge, and nothing of what was asked."""
    assert (answer.status_code, answer.json["code"]) == (401, code), answer.text
    assert answer.headers["WWW-Authenticate"].startswith("DPoP ")
    assert f"{ORIGIN}/.well-known/oauth-protected-resource" in answer.headers["WWW-Authenticate"]


def token_for(world: World, case: str, **claims: Any) -> str:
    claims = {"authorization_details": detail(case, NAME)} | claims
    return world.issuer.token(world.holder, person=OWNER, **claims)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "http://another.test"},
        {"aud": [f"{ORIGIN}/"]},
        {"iss": "http://other-issuer.test"},
        {"exp": 1_700_000_000, "iat": 1_699_999_900},
        {"iat": 1_900_000_000, "exp": 1_900_000_100},
        {"exp": None},
        {"iat": None},
        {"exp": "1800000000"},
        {"client_id": None},
        {"client_id": ["market-website"]},
        {"sub": None},
        {"jti": None},
        {"scope": ["cases"]},
        {"roles": "auditor"},
        {"authorization_details": {"type": "urn:tongban:params:evidence"}},
        {"authorization_details": [{"type": "urn:tongban:params:evidence", "evidence": "all"}]},
        {"acr": 3},
        {"cnf": "jkt"},
        {"cnf": {"jkt": 7}},
        {"sid": 7},
        {"mandate": [7]},
        {"act": "officer"},
        {"urn:tongban:params:subject": "not-a-jwe"},
        {"urn:tongban:params:subject": 7},
    ],
)
def test_E1_a_token_that_is_not_ours_or_not_well_formed_is_401(small_world: World, case: str, claims: dict) -> None:
    answer = small_world.ask(case, NAME, token=token_for(small_world, case, **claims))
    refused(answer, "token.invalid")


@pytest.mark.parametrize(
    "said", [7, None, True, f"x{ORIGIN}x", ORIGIN, {ORIGIN: 1}, [7], [[ORIGIN]], [ORIGIN, None]], ids=repr
)
def test_E1_a_detail_whose_locations_are_no_list_of_addresses_is_401(
    small_world: World, case: str, said: object
) -> None:
    """RFC 9396 §2.2. A longer address contains ours, an object has it as a member: neither is meant for us by that."""
    details = [detail(case, NAME)[0] | {"locations": said}]
    answer = small_world.ask(case, NAME, token=token_for(small_world, case, authorization_details=details))
    refused(answer, "token.invalid")
    assert answer.json["reason"] == "details-malformed"


@pytest.mark.parametrize("said", [[], ["http://another.test"], [f"{ORIGIN}/"], [f"x{ORIGIN}x"]], ids=repr)
def test_E1_a_detail_meant_for_another_resource_covers_nothing_here(small_world: World, said: list[str]) -> None:
    case = small_world.open_case()
    details = [detail(case, NAME)[0] | {"locations": said}]
    answer = small_world.ask(case, NAME, token=token_for(small_world, case, authorization_details=details))
    assert (answer.status_code, answer.json["code"]) == (403, "token.purpose-mismatch")
    details[0]["locations"] = ["http://another.test", ORIGIN]
    answer = small_world.ask(case, NAME, token=token_for(small_world, case, authorization_details=details))
    assert answer.status_code == 200


_OF_DETAILS = ("service_item", "case", "legal_basis", "evidence")
_OF_EVIDENCE = ("type", "fields", "predicates")


@pytest.mark.parametrize("said", [7, True, {}, [7], [[]], "", [{"type": 7}]], ids=repr)
@pytest.mark.parametrize("member", [*_OF_DETAILS, *_OF_EVIDENCE])
def test_E1_a_detail_of_another_form_covers_nothing(small_world: World, case: str, member: str, said: object) -> None:
    (one,) = detail(case, NAME)
    changed = (
        one | {member: said} if member in _OF_DETAILS else one | {"evidence": [one["evidence"][0] | {member: said}]}
    )
    answer = small_world.ask(case, NAME, token=token_for(small_world, case, authorization_details=[changed]))
    refused(answer, "token.invalid")


@pytest.mark.parametrize("name", ["exp", "iat", "urn:tongban:params:registration", "mandate"])
def test_E1_a_number_that_no_clock_and_no_counter_shows_is_401(small_world: World, case: str, name: str) -> None:
    """An integer of JSON has no greatest one; a double and a database do."""
    world, now = small_world, int(small_world.clock.now().timestamp())
    claims = {"iss": ISSUER, "aud": ORIGIN, "sub": "s", "client_id": "market-website", "iat": now, "exp": now + 60}
    claims |= {"jti": "at-x", "cnf": {"jkt": world.holder.thumbprint}, "authorization_details": detail(case, NAME)}
    claims["urn:tongban:params:subject"] = world.issuer.sealed(OWNER, "at-x")
    company = {"scheme": "social-credit-code", "value": "11500000DEM000057T"}
    for huge in (10**400, 2**63, 1e300, -1):
        wrong = {"principal": company, "capacity": "agent", "exp": huge} if name == "mandate" else huge
        token = signed(
            {"alg": "ES256", "typ": "at+jwt", "kid": world.issuer.key.kid}, claims | {name: wrong}, world.issuer.key
        )
        refused(world.ask(case, NAME, token=token), "token.invalid")


def test_E1_a_purpose_bound_token_lives_five_minutes_at_most(small_world: World, case: str) -> None:
    now = int(small_world.clock.now().timestamp())
    refused(small_world.ask(case, NAME, token=token_for(small_world, case, iat=now, exp=now + 301)), "token.invalid")


@pytest.mark.parametrize("kind", ["JWT", "id+jwt", "dpop+jwt", "logout+jwt"])
def test_E1_an_id_token_is_no_access_token(small_world: World, case: str, kind: str) -> None:
    now = int(small_world.clock.now().timestamp())
    claims = {
        "iss": ISSUER,
        "aud": ORIGIN,
        "sub": "s",
        "client_id": "market-website",
        "jti": "j",
        "iat": now,
        "exp": now + 60,
    }
    token = jose.sign(claims | {"cnf": {"jkt": small_world.holder.thumbprint}}, small_world.issuer.key, typ=kind)
    refused(small_world.ask(case, NAME, token=token), "token.invalid")


def test_E1_an_expired_token_is_refused_though_it_was_good_a_moment_ago(small_world: World) -> None:
    world = small_world
    case = world.open_case()
    token = token_for(world, case)
    assert world.ask(case, NAME, token=token).status_code == 200
    world.clock.advance(300 + 10)  # its life and the clock skew allowed
    refused(world.ask(case, NAME, token=token), "token.invalid")
    assert world.calls == [OWNER]


@pytest.mark.parametrize(("kind", "name"), [("jti", "at-revoked"), ("sid", "session-1"), ("clients", "market-website")])
def test_E1_a_token_revoked_a_second_ago_is_refused_and_no_source_is_asked(
    small_world: World, kind: str, name: str
) -> None:
    world = small_world
    case = world.open_case()
    jti = "at-revoked"
    sealed = world.issuer.sealed(OWNER, jti)
    token = token_for(world, case, jti=jti, sid="session-1", **{"urn:tongban:params:subject": sealed})
    assert world.ask(case, NAME, token=token).status_code == 200
    world.issuer.revoke(kind, name)
    world.clock.advance(1.0)
    refused(world.ask(case, NAME, token=token), "token.revoked")
    assert world.calls == [OWNER]


@pytest.mark.parametrize(("registration", "held"), [(None, False), (1, False), (2, True), (3, True)])
def test_S2_what_was_given_back_to_a_client_is_for_tokens_allowed_after_that(
    small_world: World, registration: int | None, held: bool
) -> None:
    claims = {} if registration is None else {"urn:tongban:params:registration": registration}
    token = small_world.issuer.token(small_world.holder, scope="cases", **claims)
    small_world.issuer.revoked["given_back"] = {"market-website": {"cases": 2, "usage": 9}, "other": {"cases": 9}}
    small_world.issuer.version += 1
    small_world.rooms.revocations.renew()
    answer = small_world.call("POST", "/v1/cases/case_none/close", token, {})
    assert answer.json["code"] == ("case.unknown" if held else "token.revoked")
    assert answer.json.get("reason") == (None if held else "no-longer-registered")


@pytest.mark.parametrize("said", [-1, 1.0, True, "1", None, [1]])
def test_S2_a_registration_that_is_no_number_is_no_token(small_world: World, said: object) -> None:
    token = small_world.issuer.token(small_world.holder, scope="cases", **{"urn:tongban:params:registration": said})
    answer = small_world.call("POST", "/v1/cases/case_none/close", token, {})
    assert answer.json["code"] == ("case.unknown" if said is None else "token.invalid")  # the double leaves None out


@pytest.mark.parametrize("said", [[], "x", {"a": []}, {"a": {"b": "1"}}, {"a": {"b": True}}, {"a": 1}])
def test_S2_a_feed_that_says_it_in_another_form_is_not_believed(small_world: World, said: object) -> None:
    small_world.issuer.revoked["given_back"] = said
    small_world.issuer.version += 1
    with pytest.raises(IssuerUnreachable):
        small_world.rooms.revocations.renew()


def test_E1_a_subject_cut_out_of_another_token_is_refused(small_world: World, case: str) -> None:
    stolen = small_world.issuer.sealed(STRANGER, "at-of-the-stranger")
    refused(
        small_world.ask(case, NAME, token=token_for(small_world, case, **{"urn:tongban:params:subject": stolen})),
        "token.invalid",
    )


def test_E1_a_subject_sealed_for_another_audience_is_refused(small_world: World, case: str) -> None:
    sealed = small_world.issuer.sealed(OWNER, "at-x", audience="http://another.test")
    token = token_for(small_world, case, jti="at-x", **{"urn:tongban:params:subject": sealed})
    refused(small_world.ask(case, NAME, token=token), "token.invalid")


@pytest.mark.parametrize("scheme", ["passport", "social-credit-code"])
def test_E3_a_subject_of_a_wrong_kind_is_refused(small_world: World, case: str, scheme: str) -> None:
    sealed = small_world.issuer.sealed(OWNER, "at-x", scheme=scheme)
    token = token_for(small_world, case, jti="at-x", **{"urn:tongban:params:subject": sealed})
    refused(small_world.ask(case, NAME, token=token), "token.invalid")


def test_E1_a_token_signed_by_a_key_the_issuer_does_not_publish_is_refused(small_world: World, case: str) -> None:
    stranger = small_world.issuer.new_key(SeededEntropy(99))
    now = int(small_world.clock.now().timestamp())
    claims = {
        "iss": ISSUER,
        "aud": ORIGIN,
        "sub": "s",
        "client_id": "market-website",
        "jti": "j",
        "iat": now,
        "exp": now + 60,
    }
    claims["cnf"] = {"jkt": small_world.holder.thumbprint}
    refused(small_world.ask(case, NAME, token=jose.sign(claims, stranger, typ="at+jwt")), "token.invalid")


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "at+jwt"},
        {"alg": "HS256", "typ": "at+jwt"},
        {"alg": "ES256", "typ": "at+jwt", "crit": ["b64"], "b64": False},
        {"alg": "ES256", "typ": "at+jwt", "jku": "http://evil.test/keys"},
    ],
)
def test_C9_the_header_chooses_nothing(small_world: World, case: str, header: dict) -> None:
    now = int(small_world.clock.now().timestamp())
    claims = {"iss": ISSUER, "aud": ORIGIN, "sub": "s", "client_id": "c", "jti": "j", "iat": now, "exp": now + 60}
    small_world.issuer.fetched.clear()
    token = signed(header | {"kid": small_world.issuer.key.kid}, claims, small_world.issuer.key)
    refused(small_world.ask(case, NAME, token=token), "token.invalid")
    assert [url for url in small_world.issuer.fetched if "evil" in url] == []


# Possession -----------------------------------------------------------------------------------------------------------


def test_D1_a_proof_is_used_once_on_any_node(world: World) -> None:
    case = world.open_case()
    other = world.another_node()
    token = token_for(world, case)
    proof = world.holder.proof("POST", ORIGIN + PATH, token)
    sent = {"Authorization": f"DPoP {token}", "DPoP": proof}
    body = json.dumps(request(case, NAME))
    first = world.client.post(PATH, headers=sent, data=body, content_type="application/json")
    assert first.status_code == 200
    before = len(world.entries())
    for node in (world, other):
        refused(
            node.client.post(PATH, headers=sent, data=body, content_type="application/json"), "token.proof-replayed"
        )
    world.clock.advance(60 + 10)  # the whole window and the clock skew
    refused(world.client.post(PATH, headers=sent, data=body, content_type="application/json"), "token.proof-replayed")
    assert len(world.entries()) == before
    world.clock.advance(1)
    refused(world.client.post(PATH, headers=sent, data=body, content_type="application/json"), "token.proof-invalid")
    other.rooms.close()


def test_D1_of_many_racing_uses_of_one_proof_one_wins(world: World) -> None:
    case = world.open_case()
    token = token_for(world, case)
    sent = {"Authorization": f"DPoP {token}", "DPoP": world.holder.proof("POST", ORIGIN + PATH, token)}
    body = json.dumps(request(case, NAME))

    def use(_number: int) -> int:
        return world.client.post(PATH, headers=sent, data=body, content_type="application/json").status_code

    with ThreadPoolExecutor(8) as racers:
        statuses = sorted(racers.map(use, range(16)))
    assert statuses == [200] + [401] * 15
    assert len(world.events("EvidenceReleased")) == 1


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/usage", "/v1/grants", "/v1/provider/usage"])
def test_D1_every_other_endpoint_uses_proofs_up_too(small_world: World, path: str) -> None:
    world = small_world
    claims = {"scope": "cases governance usage", "roles": ["provider-officer"], "organisation": "11500000DEM0000303"}
    token = world.issuer.token(world.holder, person=OWNER, **claims)
    method = "POST" if path == "/v1/cases" else "GET"
    sent = {"Authorization": f"DPoP {token}", "DPoP": world.holder.proof(method, ORIGIN + path, token)}
    body = json.dumps({"service_item": request("x")["service_item"], "reference": "1"}) if method == "POST" else None
    statuses = [
        world.client.open(path, method=method, headers=sent, data=body, content_type="application/json").status_code
        for _ in range(2)
    ]
    assert statuses[0] in {200, 201}
    assert statuses[1] == 401


@pytest.mark.parametrize(
    "claims",
    [
        {"htm": "GET"},
        {"htu": "http://exchange.test/v1/cases"},
        {"htu": "http://another.test/v1/evidence-requests"},
        {"ath": "another"},
        {"iat": 1_700_000_000},
        {"jti": ""},
        {"jti": 7},
    ],
)
def test_D2_a_proof_for_another_request_is_refused(small_world: World, case: str, claims: dict) -> None:
    token = token_for(small_world, case)
    proof = small_world.holder.proof("POST", ORIGIN + PATH, token, **claims)
    answer = small_world.client.post(
        PATH,
        headers={"Authorization": f"DPoP {token}", "DPoP": proof},
        data=json.dumps(request(case, NAME)),
        content_type="application/json",
    )
    refused(answer, "token.proof-invalid")
    assert 'error="invalid_dpop_proof"' in answer.headers["WWW-Authenticate"]


class AnyHolder(Holder):
    """Holds a key of whatever algorithm."""

    def __init__(self, world: World, key: jose.SigningKey) -> None:
        super().__init__(world.clock)
        self.key, self.public, self.thumbprint = key, proving.public(key), jose.thumbprint(proving.public(key))

    def proof(self, method: str, url: str, token: str, **claims: Any) -> str:
        made = jose.proof_claims(method, url, now=self.clock.now(), entropy=self._entropy, access_token=token)
        return proving.proof(self.key, made | claims)


def test_rfc_9449_5_1_what_is_offered_is_what_is_accepted(small_world: World) -> None:
    """Metadata (RFC 9728 §2) and challenge name each algorithm that a proof may be signed by, and no other."""
    accepted: list[str] = []
    body = {"service_item": ITEM, "reference": "2026-1", "subjects": []}
    for key in proving.keys_of_all_kinds():
        holder = AnyHolder(small_world, key)
        token = small_world.issuer.token(holder, "market-website", scope="cases")
        answer = small_world.call("POST", "/v1/cases", token, body, holder=holder)
        if answer.status_code == 201:
            accepted.append(key.alg)
        else:
            refused(answer, "token.proof-invalid")
    assert accepted == ["ES256", "EdDSA", "Ed25519"]
    metadata = small_world.client.get("/.well-known/oauth-protected-resource").json
    assert metadata["dpop_signing_alg_values_supported"] == accepted
    challenge = small_world.client.post("/v1/cases", json=body).headers["WWW-Authenticate"]
    assert f'algs="{" ".join(accepted)}"' in challenge


def test_D2_a_proof_by_another_key_than_the_tokens_is_refused(small_world: World, case: str) -> None:
    thief = Holder(small_world.clock)
    refused(small_world.ask(case, NAME, token=token_for(small_world, case), holder=thief), "token.proof-invalid")


def test_D3_a_bound_token_is_no_bearer_token_and_needs_its_proof(small_world: World, case: str) -> None:
    token = token_for(small_world, case)
    body = json.dumps(request(case, NAME))
    for sent in (
        {"Authorization": f"Bearer {token}", "DPoP": small_world.holder.proof("POST", ORIGIN + PATH, token)},
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"DPoP {token}"},
    ):
        refused(
            small_world.client.post(PATH, headers=sent, data=body, content_type="application/json"),
            "token.proof-invalid",
        )


def test_an_unbound_token_is_refused(small_world: World, case: str) -> None:
    token = small_world.issuer.token(None, person=OWNER, authorization_details=detail(case, NAME))
    sent = {"Authorization": f"Bearer {token}"}
    answer = small_world.client.post(
        PATH, headers=sent, data=json.dumps(request(case, NAME)), content_type="application/json"
    )
    refused(answer, "token.unbound")


@pytest.mark.parametrize(
    "sent", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "DPoP"}, {"Authorization": "DPoP  "}]
)
def test_without_a_token_the_challenge_says_where_to_get_one(small_world: World, case: str, sent: dict) -> None:
    answer = small_world.client.post(PATH, headers=sent, data=b"{}", content_type="application/json")
    refused(answer, "token.missing")
    assert "error=" not in answer.headers["WWW-Authenticate"]  # RFC 6750 §3.1


# Mutual TLS -----------------------------------------------------------------------------------------------------------


def certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "market-website")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + datetime.timedelta(days=90))
    return builder.sign(key, hashes.SHA256())


def test_D5_a_certificate_bound_token_needs_its_certificate_from_the_trusted_proxy(small_world: World) -> None:
    world = small_world
    case = world.open_case()
    der = certificate().public_bytes(serialization.Encoding.DER)
    other = certificate().public_bytes(serialization.Encoding.DER)
    thumbprint = base64url.encode(hashlib.sha256(der).digest())
    token = world.issuer.token(
        None, person=OWNER, authorization_details=detail(case, NAME), cnf={"x5t#S256": thumbprint}
    )

    def ask(shown: bytes | None, *, proxy: str = "127.0.0.1", header: str = "Client-Cert") -> Any:
        sent = {"Authorization": f"Bearer {token}"}
        if shown is not None:
            sent[header] = f":{base64.b64encode(shown).decode()}:"
        return world.client.post(
            PATH,
            headers=sent,
            data=json.dumps(request(case, NAME)),
            content_type="application/json",
            environ_base={"REMOTE_ADDR": proxy},
        )

    assert ask(der).status_code == 200
    refused(ask(None), "token.proof-invalid")
    refused(ask(other), "token.proof-invalid")
    refused(ask(der, proxy="203.0.113.9"), "token.proof-invalid")
    refused(ask(der, header="X-SSL-Client-Cert"), "token.proof-invalid")
    token = world.issuer.token(
        None, person=OWNER, authorization_details=detail(case, NAME), cnf={"x5t#S256": f"{thumbprint[:-1]}é"}
    )
    refused(ask(der), "token.proof-invalid")


# The issuer's keys ----------------------------------------------------------------------------------------------------


def test_F4_a_flood_of_unknown_keys_causes_one_reading_an_interval(small_world: World, case: str) -> None:
    world = small_world
    world.ask("case_" + "0" * 26, NAME, token="x.y.z")  # the metadata is read once
    world.clock.advance(REFETCH_SECONDS)
    world.issuer.fetched.clear()
    for seed in range(20):
        stranger = world.issuer.new_key(SeededEntropy(1000 + seed))
        token = jose.sign({"iss": ISSUER}, stranger, typ="at+jwt")
        refused(world.ask(case, NAME, token=token), "token.invalid")
    assert world.issuer.fetched.count(f"{ISSUER}/jwks") == 1


def test_a_new_key_of_the_issuer_is_found_by_itself(small_world: World) -> None:
    world = small_world
    case = world.open_case()
    world.clock.advance(REFETCH_SECONDS)
    world.issuer.key = world.issuer.new_key(SeededEntropy(55))
    world.issuer.published.append(world.issuer.key)
    assert world.ask(case, NAME).status_code == 200


def test_a_key_the_issuer_withdrew_is_forgotten_with_every_token_it_signed(small_world: World) -> None:
    world = small_world
    case = world.open_case()
    token = token_for(world, case)
    assert world.ask(case, NAME, token=token).status_code == 200
    world.issuer.key = world.issuer.new_key(SeededEntropy(56))
    world.issuer.published = [world.issuer.key]
    world.rooms.issuer.refresh()
    refused(world.ask(case, NAME, token=token), "token.invalid")


def test_an_issuer_that_never_answered_is_the_exchanges_trouble(small_world: World) -> None:
    node = small_world.another_node()
    small_world.issuer.down = True
    answer = node.call("POST", PATH, "a.b.c", {})
    assert (answer.status_code, answer.json["code"]) == (503, "token.issuer-unreachable")
    assert answer.json["fault"] == "exchange"
    small_world.issuer.down = False
    assert node.call("POST", PATH, "a.b.c", {}).json["code"] == "token.invalid"
    node.rooms.close()
