"""Look-ups without a case raise an alarm, looking people up one by one locks the system, officers leave a trace."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.doubles.exchange import (
    BASIS,
    ITEM,
    MARKET,
    NAME,
    OWNER,
    POLICE,
    STAFF,
    URBAN,
    World,
    detail,
    grant,
    number,
    system,
)

SECURITY: dict[str, Any] = {"sub": "sec", "roles": ["security-administrator"], "organisation": URBAN}
GOVERNANCE: dict[str, Any] = {"sub": "gov", "roles": ["governance-officer"], "organisation": URBAN}
AUDITOR: dict[str, Any] = {"sub": "aud", "roles": ["auditor"], "organisation": URBAN}
LIMIT = 2


def inbox(world: World, who: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    answer = world.officer("GET", "/v1/messages", **who)
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json["messages"] if one["kind"] == kind]


def absent(world: World, person: str, case: str, officer: str = "officer-7") -> TestResponse:
    """The market website looks somebody up who is not present, for an officer."""
    item = NAME | {"subject": {"scheme": "citizen-number", "value": person}}
    token = world.issuer.token(world.holder, authorization_details=detail(case, item), act={"sub": officer})
    return world.ask(case, item, token=token)


def limited(world: World) -> World:
    """From now on its market website may look up a few people an hour while they are absent."""
    world.apply(grant("G-ABSENT", absent_allowed=True), system("market-website", MARKET, people_per_hour=LIMIT))
    world.approve("G-ABSENT")
    return world


@pytest.fixture
def watched(small_world: World) -> World:
    """A world whose market website is limited."""
    return limited(small_world)


def look_up(world: World, serial: int, *, close: bool = False) -> TestResponse:
    """One more person, in a case of their own."""
    person = number(serial)
    case = world.open_case((person, "applicant"))
    answer = absent(world, person, case)
    if close:
        token = world.issuer.token(world.holder, scope="cases")
        assert world.call("POST", f"/v1/cases/{case}/close", token, {}).status_code == 200
    return answer


def lift(world: World, lock: str, reason: str = "the department's yearly check", **who: Any) -> TestResponse:
    return world.officer("POST", f"/v1/system-locks/{lock}/lift", {"reason": reason}, **(who or SECURITY))


def locks(world: World, **who: Any) -> list[dict[str, Any]]:
    answer = world.officer("GET", "/v1/system-locks", **(who or SECURITY))
    assert answer.status_code == 200, answer.text
    return list(answer.json["locks"])


# Without a case ------------------------------------------------------------------------------------------------------


def test_a_look_up_without_an_open_case_is_refused_and_security_and_governance_are_told_once_an_hour(
    world: World,
) -> None:
    closed = world.open_case()
    world.call("POST", f"/v1/cases/{closed}/close", world.issuer.token(world.holder, scope="cases"), {})
    unknown = "case_" + "0" * 26
    assert [world.ask(case, NAME).json["code"] for case in (closed, unknown, unknown)] == [
        "case.closed",
        "case.unknown",
        "case.unknown",
    ]
    (alarm,) = world.events("LookUpWithoutCase")
    assert alarm["facts"] == {"consumer": MARKET, "reason": "case.closed", "system": "market-website"}
    assert len(world.events("EvidenceRefused")) == 3
    for who in (SECURITY, GOVERNANCE):
        (told,) = inbox(world, who, "look-up-without-case")
        assert told["about"] == "market-website"
    assert b'tongban_lookups_without_case_total{code="case.unknown"} 2.0' in world.outside.metrics.render()
    assert world.calls == []
    world.clock.advance(3600)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()
    world.ask(unknown, NAME)
    assert len(world.events("LookUpWithoutCase")) == 2
    assert len(inbox(world, SECURITY, "look-up-without-case")) == 2


def test_what_is_refused_for_other_reasons_raises_no_alarm(small_world: World) -> None:
    case = small_world.open_case()
    small_world.ask(case, {"type": "identity-card", "fields": ["born"]})
    assert small_world.events("LookUpWithoutCase") == []


# One after another ---------------------------------------------------------------------------------------------------


def test_trying_whose_a_record_is_by_corrections_is_looking_people_up(world: World) -> None:
    got = {"request": world.ask(limited(world).open_case(), NAME).json["id"], "item": 0}
    said = {"field": "name", "seen": "陈示例", "right": "陈实例", "reason": "演示"}

    def tried(serial: int) -> tuple[int, str]:
        named = {"subject": {"scheme": "citizen-number", "value": number(serial)}}
        answer = world.call(
            "POST", "/v1/corrections", world.issuer.token(world.holder, scope="cases"), got | said | named
        )
        return answer.status_code, answer.json["code"]

    for serial in range(20, 20 + 2 * (LIMIT + 1), 2):
        assert tried(serial) == (404, "correction.not-received")
    world.rooms.gateway.watch.look()
    (lock,) = locks(world)
    assert (lock["system"], lock["people"]) == ("market-website", LIMIT + 1)
    world.rooms.policy.renew()
    assert tried(60)[1] == "system.locked"


def test_looking_people_up_one_after_another_locks_the_system_on_every_node(world: World) -> None:
    other = limited(world).another_node()
    for serial in range(20, 20 + 2 * LIMIT, 2):
        assert look_up(world, serial).json["status"] in {"delivered", "failed"}
    world.rooms.gateway.watch.look()
    assert locks(world) == []
    over = look_up(world, 60)
    assert over.json["status"] in {"delivered", "failed"}
    world.rooms.gateway.watch.look()
    (lock,) = locks(world)
    assert (lock["system"], lock["people"], lock["limit"], lock["status"]) == (
        "market-website",
        LIMIT + 1,
        LIMIT,
        "in-force",
    )
    (entry,) = world.events("SystemLocked")
    assert entry["facts"]["people"] == LIMIT + 1
    asked = len(world.calls)
    for node in (world, other):
        node.rooms.policy.renew()
        node.rooms.revocations.renew()
        refused = node.ask(node.open_case(), NAME)
        assert (refused.status_code, refused.json["code"]) == (403, "system.locked")
        assert "安全管理员" in refused.json["next_step"]
    assert len(world.calls) == asked  # no source is asked
    for method, path in (
        ("POST", "/v1/certificates/status"),
        ("GET", "/v1/return-flows/rf_none/files/1/parts/1"),
        ("GET", "/v1/evidence-requests/er_none"),
    ):
        token = world.issuer.token(world.holder, scope="cases")
        assert world.call(method, path, token, {} if method == "POST" else None).json["code"] == "system.locked"
    assert len(world.events("SystemLocked")) == 1
    for who in (SECURITY, GOVERNANCE, {"sub": "c", "roles": ["consumer-officer"], "organisation": MARKET}):
        assert len(inbox(world, who, "system-locked")) == 1
    assert b"tongban_systems_locked_total 1.0" in world.outside.metrics.render()
    other.rooms.close()


def test_a_security_administrator_lifts_it_with_a_reason_and_counting_begins_anew(world: World) -> None:
    limited(world)
    for serial in range(20, 30, 2):
        look_up(world, serial)
    world.rooms.gateway.watch.look()
    (lock,) = locks(world)
    for role in ("governance-officer", "system-administrator", "consumer-officer", "auditor"):
        assert lift(world, lock["lock"], sub="x", roles=[role], organisation=MARKET).status_code == 403
    assert lift(world, lock["lock"], reason="").status_code == 422
    assert lift(world, lock["lock"], reason=f"about {OWNER}").status_code == 422
    assert lift(world, "lock_none").json["code"] == "system-lock.unknown"
    assert lift(world, lock["lock"]).json["status"] == "lifted"
    assert lift(world, lock["lock"]).status_code == 200
    (entry,) = world.events("SystemLockLifted")
    assert entry["facts"]["reason"] == "the department's yearly check"
    world.rooms.policy.renew()
    assert world.ask(world.open_case(), NAME).json["status"] == "delivered"
    look_up(world, 70)
    world.rooms.gateway.watch.look()
    assert [one["status"] for one in locks(world)] == ["lifted"]
    owner = {"sub": "c", "roles": ["consumer-officer"], "organisation": MARKET}
    assert len(inbox(world, owner, "system-unlocked")) == 1
    assert len(locks(world, **owner)) == 1
    assert locks(world, **(owner | {"organisation": POLICE})) == []


def test_cases_that_progress_do_not_count_until_they_are_ten_times_as_many(watched: World) -> None:
    world = watched
    for serial in range(20, 20 + 2 * (LIMIT + 2), 2):
        look_up(world, serial, close=True)
    world.rooms.gateway.watch.look()
    assert locks(world) == []
    for serial in range(40, 40 + 2 * 9 * LIMIT, 2):
        look_up(world, serial, close=True)
    world.rooms.gateway.watch.look()
    assert len(locks(world)) == 1


def test_people_who_are_present_the_same_person_again_and_an_hour_ago_do_not_count(watched: World) -> None:
    world = watched
    case = world.open_case((number(20), "applicant"))
    for _ in range(2 * LIMIT):
        absent(world, number(20), case)
    for serial in range(30, 30 + 4 * LIMIT, 2):
        world.ask(world.open_case(), NAME, person=number(serial))
    for serial in range(60, 60 + 2 * (LIMIT - 1), 2):
        look_up(world, serial)
    world.rooms.gateway.watch.look()
    world.clock.advance(3700)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()
    for serial in range(80, 80 + 2 * LIMIT, 2):
        look_up(world, serial)
    world.rooms.gateway.watch.look()
    assert locks(world) == []
    world.rooms.tidy()


def test_a_burst_is_counted_at_once_and_what_is_under_way_then_is_not_released(watched: World) -> None:
    """Nobody waits for the second's round: the call that makes a node's own count full looks for itself."""
    world = watched
    for serial in range(20, 20 + 2 * LIMIT, 2):
        look_up(world, serial)
    for serial in range(40, 40 + 2 * LIMIT, 2):
        last = look_up(world, serial)
    assert len(locks(world)) == 1
    assert last.json["status"] == "refused"
    problem = last.json["evidence"][0]["problem"]
    assert (problem["code"], problem["fault"]) == ("policy.system-locked", "consumer")
    assert [one["clause"] for one in problem["unmet"]] == ["GUARD-LOCKED@1"]
    assert "一小时内查询的人数超过上限" in problem["unmet"][0]["text"]
    after = look_up(world, 70).json
    assert after["code"] == "system.locked"
    for said in (problem, after):
        assert "锁定" in said["title"]
        assert "数据专员" in said["next_step"]
        assert "安全管理员" in said["next_step"]
    (refusal, *_) = world.events("EvidenceRefused")
    assert refusal["facts"]["reason"] == "policy.system-locked"


def test_a_locked_system_is_explained_as_what_it_is(watched: World) -> None:
    """By the officers' question, too, how a request would be decided now."""
    world = watched
    for serial in range(20, 20 + 4 * LIMIT, 2):
        look_up(world, serial)
    assert len(locks(world)) == 1
    question = {
        "system": "market-website",
        "evidence_type": "identity-card",
        "service_item": ITEM,
        "loa": 2,
        "legal_basis": BASIS,
        "fields": ["name"],
    }
    told = world.officer("POST", "/v1/grants/explain", question, **GOVERNANCE).json
    assert (told["decision"], told["code"]) == ("deny", "policy.system-locked")


