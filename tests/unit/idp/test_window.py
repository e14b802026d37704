"""At a window: two clerks, neither of them the person, and only then level 3 or 4 (four eyes; M1, M2)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from idp.authentication import throttling
from idp.model.person import NewPerson, PersonKind
from idp.store import people, proofings
from idp.store.tables import person
from tests.doubles.account import Account
from tests.doubles.administrators import Console, appoint, person_id, press, signed_in
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, LI, MARKET, PASSWORD, PHONE, TOTP_SECRET, WANG, Provider, citizen

CHEN = citizen(77)
NEW = "violet tram over granite"
AGAIN = {"name": "陈晨", "number": CHEN.value}
"""What the second clerk reads on the same document."""
SEEN = {"document": "resident-card", "name": "陈晨", "number": CHEN.value, "reference": "R-2026-1", "level": "3"}


@pytest.fixture
def staffed(either_provider: Provider) -> Provider:
    return with_clerks(either_provider)


def with_clerks(provider: Provider) -> Provider:
    """Two of them, administrators, and somebody who comes to the window."""
    appoint(provider, "clerk", "security", "audit")
    other = NewPerson(
        "clerk2", "职员", PASSWORD, kind=PersonKind.STAFF, assurance=3, totp_secret=TOTP_SECRET, organisation=MARKET,
        roles=("window-clerk",),
    )  # fmt: skip
    provider.administration.people.add(other)
    provider.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
    provider.clock.advance(1)
    return provider


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
    assert "陈晨" not in page.text
    assert "<dd" in page.text
    assert ">chen<" in re.sub(r"\s+", "", page.text)  # whose account it is
    assert second.submit(page, decision="confirm", **AGAIN).status_code == 200
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
    assert entry["facts"]["compared"] == ["name", "number"]
    assert entry["facts"]["proposed_by"] == newest.recorded_by
    told = repr(staffed.events())
    assert not any(word in told for word in (CHEN.value, "陈晨", "R-2026-1"))
    assert Account(staffed, "chen").open("/account/identity").status_code == 200


def test_nobody_confirms_their_own_check_and_no_administrator_confirms_a_clerks(staffed: Provider) -> None:
    clerk = Console(staffed, "clerk")
    body = {**SEEN, "level": 4}
    proposal = clerk.call("POST", f"/window/{person_id(staffed, 'chen')}/checks", body).json["proposal"]
    at, decision = f"/proposals/{proposal['id']}/confirm", {"digest": proposal["digest"], **AGAIN}
    assert clerk.call("POST", at, decision).status_code == 403
    assert Console(staffed, "security").call("POST", at, decision).status_code == 403
    assert staffed.person("chen").assurance == 1
    assert Console(staffed, "clerk2").call("POST", at, decision).status_code == 204
    assert staffed.person("chen").assurance == 4
    assert Console(staffed, "clerk2").call("POST", at, decision).status_code == 422  # once


def proposed(provider: Provider, path: str = "checks", username: str = "chen", **changes: Any) -> dict[str, Any]:
    """A proposal by the first clerk."""
    body = {**SEEN, "level": 4, **changes} if path == "checks" else {"reference": "R-1"}
    answer = Console(provider, "clerk").call("POST", f"/window/{person_id(provider, username)}/{path}", body)
    assert answer.status_code == 202, answer.text
    return dict(answer.json["proposal"])


def confirm(console: Console, proposal: dict[str, Any], **typed: str) -> Any:
    return console.call("POST", f"/proposals/{proposal['id']}/confirm", {"digest": proposal["digest"], **typed})


def test_a_check_from_before_a_recovery_restores_no_level_after_it(staffed: Provider) -> None:
    """ADR 0099: the document is checked anew, after the recovery; the clerk may have seen somebody else."""
    staffed.administration.people.add(NewPerson("zhou", "陈晨", PASSWORD, assurance=4, subject=CHEN, contacts=(PHONE,)))
    second = Console(staffed, "clerk2")
    early, recovery = proposed(staffed, username="zhou"), proposed(staffed, "recovery", "zhou")
    staffed.clock.advance(1)
    path = confirm(second, recovery, number=CHEN.value).json["recovery_link"].removeprefix(ISSUER)
    browser = Browser(staffed)
    assert browser.submit(browser.get(path), new=NEW, again=NEW).status_code == 200
    refused = confirm(second, early, **AGAIN)
    assert (refused.status_code, staffed.person("zhou").assurance) == (422, 2)
    assert "重新核验证件" in refused.json["detail"]
    staffed.clock.advance(1)
    assert confirm(second, proposed(staffed, username="zhou"), **AGAIN).status_code == 204
    assert staffed.person("zhou").assurance == 4
    assert confirm(second, proposed(staffed, username="zhou", level=3), **AGAIN).status_code == 204
    staffed.deliver()
    notices = [words for words in staffed.mailbox.words() if "level of assurance is now" in words]
    assert ["is now 4" in words for words in notices] == [True, True]  # the level, and not that of the newest proof


def test_nothing_is_confirmed_for_an_account_disabled_meanwhile_nor_once_it_is_enabled(staffed: Provider) -> None:
    waiting = [(proposed(staffed), AGAIN), (proposed(staffed, "recovery", "wang"), {"number": WANG.value})]
    guard, second = Console(staffed, "security"), Console(staffed, "clerk2")
    staffed.clock.advance(1)
    for act in ("disable", "enable"):
        for name in ("chen", "wang"):
            assert guard.call("POST", f"/people/{person_id(staffed, name)}/{act}").status_code == 204
        for proposal, typed in waiting:
            refused = confirm(second, proposal, **typed)
            assert refused.status_code == 422
            assert "停用" in refused.json["detail"]
    assert staffed.person("chen").assurance == 1
    assert not staffed.events("RecoveryAllowed")
    staffed.clock.advance(1)
    assert confirm(second, proposed(staffed), **AGAIN).status_code == 204


def test_a_disabled_account_is_recovered_before_it_is_admitted(staffed: Provider) -> None:
    """ADR 0099: enabled first, it would be the thief's again until the recovery was finished."""
    guard, second, wang = Console(staffed, "security"), Console(staffed, "clerk2"), person_id(staffed, "wang")

    def act(what: str) -> None:
        staffed.clock.advance(1)
        assert guard.call("POST", f"/people/{wang}/{what}").status_code == 204
        staffed.clock.advance(1)

    def allowed() -> str:
        answer = confirm(second, proposed(staffed, "recovery", "wang"), number=WANG.value)
        assert answer.status_code == 200, answer.text
        return str(answer.json["recovery_link"]).removeprefix(ISSUER)

    overtaken, browser = allowed(), Browser(staffed)
    page = browser.get(overtaken)
    for what in ("disable", "enable", "disable"):
        act(what)
        assert browser.get(overtaken).status_code == 404  # whoever disables means what is under way as well
        assert browser.submit(page, new=NEW, again=NEW).status_code == 404
    clerk, page = signed_in(staffed, "clerk", f"/admin/window/{wang}/recovery")
    assert "直到管理员恢复" in page.text
    checks = f"/admin/window/{wang}"
    refused = press(clerk, checks, **{**SEEN, "name": "王小明", "number": WANG.value})
    assert refused.status_code == 422
    assert "须先由管理员恢复" in refused.text
    page = browser.get(allowed())
    assert "还须由管理员恢复" in page.text
    assert "仍处于停用状态" in browser.submit(page, new=NEW, again=NEW).text
    recovered = staffed.person("wang")
    assert (recovered.disabled, {factor.value for factor in recovered.authenticators}) == (True, {"pwd"})
    assert browser.submit(browser.follow(browser.get("/account")), username="wang", password=NEW).status_code == 422
    act("enable")
    assert Account(staffed, "wang", password=NEW).open("/account").status_code == 200
    thief = Browser(staffed)
    assert thief.submit(thief.follow(thief.get("/account")), username="wang", password=PASSWORD).status_code == 422
    act("disable")
    meanwhile = allowed()
    act("enable")
    assert browser.submit(browser.get(meanwhile), new=PASSWORD, again=PASSWORD).status_code == 200


