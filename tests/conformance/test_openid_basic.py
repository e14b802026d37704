"""The OpenID Provider Basic plan (code flow), each test named after its module; the Form Post plan is the same by form.

`oidcc-basic-certification-test-plan` and `oidcc-formpost-basic-certification-test-plan`.
"""

from __future__ import annotations

from typing import Any

import pytest

from idp.model.contact import Contact, ContactKind
from kernel.jose import verify, verifying_keys
from tests.doubles.browser import ELSEWHERE, Browser, carried, form_of
from tests.doubles.identity_provider import ISSUER, PHONE, Provider
from tests.doubles.relying_party import CALLBACK, RelyingParty, by_secret, claims_of, header_of, key_pair, raw_jws

pytestmark = pytest.mark.usefixtures("mode")  # every test, once for each plan
Answer = dict[str, str]


@pytest.fixture(params=["query", "form_post"])
def mode(request: pytest.FixtureRequest) -> str:
    """How the answer of the authorization endpoint travels: once for each plan."""
    return str(request.param)


@pytest.fixture
def party(provider: Provider, mode: str) -> RelyingParty:
    """A client by client_secret_basic, as in the plan."""
    return asking(by_secret(provider, scope="openid profile email phone"), mode)


def asking(party: RelyingParty, mode: str) -> RelyingParty:
    party.always = {} if mode == "query" else {"response_mode": mode}
    return party


def silent(browser: Browser, party: RelyingParty, **changes: Any) -> Answer:
    """The answer to a request that shows no page."""
    back = carried(browser.get(party.authorize_url(**changes)))
    assert back is not None
    assert back["iss"] == ISSUER
    return back


def userinfo(party: RelyingParty, tokens: dict[str, Any]):
    return party.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})


def test_oidcc_server(party: RelyingParty) -> None:
    tokens = party.tokens()
    assert {"access_token", "token_type", "id_token", "expires_in"} <= tokens.keys()
    claims = claims_of(tokens["id_token"])
    assert {"iss", "sub", "aud", "exp", "iat"} <= claims.keys()
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, party.id, "nonce-1")
    assert len(claims["sub"]) <= 255


def test_oidcc_response_type_missing(party: RelyingParty, browser: Browser) -> None:
    back = silent(browser, party, response_type=None)
    assert back["error"] in ("invalid_request", "unsupported_response_type")
    assert back["state"] == "state-1"


def test_oidcc_idtoken_signature(party: RelyingParty, provider: Provider) -> None:
    id_token = party.tokens()["id_token"]
    keys = verifying_keys(party.http.get("/jwks").json)
    assert header_of(id_token)["kid"] in {key.kid for key in keys}
    assert header_of(id_token)["alg"] == "ES256"
    verify(id_token, keys, typ="JWT", issuer=ISSUER, audience=party.id, now=provider.clock.now(), max_age=600)


def test_oidcc_userinfo_get(party: RelyingParty) -> None:
    tokens = party.tokens()
    assert userinfo(party, tokens).json["sub"] == claims_of(tokens["id_token"])["sub"]


