"""Attacks on forms by who signs in next (A9, A11): what one person was shown acts on no other person's account."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from exchange.routes import routes
from idp.pages.proving import OPTIONS, STEPS
from kernel.identifiers import social_credit_code
from kernel.web.bound_forms import FORM_OF_ANOTHER
from kernel.web.routes import Route
from policies.roles import Role
from tests.doubles.account import Account
from tests.doubles.administrators import appoint
from tests.doubles.browser import Browser, form_of
from tests.doubles.exchange import (
    MARKET,
    NAME,
    OWNER,
    POLICE,
    STRANGER,
    World,
    prepared_postgresql,
    prepared_sqlite,
    small_world,
)
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.insiders import route_table
from tests.doubles.relying_party import RelyingParty
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.idp.test_device_flow import Terminal, enter

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world"]  # fixtures
CHANNELS = "/account/security/channels"
CONFLICT = 409
COMPANY = {"scheme": "social-credit-code", "value": social_credit_code.compose("91", "500199", "DEMD0009").value}
ROLES = [role.value for role in Role]
WORDS = FORM_OF_ANOTHER.title.zh


def at(path: str) -> str:
    """An address of this route."""
    return re.sub(r"<[^>]+>", "x", path)


def test_A11_a_form_left_open_in_another_tab_changes_nothing_of_who_signed_in_since(
    provider: Provider, party: RelyingParty
) -> None:
    """Wang fills in a mailbox, Li signs in in another tab, Wang presses the button: it was added to Li's account."""
    wang = Account(provider, "wang")
    browser, form = wang.browser, wang.open(f"{CHANNELS}/new")
    browser.walk(party.authorize_url(prompt="login"), username="li")
    before = len(provider.events())
    refused = browser.submit(form, contact="wangs-own@example.org")
    assert (refused.status_code, WORDS in refused.text) == (CONFLICT, True)
    assert len(provider.events()) == before
    provider.deliver()
    assert "wangs-own@example.org" not in repr(provider.mailbox.messages)
    again = browser.submit(Account(provider, "li", browser).open(f"{CHANNELS}/new"), contact="lis@example.org")
    assert again.request.path.startswith(f"{CHANNELS}/")


def test_A11_no_form_of_the_account_or_the_administration_is_taken_from_somebody_else(
    opened: Callable[..., AbstractContextManager[Provider]],
) -> None:
    """The whole route table: whatever the page, the form of whoever was there before is not taken."""
    with route_table() as table, opened() as provider:
        appoint(provider, "security", "market")
        account = Account(provider, "security")
        token = form_of(account.open("/account/security/password")).fields["csrf_token"]
        browser = account.browser
        party = RelyingParty(provider)
        browser.walk(party.authorize_url(prompt="login", acr_values="urn:tongban:loa:3"), username="market")
        doors = {"person", "person, just signed in", "administrator"}
        posts = [each for each in table if each.page and each.method == "POST" and each.access in doors]
        assert len(posts) > 30
        begun = browser.follow(browser.get(party.authorize_url(prompt="consent"))).request.path
        asking = [
            route.path.replace("/interaction/<interaction_id>", begun) for route in table if asks_its_person(route)
        ]
        assert {f"{begun}/{name}" for name in ("account", "acting", "consent")} <= {*asking}
        before = len(provider.events())
        for path in (*(at(route.path) for route in posts), *asking):
            refused = browser.post(path, {"csrf_token": token})
            assert (refused.status_code, WORDS in refused.text) == (CONFLICT, True), path
        assert len(provider.events()) == before
        assert "decision" in form_of(browser.get(begun)).names


def asks_its_person(route: Route) -> bool:
    """A page of a sign-in that asks what its person wants; the others ask who they are, and have no reader."""
    began_it = route.method == "POST" and route.access == "the browser that began it"
    return began_it and not route.path.endswith(tuple(f">/{step}" for step in (*STEPS, OPTIONS)))


