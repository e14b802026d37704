"""Introspection by whom a token is for (RFC 7662 §4, RFC 9701 §5): its own resource server and no other (ADR 0089)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.doubles.administrators import Console, appoint, person_id
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import EXCHANGE, ISSUER, MARKET, URBAN, Provider
from tests.doubles.relying_party import PERMITS, ProofKey, RelyingParty, claims_of, permits

INACTIVE = {"active": False}
ASKED = {"scope": "openid profile permits:read", "resource": PERMITS}
SIGNED = "application/token-introspection+jwt"


def server(provider: Provider, **metadata: Any) -> RelyingParty:
    """By what the resource server of the urban management department asks."""
    described = {"scope": "introspect", "grant_types": ["client_credentials"], "tongban_organisation": URBAN}
    return RelyingParty(provider, **(described | metadata))


def issued(provider: Provider, browser: Browser | None = None) -> tuple[RelyingParty, dict[str, Any]]:
    """A client that the resource server lets in, and its tokens."""
    party = RelyingParty(provider)
    permits(provider, party)
    return party, party.tokens(browser, **ASKED)


def seen(party: RelyingParty, token: str) -> list[dict[str, Any]]:
    """Both answers: plain (RFC 7662) and signed (RFC 9701)."""
    signed = party.form("/introspect", {"token": token}, Accept=SIGNED)
    return [party.introspect(token), claims_of(signed.text)["token_introspection"]]


def test_a_resource_server_sees_the_tokens_that_are_meant_for_it(either_provider: Provider) -> None:
    """With what it knows of the scope (RFC 9701 §5); the client it was issued to sees all of its own."""
    party, tokens = issued(either_provider)
    token, said = tokens["access_token"], claims_of(tokens["access_token"])
    for state in seen(server(either_provider), token):
        assert state == {**said, "active": True, "token_type": "Bearer", "scope": "permits:read"}
    assert party.introspect(token)["scope"] == ASKED["scope"]
    assert server(either_provider).introspect(tokens["refresh_token"]) == INACTIVE


@pytest.mark.parametrize(
    "stranger",
    [
        {"scope": "cases"},  # of the same organisation, but not to examine
        {"tongban_organisation": MARKET},  # to examine, but of another organisation
    ],
)
def test_nobody_else_sees_them(provider: Provider, stranger: dict[str, Any]) -> None:
    _, tokens = issued(provider)
    assert seen(server(provider, **stranger), tokens["access_token"]) == [INACTIVE, INACTIVE]


def test_a_token_for_us_or_for_the_exchange_is_for_no_resource_server(provider: Provider) -> None:
    """Not even for one that was given their name and lets the client in."""
    party, system = RelyingParty(provider), RelyingParty(provider, scope="cases", grant_types=["client_credentials"])
    ours = party.tokens()["access_token"]
    theirs = system.own_token(ProofKey(provider), scope="cases").json["access_token"]
    assert (claims_of(ours)["aud"], claims_of(theirs)["aud"]) == (ISSUER, EXCHANGE)
    for taken in (ISSUER, EXCHANGE):
        described = {"resource": taken, "tongban_organisation": MARKET, "scopes": {}, "clients": [party.id, system.id]}
        provider.administration.resources.put(described)
    provider.settle()
    assert party.introspect(ours)["active"] is system.introspect(theirs)["active"] is True
    for organisation in (MARKET, URBAN):
        asking = server(provider, tongban_organisation=organisation)
        for token in (ours, theirs):
            assert seen(asking, token) == [INACTIVE, INACTIVE]


def test_a_resource_server_that_ended_or_went_to_another_organisation_sees_nothing(provider: Provider) -> None:
    party, tokens = issued(provider)
    urban, market = server(provider), server(provider, tongban_organisation=MARKET)
    [described] = provider.administration.resources.every()
    provider.administration.resources.put(described | {"tongban_organisation": MARKET})
    provider.settle()
    token = tokens["access_token"]
    assert (urban.introspect(token), market.introspect(token)["active"]) == (INACTIVE, True)
    provider.administration.resources.disable(PERMITS)
    provider.settle()
    assert market.introspect(token) == party.introspect(token) == INACTIVE


def signed_out(provider: Provider, party: RelyingParty, browser: Browser, tokens: dict[str, Any]) -> None:
    appoint(provider, "helpdesk")
    helpdesk = Console(provider, "helpdesk")
    assert helpdesk.call("POST", f"/people/{person_id(provider, 'wang')}/sessions/end").status_code == 204


def withdrawn(provider: Provider, party: RelyingParty, browser: Browser, tokens: dict[str, Any]) -> None:
    page = browser.get(f"/account/consents/{party.id}/withdraw")
    assert "已撤回" in browser.submit(page, decision="withdraw").text


def revoked(provider: Provider, party: RelyingParty, browser: Browser, tokens: dict[str, Any]) -> None:
    assert party.form("/revoke", {"token": tokens["access_token"]}).status_code == 200


def disabled(provider: Provider, party: RelyingParty, browser: Browser, tokens: dict[str, Any]) -> None:
    provider.administration.clients.disable(party.id)


@pytest.mark.parametrize("ended", [signed_out, withdrawn, revoked, disabled])
def test_S2_a_resource_server_sees_an_end_within_a_second_on_every_node(
    either_provider: Provider, ended: Callable[..., None]
) -> None:
    """Sign-out, withdrawal, revocation and the client's end: nothing else tells it before the token expires."""
    provider, browser = either_provider, Browser(either_provider)
    party, tokens = issued(provider, browser)
    here, token = server(provider), tokens["access_token"]
    there = here.on(provider.another_node())
    assert here.introspect(token)["active"] is there.introspect(token)["active"] is True
    ended(provider, party, browser, tokens)
    provider.clock.advance(0.99)
    assert [*seen(here, token), *seen(there, token)] == [INACTIVE] * 4