def test_enabling_revives_no_recovery_that_was_asked_for_before(staffed: Provider) -> None:
    asking, guard, wang = Browser(staffed), Console(staffed, "security"), f"/people/{person_id(staffed, 'wang')}"
    asking.submit(asking.get("/recover"), username="wang")
    staffed.deliver()
    for act in ("disable", "enable"):
        assert guard.call("POST", f"{wang}/{act}").status_code == 204
    *_, enabled, stopped = staffed.events()
    assert (enabled["event"], stopped["event"]) == ("PersonEnabled", "RecoveryStopped")
    assert stopped["facts"]["recovery"] == staffed.events("RecoveryTakenUp")[0]["facts"]["recovery"]
    assert stopped["facts"]["actor"] == person_id(staffed, "security")
    staffed.clock.advance(48 * 3600)
    staffed.deliver()
    assert not any("/recover/link/" in words for words in staffed.mailbox.words())


def test_an_application_is_no_account_at_a_window(provider: Provider) -> None:
    appoint(provider, "clerk")
    applicant, clerk = Browser(provider), Console(provider, "clerk")
    form = {"username": "sun", "name": "孙", "password": NEW, "contact": "sun@example.org"}
    assert applicant.submit(applicant.get("/sign-up"), **form, again=NEW).status_code == 200
    with provider.database.read() as connection:
        [unnamed] = connection.exec_driver_sql("SELECT person FROM signing_up").scalars()
    assert clerk.call("POST", f"/window/{unnamed}/recovery", {"reference": "R"}).status_code == 404
    assert clerk.call("POST", "/window/search", {"username": f"~{unnamed}"}).status_code == 404


