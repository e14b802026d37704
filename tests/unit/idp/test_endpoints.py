"""Discovery, keys, introspection, revocation, userinfo and the revocation feed, as a client meets them."""

from __future__ import annotations

from typing import Any

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from kernel.jose import verify, verifying_keys
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import EXCHANGE, ISSUER, URBAN, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty, by_secret, claims_of, details, public_client


def test_both_well_knowns_say_the_same_and_every_address_answers(party: RelyingParty) -> None:
    openid = party.http.get("/.well-known/openid-configuration")
    oauth = party.http.get("/.well-known/oauth-authorization-server")
    assert openid.json == oauth.json
    assert openid.mimetype == "application/json"
    metadata = openid.json
    assert metadata["issuer"] == ISSUER
    addresses = [
        value for name, value in metadata.items() if name.endswith(("_endpoint", "_uri")) and isinstance(value, str)
    ]
    assert len(addresses) == 12
    for address in addresses:
        answers = {
            party.http.open(address.removeprefix(ISSUER), method=method).status_code for method in ("GET", "POST")
        }
        assert answers - {404, 405}, address


def test_the_metadata_are_what_rfc_8414_asks() -> None:
    from idp.clients.certificates import TlsOffer
    from idp.endpoints.addresses import Addresses
    from idp.endpoints.discovery import metadata

    AuthorizationServerMetadata(metadata(Addresses("https://id.example"), ("ES256",), TlsOffer())).validate()


def test_nothing_that_does_not_exist_is_announced(party: RelyingParty) -> None:
    metadata = party.http.get("/.well-known/openid-configuration").json
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert set(metadata["grant_types_supported"]) == {
        "authorization_code",
        "client_credentials",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:openid:params:grant-type:ciba",
    }
    assert metadata["subject_types_supported"] == ["pairwise"]
    assert metadata["request_parameter_supported"]


def test_tokens_verify_with_the_published_keys_alone(party: RelyingParty, provider: Provider) -> None:
    tokens = party.tokens()
    keys = verifying_keys(party.http.get("/jwks").json)
    for text, typ, audience in ((tokens["id_token"], "JWT", party.id), (tokens["access_token"], "at+jwt", ISSUER)):
        verified = verify(
            text,
            keys,
            typ=typ,
            issuer=ISSUER,
            audience=audience,
            now=provider.clock.now(),
            max_age=600,
            audience_exact=True,
        )
        assert verified.claims["sub"] == claims_of(tokens["id_token"])["sub"]


def test_a_rotated_key_is_published_before_it_signs(party: RelyingParty, provider: Provider) -> None:
    before = {key["kid"] for key in party.http.get("/jwks").json["keys"]}
    tag = party.http.get("/jwks").headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):  # RFC 9110 §13.1.2
        unchanged = party.http.get("/jwks", headers={"If-None-Match": known})
        assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", tag)
        assert unchanged.headers["X-Content-Type-Options"] == "nosniff"
    provider.keys.rotate("jws")
    assert party.http.get("/jwks", headers={"If-None-Match": tag}).status_code == 200
    assert before < {key["kid"] for key in party.http.get("/jwks").json["keys"]}
    assert party.tokens()["access_token"]


def test_subjects_are_pairwise_by_organisation(provider: Provider) -> None:
    browser = Browser(provider)
    same, other = RelyingParty(provider), RelyingParty(provider, tongban_organisation=URBAN)
    first = claims_of(RelyingParty(provider).tokens(browser)["id_token"])
    assert claims_of(same.tokens(browser)["id_token"])["sub"] == first["sub"]
    theirs = claims_of(other.tokens(browser)["id_token"])
    assert not {theirs["sub"], theirs["sid"]} & {first["sub"], first["sid"]}


def test_two_departments_share_no_value_that_joins_a_person(provider: Provider) -> None:
    """Whatever identifies somebody in one department's tokens stands in none of the other's."""
    browser = Browser(provider)
    tokens = [RelyingParty(provider, tongban_organisation=code).tokens(browser) for code in (URBAN, provider_market())]
    ours, theirs = (
        {str(value) for text in ("id_token", "access_token") for value in claims_of(each[text]).values()}
        for each in tokens
    )
    shared = {value for value in ours & theirs if len(value) > 12} - {ISSUER, "openid profile", "urn:tongban:loa:2"}
    assert shared == set()


def provider_market() -> str:
    from tests.doubles.identity_provider import MARKET

    return MARKET


