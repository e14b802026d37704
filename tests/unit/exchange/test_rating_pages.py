"""The pages on which somebody finds their cases that ended, and rates them."""

from __future__ import annotations

import re

import pytest

from exchange.paging import USUAL_PAGE
from tests.doubles.exchange import NAME, OWNER, STRANGER, WORKER, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_emergency import DELAY, opened, template, use
from tests.unit.exchange.test_ratings import ended, rate

CHANGED = 409


@pytest.fixture
def browser(small_world: World) -> OfficersBrowser:
    browser = OfficersBrowser(small_world)
    assert browser.sign_in_as(OWNER).status_code == 303
    return browser


def mine(world: World, person: str = OWNER, query: str = "") -> list[str]:
    token = world.issuer.token(world.holder, "portal", person=person, scope="openid usage")
    answer = world.call("GET", f"/v1/usage/cases{query}", token)
    assert answer.status_code == 200, answer.text
    return [one["case"] for one in answer.json["cases"]]


def closed(world: World, case: str) -> str:
    token = world.issuer.token(world.holder, scope="cases")
    assert world.call("POST", f"/v1/cases/{case}/close", token).status_code == 200
    return case


def test_somebody_finds_a_case_that_ended_and_rates_it_once(browser: OfficersBrowser) -> None:
    world, case = browser.world, ended(browser.world)
    log = browser.get("/my/usage").text
    assert 'href="/my/cases"' in log
    assert f"办件编号 <code>{case}</code>" in log
    page = browser.get("/my/cases").text
    at = re.search(r'href="(/my/cases/[^"]+/rating)"', page)
    assert at is not None
    for words in ("市场监管局", "开办餐馆", case):
        assert words in page
    form = browser.get(at[1]).text
    assert [words in form for words in ("非常满意", "基本满意", "非常不满意")] == [True] * 3
    assert "very dissatisfied" in browser.get(at[1], **{"Accept-Language": "en"}).text
    empty = browser.press(at[1], words="演示：等了三次")
    assert (empty.status_code, "等了三次</textarea>" in empty.text) == (422, True)  # nothing typed is lost
    for grade in ("6", "0", "5.0", "五", "99999999999999999999", ""):
        assert browser.press(at[1], grade=grade).status_code == 422
    assert world.events("CaseRated") == []
    done = browser.press(at[1], grade="1", words="演示：等了三次")
    assert (done.status_code, "谢谢您的评价" in done.text) == (200, True)
    (entry,) = world.events("CaseRated")
    assert (entry["facts"]["case"], entry["facts"]["grade"]) == (case, 1)
    assert "等了三次" not in str(entry)
    assert case not in browser.get("/my/cases").text
    again = browser.get(at[1])
    assert (again.status_code, "现在不能评价" in again.text) == (CHANGED, True)


def test_only_ones_own_cases_that_ended_wait_for_a_rating(browser: OfficersBrowser) -> None:
    world = browser.world
    running = world.open_case()
    world.ask(running, NAME)
    listed = closed(world, world.open_case((WORKER, "employee")))
    own = ended(world)
    assert (mine(world), mine(world, STRANGER), mine(world, WORKER)) == ([own], [], [])
    for case in (running, listed, "case_none", "x" * 500):
        assert browser.get(f"/my/cases/{case}/rating").status_code == CHANGED
    rate(world, own, {"grade": 5})
    assert mine(world) == []
    assert "现在没有等待您评价的事" in browser.get("/my/cases").text


def test_a_case_is_not_told_of_while_a_statute_hides_what_was_asked_in_it(small_world: World) -> None:
    template(small_world, emergency={"minutes": 120, "notice_delay": DELAY})
    case, opening = opened(small_world)
    assert use(small_world, case, opening).json["status"] == "delivered"
    closed(small_world, case)
    assert mine(small_world) == []
    small_world.clock.advance(31 * 86_400)
    small_world.rooms.policy.renew()
    small_world.rooms.revocations.renew()
    assert mine(small_world) == [case]


def test_many_cases_are_read_page_by_page(small_world: World) -> None:
    cases = [ended(small_world) for _ in range(USUAL_PAGE + 2)]
    first = mine(small_world)
    assert (len(first), first) == (USUAL_PAGE, sorted(first, reverse=True))
    rest = mine(small_world, query=f"?before={first[-1]}")
    assert {*first, *rest} == {*cases}
    browser = OfficersBrowser(small_world)
    browser.sign_in_as(OWNER)
    assert f"/my/cases?before={first[-1]}" in browser.get("/my/cases").text