def test_oidcc_userinfo_post_header(party: RelyingParty) -> None:
    tokens = party.tokens()
    answer = party.http.post("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert answer.json["sub"] == claims_of(tokens["id_token"])["sub"]


def test_oidcc_userinfo_post_body(party: RelyingParty) -> None:
    tokens = party.tokens()
    answer = party.http.post("/userinfo", data={"access_token": tokens["access_token"]})
    assert answer.json["sub"] == claims_of(tokens["id_token"])["sub"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(party: RelyingParty) -> None:
    assert "nonce" not in claims_of(party.tokens(nonce=None)["id_token"])


def scoped(party: RelyingParty, scope: str) -> dict[str, Any]:
    """What userinfo tells under a scope about the person that the ID token means."""
    tokens = party.tokens(scope=f"openid {scope}")
    assert tokens["scope"].split() == ["openid", *(each for each in scope.split() if each != "address")]
    found = dict(userinfo(party, tokens).json)
    assert found.pop("sub") == claims_of(tokens["id_token"])["sub"]
    return found


PROFILE = {"name": "王小明", "acr": "urn:tongban:loa:2"}
EMAIL = {"email": "wang@example.org", "email_verified": True}
PHONE_NUMBER = {"phone_number": PHONE.value, "phone_number_verified": True}


@pytest.fixture
def with_email(provider: Provider) -> None:
    """The person confirmed an address beside the telephone number."""
    person, channels = provider.person("wang").id, provider.notices.channels
    mail = Contact(ContactKind.EMAIL, EMAIL["email"])
    provider.database.write(lambda connection: channels.add(connection, person, mail, confirmed=True))


@pytest.mark.usefixtures("with_email")
def test_oidcc_scope_profile(party: RelyingParty) -> None:
    assert scoped(party, "profile") == PROFILE


@pytest.mark.usefixtures("with_email")
def test_oidcc_scope_email(party: RelyingParty) -> None:
    assert scoped(party, "email") == EMAIL


def test_a_claim_that_nobody_knows_is_left_out(party: RelyingParty) -> None:
    """Never null, never empty (OpenID Connect Core 1.0 §5.3.2)."""
    assert scoped(party, "email") == {}


def test_oidcc_scope_address(party: RelyingParty) -> None:
    """The scope does not exist here; what is not understood is ignored (OpenID Connect Core 1.0 §3.1.2.1)."""
    assert scoped(party, "address") == {}


@pytest.mark.usefixtures("with_email")
def test_oidcc_scope_phone(party: RelyingParty) -> None:
    assert scoped(party, "phone") == PHONE_NUMBER


@pytest.mark.usefixtures("with_email")
def test_oidcc_scope_all(party: RelyingParty) -> None:
    assert scoped(party, "profile email address phone") == PROFILE | EMAIL | PHONE_NUMBER


def test_oidcc_ensure_other_scope_order_succeeds(party: RelyingParty) -> None:
    assert party.tokens(scope="email profile openid")["id_token"]


def test_oidcc_display_page(party: RelyingParty) -> None:
    assert party.tokens(display="page")["id_token"]


def test_oidcc_display_popup(party: RelyingParty) -> None:
    assert party.tokens(display="popup")["id_token"]


def test_oidcc_prompt_login(party: RelyingParty, browser: Browser, provider: Provider) -> None:
    first = claims_of(party.tokens(browser)["id_token"])
    provider.clock.advance(1)
    page = browser.follow(browser.get(party.authorize_url(prompt="login")))
    assert "password" in form_of(page).names
    second = claims_of(party.tokens(browser, prompt="login")["id_token"])
    assert second["auth_time"] > first["auth_time"]
    assert second["sub"] == first["sub"]


def test_oidcc_prompt_none_not_logged_in(party: RelyingParty, browser: Browser) -> None:
    assert silent(browser, party, prompt="none")["error"] == "login_required"


def test_oidcc_prompt_none_logged_in(party: RelyingParty, browser: Browser) -> None:
    first = claims_of(party.tokens(browser)["id_token"])
    second = claims_of(party.redeem(silent(browser, party, prompt="none")["code"]).json["id_token"])
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


def test_oidcc_max_age_1(party: RelyingParty, browser: Browser, provider: Provider) -> None:
    first = claims_of(party.tokens(browser)["id_token"])
    provider.clock.advance(2)
    second = claims_of(party.tokens(browser, max_age="1")["id_token"])
    assert second["auth_time"] > first["auth_time"]


def test_oidcc_max_age_10000(party: RelyingParty, browser: Browser, provider: Provider) -> None:
    first = claims_of(party.tokens(browser)["id_token"])
    provider.clock.advance(2)
    second = claims_of(party.tokens(browser, max_age="10000")["id_token"])
    assert second["auth_time"] == first["auth_time"]


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(party: RelyingParty) -> None:
    assert party.tokens(extra="foobar")["id_token"]


def test_oidcc_id_token_hint(party: RelyingParty, browser: Browser, provider: Provider) -> None:
    hint = party.tokens(browser)["id_token"]
    back = silent(browser, party, prompt="none", id_token_hint=hint)
    assert claims_of(party.redeem(back["code"]).json["id_token"])["sub"] == claims_of(hint)["sub"]
    other = Browser(provider)
    other.walk(party.authorize_url(), username="li")
    assert silent(other, party, prompt="none", id_token_hint=hint)["error"] == "login_required"


def test_oidcc_login_hint(party: RelyingParty, browser: Browser) -> None:
    page = browser.follow(browser.get(party.authorize_url(login_hint='wang"><b>')))
    assert "wang&#34;&gt;&lt;b&gt;" in page.text or "wang&quot;&gt;&lt;b&gt;" in page.text


def test_oidcc_ui_locales(party: RelyingParty, browser: Browser) -> None:
    page = browser.follow(browser.get(party.authorize_url(ui_locales="en fr")))
    assert 'lang="en"' in page.text.split("<head>")[0]
    assert party.tokens(ui_locales="se")["id_token"]


def test_oidcc_claims_locales(party: RelyingParty) -> None:
    """A name is kept in one script, as the document has it: no locale is announced, and none is pretended (§5.2)."""
    assert "claims_locales_supported" not in party.http.get("/.well-known/openid-configuration").json
    assert party.tokens(claims_locales="se")["id_token"]
    tokens = party.tokens(scope="openid profile", claims_locales="en zh-CN")
    told = userinfo(party, tokens).json
    assert told["name"]
    assert not [name for name in told if "#" in name]


@pytest.mark.parametrize("values", ["1 2", "urn:tongban:loa:2"])
def test_oidcc_ensure_request_with_acr_values_succeeds(party: RelyingParty, values: str) -> None:
    assert claims_of(party.tokens(acr_values=values)["id_token"])["acr"]


def reused(party: RelyingParty, seconds: int) -> None:
    code = party.code()
    tokens = party.redeem(code).json
    party.provider.clock.advance(seconds)
    assert party.redeem(code).json["error"] == "invalid_grant"
    party.provider.settle()
    assert userinfo(party, tokens).status_code == 401


def test_oidcc_codereuse(party: RelyingParty) -> None:
    reused(party, 0)


def test_oidcc_codereuse_30seconds(party: RelyingParty) -> None:
    reused(party, 30)


def test_oidcc_ensure_registered_redirect_uri(party: RelyingParty, browser: Browser) -> None:
    answer = browser.get(party.authorize_url(redirect_uri=f"{CALLBACK}?foo=bar"))
    assert (answer.status_code, answer.mimetype) == (400, "text/html")


def test_oidcc_ensure_post_request_succeeds(party: RelyingParty, browser: Browser) -> None:
    """For somebody who has to sign in, and for somebody who has: their cookies come with no other site's POST."""
    page = browser.submit(browser.post("/authorize", party.request(), **ELSEWHERE))
    assert "password" in form_of(page).names
    party.tokens(browser)
    back = carried(browser.submit(browser.post("/authorize", party.request(prompt="none"), **ELSEWHERE)))
    assert back is not None
    assert "code" in back


def test_oidcc_server_client_secret_post(provider: Provider, mode: str) -> None:
    party = asking(RelyingParty(provider, token_endpoint_auth_method="client_secret_post"), mode)
    code, own = party.code(), {"client_id": party.id, "client_secret": party.secret}
    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": "v" * 64}
    answer = party.http.post("/token", data=grant | own, base_url=ISSUER)
    assert (answer.status_code, "id_token" in answer.json) == (200, True)


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(
    party: RelyingParty, browser: Browser
) -> None:
    """Announced as unsupported, refused as such, and never fetched (A6)."""
    back = silent(browser, party, request_uri="https://market.example/request.jwt")
    assert back["error"] == "request_uri_not_supported"
    assert party.provider.outgoing == []


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    party: RelyingParty, browser: Browser
) -> None:
    """`none` is not among the announced algorithms, and refused whatever it says."""
    assert "none" not in party.http.get("/.well-known/openid-configuration").json[
        "request_object_signing_alg_values_supported"
    ]  # fmt: skip
    unsigned = raw_jws({"alg": "none"}, {"iss": party.id, "aud": ISSUER, **party.request()}, None)
    assert silent(browser, party, request=unsigned)["error"] == "invalid_request_object"


def test_oidcc_claims_essential(party: RelyingParty) -> None:
    tokens = party.tokens(scope="openid", claims='{"userinfo":{"name":{"essential":true}}}')
    assert userinfo(party, tokens).json["name"] == "王小明"


def test_oidcc_ensure_request_object_with_redirect_uri(provider: Provider, mode: str) -> None:
    """What the object says counts, not what stands beside it: an address that is not registered goes nowhere."""
    key, public = key_pair()
    party = asking(by_secret(provider, jwks={"keys": [public]}), mode)
    url = party.authorize_url(request=party.request_object(key=key, redirect_uri=f"{CALLBACK}/other"))
    answer = Browser(provider).get(url)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert "code" in Browser(provider).walk(party.authorize_url(request=party.request_object(key=key)))


def test_oidcc_refresh_token(party: RelyingParty, provider: Provider) -> None:
    other = by_secret(provider)
    first = party.tokens()
    second = party.refresh(first["refresh_token"]).json
    before, after = claims_of(first["id_token"]), claims_of(second["id_token"])
    assert all(before[name] == after[name] for name in ("iss", "sub", "aud", "auth_time"))
    assert second["refresh_token"] != first["refresh_token"]
    assert other.refresh(second["refresh_token"]).json["error"] == "invalid_grant"


def test_oidcc_ensure_request_with_valid_pkce_succeeds(party: RelyingParty) -> None:
    assert party.tokens()["id_token"]
