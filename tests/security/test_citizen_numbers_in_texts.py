"""No text that a client, a clerk or an administrator writes brings a citizen number into the ledger.

It is refused where it is written, as what it is: an error of whoever wrote it, never one of ours.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from werkzeug.test import TestResponse

from tests.doubles.administrators import Console, appoint, person_id
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import MARKET, PASSWORD, WANG, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty, detail, details
from tests.doubles.self_registered import WEBSITE, register
from tests.unit.idp.test_ciba import Window, confirm, error
from tests.unit.idp.test_device_flow import Terminal, answer

NUMBER = WANG.value
OFFICER = {"sub": "officer-1"}
ASKED = [detail(evidence=[{"type": "household-register", "fields": ["name"], "predicates": ["is-local"]}])]
REGISTERED = WEBSITE | {
    "client_name#en": "Website",
    "client_uri": "https://market.example/about",
    "policy_uri": "https://market.example/policy",
    "contacts": ["desk@market.example"],
    "software_id": "desk-4",
    "software_version": "1",
    "token_endpoint_auth_method": "client_secret_basic",
}


def in_each_place(value: Any, held: str = NUMBER) -> Iterator[Any]:
    """Copies of a JSON value, each with one of its texts (a name of a member, too) made one that holds a number."""
    if isinstance(value, str):
        yield f"{value}/{held}" if value.startswith("https:") else held
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from ({**value, name: other} for other in in_each_place(member, held))
            yield {held if each == name else each: copy.deepcopy(kept) for each, kept in value.items()}
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in in_each_place(item, held))


def kept_from_the_ledger(provider: Provider, answers: list[TestResponse]) -> None:
    assert [each.status_code for each in answers if each.status_code >= 500] == []
    assert NUMBER not in json.dumps([each.get_json(silent=True) for each in answers if each.status_code >= 400])
    assert NUMBER not in repr(provider.events())


def test_authorization_details_hold_no_citizen_number(provider: Provider) -> None:
    """They stand in the token, on the page of consent and in the ledger, and are kept until the person comes."""
    party, key = RelyingParty(provider), ProofKey(provider)
    wide = NUMBER.translate({48 + digit: 0xFF10 + digit for digit in range(10)})
    wrong = [json.dumps(each) for each in in_each_place(ASKED)]
    wrong += [details(detail(legal_basis=basis)) for basis in (f"同意 {NUMBER}", wide, f"a\t{NUMBER}")]
    for each in wrong:
        for sent in (
            party.own_token(key, act=OFFICER, authorization_details=each),
            party.push(key, authorization_details=each),
        ):
            assert error(sent) == (400, "invalid_authorization_details"), each
    assert party.own_token(key, act=OFFICER, authorization_details=details()).status_code == 200
    kept_from_the_ledger(provider, [])


def test_no_other_parameter_of_a_client_ends_in_an_entry(provider: Provider) -> None:
    party, key, window, terminal = RelyingParty(provider), ProofKey(provider), Window(provider), Terminal(provider)
    spoken = {"login_hint": NUMBER, "ui_locales": NUMBER, "acr_values": NUMBER, "state": NUMBER, "nonce": NUMBER}
    spoken["claims"] = json.dumps({"id_token": {NUMBER: None, "acr": {"value": NUMBER}}, "userinfo": {"name": None}})
    answers = [party.push(key, **party.request() | spoken | {name: NUMBER}) for name in (*party.request(), "resource")]
    answers += [
        party.own_token(key, act={"sub": NUMBER}, authorization_details=json.dumps(ASKED)),
        *(party.own_token(key, **{name: NUMBER}) for name in ("scope", "resource", "audience")),
        *(terminal.ask(**{name: NUMBER}) for name in ("scope", "resource", "acr_values", "ui_locales")),
        *(
            window.ask(**{name: NUMBER})
            for name in ("scope", "resource", "login_hint", "user_code", "requested_expiry")
        ),
    ]
    for decision in ("deny", "allow"):
        assert Browser(provider).walk(party.authorize_url(**spoken), decision=decision)["state"] == NUMBER
        asked = window.ask(binding_message=NUMBER, acr_values=NUMBER)
        assert confirm(provider, decision).status_code == 200
        shown = terminal.ask(ui_locales=NUMBER)
        answer(Browser(provider), shown.json["user_code"], decision)
        answers += [asked, shown, window.poll(asked.json["auth_req_id"]), terminal.poll(shown.json["device_code"])]
        provider.clock.advance(10)
    browser = Browser(provider)
    form = form_of(browser.follow(browser.get(party.authorize_url())))
    device = {"Sec-Fetch-Site": "same-origin", "User-Agent": NUMBER}
    answers.append(browser.post(form.action, form.fields | {"username": "wang", "password": PASSWORD}, **device))
    answers.append(browser.post(form.action, form.fields | {"username": NUMBER, "password": PASSWORD}, **device))
    kept_from_the_ledger(provider, answers)


def test_client_metadata_hold_no_citizen_number(provider: Provider) -> None:
    assert register(provider, **REGISTERED).status_code == 201
    answers = [register(provider, **each) for each in in_each_place(REGISTERED) if each.keys() == REGISTERED.keys()]
    assert {error(each)[0] for each in answers} == {400}
    kept_from_the_ledger(provider, answers)


def test_what_administrators_enter_holds_no_citizen_number(provider: Provider) -> None:
    appoint(provider)
    party = RelyingParty(provider, scope="openid admin")
    system, security, clerk = (Console(provider, name, party) for name in ("system", "security", "clerk"))
    wang = person_id(provider, "wang")
    served = {
        "resource": "https://permits.example/api",
        "tongban_organisation": MARKET,
        "scopes": {"permits:read": {"zh": "查看", "en": "Read"}},
        "clients": [party.id],
    }
    invited = {
        "organisation": MARKET, "scopes": ["openid"], "grant_types": ["authorization_code"], "uses": 1,
        "valid_hours": 24,
    }  # fmt: skip
    client = REGISTERED | {"client_id": "website", "tongban_organisation": MARKET, "scope": "openid"}
    seen = {"document": "id-card", "name": "王小明", "number": WANG.value, "reference": "办-1", "level": 2}
    bodies: list[tuple[Console, str, str, dict[str, Any]]] = [
        (system, "PUT", f"/organisations/{MARKET}", {"name": {"zh": "市场监管", "en": "Market"}}),
        (system, "PUT", "/resources", served),
        (system, "POST", "/resources/disable", {"resource": "https://permits.example/api"}),
        (system, "POST", "/clients", client),
        (security, "POST", "/clients/invitations", invited),
        (security, "POST", "/people/invitations", {"roles": ["provider-officer"], "organisation": MARKET}),
        (security, "POST", "/keys/rotate", {"purpose": "jws", "alg": "ES256"}),
        (clerk, "POST", f"/window/{wang}/checks", seen),
        (clerk, "POST", f"/window/{wang}/recovery", {"reference": "办-1"}),
    ]
    answers = [
        console.call(method, path, each) for console, method, path, body in bodies for each in in_each_place(body)
    ]
    answers += [
        system.call("PUT", f"/organisations/{NUMBER}", {"name": {"zh": "市场", "en": "Market"}}),
        system.call("POST", f"/clients/{NUMBER}/disable"),
        system.call("POST", f"/clients/invitations/{NUMBER}/withdraw"),
        security.call("POST", f"/keys/{NUMBER}/revoke"),
        security.call("POST", f"/people/{NUMBER}/disable"),
    ]
    kept_from_the_ledger(provider, answers)
    assert system.call("PUT", "/resources", served | {"resource": f"urn:x:{NUMBER}"}).status_code == 422
    assert system.call("PUT", f"/organisations/{MARKET}", {"name": {"zh": NUMBER, "en": "Market"}}).status_code == 422
    long = {f"permits:{number}:{'x' * 80}": {"zh": "看", "en": "Read"} for number in range(1000)}
    assert system.call("PUT", "/resources", served | {"scopes": long}).status_code == 422
