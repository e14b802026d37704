"""Corrections of records that left in bulk: every department that received one is told, whichever way it came."""

from __future__ import annotations

import re
from typing import Any

import pytest

from exchange.store import corrections
from tests.doubles.exchange import MARKET, NAME, OWNER, POLICE, URBAN, World, number, system
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_corrections import (
    AWAY,
    CHEN,
    PAN,
    PATH,
    REASON,
    SAID,
    act,
    by_department,
    by_person,
    inbox,
)
from tests.unit.exchange.test_events import pull, subscribe
from tests.unit.exchange.test_open_books import usage
from tests.unit.exchange.test_return_flow import (
    FLOWS,
    HERE,
    RECORDS,
    THERE,
    TOWN,
    ask,
    district,
    fetched,
    files,
    holds,
    in_bulk,
    later,
    make,
    opened,
    sealed,
)

CORRECTED = "tongban.return-flow.record-corrected"


def disputed_by_another(world: World, person: str = HERE) -> str:
    """A correction of a record in the flow, opened by a department that asked for it in a case."""
    answer = world.ask(world.open_case((person, "applicant")), NAME, person=person).json
    made = by_department(world, {"request": answer["id"], "item": 0} | SAID, person)
    assert made.status_code == 201, made.text
    return str(made.json["id"])


def settled(world: World, correction: str, *commands: str) -> None:
    for command in commands:
        done = act(world, correction, command, {} if command == "take" else REASON)
        assert done.status_code == 200, done.text
    world.rooms.distribution.round()


def row_of(world: World, flow: str, name: str) -> str:
    return next(row["_row"] for row in fetched(world, flow, files(world, flow)[0]) if row["name"] == name)


def heard(world: World, subscription: str) -> list[dict[str, Any]]:
    return list(pull(world, subscription, client="urban-website")["events"])


def subscribed(world: World) -> str:
    return str(subscribe(world, "urban-website", events=[CORRECTED], evidence_types=[]))


def test_a_district_whose_flow_holds_the_record_is_told_that_it_was_corrected(world: World) -> None:
    district(world)
    flow, hears = opened(world), subscribed(world)
    make(world)
    correction = disputed_by_another(world)
    assert ("correction-done", correction) not in inbox(world, **AWAY)
    settled(world, correction, "take", "accept", "correct")
    for who in (AWAY, CHEN):
        assert ("correction-done", correction) in inbox(world, **who)
    (event,) = heard(world, hears)
    row = row_of(world, flow, "陈示例")
    assert event["type"] == CORRECTED
    assert event["data"] == {"flow": flow, "row": row, "evidence_type": "identity-card", "changed": ["name"]}
    seen = world.officer("GET", f"{PATH}/{correction}", **AWAY).json
    assert (seen["flows"], seen["cases"], seen["particulars"]) == ([{"flow": flow, "row": row}], [], None)
    other = world.officer("GET", f"{PATH}/{correction}", **CHEN).json
    assert (other["flows"], len(other["cases"])) == ([], 1)


def test_who_had_the_record_once_is_told_by_message_and_the_system_hears_nothing(small_world: World) -> None:
    world = district(small_world)
    ended, moved, hears = opened(world), opened(world), subscribed(world)
    make(world)
    ask(world, "POST", f"{FLOWS}/{ended}/end")
    holds(world, [RECORDS[0] | {"division": "500103"}, RECORDS[1]])
    later(world, 86_400)
    make(world)
    correction = disputed_by_another(world)
    settled(world, correction, "take", "accept", "correct")
    assert ("correction-done", correction) in inbox(world, **AWAY)
    seen = world.officer("GET", f"{PATH}/{correction}", **AWAY).json["flows"]
    assert {one["flow"] for one in seen} == {ended, moved}
    assert heard(world, hears) == []


def test_a_flow_of_others_records_learns_nothing_of_a_correction(small_world: World) -> None:
    world = district(small_world)
    hears = subscribed(world)
    opened(world)
    holds(world, [RECORDS[0] | {"division": "500103"}, RECORDS[1]])
    make(world)
    correction = disputed_by_another(world)
    settled(world, correction, "take", "accept", "correct")
    assert inbox(world, **AWAY) == []
    assert world.officer("GET", f"{PATH}/{correction}", **AWAY).status_code == 404
    assert heard(world, hears) == []


