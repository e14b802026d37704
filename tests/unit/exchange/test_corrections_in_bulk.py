"""Corrections of records that left in bulk: every department that received one is told, whichever way it came."""

from __future__ import annotations

from typing import Any

from tests.doubles.exchange import NAME, World
from tests.unit.exchange.test_corrections import AWAY, CHEN, PATH, REASON, SAID, act, by_department, inbox
from tests.unit.exchange.test_events import pull, subscribe
from tests.unit.exchange.test_return_flow import (
    FLOWS,
    HERE,
    RECORDS,
    TOWN,
    ask,
    district,
    fetched,
    files,
    holds,
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
