"""The administration pages: the same rights as the API, a question before every change, and never a 5xx."""

from __future__ import annotations

import csv
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import idp
from idp.model.roles import LABELS, Role
from idp.pages.administration import csv_export, event_words
from tests.doubles.administrators import appoint, person_id, press, signed_in
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import MARKET, PASSWORD, URBAN, Provider, credit_code
from tests.doubles.relying_party import CALLBACK, RelyingParty

PAGES = {
    "/admin/clients": {"system", "security", "audit", "market"},
    "/admin/invitations": {"system", "security", "audit"},
    "/admin/resources": {"system", "security", "audit", "market"},
    "/admin/organisations": {"system", "security", "audit", "market", "helpdesk"},
    "/admin/people": {"security", "audit", "market", "helpdesk"},
    "/admin/proposals": {"system", "security", "audit", "market"},
    "/admin/keys": {"system", "security", "audit"},
    "/admin/policies": {"system", "security", "audit"},
    "/admin/events": {"audit"},
}


@pytest.mark.parametrize("who", ["system", "security", "audit", "market", "helpdesk", "plain"])
def test_each_office_sees_its_own_sections_and_no_other(provider: Provider, who: str) -> None:
    appoint(provider, who)
    browser, home = signed_in(provider, who)
    assert home.status_code == (403 if who == "plain" else 200)
    for address, allowed in PAGES.items():
        assert browser.get(address).status_code == (200 if who in allowed else 403), address
        assert (f'href="{address}"' in home.text) is (who in allowed)


def test_signing_in_takes_two_factors_and_changes_take_a_fresh_one(provider: Provider) -> None:
    appoint(provider, "system")
    browser = Browser(provider)
    page = browser.submit(browser.follow(browser.get("/admin/clients")), username="system", password=PASSWORD)
    assert "otp" in form_of(page).names
    assert browser.get("/admin/clients").status_code == 303  # the password alone opens nothing
    assert browser.submit(page, otp=browser.code()).status_code == 200
    assert browser.get("/admin/clients/new").status_code == 200
    provider.clock.advance(16 * 60)
    assert browser.get("/admin/clients").status_code == 200
    again = browser.get("/admin/clients/new")
    assert again.headers["Location"] == "/sign-in?for=change&next=%2Fadmin%2Fclients%2Fnew"
    stranger = Browser(provider)
    assert "username" in form_of(stranger.follow(stranger.get("/admin"))).names


def test_a_citizen_and_a_password_alone_reach_nothing(provider: Provider) -> None:
    _, page = signed_in(provider, "wang")
    assert page.status_code == 403
    _, page = signed_in(provider, "li")  # no second factor: out of reach
    assert page.status_code == 403


def register(browser: Browser, **changes: str) -> Any:
    sent = {
        "client_name": "Website", "tongban_organisation": MARKET, "redirect_uris": f"{CALLBACK}\nhttps://b.example/cb",
        "scope-openid": "on", "grant-authorization_code": "on", "token_endpoint_auth_method": "client_secret_basic",
    }  # fmt: skip
    return press(browser, "/admin/clients/new", **{**sent, **changes})


def test_a_client_is_registered_changed_and_disabled_on_pages(provider: Provider) -> None:
    appoint(provider, "system")
    browser, _ = signed_in(provider, "system")
    made = register(browser)
    assert "client_secret" in made.text
    assert "hreflang" not in made.text  # whoever changed the language would lose it
    [stored] = [each for each in provider.administration.clients.every() if each["client_name"] == "Website"]
    assert stored["redirect_uris"] == [CALLBACK, "https://b.example/cb"]
    at = f"/admin/clients/{stored['client_id']}"
    edited = {
        "client_name": "Other", "tongban_organisation": MARKET, "redirect_uris": CALLBACK, "scope-openid": "on",
        "grant-authorization_code": "on", "token_endpoint_auth_method": "client_secret_basic",
    }  # fmt: skip
    shown = press(browser, f"{at}/edit", **edited)
    assert "Other" in shown.text
    assert "client_secret" in press(browser, f"{at}/secret").text
    assert "tongban_disabled" in press(browser, f"{at}/disable").text
    assert "Other" in browser.get("/admin/clients?q=OTHER&state=disabled").text
    assert "Other" not in browser.get("/admin/clients?q=other&state=enabled").text
    mine = [each["facts"] for each in provider.events() if each["facts"].get("client") == stored["client_id"]]
    assert {each["actor"] for each in mine} == {person_id(provider, "system")}
    assert len(mine) == 4


