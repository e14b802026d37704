"""That a record is disputed is a cause where the exchange has seen it; what stays on somebody's word is counted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doubles.exchange import MARKET, NAME, OTHER_ITEM, OWNER, POLICE, STAFF, STRANGER, WORKER, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange import test_choosing_by_asking as choosing
from tests.unit.exchange.test_corrections import REASON, act, by_person
from tests.unit.exchange.test_open_books import usage
from tests.unit.exchange.test_previews import offered, reply
from tests.unit.exchange.test_requirements import NO_GRANT, PROMISE, counts, opened, resolve, stands, system

two = choosing.two
DISPUTED, ON_WORD = ("shared-data", "disputed"), ("shared-data", "person-refused")


def dispute(world: World, person: str = OWNER, item: Any = NAME) -> str:
    """The department receives a record of somebody, who says that it is wrong."""
    assert world.ask(world.open_case(), item, person=person).json["status"] == "delivered"
    entry = usage(world, person).json["entries"][0]["index"]
    said = {"field": item["fields"][0], "seen": "演示", "right": "演示二", "reason": "演示：有误"}
    answer = by_person(world, entry, said, person)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def seen(world: World, case: str, requirement: str = "identity") -> set[str]:
    listed = stands(world, case)[requirement]["seen"]
    return {cause["code"] for one in listed for cause in one["causes"]}


def verdict(world: World, case: str, requirement: str = "identity", **more: Any) -> str:
    """What becomes of an upload for which only a dispute is given as the cause."""
    answer = resolve(world, case, requirement, "upload", DISPUTED, **more)
    return str(answer.json.get("verdict") or answer.json["code"])


def test_a_dispute_that_nobody_has_seen_is_no_cause(world: World) -> None:
    case = world.open_case((OWNER, "applicant"))
    assert verdict(world, case) == "resolution.cause-unproven"
    (refused,) = world.events("UploadRefused")
    assert refused["facts"]["steps"] == [{"rung": "shared-data", "cause": "unproven"}]
    assert counts(world)[MARKET]["violations"]["refused"] == 1
    assert resolve(world, case, "identity", "window", DISPUTED).json["verdict"] == "against-guard"


def test_an_open_correction_of_a_record_that_the_department_received_is_one_until_it_ends(world: World) -> None:
    correction = dispute(world)
    case = world.open_case((OWNER, "applicant"))
    assert seen(world, case) == {"disputed"}
    assert stands(world, case)["identity"]["next"]["code"] == "shared-data"  # it may serve all the same
    assert verdict(world, case) == "accepted"
    assert counts(world) == {}  # nothing rests on anybody's word, and nothing was asked for without need
    act(world, correction, "take")
    assert act(world, correction, "reject", REASON | {"citation": "演示规定第五条"}).status_code == 200
    after = world.open_case((OWNER, "applicant"))
    assert seen(world, after) == set()
    assert verdict(world, after) == "resolution.cause-unproven"


def test_a_record_that_came_and_is_disputed_says_both(small_world: World) -> None:
    dispute(small_world)
    case = small_world.open_case()  # nobody is named: whose record it is shows by what was asked for
    assert verdict(small_world, case) == "resolution.cause-unproven"
    small_world.ask(case, NAME)
    assert seen(small_world, case) == {"disputed", "record-insufficient"}
    assert verdict(small_world, case) == "accepted"


def test_somebody_elses_dispute_or_one_of_another_record_is_none(small_world: World) -> None:
    world = small_world
    dispute(world, OWNER, STAFF)
    theirs, own = world.open_case((STRANGER, "applicant")), world.open_case((OWNER, "applicant"))
    assert seen(world, own) == set()
    assert seen(world, own, "staff") == {"disputed"}
    assert seen(world, theirs, "staff") == set()
    assert verdict(world, theirs, "staff") == "resolution.cause-unproven"


def test_a_department_that_never_received_the_record_is_not_told_of_the_dispute(small_world: World) -> None:
    world = small_world
    dispute(world)
    case = world.open_case((OWNER, "applicant"), client="urban-website", item=OTHER_ITEM)
    listed = system(world, "GET", f"/v1/cases/{case}/requirements", client="urban-website")
    assert "disputed" not in listed.text
    step = {"rung": "shared-data", "cause": "disputed"}
    body = {"requirement": "identity", "by": "upload", "steps": [step]}
    answer = system(world, "POST", f"/v1/cases/{case}/resolutions", body, client="urban-website")
    assert answer.json["unproven"] == [step]


def test_of_several_people_only_the_one_whose_record_it_is(small_world: World) -> None:
    world = small_world
    dispute(world, WORKER)
    case = world.open_case((OWNER, "applicant"), (WORKER, "employee"), (STRANGER, "employee"))
    worker, stranger = ({"scheme": "citizen-number", "value": value} for value in (WORKER, STRANGER))
    assert verdict(world, case, "employees", subject=worker) == "accepted"
    assert verdict(world, case, "employees", subject=stranger) == "resolution.cause-unproven"
    assert verdict(world, case) == "resolution.cause-unproven"


def test_every_way_of_a_level_must_be_disputed_or_fail(small_world: World) -> None:
    world = small_world
    either = {
        "code": "either",
        "name": {"zh": "任一", "en": "either"},
        "met_by": [{"evidence_type": "identity-card"}, {"evidence_type": "staff-list"}],
    }
    dispute(world)
    case = opened(world, either)
    world.ask(case, NAME)
    assert verdict(world, case, "either") == "resolution.cause-unproven"
    dispute(world, OWNER, STAFF)
    world.ask(case, STAFF)
    assert verdict(world, case, "either") == "accepted"


@pytest.mark.parametrize(("said", "expected"), [("wrong", "accepted"), ("decline", "resolution.cause-unproven")])
def test_a_preview_that_was_answered_as_wrong_is_a_dispute_in_its_own_case(
    world: World, said: str, expected: str
) -> None:
    name, case = offered(world)
    assert verdict(world, case) == "resolution.cause-unproven"
    assert reply(world, name, said).status_code == 200
    assert verdict(world, case) == expected
    assert verdict(world, world.open_case((OWNER, "applicant"))) == "resolution.cause-unproven"


def test_a_choice_for_a_dispute_that_nobody_saw_is_recorded_as_unproven(two: World) -> None:
    choosing.ask(two, two.open_case((OWNER, "applicant")), choosing.PERMIT, identity_card="disputed")
    assert choosing.recorded(two) == [choosing.over("unproven")]


# What stays on somebody's word -------------------------------------------------------------------------------------


def on_word(world: World, role: str = "governance-officer", own: str = POLICE) -> dict[str, dict[str, int]]:
    found = counts(world, role, own)
    return {code: {one["cause"]: one["count"] for one in each["on_word"]} for code, each in found.items()}


def test_steps_that_rest_on_somebodys_word_are_counted_by_cause_for_governance(world: World) -> None:
    world.revoke("G-STAFF")
    case = opened(world, PROMISE)
    resolve(world, case, "identity", "upload", ON_WORD)
    resolve(world, case, "identity", "window", ON_WORD)  # the same requirement counts once
    resolve(world, case, "promise", "upload", NO_GRANT, ("commitment", "not-suitable"))
    another = opened(world, PROMISE)
    resolve(world, another, "identity", "upload", ON_WORD)
    resolve(world, another, "promise", "window", ("shared-data", "no-record"), ("commitment", "not-suitable"))
    expected = {MARKET: {"person-refused": 2, "not-suitable": 1}}  # what was against the guard is counted there
    assert on_word(world) == expected
    assert on_word(world, "consumer-officer", MARKET) == expected
    assert on_word(world, "provider-officer", POLICE) == {}
    (first, _) = counts(world)[MARKET]["on_word"]
    assert first["name"] == {"zh": "本人不同意这种方式", "en": "the person does not want it this way"}


def test_the_page_that_compares_departments_names_the_causes(small_world: World) -> None:
    case = small_world.open_case()
    resolve(small_world, case, "identity", "upload", ON_WORD)
    browser = OfficersBrowser(small_world)
    assert browser.sign_in("g", "governance-officer", organisation=POLICE).status_code == 303
    page = browser.get("/console/uploads").text
    assert "凭说明未用共享或承诺" in page
    assert "本人不同意这种方式 1" in page
