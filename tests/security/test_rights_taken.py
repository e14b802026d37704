"""S2: what is taken from a client's registration is gone from the tokens it has, on every node within a second."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.tokens.access_token import REGISTRATION_CLAIM
from tests.doubles.administrators import Console, appoint
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, OTHER_ITEM, PASSWORD, SERVICE_ITEM, Provider
from tests.doubles.relying_party import CALLBACK, PERMITS, ProofKey, RelyingParty, claims_of, details, permits
from tests.doubles.self_registered import SelfRegistered
from tests.security.test_token_exchange import GRANTS, Pair, exchange, refused
from tests.unit.idp.test_device_flow import GRANT as DEVICE_CODE
from tests.unit.idp.test_device_flow import Terminal, answer


def change(party: RelyingParty, **metadata: Any) -> None:
    """An administrator changes the registration; nodes have nearly a second to notice."""
    clients = party.provider.administration.clients
    clients.update(party.id, clients.show(party.id) | metadata)
    party.provider.clock.advance(0.9)


def told(party: RelyingParty, token: str) -> Any:
    return party.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}, base_url=ISSUER)


def taken(party: RelyingParty, kind: str = "taken") -> Any:
    """What the feed says, which is all that the exchange goes by."""
    return claims_of(party.http.get("/revocations", base_url=ISSUER).text)["revoked"][kind]


def given_back(party: RelyingParty) -> Any:
    """And of what counts for later tokens alone."""
    return taken(party, "given_back")


def test_S2_a_scope_taken_from_a_client_is_gone_from_its_tokens_within_a_second(either_provider: Provider) -> None:
    """GHSA-895x-rfqp-jh5c: tokens outlived the scope that they stood on.

    They lose it at introspection and userinfo, and in the feed for the exchange.
    """
    party, key = RelyingParty(either_provider, scope="openid profile cases"), ProofKey(either_provider)
    nodes = (party, party.on(either_provider.another_node()))
    tokens, system = party.tokens(), party.own_token(key, scope="cases").json["access_token"]
    for node in nodes:
        assert node.introspect(tokens["access_token"])["scope"] == "openid profile"
        assert node.introspect(system)["active"]
        assert told(node, tokens["access_token"]).json["name"] == "王小明"
        assert taken(node) == {}
    change(party, scope="openid")
    for node in nodes:
        state = node.introspect(tokens["access_token"])
        assert (state["active"], state["scope"]) == (True, "openid")
        assert node.introspect(tokens["refresh_token"])["scope"] == "openid"
        assert node.introspect(system) == {"active": False}
        assert told(node, tokens["access_token"]).json == {"sub": claims_of(tokens["access_token"])["sub"]}
        assert taken(node) == {party.id: ["cases", "profile"]}


def test_S2_a_scope_given_back_is_for_what_is_allowed_anew(either_provider: Provider) -> None:
    """Access, refresh and system tokens of before never regain it; who wants it has it allowed again."""
    party, key = RelyingParty(either_provider, scope="openid profile cases"), ProofKey(either_provider)
    nodes = (party, party.on(either_provider.another_node()))
    tokens, system = party.tokens(), party.own_token(key, scope="cases").json["access_token"]
    code = party.code()
    change(party, scope="openid")
    change(party, scope="openid profile cases")
    for node in nodes:
        assert node.introspect(tokens["access_token"])["scope"] == "openid"
        assert node.introspect(tokens["refresh_token"])["scope"] == "openid"
        assert node.introspect(system) == {"active": False}
        assert told(node, tokens["access_token"]).json == {"sub": claims_of(tokens["access_token"])["sub"]}
        assert (taken(node), given_back(node)) == ({}, {party.id: {"cases": 1, "profile": 1}})
    assert party.redeem(code).json["scope"] == "openid"
    refreshed = party.form("/token", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}).json
    assert refreshed["scope"] == "openid"
    assert REGISTRATION_CLAIM not in claims_of(refreshed["access_token"])  # still as of what the person once allowed
    again, anew = party.tokens(), party.own_token(key, scope="cases").json["access_token"]
    for node in nodes:
        assert node.introspect(again["access_token"])["scope"] == "openid profile"
        assert told(node, again["access_token"]).json["name"] == "王小明"
        assert node.introspect(anew)["active"]
    assert claims_of(anew)[REGISTRATION_CLAIM] == 1
    change(party, scope="openid profile")  # another one: what was allowed since has what it still names
    for node in nodes:
        assert node.introspect(again["access_token"])["scope"] == "openid profile"
        assert (taken(node), given_back(node)) == ({party.id: ["cases"]}, {party.id: {"profile": 1}})


def test_S2_a_scope_given_back_does_not_return_by_the_names_of_its_claims(provider: Provider) -> None:
    """OpenID Connect Core 1.0 §5.5: neither at userinfo nor in the ID tokens of a refresh."""
    party = RelyingParty(provider, scope="openid profile")
    by_name = json.dumps({"userinfo": {"name": None}, "id_token": {"name": None}})
    tokens = party.tokens(scope="openid", claims=by_name)
    assert told(party, tokens["access_token"]).json["name"] == "王小明"
    for scope in ("openid", "openid profile"):
        change(party, scope=scope)
        assert "name" not in told(party, tokens["access_token"]).json
        tokens = party.refresh(tokens["refresh_token"]).json
        assert "name" not in claims_of(tokens["id_token"]) | told(party, tokens["access_token"]).json
    anew = party.tokens(scope="openid", claims=by_name)
    assert claims_of(anew["id_token"])["name"] == told(party, anew["access_token"]).json["name"] == "王小明"


def test_S2_a_token_of_a_node_that_had_not_noticed_loses_the_scope_too(provider: Provider) -> None:
    """It was issued after the scope was taken, by whoever did not know yet: not its time counts."""
    party, key = RelyingParty(provider, scope="openid cases"), ProofKey(provider)
    late, clients = party.on(provider.another_node()), provider.administration.clients
    late.introspect("unknown")  # it has read its clients, and looks again in a quarter of a second
    clients.update(party.id, clients.show(party.id) | {"scope": "openid"})
    token = late.own_token(key, scope="cases").json["access_token"]
    change(party, scope="openid cases")
    for node in (party, late):
        assert node.introspect(token) == {"active": False}
        assert node.introspect(node.own_token(key, scope="cases").json["access_token"])["active"]


def test_S2_a_service_item_taken_from_a_client_is_gone_from_its_tokens_within_a_second(provider: Provider) -> None:
    pair = Pair(provider)
    token = pair.purpose()
    change(pair.website, tongban_service_items=[OTHER_ITEM])
    assert pair.website.introspect(token) == {"active": False}
    assert refused(exchange(pair.website, token, pair.key))
    assert taken(pair.website) == {pair.website.id: [SERVICE_ITEM]}
    change(pair.website, tongban_service_items=[OTHER_ITEM, SERVICE_ITEM])
    assert pair.website.introspect(token) == {"active": False}
    assert pair.website.introspect(pair.purpose())["active"]
    change(pair.website, tongban_service_items=[OTHER_ITEM])
    again = pair.website.push(authorization_details=details(), scope=None)
    assert again.json["error"] == "invalid_authorization_details"


def test_S2_a_scope_taken_from_a_client_is_not_handed_on_in_an_exchange(provider: Provider) -> None:
    pair = Pair(provider, scope="openid profile")
    token = pair.website.tokens()["access_token"]
    assert exchange(pair.system, token).json["scope"] == "openid profile"
    change(pair.website, scope="openid")
    assert refused(exchange(pair.system, token, scope="profile"), "invalid_scope")
    assert exchange(pair.system, token).json["scope"] == "openid"


def test_S2_who_lost_the_scope_admin_administers_nothing_within_a_second(provider: Provider) -> None:
    appoint(provider, "system")
    console = Console(provider, "system")
    assert console.call("GET", "/clients").status_code == 200
    change(console.party, scope="openid")
    refusal = console.call("GET", "/clients")
    assert (refusal.status_code, refusal.json["code"]) == (403, "token.insufficient-scope")


@pytest.mark.parametrize("door", ["api", "itself"])
def test_S2_a_scope_is_taken_through_whichever_door(provider: Provider, door: str) -> None:
    party = SelfRegistered(provider, scope="openid profile")
    token = party.tokens()["access_token"]
    metadata = provider.administration.clients.show(party.id) | {"scope": "openid"}
    if door == "api":
        appoint(provider, "system")
        assert Console(provider, "system").call("PUT", f"/clients/{party.id}", metadata).status_code == 200
    else:
        own = {name: value for name, value in metadata.items() if name != "tongban_organisation"}
        headers = {"Authorization": f"Bearer {party.registered['registration_access_token']}"}
        address = party.registered["registration_client_uri"].removeprefix(ISSUER)
        assert party.http.put(address, json=own, headers=headers, base_url=ISSUER).status_code == 200
    provider.clock.advance(0.9)
    assert party.introspect(token)["scope"] == "openid"
    assert taken(party) == {party.id: ["profile"]}


def test_S2_a_resource_server_that_lets_a_client_in_no_longer_ends_its_tokens(provider: Provider) -> None:
    party = RelyingParty(provider)
    permits(provider, party)
    tokens = party.tokens(scope="openid permits:read", resource=PERMITS)
    token, refresh = tokens["access_token"], tokens["refresh_token"]
    assert party.introspect(token)["scope"] == party.introspect(refresh)["scope"] == "openid permits:read"
    bare = party.tokens(scope="openid", resource=PERMITS)["access_token"]
    assert party.introspect(bare)["aud"] == PERMITS
    permits(provider)
    provider.clock.advance(0.9)
    assert party.introspect(token) == party.introspect(refresh) == {"active": False}
    assert party.introspect(bare) == {"active": False}  # nothing was taken from its scope, only whom it is for
    assert refused(party.refresh(refresh), "invalid_target")
    permits(provider, party)
    provider.clock.advance(0.9)
    assert party.introspect(token) == {"active": False}
    anew = party.tokens(scope="openid permits:read", resource=PERMITS)["access_token"]
    assert party.introspect(anew)["scope"] == "openid permits:read"
    provider.administration.resources.disable(PERMITS)
    permits(provider, party)
    provider.clock.advance(0.9)
    assert party.introspect(anew) == {"active": False}
    assert given_back(party) == {}  # no business of the exchange


def test_S2_a_token_for_nothing_is_not_issued(provider: Provider) -> None:
    """ADR 0073: neither by a refresh, nor for a code or a device code, nor in an exchange."""
    party = Terminal(provider, grant_types=[*GRANTS, DEVICE_CODE], redirect_uris=[CALLBACK], scope="openid profile")
    browser, asked = Browser(provider), party.ask().json
    answer(browser, asked["user_code"])
    refresh, codes = party.tokens(browser)["refresh_token"], [party.code(browser)]
    change(party, scope="openid introspect")
    assert refused(party.refresh(refresh, scope="profile"), "invalid_scope")
    change(party, scope="introspect")
    for answered in (party.refresh(refresh), party.redeem(codes.pop()), party.poll(asked["device_code"])):
        assert refused(answered, "invalid_scope")
    assert party.introspect(refresh) == {"active": False}
    permits(provider, party)
    change(party, scope="openid profile")
    of_permits = {"scope": "openid permits:read", "resource": PERMITS}
    tokens, codes = party.tokens(browser, **of_permits), [party.code(browser, **of_permits)]
    wider, narrower = {"scope": "openid permits:read permits:file", "resource": PERMITS}, "openid permits:read"
    wide = party.tokens(browser, **wider)
    described_anew = {"permits:file": {"zh": "申办许可", "en": "File for permits"}}
    resources = provider.administration.resources
    resources.put(resources.every()[0] | {"scopes": described_anew})
    provider.clock.advance(0.9)
    for answered in (party.refresh(tokens["refresh_token"]), party.redeem(codes.pop())):
        assert refused(answered, "invalid_target")
    assert refused(party.refresh(tokens["refresh_token"], scope="openid"), "invalid_target")
    # Of what was granted something is left, of what is asked for is not: each is judged by itself.
    assert refused(party.refresh(wide["refresh_token"], scope=narrower), "invalid_target")
    assert refused(exchange(party, wide["access_token"], scope=narrower), "invalid_scope")
    assert party.refresh(wide["refresh_token"]).json["scope"] == "openid permits:file"
    assert party.introspect(tokens["refresh_token"]) == {"active": False}


def test_S2_what_is_taken_while_a_person_is_asked_is_not_allowed(provider: Provider) -> None:
    """Nor does it return to what they allowed once it is given back: neither scope nor actor, nor evidence."""
    system, browser = RelyingParty(provider), Browser(provider)
    had = {"scope": "openid profile", "tongban_may_act": [system.id]}
    party = RelyingParty(provider, grant_types=GRANTS, **had)
    asked = party.authorize_url(claims=json.dumps({"userinfo": {"name": None}}))
    page = browser.submit(browser.follow(browser.get(asked)), username="wang", password=PASSWORD)
    change(party, scope="openid", tongban_may_act=[])
    browser.submit(page, decision="allow")
    tokens = party.redeem(browser.sent_back()["code"]).json
    assert (tokens["scope"], "may_act" in claims_of(tokens["access_token"])) == ("openid", False)
    change(party, **had)
    assert party.refresh(tokens["refresh_token"]).json["scope"] == "openid"
    assert "name" not in told(party, tokens["access_token"]).json
    permits(provider, party)
    page = browser.follow(browser.get(party.authorize_url(scope="openid permits:read", resource=PERMITS)))
    permits(provider)
    browser.submit(page, decision="allow")
    assert browser.sent_back()["error"] == "invalid_target"
    page = browser.follow(browser.get(party.pushed_url(scope=None, authorization_details=details())))
    change(party, tongban_service_items=[OTHER_ITEM])
    browser.submit(page, decision="allow")
    assert browser.sent_back()["error"] == "invalid_authorization_details"


def test_S2_a_service_item_taken_after_the_person_agreed_is_not_issued(provider: Provider) -> None:
    """Nor once it is given back: a code or device code is for what the client has had ever since."""
    terminal, key, browser = Terminal(provider), ProofKey(provider), Browser(provider)
    codes = [terminal.ask(key, authorization_details=details()).json for _ in range(2)]
    for each in codes:
        answer(browser, each["user_code"])
    for items, each in zip(([], [SERVICE_ITEM]), codes, strict=True):
        change(terminal, tongban_service_items=items)
        assert refused(terminal.poll(each["device_code"], key), "invalid_authorization_details")
    party = RelyingParty(provider)
    code = browser.walk(party.pushed_url(key, scope=None, authorization_details=details()))["code"]
    for items in ([], [SERVICE_ITEM]):
        change(party, tongban_service_items=items)
    assert refused(party.redeem(code, key), "invalid_authorization_details")


def test_S2_a_token_of_which_nothing_is_left_can_still_be_revoked(provider: Provider) -> None:
    """It must not come back with the scope."""
    party, key = RelyingParty(provider), ProofKey(provider)
    token = party.own_token(key, scope="cases").json["access_token"]
    change(party, scope="openid profile")
    assert party.form("/revoke", {"token": token}).status_code == 200
    change(party, scope="openid profile cases")
    assert party.introspect(token) == {"active": False}
