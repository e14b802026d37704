"""Links give what whoever made them may still give, and one person alone fills an office once ever (ADR 0019)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.administration.enrolments import Enrolments
from idp.model.enrolment import Enrolment
from tests.doubles.administrators import Console, appoint, person_id, signed_in
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, MARKET, Provider
from tests.unit.idp.test_enrolment import fill_in

AUDIT, OFFICER, ADMINISTRATOR = "audit-administrator", "provider-officer", "department-administrator"
LAST_LOOK = 2
"""The page looks at a link, then its use does."""


def invite(console: Console, role: str, organisation: str = MARKET) -> Any:
    return console.call("POST", "/people/invitations", {"roles": [role], "organisation": organisation})


def enrol(provider: Provider, link: str, username: str) -> TestResponse:
    """Open a link and make an account by it, where it still leads anywhere."""
    browser = Browser(provider)
    page = browser.get(link.removeprefix(ISSUER))
    if page.status_code != 200:
        return page
    sent = fill_in(provider, page, username=username)
    return browser.submit(page, **{name: value for name, value in sent.items() if "organisation" not in name})


def test_the_watcher_is_appointed_by_one_person_once_and_never_again(either_provider: Provider) -> None:
    """Not while the watcher is disabled, nor after two persons took the office away: from then on it takes two."""
    provider = either_provider
    appoint(provider, "system", "security", "plain")
    system, security = Console(provider, "system"), Console(provider, "security")
    outlived = invite(system, AUDIT).json["link"]
    link = invite(system, AUDIT).json["link"]
    assert enrol(provider, outlived, "early").status_code == 404
    assert enrol(provider, link, "watcher").status_code == 200
    assert provider.person("watcher").roles == (AUDIT,)
    assert security.call("POST", f"/people/{person_id(provider, 'watcher')}/disable").status_code == 204
    again = invite(system, AUDIT)
    assert (again.status_code, "link" in again.json) == (202, False)
    assert len(provider.events("StaffInvited")) == 2


def test_a_link_of_the_founding_dies_when_the_office_is_filled_otherwise(provider: Provider) -> None:
    appoint(provider, "system", "security", "plain")
    system, security = Console(provider, "system"), Console(provider, "security")
    link = invite(system, AUDIT).json["link"]
    plain = f"/people/{person_id(provider, 'plain')}/roles"
    for roles in ([AUDIT], []):  # the office was held once, and is held by nobody now
        proposal = security.call("PUT", plain, {"roles": roles}).json["proposal"]
        decision = {"digest": proposal["digest"]}
        assert system.call("POST", f"/proposals/{proposal['id']}/confirm", decision).status_code == 204
        assert enrol(provider, link, "second").status_code == 404
    assert provider.administration.people.by_username("second") is None
    assert invite(system, AUDIT).status_code == 202


def test_a_link_is_asked_about_again_in_the_transaction_that_uses_it(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The office may be filled between the look at the link and the account that it makes."""
    appoint(provider, "system")
    link, find = invite(Console(provider, "system"), AUDIT).json["link"], Enrolments.find

    def then_filled(enrolments: Enrolments, secret: str) -> Enrolment | None:
        found = find(enrolments, secret)
        looks.append(found)
        if len(looks) == LAST_LOOK:
            appoint(provider, "audit")
        return found

    looks: list[Enrolment | None] = []
    browser = Browser(provider)
    page = browser.get(link)
    sent = fill_in(provider, page)
    monkeypatch.setattr(Enrolments, "find", then_filled)
    assert browser.submit(page, **sent).status_code == 404
    assert None not in looks
    assert provider.administration.people.by_username("first") is None


def test_a_link_gives_only_what_whoever_made_it_may_still_give(provider: Provider) -> None:
    """M1: the right is looked at again when it is used: of whoever asked, and of whoever confirmed."""
    appoint(provider, "system", "security", "guard", "market")
    market, guard, security = (Console(provider, name) for name in ("market", "guard", "security"))
    alone = invite(market, OFFICER).json["link"]
    proposal = invite(guard, ADMINISTRATOR).json["proposal"]
    answer = security.call("POST", f"/proposals/{proposal['id']}/confirm", {"digest": proposal["digest"]})
    by_two = answer.json["link"]
    for name, link in (("market", alone), ("security", by_two), ("guard", by_two)):
        people = provider.administration.people
        assert Browser(provider).get(link).status_code == 200
        people.disable(name)
        assert enrol(provider, link, "ghost").status_code == 404, name
        act = people.enabling(person_id(provider, name), everywhere=True)
        people.records.make(act.name, act.facts, act.change)
    assert provider.administration.people.by_username("ghost") is None


def test_what_could_not_be_carried_out_is_not_proposed(provider: Provider) -> None:
    appoint(provider, "security")
    answer = invite(Console(provider, "security"), "window-clerk", "nonsense")
    assert answer.status_code == 422
    assert "尚未登记" in answer.json["detail"]
    assert not provider.events("ChangeProposed")


def test_offices_are_changed_from_what_was_seen_or_not_at_all(provider: Provider) -> None:
    """A form opened before somebody else's change does not undo it; nor does a program that says what it saw."""
    appoint(provider, "security", "guard", "plain")
    at = f"/people/{person_id(provider, 'plain')}/roles"
    browser, form = signed_in(provider, "security", f"/admin{at}")
    guard = Console(provider, "guard")
    assert guard.call("PUT", at, {"roles": ["auditor"], "before": []}).status_code == 204
    late = browser.submit(form, **{"role-sponsor": "on"})
    assert late.status_code == 409
    assert "已有变化，未作改动" in late.text
    assert provider.person("plain").roles == ("auditor",)
    ticked = re.findall(r'name="role-(\S+)"[^>]*checked', late.text)
    assert ticked == ["auditor"]  # what they are by now, and not what would undo it at the next press
    outdated = guard.call("PUT", at, {"roles": ["sponsor"], "before": ["consumer-officer"]})
    assert (outdated.status_code, outdated.json["code"]) == (409, "administration.outdated")
    assert browser.submit(late, **{"role-auditor": "on", "role-sponsor": "on"}).status_code == 200
    assert provider.person("plain").roles == ("sponsor", "auditor")
    assert guard.call("PUT", at, {"roles": [], "before": ["auditor", "sponsor"]}).status_code == 204