@pytest.mark.parametrize(
    "typed",
    [{}, {"name": "陈晨"}, {"number": CHEN.value}, {**AGAIN, "name": "陈辰"}, {**AGAIN, "number": citizen(78).value},
     {**AGAIN, "number": CHEN.value[:-1] + "Y"}, {**AGAIN, "name": "陈\x07晨"}, {**AGAIN, "name": " "}],
)  # fmt: skip
def test_the_second_clerk_reads_the_document_too(staffed: Provider, typed: dict[str, str]) -> None:
    """ADR 0097: one clerk's slip, or lie, binds no number: the second types what they see, and it has to agree."""
    proposal, second = proposed(staffed), Console(staffed, "clerk2")
    at = f"/proposals/{proposal['id']}"
    shown = second.call("GET", at)
    assert (shown.json["account"], shown.json["asks"]) == ("chen", ["name", "number"])
    assert CHEN.value not in shown.text
    answer = second.call("POST", f"{at}/confirm", {"digest": proposal["digest"], **typed})
    assert answer.status_code == 422, answer.text
    assert CHEN.value not in answer.text
    assert staffed.person("chen").assurance == 1
    assert second.call("POST", f"{at}/confirm", {"digest": proposal["digest"], **AGAIN}).status_code == 204
    assert staffed.person("chen").assurance == 4
    assert second.call("GET", at).json["asks"] == []
    told = repr(staffed.events())
    assert not any(word in told for word in (CHEN.value, citizen(78).value, "陈晨", "陈辰"))


def test_another_reading_is_said_beside_the_form_and_recorded(staffed: Provider) -> None:
    proposal = proposed(staffed)
    second, page = signed_in(staffed, "clerk2", f"/admin/proposals/{proposal['id']}")
    answer = second.submit(page, decision="confirm", name="陈晨", number=citizen(78).value)
    assert answer.status_code == 422
    assert "请对照证件重新填写" in answer.text
    assert citizen(78).value not in answer.text
    assert CHEN.value not in answer.text
    [entry] = staffed.events("SecondReadingDiffered")
    assert entry["facts"]["proposal"] == proposal["id"]
    assert entry["facts"]["actor"] == person_id(staffed, "clerk2")
    assert second.submit(answer, decision="confirm", **AGAIN).status_code == 200
    assert staffed.person("chen").assurance == 4


def test_readings_that_differ_are_counted_for_an_account_whatever_is_proposed(staffed: Provider) -> None:
    """Guesses wait longer and longer, also when the right one is among them, and a new proposal gives no new tries."""
    first, another, second = proposed(staffed), proposed(staffed), Console(staffed, "clerk2")

    for number in range(4):
        assert confirm(second, first, **{**AGAIN, "number": citizen(100 + number).value}).status_code == 422
    assert len(staffed.events("SecondReadingDiffered")) == 4
    early = confirm(second, another, **AGAIN)
    assert early.status_code == 422
    assert "秒后重试" in early.json["detail"]
    assert staffed.person("chen").assurance == 1
    staffed.clock.advance(16 * 60)
    assert confirm(Console(staffed, "clerk2"), another, **AGAIN).status_code == 204


def test_readings_that_differ_are_counted_for_a_clerk_whatever_the_account(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "_OF_AN_ADDRESS", throttling.growing(2))
    names = ["chen", "guo", "he", "jin"]
    with_clerks(provider)
    for name in names[1:]:
        provider.administration.people.add(NewPerson(name, "某人", PASSWORD))
    waiting = [proposed(provider, username=name, number=citizen(80 + at).value) for at, name in enumerate(names)]
    clerk = Console(provider, "clerk2")
    for proposal in waiting[:3]:
        assert "请对照证件" in confirm(clerk, proposal, **AGAIN).json["detail"]
    early = confirm(clerk, waiting[3], name="陈晨", number=citizen(83).value)
    assert "秒后重试" in early.json["detail"]