def test_introspection_shows_a_clients_own_tokens(party: RelyingParty, provider: Provider) -> None:
    tokens = party.tokens()
    state = party.introspect(tokens["access_token"])
    assert state["active"] is True
    assert state["client_id"] == party.id
    assert state["scope"] == "openid profile"
    refresh = party.introspect(tokens["refresh_token"])
    assert refresh["active"] is True
    idle = provider.settings.refresh_idle_minutes * 60  # RFC 7662 §2.2: when this token ends, not what it stems from
    assert 0 <= provider.clock.now().timestamp() + idle - refresh["exp"] < 1
    assert RelyingParty(provider).introspect(tokens["access_token"]) == {"active": False}
    assert RelyingParty(provider).introspect(tokens["refresh_token"]) == {"active": False}
    other = RelyingParty(provider, scope="introspect", grant_types=["client_credentials"])  # ADR 0089
    assert other.introspect(tokens["access_token"]) == {"active": False}
    assert other.introspect(tokens["refresh_token"]) == {"active": False}
    assert party.introspect(tokens["id_token"]) == {"active": False}
    provider.clock.advance(601)
    assert party.introspect(tokens["access_token"]) == {"active": False}


def test_introspection_and_revocation_take_a_token_and_a_client(party: RelyingParty) -> None:
    for path in ("/introspect", "/revoke"):
        assert party.form(path, {}).json["error"] == "invalid_request"
        answer = party.http.post(path, data={"token": "x"})
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_a_revoked_access_token_is_refused_everywhere_within_a_second(either_provider: Provider) -> None:
    party = by_secret(either_provider)
    node = party.on(either_provider.another_node())
    tokens = party.tokens()
    assert node.introspect(tokens["access_token"])["active"]
    assert (
        party.form("/revoke", {"token": tokens["access_token"], "token_type_hint": "refresh_token"}).status_code == 200
    )
    assert party.introspect(tokens["access_token"]) == {"active": False}
    either_provider.clock.advance(0.9)
    assert node.introspect(tokens["access_token"]) == {"active": False}
    assert party.refresh(tokens["refresh_token"]).status_code == 200
    assert party.form("/revoke", {"token": "unknown"}).status_code == 200  # RFC 7009 §2.2
    assert len(either_provider.events("TokenRevoked")) == 1


def test_a_public_client_may_revoke_its_own(provider: Provider) -> None:
    party = public_client(provider)
    tokens = party.tokens()
    assert party.form("/revoke", {"token": tokens["refresh_token"]}).status_code == 200
    assert party.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_userinfo_by_get_by_header_and_by_body(party: RelyingParty) -> None:
    token = party.tokens()["access_token"]
    for answer in (
        party.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}),
        party.http.post("/userinfo", headers={"Authorization": f"Bearer {token}"}),
        party.http.post("/userinfo", data={"access_token": token}),
    ):
        assert answer.json["name"] == "王小明"
    assert party.http.get(f"/userinfo?access_token={token}").status_code == 401
    twice = party.http.post("/userinfo", data={"access_token": token}, headers={"Authorization": f"Bearer {token}"})
    assert twice.json["error"] == "invalid_request"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Basic Zm9v", "bearer a.b.c", "DPoP x"])
def test_userinfo_refuses_with_a_challenge(party: RelyingParty, header: str) -> None:
    answer = party.http.get("/userinfo", headers={"Authorization": header})
    assert answer.status_code == 401
    assert [value.partition(" ")[0] for value in answer.headers.getlist("WWW-Authenticate")] == ["Bearer", "DPoP"]


def test_userinfo_gives_what_the_scope_says(party: RelyingParty, provider: Provider) -> None:
    token = party.tokens(scope="openid")["access_token"]
    assert set(party.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}).json) == {"sub"}


def test_other_tokens_are_of_no_use_at_userinfo(provider: Provider) -> None:
    party = by_secret(provider, scope="openid usage")
    key = ProofKey(provider)
    own = party.own_token().json["access_token"]
    for_exchange = party.tokens(dpop=key, scope="openid usage")
    assert claims_of(for_exchange["access_token"])["aud"] == EXCHANGE
    for text, status in ((own, 403), (for_exchange["access_token"], 401), (for_exchange["id_token"], 401)):
        assert party.http.get("/userinfo", headers={"Authorization": f"Bearer {text}"}).status_code == status


def test_officers_bear_their_office_only_where_it_is_asked_for(provider: Provider) -> None:
    party = RelyingParty(provider, scope="openid governance profile")
    key = ProofKey(provider)
    back = Browser(provider).walk(party.authorize_url(scope="openid governance profile"), username="officer")
    tokens = party.redeem(back["code"], key).json
    access, identity = claims_of(tokens["access_token"]), claims_of(tokens["id_token"])
    assert access["aud"] == EXCHANGE
    assert access["roles"] == identity["roles"] == ["provider-officer"]
    assert access["organisation"] == identity["organisation"]
    assert identity["name"] == "赵主任"  # there is no token for userinfo
    plain = party.redeem(Browser(provider).walk(party.authorize_url(scope="openid"), username="officer")["code"]).json
    assert "roles" not in claims_of(plain["access_token"])
    citizen = party.redeem(Browser(provider).walk(party.authorize_url(scope="governance"))["code"], key).json
    assert "roles" not in claims_of(citizen["access_token"])


