"""Answers encrypted to one client: nested JWTs, to a key published for that, and nothing in plain instead."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey
from joserfc.registry import HeaderParameter

from idp.administration.errors import AdministrationError
from idp.clients.keys import FRESH_SECONDS, REFETCH_SECONDS
from idp.logout.delivery import DELAYS
from kernel.jose import verify, verifying_keys
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import ISSUER, PASSWORD, Provider
from tests.doubles.relying_party import CALLBACK, RelyingParty, claims_of, header_of, key_pair
from tests.unit.idp.test_device_flow import GRANTS, Terminal
from tests.unit.idp.test_device_flow import answer as answer_on_the_phone

ALGORITHMS, CONTENT = ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"), ("A256GCM", "A128CBC-HS256")
REPEATED = {"iss": HeaderParameter("Issuer", "str")}
"""What may stand in the outer header too (RFC 7519 §5.3); the library refuses what it was not told of."""
JWKS_URI, OUT = "https://market.example/jwks", "https://market.example/out"


class Recipient:
    """A department's private key for encryption, opened by a library that is not ours to configure."""

    def __init__(self, alg: str) -> None:
        self.alg = alg
        self.key: Any = RSAKey.generate_key(2048) if alg.startswith("RSA") else ECKey.generate_key("P-256")
        self.public: dict[str, Any] = self.key.as_dict(private=False) | {"use": "enc", "kid": f"enc-{id(self)}"}

    def open(self, text: str) -> str:
        known = jwe.JWERegistry(REPEATED, algorithms=[self.alg, "A256KW", *CONTENT])
        opened = jwe.decrypt_compact(text, self.key, registry=known)
        assert opened.plaintext is not None
        return opened.plaintext.decode()


def client(
    provider: Provider, recipient: Recipient, kind: str, enc: str | None = None, **metadata: Any
) -> RelyingParty:
    key, public = key_pair()
    wanted = {f"{kind}_encrypted_response_alg": recipient.alg}
    wanted |= {} if enc is None else {f"{kind}_encrypted_response_enc": enc}
    party = RelyingParty(provider, **({"jwks": {"keys": [public, recipient.public]}} | wanted | metadata))
    party.key = key
    return party


@pytest.mark.parametrize("enc", CONTENT)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_core_16_14_id_tokens_are_signed_and_then_encrypted(provider: Provider, alg: str, enc: str) -> None:
    """OpenID Connect Core 1.0 §16.14; RFC 7519 §5.2: `cty` says what is inside."""
    recipient = Recipient(alg)
    party = client(provider, recipient, "id_token", enc)
    sealed = party.tokens()["id_token"]
    assert sealed.count(".") == 4
    header = header_of(sealed)
    assert (header["alg"], header["enc"], header["cty"]) == (alg, enc, "JWT")
    assert header["kid"] == recipient.public["kid"]
    inner, keys = recipient.open(sealed), verifying_keys(party.http.get("/jwks").json)
    assert verify(
        inner, keys, typ="JWT", issuer=ISSUER, audience=party.id, now=provider.clock.now(), max_age=3600
    ).claims["nonce"]


def test_registration_2_without_enc_it_is_a128cbc_hs256(provider: Provider) -> None:
    sealed = client(provider, Recipient("ECDH-ES"), "id_token").tokens()["id_token"]
    assert header_of(sealed)["enc"] == "A128CBC-HS256"


def test_a_refreshed_id_token_and_a_hint_of_its_inside(provider: Provider) -> None:
    """RP-Initiated Logout 1.0 §2: the hint is the ID token that was inside."""
    recipient = Recipient("ECDH-ES+A256KW")
    party, browser = client(provider, recipient, "id_token"), Browser(provider)
    tokens = party.tokens(browser)
    assert recipient.open(party.refresh(tokens["refresh_token"]).json["id_token"])
    page = browser.get(f"/logout?id_token_hint={recipient.open(tokens['id_token'])}")
    assert "您已退出登录" in page.text


def test_core_5_3_2_userinfo_is_signed_and_then_encrypted(provider: Provider) -> None:
    recipient = Recipient("RSA-OAEP-256")
    party = client(provider, recipient, "userinfo", userinfo_signed_response_alg="ES256")
    token = party.tokens()["access_token"]
    answer = party.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert answer.headers["Content-Type"] == "application/jwt"
    assert claims_of(recipient.open(answer.text))["aud"] == party.id
    assert "王小明" not in answer.text