def test_A11_neither_yes_nor_no_is_taken_from_whom_the_consent_page_was_not_shown_to(provider: Provider) -> None:
    """Wang's page is open, Li signs in in another tab: Li has refused nothing, and a terminal is not told that."""
    party, terminal, browser = RelyingParty(provider), Terminal(provider), Browser(provider)
    asked = terminal.ask().json
    opened = [browser.follow(browser.get(party.authorize_url())), enter(browser, asked["user_code"])]
    first = browser.submit(opened[0], username="wang", password=PASSWORD)
    pages = [first, browser.get(opened[1].request.path)]
    browser.walk(RelyingParty(provider).authorize_url(prompt="login", scope="openid"), username="li")
    before = len(provider.events())
    for page in pages:
        for decision in ("deny", "allow"):
            refused = browser.submit(page, decision=decision)
            assert (refused.status_code, WORDS in refused.text) == (CONFLICT, True)
    assert len(provider.events()) == before
    assert terminal.poll(asked["device_code"]).json["error"] == "authorization_pending"
    provider.clock.advance(5)
    own = browser.get(pages[1].request.path)
    browser.submit(own, decision="deny")
    assert terminal.poll(asked["device_code"]).json["error"] == "access_denied"
    assert provider.events("ConsentWithheld")[-1]["facts"]["actor"] == provider.person("li").id


def test_A11_who_is_named_by_the_account_chooser_is_who_goes_on(party: RelyingParty, browser: Browser) -> None:
    party.tokens(browser)
    browser.provider.clock.advance(1)
    page = browser.follow(browser.get(party.authorize_url(prompt="select_account")))
    assert "account" in form_of(page).names
    browser.walk(party.authorize_url(prompt="login"), username="li")
    for chosen in ("this", "another"):
        refused = browser.submit(page, account=chosen)
        assert (refused.status_code, WORDS in refused.text) == (CONFLICT, True)


def test_a_form_to_sign_in_is_anybodys(party: RelyingParty, browser: Browser) -> None:
    """Two tabs of departments that both ask for a sign-in: the second is answered after the first."""
    pages = [browser.follow(browser.get(party.authorize_url())) for _ in range(2)]
    for page in pages:
        assert browser.submit(page, username="wang", password=PASSWORD).status_code in {200, 303}


def test_A11_no_form_of_an_officer_is_taken_from_somebody_else(small_world: World) -> None:
    browser = OfficersBrowser(small_world)
    browser.sign_in("first", *ROLES, organisation=MARKET)
    token = form_of(browser.get("/console/requests/new")).fields["csrf_token"]
    browser.sign_in("second", *ROLES, organisation=POLICE)
    posts = [each for each in routes(small_world.rooms) if each.page and each.method == "POST"]
    posts = [each for each in posts if each.access.startswith("officer")]
    assert len(posts) > 30
    before = len(small_world.entries())
    for route in posts:
        refused = browser.post(at(route.path), {"csrf_token": token})
        assert (refused.status_code, WORDS in refused.text) == (CONFLICT, True), route.path
    assert len(small_world.entries()) == before


def test_A11_no_form_of_a_citizen_is_taken_from_somebody_else_or_for_a_company(small_world: World) -> None:
    """Whoever acts for a company since is another reader than they were for themselves; so is an officer."""
    world, browser = small_world, OfficersBrowser(small_world)
    world.ask(world.open_case((OWNER, "applicant")), NAME)
    browser.sign_in("officer", *ROLES, organisation=MARKET)
    officers = form_of(browser.get("/console/requests/new")).fields["csrf_token"]
    posts = [each for each in routes(world.rooms) if each.page and each.method == "POST" and each.access == "citizen"]
    assert len(posts) > 5
    acting = {"mandate": {"principal": COMPANY, "capacity": "agent", "exp": int(world.clock.now().timestamp()) + 300}}

    def own_form(**claims: Any) -> str:
        browser.sign_in_as(OWNER, acr=3, **claims)
        link = re.search(r'href="(/my/usage/\d+/challenge)"', browser.get("/my/usage").text)
        assert link is not None
        return form_of(browser.get(link[1])).fields["csrf_token"]

    def refused(token: str) -> bool:
        sent = [browser.post(at(route.path), {"csrf_token": token}) for route in posts]
        return all(each.status_code == CONFLICT and WORDS in each.text for each in sent)

    for_themselves = own_form()
    assert WORDS not in browser.post("/my/usage/0/challenge", {"csrf_token": for_themselves}).text
    assert refused(officers)
    for_the_company = own_form(**acting)
    assert refused(for_themselves)
    browser.sign_in_as(STRANGER, acr=3)
    assert refused(for_themselves)
    own_form()
    assert refused(for_the_company)