def test_the_feed_is_signed_versioned_and_short_lived(party: RelyingParty, provider: Provider) -> None:
    tokens = party.tokens()

    def feed() -> dict[str, Any]:
        answer = party.http.get("/revocations")
        assert answer.headers["Cache-Control"] == "no-store"
        keys = verifying_keys(party.http.get("/jwks").json)
        now = provider.clock.now()
        return dict(
            verify(
                answer.text, keys, typ="revocations+jwt", issuer=ISSUER, audience=EXCHANGE, now=now, max_age=5
            ).claims
        )

    before = feed()
    party.form("/revoke", {"token": tokens["access_token"]})
    after = feed()
    assert after["revoked"]["jti"] == [claims_of(tokens["access_token"])["jti"]]
    assert after["version"] > before["version"]
    provider.administration.clients.disable(party.id)
    assert feed()["revoked"]["clients"] == [party.id]  # at once, not when a memory is refreshed
    assert feed()["jti"] != feed()["jti"]


def test_the_log_can_be_checked_by_strangers(party: RelyingParty, provider: Provider) -> None:
    party.tokens()
    note = party.http.get("/v1/ledger/checkpoint").text
    assert note.startswith("127.0.0.1:8400/v1/ledger\n")
    assert party.http.get("/v1/ledger/key").text.strip() == provider.ledger.vkey
    assert party.http.get("/v1/ledger/proof?index=0").text.startswith("c2sp.org/tlog-proof@v1\n")
    size = provider.ledger.size()
    assert party.http.get(f"/v1/ledger/consistency?from=1&to={size}").json["to"] == size
    assert len(party.http.get(f"/v1/ledger/tile/0/000.p/{size}").data) == 32 * size
    for missing in ("proof?index=999999", "consistency?from=1&to=999999", "tile/0/999", "tile/entries/000.p/1"):
        assert party.http.get(f"/v1/ledger/{missing}").status_code == 404, missing


@pytest.mark.parametrize(
    ("query", "code"),
    [
        *((f"proof{each}", "request.number-invalid") for each in ("", "?index=x", "?index=-1", "?index=" + "9" * 16)),
        ("consistency?from=1", "request.number-invalid"),
        ("consistency?from=9&to=1", "request.malformed"),
        ("proof?index=0&index=1", "request.duplicate-parameter"),
        ("tile/0/x", "request.malformed"),
    ],
)
def test_what_is_asked_of_the_log_in_no_known_form_is_400(party: RelyingParty, query: str, code: str) -> None:
    answer = party.http.get(f"/v1/ledger/{query}")
    assert (answer.status_code, answer.json["code"]) == (400, code)


def test_readiness_names_what_is_checked(party: RelyingParty) -> None:
    assert party.http.get("/readyz").json["checks"] == {"database": "passing", "ledger": "passing", "keys": "passing"}
    document = party.http.get("/openapi.json").json
    assert {"/token", "/par", "/introspect", "/jwks"} <= set(document["paths"])


def test_the_api_description_names_what_is_really_sent_and_answered(party: RelyingParty, provider: Provider) -> None:
    schemas = party.http.get("/openapi.json").json["components"]["schemas"]
    key = ProofKey(provider)
    tokens = party.tokens()
    pushed = party.push(key).json
    bound = party.own_token(key, act={"sub": "clerk"}, authorization_details=details()).json
    for name, answer in (("TokenAnswer", tokens), ("TokenAnswer", bound), ("PushedRequestAnswer", pushed)):
        assert set(answer) <= set(schemas[name]["properties"]), name
        assert set(schemas[name]["required"]) <= set(answer), name
    assert set(party.request()) <= set(schemas["PushedRequestForm"]["properties"])
    metadata = party.http.get("/.well-known/openid-configuration").json
    assert set(schemas["MetadataAnswer"]["properties"]) <= set(metadata)


def test_a_form_that_is_no_form_is_refused(party: RelyingParty) -> None:
    for body, kind in (
        (b"{}", "application/json"),
        (b"\xff=\xff", "application/x-www-form-urlencoded"),
        (b"a=%zz", "application/x-www-form-urlencoded"),
        (b"", ""),
    ):
        for path in ("/token", "/par", "/introspect", "/revoke"):
            answer = party.http.post(path, data=body, content_type=kind)
            assert answer.status_code in (400, 401), (path, body)
            assert answer.json["error"] in ("invalid_request", "invalid_client")
    assert (
        party.http.post(
            "/token", data=b"a=" + b"x" * (1 << 20), content_type="application/x-www-form-urlencoded"
        ).status_code
        == 413
    )