def test_jarm_2_2_an_authorization_response_is_signed_and_then_encrypted(provider: Provider) -> None:
    recipient = Recipient("ECDH-ES")
    party = client(provider, recipient, "authorization", "A256GCM")
    back = Browser(provider).walk(party.authorize_url(response_mode="query.jwt"))
    assert set(back) == {"response"}
    assert claims_of(recipient.open(back["response"]))["code"]


def test_rfc_9701_6_an_introspection_response_is_signed_and_then_encrypted(provider: Provider) -> None:
    recipient = Recipient("ECDH-ES")
    party = client(provider, recipient, "introspection", introspection_signed_response_alg="ES256")
    token = party.tokens()["access_token"]
    answer = party.form("/introspect", {"token": token}, Accept="application/token-introspection+jwt")
    assert claims_of(recipient.open(answer.text))["token_introspection"]["active"] is True


def by_address(provider: Provider, keys: list[dict[str, Any]], **metadata: Any) -> RelyingParty:
    key, public = key_pair()
    provider.departments.published[JWKS_URI] = {"keys": [public, *keys]}
    party = _registered(provider, metadata)
    party.key = key
    return party


def _registered(provider: Provider, metadata: dict[str, Any]) -> RelyingParty:
    party = RelyingParty(provider)
    party.registered = provider.register(
        redirect_uris=["https://market.example/callback"],
        grant_types=["authorization_code", "refresh_token"],
        scope="openid profile",
        token_endpoint_auth_method="private_key_jwt",
        jwks_uri=JWKS_URI,
        **metadata,
    )
    party.id = party.registered["client_id"]
    return party


def test_nothing_is_sent_in_plain_when_no_key_is_published(provider: Provider) -> None:
    """The answer is a refusal, and what was made for it never leaves; not the signed token instead."""
    party = by_address(provider, [], id_token_encrypted_response_alg="ECDH-ES")
    answer = party.redeem(party.code())
    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")
    assert "access_token" not in answer.text


def test_T5_an_answer_that_cannot_be_encrypted_uses_nothing_up(provider: Provider) -> None:
    """Nothing is recorded: a client that comes again once its key is back is no thief, and its session goes on.

    A key that is lacking is asked for once in a minute, and a code lives one: it is of use again only where it was made
    well after the last time (here halfway), and begins again otherwise (F4).
    """
    browser, recipient = Browser(provider), Recipient("ECDH-ES")
    published = provider.departments.published[JWKS_URI] = {"keys": [recipient.public]}
    party = Terminal(
        provider,
        token_endpoint_auth_method="client_secret_basic",
        grant_types=["authorization_code", *GRANTS],
        redirect_uris=[CALLBACK],
        jwks_uri=JWKS_URI,
        id_token_encrypted_response_alg=recipient.alg,
    )
    refresh = party.tokens(browser)["refresh_token"]
    published["keys"].clear()
    provider.clock.advance(FRESH_SECONDS)
    asked = party.ask().json
    answer_on_the_phone(Browser(provider), asked["user_code"])
    at_once = party.code(browser)
    unsent = [party.refresh(refresh), party.poll(asked["device_code"]), party.redeem(at_once)]
    provider.clock.advance(REFETCH_SECONDS / 2)
    code = party.code(browser)
    unsent.append(party.redeem(code))
    assert [each.json["error"] for each in unsent] == ["unauthorized_client"] * 4
    assert len(provider.events("TokenIssued")) == 1
    published["keys"].append(recipient.public)
    provider.clock.advance(REFETCH_SECONDS / 2)
    for sent in (party.refresh(refresh), party.poll(asked["device_code"]), party.redeem(code)):
        assert recipient.open(sent.json["id_token"])
    assert party.redeem(at_once).json["error"] == "invalid_grant"
    assert provider.events("TokenReused") == []


