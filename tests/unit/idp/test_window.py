"""At a window: two clerks, neither of them the person, and only then level 3 or 4 (four eyes; M1, M2)."""

from __future__ import annotations

from typing import Any

import pytest

from idp.model.person import NewPerson, PersonKind
from idp.store import people, proofings
from tests.doubles.account import Account
from tests.doubles.administrators import Console, appoint, person_id, press, signed_in
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import LI, MARKET, PASSWORD, TOTP_SECRET, WANG, Provider, citizen

CHEN = citizen(77)
NEW = "violet tram over granite"
SEEN = {"document": "resident-card", "name": "陈晨", "number": CHEN.value, "reference": "R-2026-1", "level": "3"}


@pytest.fixture
def staffed(either_provider: Provider) -> Provider:
    appoint(either_provider, "clerk", "security", "audit")
    other = NewPerson(
        "clerk2", "职员", PASSWORD, kind=PersonKind.STAFF, assurance=3, totp_secret=TOTP_SECRET, organisation=MARKET,
        roles=("window-clerk",),
    )  # fmt: skip
    either_provider.administration.people.add(other)
    either_provider.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
    either_provider.clock.advance(1)
    return either_provider


def record(browser: Any, **changes: str) -> Any:
    return browser.submit(press(browser, "/admin/window", username="chen"), **{**SEEN, **changes})


def test_two_clerks_raise_a_level(staffed: Provider) -> None:
    first, _ = signed_in(staffed, "clerk", "/admin/window")
    proposed = record(first)
    assert proposed.status_code == 200, proposed.text
    at = proposed.request.path
    assert 'value="confirm"' not in proposed.text  # whoever proposed does not decide
    assert staffed.person("chen").assurance == 1
    second, _ = signed_in(staffed, "clerk2", "/admin/proposals")
    assert at in second.get("/admin/proposals").text
    page = second.get(at)
    assert CHEN.value not in page.text
    assert second.submit(page, decision="confirm").status_code == 200
    made = staffed.person("chen")
    assert (made.assurance, made.name) == (3, "陈晨")
    with staffed.database.read() as connection:
        newest = proofings.of_person(connection, made.id)[0]
        assert people.sealed(connection, made.id).subject is not None
        assert connection.exec_driver_sql("SELECT count(*) FROM window_check").scalar_one() == 0
    assert (newest.method.value, newest.level) == ("window", 3)
    assert newest.recorded_by == person_id(staffed, "clerk")
    assert newest.confirmed_by == person_id(staffed, "clerk2")
    [entry] = staffed.events("IdentityProven")
    assert entry["facts"]["proposed_by"] == newest.recorded_by
    told = repr(staffed.events())
    assert not any(word in told for word in (CHEN.value, "陈晨", "R-2026-1"))
    assert Account(staffed, "chen").open("/account/identity").status_code == 200


def test_nobody_confirms_their_own_check_and_no_administrator_confirms_a_clerks(staffed: Provider) -> None:
    clerk = Console(staffed, "clerk")
    body = {**SEEN, "level": 4}
    proposal = clerk.call("POST", f"/window/{person_id(staffed, 'chen')}/checks", body).json["proposal"]
    at, decision = f"/proposals/{proposal['id']}/confirm", {"digest": proposal["digest"]}
    assert clerk.call("POST", at, decision).status_code == 403
    assert Console(staffed, "security").call("POST", at, decision).status_code == 403
    assert staffed.person("chen").assurance == 1
    assert Console(staffed, "clerk2").call("POST", at, decision).status_code == 204
    assert staffed.person("chen").assurance == 4
    assert Console(staffed, "clerk2").call("POST", at, decision).status_code == 422  # once


@pytest.mark.parametrize("name", ["security", "audit"])
def test_only_clerks_prove(provider: Provider, name: str) -> None:
    appoint(provider, name)
    console = Console(provider, name)
    assert console.call("POST", "/window/search", {"username": "wang"}).status_code == 403
    body = {**SEEN, "level": 4}
    assert console.call("POST", f"/window/{person_id(provider, 'wang')}/checks", body).status_code == 403