def test_taken_back_it_is_told_to_the_district_too(small_world: World) -> None:
    world = district(small_world)
    opened(world)
    make(world)
    correction = disputed_by_another(world)
    token = world.issuer.token(world.holder, scope="cases")
    assert world.call("POST", f"{PATH}/{correction}/withdraw", token, {}).status_code == 200
    assert ("correction-withdrawn", correction) in inbox(world, **AWAY)


def test_nothing_of_a_correction_leaves_once_the_grant_ended_or_the_person_was_sealed(small_world: World) -> None:
    world = district(small_world)
    opened(world)
    hears = subscribed(world)
    make(world)
    for person in (HERE, TOWN):
        settled(world, disputed_by_another(world, person), "take", "accept", "correct")
    assert len(heard(world, hears)) == 2
    sealed(world, TOWN)
    assert len(heard(world, hears)) == 1
    world.revoke("G-BACK")
    assert heard(world, hears) == []


def said_by_person(world: World, entry: int, person: str, **more: Any) -> Any:
    return by_person(world, entry, SAID | more, person)


def test_a_person_has_a_record_corrected_that_a_file_of_their_log_has(world: World) -> None:
    flow = opened(district(world))
    make(world)
    (here,) = in_bulk(world, HERE)
    for person in (THERE, OWNER):
        nobodys = said_by_person(world, here["index"], person)
        assert (nobodys.status_code, nobodys.json["code"]) == (404, "ledger.unknown-entry")
    assert said_by_person(world, here["index"], HERE, field="born").json["code"] == "correction.not-received"
    first, second = (said_by_person(world, here["index"], person) for person in (HERE, TOWN))  # one file has both
    assert (first.status_code, second.status_code) == (201, 201)
    again = said_by_person(world, here["index"], HERE)
    assert (again.status_code, again.json["correction"]) == (409, first.json["id"])
    assert ("correction-waits", first.json["id"]) in inbox(world, **PAN)
    taken = act(world, first.json["id"], "take").json
    assert taken["particulars"]["subject"]["value"] == HERE
    assert (taken["consumer"]["code"], taken["opener"]) == (URBAN, "person")
    told = usage(world, HERE).json["entries"]
    assert [one["event"] for one in told] == ["CorrectionTaken", "CorrectionOpened"]
    settled(world, first.json["id"], "accept", "correct")
    assert ("correction-done", first.json["id"]) in inbox(world, **AWAY)
    with world.outside.database.read() as connection:
        kept = corrections.find(connection, first.json["id"])
    assert kept is not None
    assert (kept[0].objection.request, kept[0].objection.item) == (flow, 1)


def test_a_record_that_left_in_bulk_is_said_to_be_wrong_on_pages(small_world: World) -> None:
    opened(district(small_world))
    make(small_world)
    browser = OfficersBrowser(small_world)
    browser.sign_in_as(HERE)
    (at,) = re.findall(r'href="(/my/usage/\d+/wrong)"', browser.get("/my/usage").text)
    form = browser.get(at).text
    assert all(words in form for words in ("姓名", "住址"))
    assert "已申请更正" in browser.press(at, field="name", reason="今年更名").text
    stranger = OfficersBrowser(small_world)
    stranger.sign_in_as(OWNER)
    assert stranger.get(at).status_code == 404


def by_flow(world: World, flow: str, body: dict[str, Any], client: str = "urban-website", **claims: Any) -> Any:
    token = world.issuer.token(world.holder, client, **({"scope": "cases"} | claims))
    answer = world.call("POST", f"{FLOWS}/{flow}/corrections", token, body)
    world.rooms.policy.renew()
    return answer


def whom(person: str) -> dict[str, Any]:
    return {"subject": {"scheme": "citizen-number", "value": person}}