def test_jarm_2_2_an_answer_that_cannot_be_encrypted_leaves_the_request_open(provider: Provider) -> None:
    """The person said yes, and says it again once the department's key is back."""
    recipient, browser = Recipient("ECDH-ES"), Browser(provider)
    party = by_address(provider, [], authorization_encrypted_response_alg=recipient.alg)
    page = browser.follow(browser.get(party.authorize_url(response_mode="jwt")))
    page = browser.submit(page, username="wang", password=PASSWORD)
    assert browser.submit(page, decision="allow").status_code == 400
    assert provider.events("ConsentGiven") == []
    provider.departments.published[JWKS_URI]["keys"].append(recipient.public)
    provider.clock.advance(REFETCH_SECONDS)
    browser.submit(page, decision="allow")
    assert claims_of(recipient.open(browser.sent_back()["response"]))["code"]


def test_jarm_2_2_a_refusal_that_cannot_be_encrypted_leaves_the_request_open_too(provider: Provider) -> None:
    """Whoever refuses: the provider at once, or later on, or the person, whose no is recorded when it can be told."""
    recipient, browser = Recipient("ECDH-ES"), Browser(provider)
    party = by_address(provider, [], authorization_encrypted_response_alg=recipient.alg)
    silent = party.pushed_url(response_mode="jwt", prompt="none")
    assert browser.get(silent).status_code == 400
    somebody_else = {"claims": '{"id_token":{"sub":{"value":"somebody-else"}}}'}
    urls = [party.pushed_url(response_mode="jwt", **more) for more in (somebody_else, {})]
    opened = [browser.follow(browser.get(url)) for url in urls]
    unexpected = opened[0].request.path
    assert browser.submit(opened[0], username="wang", password=PASSWORD).status_code == 400
    page = browser.get(opened[1].request.path)
    assert browser.submit(page, decision="deny").status_code == 400
    assert provider.events("ConsentWithheld") == []
    provider.departments.published[JWKS_URI]["keys"].append(recipient.public)
    provider.clock.advance(REFETCH_SECONDS)
    told = [browser.get(silent), browser.get(unexpected), browser.post(form_of(page).action, form_of(page).fields)]
    said = [claims_of(recipient.open(browser.parameters_of(each)["response"]))["error"] for each in told]
    assert said == ["consent_required", "login_required", "access_denied"]
    assert len(provider.events("ConsentWithheld")) == 1


def test_nothing_is_sent_back_in_plain_when_no_key_is_published(provider: Provider) -> None:
    """JARM: the person sees a page, the browser is sent nowhere."""
    party = by_address(provider, [], authorization_encrypted_response_alg="ECDH-ES")
    browser = Browser(provider)
    page = browser.follow(browser.get(party.authorize_url(response_mode="query.jwt", prompt="none")))
    assert page.status_code == 400
    assert "response=" not in page.text


@pytest.mark.parametrize("enc", CONTENT)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_back_channel_logout_2_4_logout_tokens_are_encrypted_as_id_tokens_are(
    provider: Provider, alg: str, enc: str
) -> None:
    """The same keys and algorithms; `iss` stands outside, too."""
    recipient, browser = Recipient(alg), Browser(provider)
    party = client(provider, recipient, "id_token", enc, backchannel_logout_uri=OUT)
    known = claims_of(recipient.open(party.tokens(browser)["id_token"]))
    browser.submit(browser.get("/logout"))
    [sealed] = provider.departments.tokens(OUT)
    outer = {name: value for name, value in header_of(sealed).items() if name != "epk"}
    assert outer == {"alg": alg, "enc": enc, "cty": "JWT", "iss": ISSUER, "kid": recipient.public["kid"]}
    inner, keys = recipient.open(sealed), verifying_keys(party.http.get("/jwks").json)
    now = provider.clock.now()
    said = verify(inner, keys, typ="logout+jwt", issuer=ISSUER, audience=party.id, now=now, max_age=120).claims
    assert (said["sub"], said["sid"]) == (known["sub"], known["sid"])


def without_a_key(provider: Provider) -> tuple[RelyingParty, Recipient]:
    """A department with a session that has ended since, whose key for encryption is published no more."""
    recipient = Recipient("ECDH-ES")
    encrypted = {"id_token_encrypted_response_alg": recipient.alg, "backchannel_logout_uri": OUT}
    party = by_address(provider, [recipient.public], **encrypted)
    assert party.redeem(party.code()).status_code == 200
    provider.departments.published[JWKS_URI]["keys"].remove(recipient.public)
    provider.administration.people.disable("wang")
    return party, recipient