def test_nobody_is_their_own_clerk(provider: Provider) -> None:
    """Clerks are staff, whom no window proves. Were one a natural person in the store, they saw to others alone."""
    clerk = Console(with_clerks(provider), "clerk")
    natural = person.update().where(person.c.username == "clerk").values(kind="natural")
    provider.database.write(lambda connection: connection.execute(natural))
    own = f"/window/{person_id(provider, 'clerk')}"
    assert clerk.call("POST", f"{own}/checks", {**SEEN, "level": 4}).status_code == 403
    assert clerk.call("POST", f"{own}/recovery", {"reference": "R-1"}).status_code == 403
    assert proposed(provider)


def test_a_recovery_takes_the_number_on_record_and_the_user_name_where_there_is_none(staffed: Provider) -> None:
    wang, second = person_id(staffed, "wang"), Console(staffed, "clerk2")
    answer = Console(staffed, "clerk").call("POST", f"/window/{wang}/recovery", {"reference": "R-1"})
    held, free = answer.json["proposal"], proposed(staffed, "recovery")
    assert second.call("GET", f"/proposals/{held['id']}").json["asks"] == ["number"]
    at = f"/proposals/{held['id']}/confirm"
    for typed in ({}, {"number": CHEN.value}):
        assert second.call("POST", at, {"digest": held["digest"], **typed}).status_code == 422
    assert second.call("POST", at, {"digest": held["digest"], "number": WANG.value}).status_code == 200
    shown = second.call("GET", f"/proposals/{free['id']}").json
    assert (shown["account"], shown["asks"]) == ("chen", [])
    assert second.call("POST", f"/proposals/{free['id']}/confirm", {"digest": free["digest"]}).status_code == 200
    compared = [entry["facts"]["compared"] for entry in staffed.events("RecoveryAllowed")]
    assert compared == [["number"], []]


def test_only_clerks_are_shown_whose_account_it_is(staffed: Provider) -> None:
    proposal = proposed(staffed)
    for name in ("security", "audit"):
        answer = Console(staffed, name).call("GET", f"/proposals/{proposal['id']}")
        assert answer.status_code == 200
        assert "account" not in answer.json


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
    assert clerk.call("GET", "/proposals").json["proposals"] == []
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
    clerk, second = Console(staffed, "clerk"), Console(staffed, "clerk2")

    def allowed() -> str:
        proposal = proposed(staffed, "recovery", "wang")
        assert confirm(clerk, proposal, number=WANG.value).status_code == 403
        answer = confirm(second, proposal, number=WANG.value)
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


def test_the_first_clerks_numbers_are_counted_and_what_is_refused_is_recorded(provider: Provider) -> None:
    """ADR 0097: nobody tries out whose number is whose, neither at an account that has one nor at one that has none."""
    appoint(provider, "clerk")
    provider.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
    clerk = Console(provider, "clerk")

    def tried(username: str, *numbers: str) -> list[str]:
        at = f"/window/{person_id(provider, username)}/checks"
        answers = [clerk.call("POST", at, {**SEEN, "level": 3, "number": number}) for number in numbers]
        return [answer.json.get("detail", "proposed") for answer in answers]

    *told, early = tried("wang", *(citizen(number).value for number in range(60, 65)))
    assert set(told) == {"这个账户已核验为另一个号码"}
    assert "秒后重试" in early
    assert "秒后重试" in tried("wang", WANG.value)[0]  # nor is the right one told from the others
    *told, early = tried("chen", LI.value, citizen(70).value, LI.value, citizen(71).value, citizen(72).value)
    assert [word[:8] for word in told] == ["另一个账户已使用", "proposed", "另一个账户已使用", "proposed"]
    assert "秒后重试" in early
    entries = provider.events("WindowCheckRefused")
    assert [each["facts"]["person"] for each in entries] == [
        *[person_id(provider, "wang")] * 4,
        *[person_id(provider, "chen")] * 2,
    ]
    assert {each["facts"]["actor"] for each in entries} == {person_id(provider, "clerk")}
    assert not [
        number for number in (*map(citizen, range(60, 73)), LI, WANG) if number.value in repr(provider.events())
    ]
    provider.clock.advance(16 * 60)
    clerk = Console(provider, "clerk")
    assert tried("wang", WANG.value, citizen(60).value) == ["proposed", "这个账户已核验为另一个号码"]
