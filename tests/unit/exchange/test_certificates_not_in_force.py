"""ADR 0093: a certificate that came and does not stand meets no requirement, and nothing on trust takes its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from exchange.certificates.lifecycle import STATUSES, Status
from exchange.store.tables import evidence_request
from tests.doubles.exchange import MARKET, NAME, STRANGER, World, text
from tests.unit.exchange.test_certificate_life import OTHER_CARD, report
from tests.unit.exchange.test_certificate_status_of_evidence import (
    _delivered_by,
    a_certificate,
    asked,
    valid_on,
    with_identifier,
    word,
)
from tests.unit.exchange.test_requirements import counts, opened, resolve, stands, system

LAPSED, INSUFFICIENT = (
    ("shared-certificate", "certificate-not-in-force"),
    ("shared-certificate", "record-insufficient"),
)
ON_TRUST = ("commitment", "deferral", "upload")
REFUSED = (409, "resolution.certificate-not-in-force")
CARDS = {
    "code": "cards",
    "name": text("证件"),
    "commitment": True,
    "deferral_days": 20,
    "met_by": [{"evidence_type": "identity-card", "fields": ["name"]}],
}
EITHER = {
    "code": "either",
    "name": text("证件或名册"),
    "met_by": [{"evidence_type": "identity-card"}, {"evidence_type": "staff-list"}],
}


def identity(world: World, case: str, code: str = "identity") -> dict[str, Any]:
    found: dict[str, Any] = stands(world, case)[code]
    return found


def status(world: World, case: str, code: str = "identity") -> str:
    return str(identity(world, case, code)["status"])


def came(world: World, *changes: str) -> str:
    """A case in which the certificate came after these changes."""
    for hour, change in enumerate(changes, 9):
        assert report(world, change, hour).status_code == 201
    case = opened(world, CARDS)
    assert world.ask(case, NAME).json["status"] == "delivered"
    return case


def tried(world: World, case: str, by: str, *steps: tuple[str, str], code: str = "cards") -> tuple[int, str]:
    answer = resolve(world, case, code, by, *steps)
    return answer.status_code, answer.json.get("code") or answer.json["verdict"]


# What is met ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "name"),
    [("suspend", "suspended"), ("revoke", "revoked"), ("cancel", "cancelled"), ("rescind", "rescinded")],
)
def test_a_certificate_that_does_not_stand_meets_nothing_and_it_is_told_why_and_whose_turn_it_is(
    world: World, change: str, name: str
) -> None:
    a_certificate(world)
    case = came(world, change)
    found = identity(world, case)
    assert (found["status"], found["rung"], found["entry"]) == ("open", None, None)
    assert [cause["code"] for cause in found["seen"][0]["causes"]] == [
        "certificate-not-in-force",
        "record-insufficient",
    ]
    (lapsed,) = found["not_in_force"]
    words = STATUSES[Status(name)]
    assert lapsed["status"] == {"code": name, "name": {"zh": words.zh, "en": words.en}}
    assert (lapsed["evidence_type"], lapsed["provider"]["name"]["zh"]) == ("identity-card", "公安局")
    assert (lapsed["fault"], "发证部门" in lapsed["next_step"]["zh"]) == ("citizen", True)
    assert (found["next"]["code"], [rung["code"] for rung in found["rungs"]]) == (
        "window",
        ["shared-certificate", "window"],
    )


def test_what_ran_out_unreported_meets_nothing_either(small_world: World) -> None:
    world = a_certificate(small_world, ends="2026-11-23")
    assert status(world, came(world)) == "met"
    world.clock.advance(86400)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()
    case = came(world)
    assert (status(world, case), identity(world, case)["not_in_force"][0]["status"]["code"]) == ("open", "expired")


@pytest.mark.parametrize("changes", [(), ("suspend", "resume"), ("transfer",)])
def test_what_stands_or_is_moving_meets_it(small_world: World, changes: tuple[str, ...]) -> None:
    world = a_certificate(small_world)
    found = identity(world, came(world, *changes))
    assert (found["status"], found["rung"]["code"], found["not_in_force"]) == ("met", "shared-certificate", [])


def test_what_is_not_on_record_and_what_is_one_of_several_meets_it_as_before(small_world: World) -> None:
    world = a_certificate(small_world)
    report(world, "revoke", 9)
    report(world, "issue", 9, certificate=OTHER_CARD)
    assert status(world, came(world)) == "met"  # unknown: several on record
    case = opened(world)
    assert world.ask(case, NAME, person=STRANGER).json["evidence"][0]["status"] == "failed"  # nothing came, as before
    assert status(world, case) == "open"


def test_of_one_person_the_latest_word_counts_whichever_way_it_goes(world: World) -> None:
    """Revoked meanwhile: what was met is open as soon as it is asked again. Mended: asked again, it is met."""
    a_certificate(world)
    case = came(world)
    assert status(world, case) == "met"
    report(world, "suspend", 9)
    assert status(world, case) == "met"  # the exchange looks nobody up of itself: the event tells the department
    world.ask(case, {"type": "identity-card", "predicates": [{"name": "exists"}]})
    assert status(world, case) == "open"  # although what came first says otherwise
    report(world, "resume", 10)
    world.ask(case, NAME)
    found = identity(world, case)
    assert (found["status"], found["not_in_force"]) == ("met", [])
    assert tried(world, case, "upload", INSUFFICIENT, ("commitment", "person-refused")) == (201, "accepted")


@pytest.mark.parametrize(("told", "expected"), [("revoked", "open"), ("frozen", "met"), ("unknown", "met")])
def test_the_word_of_another_exchange_counts_and_one_that_is_not_ours_meets_it(
    small_world: World, told: str, expected: str
) -> None:
    world = a_certificate(small_world)
    case = opened(world)
    _delivered_by(world, word(told))
    world.ask(case, NAME)
    assert status(world, case) == expected


def test_another_certificate_of_the_same_person_is_not_taken_for_it(small_world: World) -> None:
    """The record bears its own identifier: that the other one was revoked is nothing to it."""
    world = with_identifier(small_world)
    report(world, "issue", 9, certificate=OTHER_CARD)
    report(world, "revoke", 10, certificate=OTHER_CARD)
    assert status(world, came(world)) == "met"


def test_a_yes_for_a_day_is_an_answer_about_that_day(small_world: World) -> None:
    """Who asks whether a licence was valid then is not told that it is not now: but no paper takes its place for it."""
    world = a_certificate(small_world)
    world.clock.advance(86400 * 2)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()
    report(world, "revoke", effective_at="2026-11-25T09:00:00+08:00")
    on_a_day = {"code": "then", "name": text("当日有效"), "met_by": [{"evidence_type": "identity-card"}]}
    case = opened(world, on_a_day)
    world.ask(case, valid_on("2026-11-24"))
    assert (status(world, case, "then"), identity(world, case, "then")["not_in_force"]) == ("met", [])
    world.ask(case, valid_on("2026-11-25"))
    assert status(world, case, "then") == "open"
    world.ask(case, valid_on("2026-11-24"))
    assert tried(world, case, "upload", INSUFFICIENT, code="then") == REFUSED


def test_another_way_that_came_meets_it_all_the_same(small_world: World) -> None:
    world = a_certificate(small_world)
    report(world, "revoke", 9)
    case = opened(world, EITHER)
    world.ask(case, NAME)
    found = identity(world, case, "either")
    assert (found["status"], found["next"]["code"]) == ("open", "shared-data")
    assert tried(world, case, "window", LAPSED, code="either") == (
        201,
        "against-guard",
    )  # sharing could supply the list
    world.ask(case, {"type": "staff-list", "fields": ["employer"]})
    found = identity(world, case, "either")
    assert (found["status"], found["rung"]["code"]) == ("met", "shared-data")


# The guard -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ON_TRUST)
def test_neither_paper_nor_a_promise_takes_the_place_of_what_does_not_stand(world: World, by: str) -> None:
    """Whatever is given as the cause: seen by the exchange, or on somebody's word."""
    a_certificate(world)
    case = came(world, "revoke")
    refused = ("commitment", "person-refused")
    for steps in ((LAPSED, refused), (INSUFFICIENT, refused), (("shared-certificate", "person-refused"), refused), ()):
        assert tried(world, case, by, *steps) == REFUSED
    answer = resolve(world, case, "cards", by, LAPSED, refused)
    assert (answer.json["fault"], answer.json["not_in_force"][0]["status"]["code"]) == ("citizen", "revoked")
    assert status(world, case, "cards") == "open"
    entries = [each["facts"] for each in world.events("UploadRefused")]
    if by != "upload":
        assert entries == []
        return
    assert entries[0]["not_in_force"] == ["identity-card"]
    assert entries[0]["steps"][0] == {"rung": "shared-certificate", "cause": "certificate-not-in-force"}
    assert "revoked" not in json.dumps(entries)
    assert counts(world)[MARKET]["violations"] == {"refused": 1, "against_guard": 0}


