"""The `claims` parameter (OpenID Connect Core 1.0 §5.5), and how ID tokens and userinfo are signed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from idp.model.contact import ContactKind, parse
from idp.model.person import NewPerson
from idp.store import clients
from idp.store import people as people_store
from kernel.jose import base64url, verify, verify_signature_only, verifying_keys
from tests.doubles.browser import Browser, carried, form_of, parameters
from tests.doubles.identity_provider import ISSUER, PASSWORD, Provider
from tests.doubles.relying_party import RelyingParty, claims_of, header_of, public_client


def userinfo(party: RelyingParty, tokens: dict[str, Any]):
    return party.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})


def claims(**members: Any) -> str:
    return json.dumps(members)


NAME = {"name": {"essential": True}}


def test_a_claim_asked_for_by_name_comes_where_it_was_asked_for(party: RelyingParty) -> None:
    """§5.5: `id_token` and `userinfo` are two wishes."""
    both = party.tokens(scope="openid", claims=claims(id_token=NAME, userinfo={"name": None}))
    assert claims_of(both["id_token"])["name"] == "王小明"
    assert userinfo(party, both).json["name"] == "王小明"
    one = party.tokens(scope="openid", claims=claims(userinfo=NAME))
    assert "name" not in claims_of(one["id_token"])
    again = party.refresh(one["refresh_token"]).json
    assert userinfo(party, again).json["name"] == "王小明"
    assert "name" not in userinfo(party, party.tokens(scope="openid")).json


def test_asking_by_name_is_no_way_around_the_registration_nor_around_the_person(provider: Provider) -> None:
    outsider = RelyingParty(provider, scope="openid")
    tokens = outsider.tokens(scope="openid", claims=claims(userinfo=NAME, id_token=NAME))
    assert "name" not in claims_of(tokens["id_token"]) | userinfo(outsider, tokens).json
    party, browser = RelyingParty(provider), Browser(provider)
    party.tokens(browser, scope="openid")
    asked = party.authorize_url(scope="openid", claims=claims(userinfo=NAME), prompt="none")
    assert parameters(browser.get(asked).headers["Location"])["error"] == "consent_required"
    page = browser.follow(browser.get(party.authorize_url(scope="openid", claims=claims(userinfo=NAME))))
    assert "您的姓名" in page.text
    browser.submit(page, decision="allow")
    assert "code" in parameters(browser.get(asked).headers["Location"])
    [_, entry] = [each for each in provider.events("ConsentGiven") if each["facts"]["client"] == party.id]
    assert entry["facts"]["claims"] == {"id_token": [], "userinfo": ["name"]}


def test_addresses_are_claims_once_they_are_confirmed(provider: Provider) -> None:
    """OpenID Connect Core 1.0 §5.1 and §5.4: `email`, `phone`; what is not known is left out."""
    phone, email = parse(ContactKind.PHONE, "+86 138 0013 8000"), parse(ContactKind.EMAIL, "z@example.org")
    people = provider.administration.people
    people.add(NewPerson("zhou", "周明", PASSWORD, contacts=(phone,)))
    party = RelyingParty(provider, scope="openid email phone")
    code = Browser(provider).walk(party.authorize_url(scope="openid email phone"), username="zhou")["code"]
    told = userinfo(party, party.redeem(code).json).json
    assert {name: told[name] for name in told if name != "sub"} == {
        "phone_number": "+8613800138000",
        "phone_number_verified": True,
    }
    with provider.database.read() as connection:
        person = people_store.by_username(connection, "zhou")
    assert person is not None
    provider.database.write(lambda connection: people.channels.add(connection, person[0].id, email))
    code = Browser(provider).walk(party.authorize_url(scope="openid email"), username="zhou")["code"]
    assert userinfo(party, party.redeem(code).json).json.keys() == {"sub"}


def test_unknown_claims_and_members_are_ignored(party: RelyingParty) -> None:
    asked = claims(userinfo={"shoe_size": {"essential": True}, "name#ja": None, "email": None}, other={"x": 1})
    assert set(userinfo(party, party.tokens(scope="openid", claims=asked)).json) == {"sub"}


@pytest.mark.parametrize("wrong", ["{", "[]", "1", '{"id_token": []}', '{"id_token": {"name": true}}', "{" * 5000])
def test_a_malformed_claims_parameter_is_refused(party: RelyingParty, browser: Browser, wrong: str) -> None:
    assert parameters(browser.get(party.authorize_url(claims=wrong)).headers["Location"])["error"] == "invalid_request"


def acr(**manner: Any) -> str:
    return claims(id_token={"acr": manner})


LEVEL = "urn:tongban:loa:"


def test_an_essential_acr_is_reached_or_refused(party: RelyingParty, provider: Provider) -> None:
    """§5.5.1.1: stepped up where the account can, `unmet_authentication_requirements` where it cannot."""
    reached = party.tokens(claims=acr(essential=True, values=[f"{LEVEL}3"]))
    assert claims_of(reached["id_token"])["acr"] == f"{LEVEL}3"
    for value in (f"{LEVEL}3", f"{LEVEL}4", "urn:elsewhere:gold"):
        url = party.authorize_url(claims=acr(essential=True, value=value))
        assert Browser(provider).walk(url, username="li")["error"] == "unmet_authentication_requirements"


def test_acr_values_are_required_beside_a_voluntary_acr(party: RelyingParty, provider: Provider) -> None:
    """RFC 9470 §5: a wish beside them takes nothing from what a challenge asked for; an essential acr is no wish."""
    wish = acr(values=[f"{LEVEL}2", f"{LEVEL}1"])
    tokens = party.tokens(acr_values=f"{LEVEL}3", claims=wish)
    assert claims_of(tokens["id_token"])["acr"] == f"{LEVEL}3"
    back = Browser(provider).walk(party.authorize_url(acr_values=f"{LEVEL}3", claims=wish), username="li")
    assert back["error"] == "unmet_authentication_requirements"
    both = party.tokens(acr_values=f"{LEVEL}3", claims=acr(essential=True, value=f"{LEVEL}2"))
    assert claims_of(both["id_token"])["acr"] == f"{LEVEL}2"


def test_a_voluntary_acr_is_a_wish(party: RelyingParty, provider: Provider) -> None:
    wish = party.tokens(claims=acr(values=[f"{LEVEL}4", f"{LEVEL}3"]))
    assert claims_of(wish["id_token"])["acr"] == f"{LEVEL}3"
    code = Browser(provider).walk(party.authorize_url(claims=acr(values=[f"{LEVEL}4"])), username="li")["code"]
    assert claims_of(party.redeem(code).json["id_token"])["acr"] == f"{LEVEL}2"


def test_a_sub_with_a_value_means_this_person_and_nobody_else(party: RelyingParty, provider: Provider) -> None:
    """§5.5.1."""
    sub = claims_of(party.tokens()["id_token"])["sub"]
    asked = party.authorize_url(claims=claims(id_token={"sub": {"value": sub}}))
    assert "code" in Browser(provider).walk(asked)
    assert Browser(provider).walk(asked, username="li")["error"] == "login_required"


def test_3_1_2_1_a_hint_that_another_client_was_given_says_nothing(party: RelyingParty, provider: Provider) -> None:
    """Both belong to one department, to which people have the same sub."""
    browser, code = Browser(provider), Browser(provider).walk(party.authorize_url(), username="li")["code"]
    own, other = party.redeem(code).json["id_token"], RelyingParty(provider)
    assert "code" in browser.walk(party.authorize_url())
    assert "code" in browser.walk(other.authorize_url())
    answers = [
        browser.parameters_of(browser.get(asker.authorize_url(prompt="none", id_token_hint=own)))
        for asker in (party, other)
    ]
    assert answers[0]["error"] == "login_required"
    assert answers[1]["code"]


def test_claims_travel_through_a_pushed_request(party: RelyingParty, browser: Browser) -> None:
    back = browser.walk(party.pushed_url(scope="openid", claims=claims(id_token=NAME)))
    assert claims_of(party.redeem(back["code"]).json["id_token"])["name"] == "王小明"


def test_an_answer_for_whose_algorithm_there_is_no_key_is_a_page_and_nothing_is_sent_back(provider: Provider) -> None:
    """JARM: registered so while there was one; nobody has it signed by another algorithm instead."""
    party = public_client(provider)
    with provider.database.read() as connection:
        known = clients.find(connection, party.id)
    assert known is not None
    changed = replace(known, metadata={**known.metadata, "authorization_signed_response_alg": "RS256"})
    provider.database.write(lambda connection: clients.replace(connection, changed, provider.clock.now()))
    provider.clock.advance(1)  # every node looks again
    browser = Browser(provider)
    page = browser.follow(browser.get(party.authorize_url(response_mode="query.jwt", prompt="none")))
    assert page.status_code == 400
    assert "response=" not in page.text


@pytest.mark.parametrize("alg", ["EdDSA", "PS256", "RS256"])
def test_id_token_and_userinfo_are_signed_as_the_client_is_registered(provider: Provider, alg: str) -> None:
    """OpenID Connect Core 1.0 §3.1.3.6 (`at_hash` by the algorithm) and §5.3.2 (signed userinfo)."""
    provider.keys.add(alg)
    party = public_client(provider, id_token_signed_response_alg=alg, userinfo_signed_response_alg=alg)
    tokens = party.tokens()
    digest = (hashlib.sha512 if alg == "EdDSA" else hashlib.sha256)(tokens["access_token"].encode()).digest()
    assert claims_of(tokens["id_token"])["at_hash"] == base64url.encode(digest[: len(digest) // 2])
    answer = userinfo(party, tokens)
    assert answer.mimetype == "application/jwt"
    assert (header_of(tokens["id_token"])["alg"], header_of(answer.text)["alg"]) == (alg, alg)
    keys, now = verifying_keys(party.http.get("/jwks").json), provider.clock.now()
    verify(tokens["id_token"], keys, typ="JWT", issuer=ISSUER, audience=party.id, now=now, max_age=600)
    assert claims_of(answer.text)["aud"] == party.id
    assert claims_of(answer.text)["sub"] == claims_of(tokens["id_token"])["sub"]
    metadata = party.http.get("/.well-known/openid-configuration").json
    assert alg in metadata["id_token_signing_alg_values_supported"]
    assert alg in metadata["userinfo_signing_alg_values_supported"]


def test_the_account_chooser(party: RelyingParty, provider: Provider) -> None:
    """OpenID Connect Core 1.0 §3.1.2.1, `prompt=select_account`: continue as this person, or another account."""
    browser = Browser(provider)
    first = claims_of(party.tokens(browser)["id_token"])
    provider.clock.advance(5)
    page = browser.follow(browser.get(party.authorize_url(prompt="select_account")))
    assert "wang" in page.text
    browser.submit(page, account="this")
    same = claims_of(party.redeem(parameters(str(browser.left_for))["code"]).json["id_token"])
    assert (same["sub"], same["auth_time"]) == (first["sub"], first["auth_time"])
    page = browser.follow(browser.get(party.authorize_url(prompt="select_account")))
    page = browser.submit(page, account="another")
    assert "password" in form_of(page).names
    consent = browser.submit(page, username="li", password="correct horse battery")
    browser.submit(consent, decision="allow")
    other = claims_of(party.redeem(parameters(str(browser.left_for))["code"]).json["id_token"])
    assert other["sub"] != first["sub"]


def test_the_form_post_page_carries_the_answer_and_no_token_of_ours(party: RelyingParty, browser: Browser) -> None:
    """OAuth 2.0 Form Post Response Mode §2."""
    page = browser.follow(browser.get(party.authorize_url(response_mode="form_post")))
    page = browser.submit(page, username="wang", password="correct horse battery")
    page = browser.submit(page, decision="allow")
    assert (page.status_code, form_of(page).action) == (200, party.request()["redirect_uri"])
    assert form_of(page).fields.keys() == {"code", "state", "iss"}
    assert page.headers["Cache-Control"] == "no-store"
    assert party.redeem(form_of(page).fields["code"]).status_code == 200


@pytest.mark.parametrize("mode", ["jwt", "query.jwt", "form_post.jwt"])
def test_the_answer_as_one_signed_parameter(provider: Provider, mode: str) -> None:
    """JARM §2.1 and §2.3: success and refusal, for this client, briefly."""
    provider.keys.add("PS256")
    party = RelyingParty(provider, authorization_signed_response_alg="PS256")
    keys, now = verifying_keys(party.http.get("/jwks").json), provider.clock.now().timestamp()
    good = Browser(provider).walk(party.authorize_url(response_mode=mode))
    bad = carried(Browser(provider).get(party.authorize_url(response_mode=mode, prompt="none")))
    assert bad is not None
    for back, member in ((good, "code"), (bad, "error")):
        assert back.keys() == {"response"}
        assert header_of(back["response"])["alg"] == "PS256"
        verify_signature_only(back["response"], keys, typ="JWT")
        answer = claims_of(back["response"])
        assert answer.keys() >= {member, "state", "iss", "aud", "exp"}
        assert (answer["iss"], answer["aud"], answer["state"]) == (ISSUER, party.id, "state-1")
        assert 0 < answer["exp"] - now <= 600
    assert party.redeem(claims_of(good["response"])["code"]).status_code == 200


def test_A7_a_signed_answer_goes_to_a_registered_address_alone(party: RelyingParty, browser: Browser) -> None:
    """GHSA-9vm7-v8wj-3fqw: `form_post.jwt` posted to an address that a wildcard had let pass. A page, and no form."""
    answer = browser.get(party.authorize_url(response_mode="form_post.jwt", redirect_uri="https://evil.example/"))
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert "form-post" not in answer.text