def test_a_restart_forgets_nobody_who_was_written_down(watched: World) -> None:
    world = watched
    for serial in range(20, 20 + 2 * LIMIT, 2):
        look_up(world, serial)
    world.rooms.gateway.watch.look()
    other = world.another_node()
    look_up(other, 60)
    other.rooms.gateway.watch.look()
    assert len(locks(world)) == 1
    other.rooms.close()


# Officers ------------------------------------------------------------------------------------------------------------


def trace(world: World, query: str = "", **who: Any) -> TestResponse:
    return world.officer("GET", f"/v1/officer-look-ups{query}", **who)


def test_an_officers_look_ups_are_seen_by_the_provider_and_the_auditor_without_payloads(watched: World) -> None:
    world = watched
    case = world.open_case((OWNER, "applicant"))
    absent(world, OWNER, case)
    absent(world, OWNER, case, officer="officer-8")
    world.ask(world.open_case(), NAME, STAFF)  # with the person present: no officer's doing
    found = trace(world, **AUDITOR).json["look_ups"]
    assert len(found) == 2
    assert found[0]["officer"] != found[1]["officer"]
    one = found[1]
    assert (one["case"], one["consumer"], one["provider"]) == (case, MARKET, POLICE)
    assert (one["evidence_type"], one["asked"], one["outcome"]) == ("identity-card", ["name"], "released")
    text = trace(world, **AUDITOR).text
    assert not any(secret in text for secret in (OWNER, "officer-7", "陈示例"))
    assert world.events("EvidenceReleased")[0]["facts"]["officer"] == one["officer"]
    provider = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}
    assert trace(world, **provider).json["look_ups"] == found
    assert trace(world, **(provider | {"organisation": MARKET})).json["look_ups"] == []
    assert trace(world, sub="c", roles=["consumer-officer"], organisation=MARKET).status_code == 403
    only = trace(world, f"?officer={one['officer']}", **AUDITOR).json["look_ups"]
    assert only == [one]
    assert trace(world, "?case=case_other", **AUDITOR).json["look_ups"] == []
    page = trace(world, "?limit=1", **AUDITOR).json
    assert trace(world, f"?limit=1&before={page['next']}", **AUDITOR).json == {"look_ups": [one], "next": None}


def test_a_trace_is_asked_for_in_form(small_world: World) -> None:
    for query in ("limit=0", "before=x", "from=x", "before=9999999999999999"):
        assert trace(small_world, f"?{query}", **AUDITOR).status_code == 422