def test_back_channel_logout_2_6_a_department_without_a_key_is_told_when_it_publishes_one(provider: Provider) -> None:
    """Nothing in plain meanwhile, which it should reject (§2.6), and no outcome before there is one."""
    _, recipient = without_a_key(provider)
    delivery = provider.delivery()
    assert delivery.round() == 1
    assert provider.departments.told == []
    assert [each for each in provider.events() if each["event"].startswith("Logout")] == []
    provider.departments.published[JWKS_URI]["keys"].append(recipient.public)
    provider.clock.advance(REFETCH_SECONDS)
    assert delivery.round() == 1
    [sealed] = provider.departments.tokens(OUT)
    assert claims_of(recipient.open(sealed))["events"]
    assert len(provider.events("LogoutDelivered")) == 1


def test_a_department_that_never_publishes_a_key_counts_as_unreachable(provider: Provider) -> None:
    """Not as one that refused: it was never asked."""
    without_a_key(provider)
    delivery = provider.delivery()
    for delay in DELAYS:
        assert delivery.round() == 1
        provider.clock.advance(delay.total_seconds())
    assert delivery.round() == 1
    assert [each["facts"]["answer"] for each in provider.events("LogoutUnreachable")] == ["no key"]
    assert provider.departments.told == []


def test_f4_a_rotated_key_is_found_and_an_absent_one_asked_for_once_a_minute(provider: Provider) -> None:
    recipient = Recipient("ECDH-ES")
    party = by_address(provider, [], id_token_encrypted_response_alg="ECDH-ES")
    codes = [party.code() for _ in range(4)]
    assert [party.redeem(code).status_code for code in codes[:3]] == [400] * 3
    assert provider.departments.fetched == [JWKS_URI]
    provider.departments.published[JWKS_URI]["keys"].append(recipient.public)
    provider.clock.advance(REFETCH_SECONDS)
    answer = party.redeem(party.code())
    assert recipient.open(answer.json["id_token"])
    assert len(provider.departments.fetched) == 2


def test_signature_keys_are_not_encrypted_to_nor_the_other_way_round(provider: Provider) -> None:
    """RFC 7517 §4.2: a key without `use: enc` is for signatures, one with it verifies none."""
    recipient = Recipient("ECDH-ES")
    with pytest.raises(AdministrationError):
        client(provider, recipient, "id_token", jwks={"keys": [key_pair()[1]]})
    with pytest.raises(AdministrationError):
        RelyingParty(provider, jwks={"keys": [recipient.public]})


@pytest.mark.parametrize(
    "metadata",
    [
        {"id_token_encrypted_response_alg": "RSA1_5"},
        {"id_token_encrypted_response_alg": "dir"},
        {"id_token_encrypted_response_alg": "RSA-OAEP-256"},  # there is no RSA key
        {"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A128GCM"},
        {"id_token_encrypted_response_enc": "A256GCM"},
        {"userinfo_encrypted_response_alg": "ECDH-ES"},
        {"authorization_encrypted_response_alg": ["ECDH-ES"]},
    ],
)
def test_registration_2_what_cannot_be_done_is_not_registered(provider: Provider, metadata: dict[str, Any]) -> None:
    keys = {"keys": [key_pair()[1], Recipient("ECDH-ES").public]}
    with pytest.raises(AdministrationError):
        RelyingParty(provider, jwks=keys, **metadata)


@pytest.mark.parametrize("changes", [{"d": "AAAA"}, {"crv": "P-384"}, {"alg": "ECDH-ES+A128KW"}, {"x": "AAAA"}])
def test_rfc_7517_a_key_that_cannot_be_used_is_not_registered(provider: Provider, changes: dict[str, str]) -> None:
    keys = {"keys": [key_pair()[1], Recipient("ECDH-ES").public | changes]}
    with pytest.raises(AdministrationError):
        RelyingParty(provider, jwks=keys)


def test_discovery_3_says_what_is_offered(party: RelyingParty) -> None:
    said = party.http.get("/.well-known/openid-configuration").json
    for kind in ("id_token", "userinfo", "authorization", "introspection"):
        assert set(said[f"{kind}_encryption_alg_values_supported"]) == set(ALGORITHMS)
        assert set(said[f"{kind}_encryption_enc_values_supported"]) == set(CONTENT)
    assert set(said["request_object_encryption_alg_values_supported"]).isdisjoint({"RSA1_5", "dir", "RSA-OAEP"})