def test_a_district_has_a_row_of_its_file_corrected_that_it_knows_whose_it_is(world: World) -> None:
    district(world)
    flow, other = opened(world), opened(world)
    make(world)
    row = row_of(world, flow, "陈示例")
    body = SAID | {"row": row}
    wrong: tuple[tuple[str, dict[str, Any], str], ...] = (
        (flow, body | whom(TOWN), "urban-website"),
        (other, body | whom(HERE), "urban-website"),
        (flow, body | whom(HERE) | {"row": row_of(world, other, "陈示例")}, "urban-website"),
        (flow, body | whom(HERE) | {"field": "born"}, "urban-website"),
        (flow, body | whom(HERE), "market-website"),
        ("rfl_none", body | whom(HERE), "urban-website"),
    )
    for where, said, client in wrong:
        refused = by_flow(world, where, said, client)
        assert (refused.status_code, refused.json["code"]) == (404, "correction.not-received"), said
    assert by_flow(world, flow, body).json["code"] == "request.invalid"  # it is about nobody
    made = by_flow(world, flow, body | whom(HERE), act={"sub": "window-7"})
    assert made.status_code == 201, made.text
    token = world.issuer.token(world.holder, "urban-website", scope="cases")
    assert world.call("GET", made.headers["Location"], token).json["status"] == "open"
    (entry,) = world.events("CorrectionOpened")
    assert (entry["facts"]["consumer"], entry["facts"]["by"]) == (URBAN, "urban-website")
    assert usage(world, HERE).json["entries"][0]["event"] == "CorrectionOpened"
    present = by_flow(world, flow, SAID | {"row": row_of(world, flow, "李㐂")}, person=TOWN)
    assert present.status_code == 201, present.text


def test_a_system_that_tries_number_after_number_on_a_row_is_locked(small_world: World) -> None:
    world = district(small_world)
    world.apply(system("urban-website", URBAN, people_per_hour=3))
    world.rooms.policy.renew()
    flow = opened(world)
    make(world)
    body = SAID | {"row": row_of(world, flow, "陈示例")}
    for tried in range(4):
        assert by_flow(world, flow, body | whom(number(20 + 2 * tried))).status_code == 404
    world.rooms.gateway.watch.look()
    world.rooms.policy.renew()
    refused = by_flow(world, flow, body | whom(HERE))
    assert (refused.status_code, refused.json["code"]) == (403, "system.locked")
    assert world.events("CorrectionOpened") == []


AN_OFFICER: dict[str, Any] = {"sub": "lin", "roles": ["consumer-officer"], "organisation": URBAN}


def by_officer(world: World, flow: str, body: dict[str, Any], **who: Any) -> Any:
    answer = world.officer("POST", f"/v1/department/return-flows/{flow}/corrections", body, **AN_OFFICER | who)
    world.rooms.policy.renew()
    return answer


def test_an_officer_of_the_district_has_a_row_corrected_by_the_checks_of_its_system(world: World) -> None:
    district(world)
    flow, other = opened(world), opened(world)
    make(world)
    body = SAID | {"row": row_of(world, flow, "陈示例")}
    wrong: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
        (flow, body | whom(TOWN), {}),
        (other, body | whom(HERE), {}),
        (flow, body | whom(HERE) | {"row": row_of(world, other, "陈示例")}, {}),
        (flow, body | whom(HERE) | {"field": "born"}, {}),
        (flow, body | whom(HERE), {"organisation": MARKET}),
        ("rfl_none", body | whom(HERE), {}),
    )
    for where, said, who in wrong:
        refused = by_officer(world, where, said, **who)
        assert (refused.status_code, refused.json["code"]) == (404, "correction.not-received"), said
    assert by_officer(world, flow, body).json["code"] == "request.invalid"  # it is about nobody
    for role in ("provider-officer", "auditor", "system-administrator"):
        assert by_officer(world, flow, body | whom(HERE), roles=[role]).json["code"] == "token.not-allowed"
    assert world.events("CorrectionOpened") == []
    made = by_officer(world, flow, body | whom(HERE))
    assert made.status_code == 201, made.text
    (entry,) = world.events("CorrectionOpened")
    assert (entry["facts"]["consumer"], entry["facts"]["by"]) == (URBAN, "urban-website")
    seen = world.officer("GET", f"{PATH}/{made.json['id']}", **AN_OFFICER).json
    assert (seen["opener"], bool(seen["officer"])) == ("department", True)
    assert {"flow": flow, "row": body["row"]} in seen["flows"]
    assert usage(world, HERE).json["entries"][0]["event"] == "CorrectionOpened"
    again = by_officer(world, flow, body | whom(HERE))
    assert (again.status_code, again.json["correction"]) == (409, made.json["id"])