def test_what_is_wrong_is_said_beside_what_was_typed(provider: Provider) -> None:
    appoint(provider, "system")
    browser, _ = signed_in(provider, "system")
    for change in (
        {"redirect_uris": "javascript:alert(1)"},
        {"client_name": ""},
        {"jwks": "{"},
        {"tongban_organisation": "1"},
    ):
        again = register(browser, **change)
        assert again.status_code == 422, again.text
        assert "b.example" in again.text or "javascript" in again.text


def test_no_change_without_the_pages_own_form(provider: Provider) -> None:
    """M3: CSRF."""
    appoint(provider, "system")
    browser, _ = signed_in(provider, "system")
    party = RelyingParty(provider)
    for path in (f"/admin/clients/{party.id}/disable", "/admin/clients/new", "/admin/keys/rotate/jws"):
        assert browser.post(path, {}).status_code == 400
        assert browser.post(path, {}, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert provider.events("ClientDisabled") == []


def test_two_persons_on_pages(provider: Provider) -> None:
    appoint(provider, "security", "guard", "clerk")
    clerk = person_id(provider, "clerk")
    proposer, _ = signed_in(provider, "security")
    found = press(proposer, "/admin/people", username="clerk")
    assert "window" not in found.headers.get("Location", "")
    page = press(proposer, f"/admin/people/{clerk}/roles", **{"role-audit-administrator": "on"})
    assert LABELS[Role.AUDIT].zh in page.text
    assert "<form" not in page.text  # the proposer gets no button
    [entry] = provider.events("ChangeProposed")
    at = f"/admin/proposals/{entry['facts']['proposal']}"
    confirmer, _ = signed_in(provider, "guard")
    done = press(confirmer, at, decision="confirm")
    assert "已确认" in done.text
    changed = provider.administration.people.by_username("clerk")
    assert changed is not None
    assert changed.roles == ("audit-administrator",)


def test_an_initial_access_token_on_pages(provider: Provider) -> None:
    appoint(provider, "system", "security")
    browser, _ = signed_in(provider, "system")
    sent = {"tongban_organisation": MARKET, "scope-openid": "on", "grant-authorization_code": "on", "uses": "1"}
    assert press(browser, "/admin/invitations/new", **sent, hours="many").status_code == 422
    assert press(browser, "/admin/invitations/new", **sent, hours="9999").status_code == 422
    page = press(browser, "/admin/invitations/new", **sent, hours="24")
    assert "邀请登记客户端" in page.text
    [entry] = provider.events("ChangeProposed")
    second, _ = signed_in(provider, "security")
    assert "登记令牌" in press(second, f"/admin/proposals/{entry['facts']['proposal']}", decision="confirm").text


def test_an_invitation_on_pages_is_shown_once(provider: Provider) -> None:
    appoint(provider, "market")
    browser, _ = signed_in(provider, "market")
    page = press(browser, "/admin/people/invite", **{"role-provider-officer": "on", "organisation": MARKET})
    assert "/enrol/" in page.text
    refused = press(browser, "/admin/people/invite", **{"role-provider-officer": "on", "organisation": URBAN})
    assert refused.status_code == 403


def test_a_clerk_is_asked_for_by_a_department_and_confirmed_by_the_platform(either_provider: Provider) -> None:
    """ADR 0097: two clerks open any account, so nobody makes a clerk alone; who asks sees what became of it."""
    provider = either_provider
    appoint(provider, "market", "security", "urban")
    browser, _ = signed_in(provider, "market")
    page = press(browser, "/admin/people/invite", **{"role-window-clerk": "on", "organisation": MARKET})
    at = page.request.path
    assert at.startswith("/admin/proposals/")
    assert "/enrol/" not in page.text
    assert "<form" not in page.text
    assert provider.events("StaffInvited") == []
    assert at in browser.get("/admin/proposals").text
    urban, _ = signed_in(provider, "urban")
    assert at not in urban.get("/admin/proposals").text
    assert urban.get(at).status_code == 404
    refused = press(browser, "/admin/people/invite", **{"role-window-clerk": "on", "organisation": URBAN})
    assert refused.status_code == 403
    security, _ = signed_in(provider, "security")
    assert "/enrol/" in press(security, at, decision="confirm").text
    [entry] = provider.events("StaffInvited")
    assert entry["facts"]["proposed_by"] == person_id(provider, "market")


def test_an_invitation_to_no_office_is_refused_and_says_what_to_do(provider: Provider) -> None:
    appoint(provider, "market")
    browser, _ = signed_in(provider, "market")
    page = press(browser, "/admin/people/invite", organisation=MARKET)
    assert page.status_code == 422
    assert "请至少选择一项职责" in page.text
    assert MARKET in page.text
    assert provider.events("StaffInvited") == []


def test_people_on_pages(provider: Provider) -> None:
    appoint(provider, "security")
    browser, _ = signed_in(provider, "security")
    RelyingParty(provider).tokens()
    wang = person_id(provider, "wang")
    page = press(browser, "/admin/people", username="wang")
    assert wang in page.text
    assert "500199" not in page.text
    assert "王小明" not in page.text
    missing = press(browser, "/admin/people", username="wan")
    assert missing.status_code == 404
    for step in ("end-sessions", "disable", "enable"):
        assert press(browser, f"/admin/people/{wang}/{step}").status_code == 200, step
    names = [each["event"] for each in provider.events() if each["facts"].get("person") == wang]
    assert names[-3:] == ["SessionsEnded", "PersonDisabled", "PersonEnabled"]


def test_departments_and_keys_on_pages(provider: Provider) -> None:
    appoint(provider, "system")
    browser, _ = signed_in(provider, "system")
    code = credit_code(77)
    assert code in press(browser, "/admin/organisations/new", code=code, zh="民政局", en="Civil affairs").text
    assert press(browser, "/admin/organisations/new", code="1", zh="民政局", en="Civil").status_code == 422
    page = press(browser, "/admin/keys/rotate/jws")
    assert "next" in page.text
    kid = provider.keys.signing().kid
    assert kid in press(browser, f"/admin/keys/{kid}/revoke").text
    assert len(provider.events("ChangeProposed")) == 1


def test_events_are_in_words_and_paged(provider: Provider) -> None:
    appoint(provider)
    browser, _ = signed_in(provider, "audit")
    page = browser.get("/admin/events")
    assert "建立了账户 (PersonAdded)" in page.text
    english = browser.get("/admin/events?event=PersonAdded", **{"Accept-Language": "en"})
    assert "An account was made" in english.text
    assert "SignedIn" not in english.text
    assert browser.get("/admin/events?before=1").text.count("<tr") == 2
    exported = browser.get("/admin/events/export?event=PersonAdded")
    assert exported.mimetype == "text/csv"
    rows = [*csv.reader(StringIO(exported.text.removeprefix("﻿")))]
    assert len(rows) == 1 + len(provider.events("PersonAdded"))


def test_a_formula_in_a_name_is_text_in_a_spreadsheet(provider: Provider) -> None:
    """M3: CSV injection."""
    appoint(provider, "system")
    browser, _ = signed_in(provider, "system")
    register(browser, client_name='=HYPERLINK("https://evil.example","x")')
    exported = browser.get("/admin/clients/export").text
    assert "\"'=HYPERLINK" in exported
    assert '"=HYPERLINK' not in exported


@given(st.text(max_size=20))
def test_no_cell_begins_like_a_formula(cell: str) -> None:
    shown = csv_export.neutral(cell)
    assert shown.lstrip(" \u00a0\u3000")[:1] not in {*"=+-@\t\r\n|%"}
    assert shown in (cell, f"'{cell}")


BAD = ["%00", "..", "'", "x" * 300, "%F0%9F%98%80", "a%2Fb", "%C0%AF"]


def test_bad_input_is_never_a_server_error(provider: Provider) -> None:
    appoint(provider)
    browsers = [signed_in(provider, name)[0] for name in ("system", "security", "audit")]
    for browser in browsers:
        for bad in BAD:
            for address in (
                f"/admin/clients/{bad}", f"/admin/clients/{bad}/edit", f"/admin/people/{bad}",
                f"/admin/proposals/{bad}", f"/admin/proposals?before={bad}",
                f"/admin/people/{bad}/roles", f"/admin/keys/{bad}/revoke", f"/admin/keys/rotate/{bad}",
                f"/admin/clients?q={bad}&state={bad}", f"/admin/events?before={bad}", f"/admin/events?event={bad}",
                f"/admin/events?person={bad}&person={bad}", f"/admin/{bad}", f"/admin/clients/export?q={bad}",
            ):  # fmt: skip
                assert browser.get(address).status_code < 500, address
    system = browsers[0]
    for address in ("/admin/clients/new", "/admin/organisations/new"):
        form = form_of(system.get(address))
        for bad in ("\x00", "\ud83d", "x" * 20_000, "=1+1", "[]", '{"keys": "x"}', '{"keys": [{"kty": []}]}'):
            sent = {name: bad.encode("utf-8", "replace").decode() for name in form.names}
            assert system.post(address, {**sent, **form.fields}).status_code < 500, (address, bad)


def test_every_entry_the_provider_writes_has_words() -> None:
    """By their form: past tense in capitals, as entries are named; classes of ours and schemas are not meant."""
    root = Path(str(idp.__file__)).parent
    texts = [path.read_text("utf-8") for path in root.rglob("*.py")]
    named = {name for text in texts for name in re.findall(r'"([A-Z][a-z]+(?:[A-Z][a-z]+)+)"', text)}
    classes = {name for text in texts for name in re.findall(r"^class (\w+)", text, re.MULTILINE)}
    past = re.compile(r"(ed|Given|Shown|Withheld|Withdrawn|Unreachable|SignedIn|SignedOut)$")
    written = {name for name in named - classes if past.search(name) and not name.startswith("Admin")}
    assert len(written) > 30
    assert written - set(event_words.WORDS) - {"NotDelivered"} == set()


def test_every_fact_of_a_proposal_has_words(provider: Provider) -> None:
    """No name of a member, in English as it is, on a page in Chinese."""
    appoint(provider, "system", "security", "clerk")
    security, _ = signed_in(provider, "security")
    system, _ = signed_in(provider, "system")
    press(security, f"/admin/people/{person_id(provider, 'clerk')}/roles", **{"role-audit-administrator": "on"})
    sent = {"tongban_organisation": MARKET, "scope-openid": "on", "grant-authorization_code": "on", "uses": "1"}
    press(system, "/admin/invitations/new", **sent, hours="24")
    asked = [str(entry["facts"]["proposal"]) for entry in provider.events("ChangeProposed")]
    assert len(asked) == 2
    for proposal in asked:
        names = re.findall(r"<dt[^>]*>\s*(.*?)\s*</dt>", system.get(f"/admin/proposals/{proposal}").text, re.DOTALL)
        assert names
        assert all(re.search("[一-鿿]", name) for name in names), names