def test_clerks_see_no_other_proposals(provider: Provider) -> None:
    appoint(provider, "clerk", "security", "guard")
    proposer = Console(provider, "security")
    proposal = proposer.call("POST", f"/people/{person_id(provider, 'guard')}/disable").json["proposal"]
    clerk = Console(provider, "clerk")
    assert clerk.call("GET", "/proposals").json == {"proposals": []}
    assert clerk.call("GET", f"/proposals/{proposal['id']}").status_code == 404


@pytest.mark.parametrize(
    "change",
    [{"document": "letter"}, {"name": ""}, {"number": "1" * 18}, {"number": ""}, {"reference": " "}, {"level": "2"},
     {"level": ""}, {"level": "9" * 40}, {"number": WANG.value}],
)  # fmt: skip
def test_what_cannot_be_is_not_even_proposed(provider: Provider, change: dict[str, str]) -> None:
    appoint(provider, "clerk")
    provider.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
    browser, _ = signed_in(provider, "clerk", "/admin/window")
    assert record(browser, **change).status_code == 422
    assert provider.events("ChangeProposed") == []


def test_an_account_with_another_number_and_staff_are_refused(provider: Provider) -> None:
    appoint(provider, "clerk")
    clerk = Console(provider, "clerk")
    body = {**SEEN, "level": 3}
    assert clerk.call("POST", f"/window/{person_id(provider, 'li')}/checks", body).status_code == 422
    assert clerk.call("POST", f"/window/{person_id(provider, 'officer')}/checks", body).status_code == 404
    assert (
        clerk.call("POST", f"/window/{person_id(provider, 'officer')}/recovery", {"reference": "R"}).status_code == 404
    )
    assert clerk.call("POST", "/window/search", {"username": "officer"}).status_code == 404
    right = {**body, "name": "李丽", "number": LI.value}
    assert clerk.call("POST", f"/window/{person_id(provider, 'li')}/checks", right).status_code == 202


def test_T8_two_clerks_let_somebody_back_in_without_delay_but_never_silently(staffed: Provider) -> None:
    """The link works once; the owner is told on every channel, with a way to stop it."""
    wang = person_id(staffed, "wang")
    clerk, second = Console(staffed, "clerk"), Console(staffed, "clerk2")

    def allowed() -> str:
        proposal = clerk.call("POST", f"/window/{wang}/recovery", {"reference": "R-1"}).json["proposal"]
        at, decision = f"/proposals/{proposal['id']}/confirm", {"digest": proposal["digest"]}
        assert clerk.call("POST", at, decision).status_code == 403
        answer = second.call("POST", at, decision)
        assert answer.status_code == 200, answer.text
        return str(answer.json["recovery_link"]).removeprefix(staffed.settings.issuer)

    path = allowed()
    staffed.deliver()
    assert any("allowed at a window" in words and "/recover/stop/" in words for words in staffed.mailbox.words())
    browser = Browser(staffed)
    page = browser.get(path)
    assert browser.submit(page, new=NEW, again=NEW).status_code == 200
    assert browser.get(path).status_code == 404
    assert staffed.person("wang").assurance == 2
    assert Account(staffed, "wang", password=NEW).open("/account").status_code == 200
    assert path.rsplit("/", 1)[1] not in repr(staffed.events())
    another = allowed()
    staffed.deliver()
    [*_, notice] = [words for words in staffed.mailbox.words() if "allowed at a window" in words]
    stop = str(notice).rsplit(staffed.settings.issuer, 1)[1].split()[0]
    assert browser.submit(browser.get(stop)).status_code == 200
    assert browser.get(another).status_code == 404


def test_the_page_of_a_recovery_at_the_window(provider: Provider) -> None:
    appoint(provider, "clerk")
    browser, _ = signed_in(provider, "clerk", "/admin/window")
    at = f"/admin/window/{person_id(provider, 'wang')}/recovery"
    assert press(browser, at, reference="").status_code == 422
    assert press(browser, at, reference="R-1").request.path.startswith("/admin/proposals/")