def test_a_newer_one_is_shown_at_the_window(world: World) -> None:
    a_certificate(world)
    case = came(world, "revoke")
    assert tried(world, case, "window", LAPSED) == (201, "accepted")
    found = identity(world, case, "cards")
    assert (found["status"], found["rung"]["code"], found["not_in_force"][0]["status"]["code"]) == (
        "met",
        "window",
        "revoked",
    )
    (entry,) = world.events("RequirementResolved")
    assert entry["facts"]["steps"] == [{"rung": "shared-certificate", "cause": "certificate-not-in-force"}]
    assert tried(world, case, "upload", LAPSED, ("commitment", "person-refused")) == REFUSED
    assert counts(world)[MARKET]["violations"]["against_guard"] == 0


def test_the_window_without_a_cause_counts_against_the_department_as_before(small_world: World) -> None:
    world = a_certificate(small_world)
    assert tried(world, came(world, "revoke"), "window") == (201, "against-guard")


def test_a_cause_that_nobody_saw_is_none(small_world: World) -> None:
    world = a_certificate(small_world)
    steps = (LAPSED, ("commitment", "person-refused"))
    unseen = opened(world, CARDS)
    assert tried(world, unseen, "upload", *steps) == (409, "resolution.cause-unproven")
    assert tried(world, came(world), "upload", *steps) == (409, "resolution.cause-unproven")


