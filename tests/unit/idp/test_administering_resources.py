"""Resource servers and invitations on the administration's pages and in its API: rights, four eyes, and both ends."""

from __future__ import annotations

from typing import Any

import pytest

from idp.model.invitation import Terms
from idp.pages.administration.resources import address
from tests.doubles.administrators import Console, appoint, press, signed_in
from tests.doubles.identity_provider import ISSUER, MARKET, URBAN, Provider
from tests.doubles.relying_party import CALLBACK, RelyingParty

PERMITS = "https://permits.example/api"
TERMS = Terms(MARKET, frozenset({"openid"}), frozenset({"authorization_code"}))
INVITED = {"tongban_organisation": MARKET, "scope-openid": "on", "grant-authorization_code": "on", "uses": "2"}


@pytest.fixture
def staffed(provider: Provider) -> Provider:
    appoint(provider, "system", "security", "audit", "market", "urban", "helpdesk")
    return provider


def described(client: str, **changes: Any) -> dict[str, Any]:
    words = {"permits:read": {"zh": "查看许可", "en": "See permits"}}
    return {"resource": PERMITS, "tongban_organisation": URBAN, "scopes": words, "clients": [client], **changes}


def test_a_resource_server_from_registration_to_the_end_on_pages(staffed: Provider) -> None:
    party = RelyingParty(staffed, grant_types=["client_credentials"])
    browser, _ = signed_in(staffed, "system")
    sent = {
        "resource": PERMITS,
        "tongban_organisation": URBAN,
        "scopes": "permits:read | 查看许可",
        "clients": party.id,
    }
    refused = press(browser, "/admin/resources/new", **sent)
    assert refused.status_code == 422
    assert "permits:read | 查看许可" in refused.text  # what was typed is there to be mended
    shown = browser.submit(refused, **{**sent, "scopes": "permits:read | 查看许可 | See permits"})
    assert shown.request.path == address(PERMITS)
    assert "See permits" in shown.text
    assert party.own_token(resource=PERMITS).status_code == 200
    # Its identifier stays whatever a form sends: tokens name it.
    edited = {**sent, "resource": "https://other.example", "scopes": "permits:list | 列出 | List"}
    assert "permits:list" in press(browser, f"{address(PERMITS)}/edit", **edited).text
    assert [each["resource"] for each in staffed.administration.resources.every()] == [PERMITS]
    ended = press(browser, f"{address(PERMITS)}/disable")
    assert f'{address(PERMITS)}/disable"' not in ended.text
    staffed.clock.advance(1)
    assert party.own_token(resource=PERMITS).json["error"] == "invalid_target"
    acts = [each["facts"]["command"] for each in staffed.events() if each["facts"].get("resource") == PERMITS]
    assert acts == ["resources.put", "resources.put", "resources.disable"]
    assert browser.get(f"/admin/resources/{'0' * 64}").status_code == 404


def test_M1_a_department_names_no_audience_and_ends_only_its_own(staffed: Provider) -> None:
    party = RelyingParty(staffed)
    system, market, urban = (Console(staffed, name) for name in ("system", "market", "urban"))
    assert system.call("PUT", "/resources", described(party.id)).status_code == 200
    takeover = described(party.id, tongban_organisation=MARKET)
    for console in (market, urban, Console(staffed, "security"), Console(staffed, "audit")):
        assert console.call("PUT", "/resources", takeover).status_code == 403
    assert market.call("GET", "/resources").json == {"resources": []}
    assert [each["resource"] for each in urban.call("GET", "/resources").json["resources"]] == [PERMITS]
    assert market.call("POST", "/resources/disable", {"resource": PERMITS}).status_code == 404
    assert Console(staffed, "audit").call("POST", "/resources/disable", {"resource": PERMITS}).status_code == 403
    assert urban.call("POST", "/resources/disable", {"resource": PERMITS}).status_code == 204
    assert system.call("PUT", "/resources", {"resource": "not a URI"}).status_code == 422
    assert system.call("POST", "/resources/disable", {"resource": "https://nowhere.example"}).status_code == 404


def register(provider: Provider, token: str) -> int:
    sent = {"client_name": "Website", "redirect_uris": [CALLBACK]}
    http = RelyingParty(provider).http
    return int(
        http.post("/register", json=sent, headers={"Authorization": f"Bearer {token}"}, base_url=ISSUER).status_code
    )


def test_an_invitation_is_made_by_two_used_and_withdrawn(staffed: Provider) -> None:
    system, _ = signed_in(staffed, "system")
    proposed = press(system, "/admin/invitations/new", **INVITED, hours="24")
    assert system.get("/admin/invitations").text.count("inv_") == 0
    guard, _ = signed_in(staffed, "security")
    once = guard.submit(guard.get(proposed.request.path), decision="confirm")
    [invitation] = staffed.administration.clients.invitations()
    at = f"/admin/invitations/{invitation['invitation']}"
    token = next(word for word in once.text.replace("<", " ").replace(">", " ").split() if len(word) == 43)
    assert register(staffed, token) == 201
    shown = guard.get(at)
    assert "authorization_code" in shown.text
    assert token not in shown.text + guard.get("/admin/invitations").text
    assert press(guard, f"{at}/withdraw").request.path == "/admin/invitations"
    assert register(staffed, token) == 401
    assert guard.get(at).status_code == 404
    [entry] = staffed.events("ClientInvitationWithdrawn")
    assert entry["facts"]["command"] == "clients.withdraw-invitation"


def test_who_only_watches_withdraws_nothing(staffed: Provider) -> None:
    made = staffed.administration.clients.invite(TERMS, uses=1)
    one = f"/clients/invitations/{made['invitation']}"
    audit = Console(staffed, "audit")
    assert audit.call("GET", one).json["uses_left"] == 1
    assert audit.call("POST", f"{one}/withdraw").status_code == 403
    for name in ("market", "helpdesk"):
        assert Console(staffed, name).call("GET", "/clients/invitations").status_code == 403
    system = Console(staffed, "system")
    assert system.call("POST", f"{one}/withdraw").status_code == 204
    assert system.call("POST", f"{one}/withdraw").status_code == 404
    assert system.call("GET", "/clients/invitations").json == {"invitations": []}
