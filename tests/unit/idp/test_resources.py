"""Resource servers (RFC 8707): for whom an access token is, from the first request to the last refresh."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from idp.administration.errors import AdministrationError
from tests.doubles.browser import Browser, parameters
from tests.doubles.identity_provider import EXCHANGE, ISSUER, MARKET, URBAN, Provider
from tests.doubles.relying_party import PERMITS, RelyingParty, claims_of, permits


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    """A client that the resource server lets in."""
    party = RelyingParty(provider)
    permits(provider, party)
    return party


ASKED = {"scope": "openid profile permits:read", "resource": PERMITS}


def test_the_resource_is_the_audience_of_every_token_of_the_code(either_provider: Provider) -> None:
    """§2.1 and §2.2."""
    party = RelyingParty(either_provider)
    permits(either_provider, party)
    permits(either_provider, party)  # described anew
    tokens = party.tokens(**ASKED)
    access = claims_of(tokens["access_token"])
    assert (access["aud"], access["scope"]) == (PERMITS, "openid profile permits:read")
    assert claims_of(tokens["id_token"])["name"] == "王小明"  # no token for userinfo exists
    assert party.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}).status_code == 401
    again = party.refresh(tokens["refresh_token"], resource=PERMITS).json
    assert claims_of(again["access_token"])["aud"] == PERMITS
    assert party.introspect(again["access_token"])["aud"] == PERMITS


def test_consent_names_the_scopes_in_the_resource_servers_words(party: RelyingParty, browser: Browser) -> None:
    page = browser.follow(browser.get(party.authorize_url(**ASKED)))
    page = browser.submit(page, username="wang", password="correct horse battery")
    assert "查看许可" in page.text
    browser.submit(page, decision="allow")
    silent = parameters(browser.get(party.authorize_url(**ASKED, prompt="none")).headers["Location"])
    assert "code" in silent
    more = party.authorize_url(**(ASKED | {"scope": "openid permits:file"}), prompt="none")
    assert parameters(browser.get(more).headers["Location"])["error"] == "consent_required"


@pytest.mark.parametrize("resource", [ISSUER, EXCHANGE, "https://elsewhere.example"])
def test_T7_the_audience_never_changes_after_the_authorization(party: RelyingParty, resource: str) -> None:
    refresh_token = party.tokens(**ASKED)["refresh_token"]
    assert party.refresh(refresh_token, resource=resource).json["error"] == "invalid_target"
    assert party.redeem(party.code(**ASKED), resource=resource).json["error"] == "invalid_target"
    assert party.redeem(party.code(), resource=PERMITS).json["error"] == "invalid_target"
    assert party.refresh(refresh_token, scope="permits:read permits:file").json["error"] == "invalid_scope"


def test_nobody_is_let_in_by_default(provider: Provider, party: RelyingParty, browser: Browser) -> None:
    stranger = RelyingParty(provider)
    back = parameters(browser.get(stranger.authorize_url(**ASKED)).headers["Location"])
    assert back["error"] == "invalid_target"
    assert stranger.push(**ASKED).json["error"] == "invalid_target"
    assert stranger.own_token(resource=PERMITS).json["error"] == "invalid_target"
    tokens = party.tokens(**ASKED)
    permits(provider, stranger)
    assert party.refresh(tokens["refresh_token"]).json["error"] == "invalid_target"
    provider.administration.resources.disable(PERMITS)
    provider.settle()
    assert stranger.own_token(resource=PERMITS).json["error"] == "invalid_target"


def test_a_scope_for_the_exchange_is_not_for_a_resource_server(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider, scope="openid usage")
    permits(provider, party)
    back = parameters(browser.get(party.authorize_url(scope="openid usage", resource=PERMITS)).headers["Location"])
    assert back["error"] == "invalid_target"
    back = parameters(browser.get(party.authorize_url(scope="permits:read")).headers["Location"])
    assert back["error"] == "invalid_scope"


def test_client_credentials_for_a_resource_server(party: RelyingParty) -> None:
    access = claims_of(party.own_token(resource=PERMITS).json["access_token"])
    assert (access["aud"], access["scope"], access["sub"]) == (PERMITS, "permits:file permits:read", party.id)
    narrow = party.own_token(resource=PERMITS, scope="permits:read").json
    assert narrow["scope"] == "permits:read"
    assert party.own_token(resource=PERMITS, scope="cases").json["error"] == "invalid_scope"


def test_several_resources_are_one_or_none(party: RelyingParty, browser: Browser) -> None:
    """§2: repeated it may be; a token has one audience here."""

    def back(*resources: str) -> dict[str, str]:
        asked = party.request(scope=ASKED["scope"])
        query = urlencode([*asked.items(), *(("resource", each) for each in resources)])
        return parameters(browser.get(f"/authorize?{query}").headers["Location"])

    assert back(PERMITS, PERMITS) == {}
    assert back(PERMITS, ISSUER)["error"] == "invalid_target"
    fields = urlencode([*party.credentials()[0].items(), ("grant_type", "client_credentials")])
    for other, status in ((PERMITS, 200), (EXCHANGE, 400)):
        body = f"{fields}&{urlencode([('resource', PERMITS), ('resource', other)])}"
        fields = urlencode([*party.credentials()[0].items(), ("grant_type", "client_credentials")])
        answer = party.http.post("/token", data=body, content_type="application/x-www-form-urlencoded", base_url=ISSUER)
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"resource": "permits"},
        {"resource": f"{PERMITS}#x"},
        {"resource": "https://permits.example/a b"},
        {"tongban_organisation": "nobody"},
        {"scopes": {"openid": {"zh": "a", "en": "a"}}},
        {"scopes": {"permits": "read"}},
        {"scopes": {"a b": {"zh": "a", "en": "a"}}},
        {"clients": ["nobody"]},
        {"clients": "all"},
        {"more": 1},
    ],
)
def test_a_resource_server_is_checked_before_it_is_registered(provider: Provider, wrong: dict[str, object]) -> None:
    right = {"resource": PERMITS, "tongban_organisation": URBAN, "scopes": {}, "clients": []}
    with pytest.raises(AdministrationError):
        provider.administration.resources.put(right | wrong)
    assert provider.administration.resources.every() == []


def test_registering_anew_replaces_and_every_change_is_an_entry(provider: Provider, party: RelyingParty) -> None:
    del party
    provider.administration.resources.put(
        {"resource": PERMITS, "tongban_organisation": MARKET, "scopes": {}, "clients": []}
    )
    provider.administration.resources.disable(PERMITS)
    [listed] = provider.administration.resources.every()
    assert (listed["tongban_organisation"], listed["tongban_disabled"]) == (MARKET, True)
    assert len(provider.events("ResourceRegistered")) == 2
    facts = provider.events("ResourceDisabled")[0]["facts"]
    assert (facts["resource"], facts["actor"]) == (PERMITS, "operator")
    with pytest.raises(AdministrationError):
        provider.administration.resources.disable("https://elsewhere.example")
