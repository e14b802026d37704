"""A paper that may follow later is told to whoever has to hand it in, where it is certain whose it is."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.doubles.exchange import ITEM, MARKET, NAME, OWNER, STAFF, STRANGER, WORKER, World, grant
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_emergency import DELAY, opened, template, use
from tests.unit.exchange.test_requirements import NO_GRANT, PROMISE, demanding, resolve
from tests.unit.exchange.test_watching import absent

OF_THE_EMPLOYEE = {
    **deepcopy(PROMISE),
    "code": "training",
    "name": {"zh": "培训证明", "en": "Training"},
    "role": "employee",
}


@pytest.fixture
def world(small_world: World) -> World:
    """A service item of which two papers may follow within twenty days."""
    small_world.apply(demanding(PROMISE, OF_THE_EMPLOYEE), grant("G-ABSENT", absent_allowed=True))
    small_world.approve("G-ABSENT")
    small_world.revoke("G-STAFF")
    small_world.rooms.policy.renew()
    return small_world


def days(world: World, many: int) -> None:
    """So many days pass."""
    world.clock.advance(many * 86400)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def deferred(world: World, case: str, requirement: str = "promise", **more: Any) -> None:
    made = resolve(world, case, requirement, "deferral", NO_GRANT, **more)
    assert made.status_code == 201, made.text


def papers(world: World, person: str = OWNER) -> list[dict[str, Any]]:
    token = world.issuer.token(world.holder, "portal", person=person, scope="usage")
    answer = world.call("GET", "/v1/deferred-papers", token)
    assert answer.status_code == 200, answer.text
    return list(answer.json["papers"])


def joined(world: World, person: str = OWNER) -> str:
    """A case that somebody signed in for."""
    case = world.open_case()
    world.ask(case, NAME, person=person)
    return case


def test_whoever_signed_in_is_told_by_when_and_that_it_is_late(world: World) -> None:
    case = joined(world)
    deferred(world, case)
    (paper,) = papers(world)
    assert (paper["case"], paper["due"], paper["overdue"]) == (case, "2026-12-13", False)
    assert (paper["consumer"]["code"], paper["service_item"]["code"]) == (MARKET, ITEM)
    assert paper["requirement"] == {"code": "promise", "name": PROMISE["name"]}
    days(world, 20)
    assert [one["overdue"] for one in papers(world)] == [False]  # its last day
    days(world, 1)
    assert [one["overdue"] for one in papers(world)] == [True]
    world.rooms.reminding.sweep()
    assert [one["overdue"] for one in papers(world)] == [True]  # also once the department was told


def test_it_is_told_no_more_once_it_came_or_the_case_is_closed(world: World) -> None:
    first, second = joined(world), joined(world)
    deferred(world, first)
    deferred(world, second)
    days(world, 30)
    assert len(papers(world)) == 2
    assert resolve(world, first, "promise", "window", NO_GRANT).status_code == 201
    assert [one["case"] for one in papers(world)] == [second]
    token = world.issuer.token(world.holder, scope="cases")
    assert world.call("POST", f"/v1/cases/{second}/close", token, {}).status_code == 200
    assert papers(world) == []


def test_who_was_merely_listed_is_told_nothing_until_it_is_certain(world: World) -> None:
    """A department may mistype a number: nobody learns of a matter that way in which nothing of theirs is."""
    case = world.open_case((OWNER, "applicant"))
    deferred(world, case)
    assert papers(world) == []
    absent(world, STRANGER, case)  # refused: no party
    assert papers(world) == []
    absent(world, OWNER, case)
    assert [one["case"] for one in papers(world)] == [case]
    assert papers(world, STRANGER) == []


def test_a_paper_is_not_told_of_while_a_statute_hides_what_was_asked_in_its_case(world: World) -> None:
    template(world, emergency={"minutes": 120, "notice_delay": DELAY})
    case, opening = opened(world)
    assert use(world, case, opening).json["status"] == "delivered"
    deferred(world, case)
    assert papers(world) == []
    days(world, 31)
    assert [one["case"] for one in papers(world)] == [case]


def test_who_is_listed_and_signs_in_is_told_whatever_was_answered(world: World) -> None:
    case = world.open_case((OWNER, "applicant"))
    deferred(world, case)
    world.ask(case, STAFF | {"fields": ["nothing"]})
    assert [one["case"] for one in papers(world)] == [case]


def test_of_two_applicants_neither_is_told(world: World) -> None:
    case = world.open_case((OWNER, "applicant"), (STRANGER, "applicant"))
    for person in (OWNER, STRANGER):
        absent(world, person, case)
    deferred(world, case)
    assert (papers(world), papers(world, STRANGER)) == ([], [])


def test_a_party_is_told_of_its_own_paper_alone(world: World) -> None:
    case = world.open_case((OWNER, "applicant"), (WORKER, "employee"))
    absent(world, OWNER, case)
    deferred(world, case, "training", subject={"scheme": "citizen-number", "value": WORKER})
    assert papers(world) == []  # the applicant does not read of an employee's
    assert papers(world, WORKER) == []  # nor is the employee known to be one before they sign in
    world.ask(case, NAME, person=WORKER)
    assert [one["requirement"]["code"] for one in papers(world, WORKER)] == ["training"]
    deferred(world, case)
    assert [one["requirement"]["code"] for one in papers(world)] == ["promise"]
    assert [one["requirement"]["code"] for one in papers(world, WORKER)] == ["training"]


def test_what_was_refused_or_taken_otherwise_is_no_paper_of_theirs(world: World) -> None:
    case = joined(world)
    resolve(world, case, "promise", "deferral")  # without a cause: refused
    resolve(world, case, "promise", "commitment", NO_GRANT)
    assert papers(world) == []


def test_it_takes_the_scope_and_a_person(world: World) -> None:
    for token in (
        world.issuer.token(world.holder, scope="cases"),
        world.issuer.token(world.holder, "portal", person=OWNER, scope="openid"),
    ):
        assert world.call("GET", "/v1/deferred-papers", token).status_code == 403


def test_the_page_says_it_in_plain_words(world: World) -> None:
    case = joined(world)
    browser = OfficersBrowser(world)
    browser.sign_in_as(OWNER)
    assert "补交" not in browser.get("/my/previews").text
    deferred(world, case)
    page = browser.get("/my/previews").text
    for words in ("您还要补交的材料", "市场监管局：场地证明", "用于“开办餐馆”", "2026年12月13日"):
        assert words in page
    assert "已逾期" not in page
    days(world, 21)
    browser.sign_in_as(OWNER)
    assert "已逾期" in browser.get("/my/previews").text