def test_an_officer_who_tries_number_after_number_has_the_flows_system_locked(small_world: World) -> None:
    world = district(small_world)
    world.apply(system("urban-website", URBAN, people_per_hour=3))
    world.rooms.policy.renew()
    flow = opened(world)
    make(world)
    body = SAID | {"row": row_of(world, flow, "陈示例")}
    for tried in range(4):
        assert by_officer(world, flow, body | whom(number(20 + 2 * tried))).status_code == 404
    world.rooms.gateway.watch.look()
    world.rooms.policy.renew()
    assert by_officer(world, flow, body | whom(HERE)).json["code"] == "system.locked"
    assert world.events("CorrectionOpened") == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-CN", ("文件中的一行有误", "公安局 在时限内答复", "行编号", "姓名")),
        ("en", ("A row of a file is wrong", "answers within its time", "Which row", "Whose record")),
    ],
)
def test_a_row_is_said_to_be_wrong_on_pages(small_world: World, language: str, words: tuple[str, ...]) -> None:
    world = district(small_world)
    flow = opened(world)
    clerk = OfficersBrowser(world, language)
    clerk.sign_in("lin", "consumer-officer", organisation=URBAN)
    at = f"/console/return-flows/{flow}/wrong"
    assert at not in clerk.get(f"/console/return-flows/{flow}").text  # there is no file yet
    make(world)
    row = row_of(world, flow, "陈示例")
    shown = clerk.get(f"/console/return-flows/{flow}").text + clerk.get(at).text
    assert at in shown
    assert all(each in shown for each in words), shown
    empty = clerk.press(at)
    assert (empty.status_code, empty.text.count("govuk-error-message") >= 4) == (422, True)
    filled = {"row": row, "subject.value": TOWN, "field": "name", "reason": "更名"}
    refused = clerk.press(at, **filled)
    assert refused.status_code == 422
    assert TOWN not in refused.text  # a number is never shown again
    assert row in refused.text
    done = clerk.press(at, **filled | {"subject.value": HERE, "right": "陈新名"})
    (entry,) = world.events("CorrectionOpened")
    assert (done.status_code, done.headers["Location"]) == (303, f"/console/corrections/{entry['request']}")
    assert HERE not in clerk.get(done.headers["Location"]).text
    again = clerk.press(at, **filled | {"subject.value": HERE})
    assert f"/console/corrections/{entry['request']}" in again.text


def test_who_gets_no_such_flow_finds_no_page_to_correct_it(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world)
    make(world)
    for name, role, organisation, status in (
        ("wang", "consumer-officer", MARKET, 404),
        ("wu", "consumer-officer", POLICE, 404),  # its provider sees the flow, and none of its files is theirs
        ("pan", "provider-officer", POLICE, 403),
        ("shen", "auditor", MARKET, 403),
    ):
        browser = OfficersBrowser(world)
        browser.sign_in(name, role, organisation=organisation)
        assert browser.get(f"/console/return-flows/{flow}/wrong").status_code == status, role
        assert "/wrong" not in browser.get(f"/console/return-flows/{flow}").text


def marks(world: World, flow: str, number: int) -> dict[str, tuple[str, str]]:
    """Of each row of a file: what happened to it, and whether it is disputed."""
    rows = fetched(world, flow, files(world, flow)[number - 1])
    return {row["name"]: (row["_change"], row["_disputed"]) for row in rows}


def test_a_file_says_which_of_its_records_are_disputed(world: World) -> None:
    """Also of what has not changed otherwise, until the correction ends; no other line is there for it."""
    flow = opened(district(world))
    make(world)
    assert marks(world, flow, 1) == {"陈示例": ("present", ""), "李㐂": ("present", "")}
    correction = disputed_by_another(world)
    other = opened(world)
    later(world, 86_400)
    make(world)
    assert marks(world, flow, 2) == {"陈示例": ("changed", "yes")}
    assert marks(world, other, 1) == {"陈示例": ("present", "yes"), "李㐂": ("present", "")}
    later(world, 86_400)
    make(world)
    assert marks(world, flow, 3) == {}
    act(world, correction, "take")
    act(world, correction, "reject", REASON | {"citation": "演示规定第七条"})
    later(world, 86_400)
    make(world)
    assert marks(world, flow, 4) == {"陈示例": ("changed", "")}
    disputed_by_another(world)
    holds(world, [RECORDS[1]])
    later(world, 86_400)
    make(world)
    assert marks(world, flow, 5) == {"": ("removed", "")}