@pytest.mark.parametrize("by", [*ON_TRUST, "window"])
def test_what_was_said_before_the_certificate_came_does_not_outlast_it(small_world: World, by: str) -> None:
    """Else whoever takes paper first and asks afterwards would have gone round it."""
    world = a_certificate(small_world)
    report(world, "suspend", 9)
    case = opened(world, CARDS)
    on_word = (("shared-certificate", "person-refused"), ("commitment", "person-refused"))
    assert tried(world, case, by, *on_word) == (201, "accepted")
    assert identity(world, case, "cards")["rung"]["code"] == by
    world.ask(case, NAME)
    assert status(world, case, "cards") == "open"


def test_what_does_not_stand_is_no_upload_avoided_when_the_case_is_closed(small_world: World) -> None:
    world = a_certificate(small_world)
    case = came(world, "revoke")
    assert system(world, "POST", f"/v1/cases/{case}/close", {}).status_code == 200
    counted = counts(world)[MARKET]
    assert (counted["avoided"], counted["open"]) == (0, 2)


def test_who_asks_for_another_kind_instead_says_that_the_certificate_does_not_stand(small_world: World) -> None:
    """ADR 0058: a cause that the exchange saw in this case is recorded as one, and otherwise not."""
    world = a_certificate(small_world)
    instead = {
        "type": "staff-list",
        "fields": ["employer"],
        "chosen_over": [{"type": "identity-card", "cause": "certificate-not-in-force"}],
    }
    report(world, "revoke", 9)
    for tried_first, recorded in ((False, "unproven"), (True, "certificate-not-in-force")):
        case = opened(world, EITHER)
        if tried_first:
            world.ask(case, NAME)
        assert world.ask(case, instead).status_code == 200
        (over,) = world.events("EvidenceReleased")[-1]["facts"]["chosen_over"]
        assert over["cause"] == recorded


def test_what_is_kept_of_the_certificate_is_the_code_of_its_status_alone(small_world: World) -> None:
    world = a_certificate(small_world)
    report(world, "revoke", 9)
    answer = asked(world)
    with world.outside.database.read() as connection:
        mine = evidence_request.c.id == answer.json["id"]
        outcome = connection.execute(select(evidence_request.c.outcome).where(mine)).scalar_one()
    (item,) = json.loads(outcome)["items"]
    assert {name: value for name, value in item.items() if name != "entry"} == {
        "type": "identity-card",
        "status": "delivered",
        "certificate": "revoked",
    }
