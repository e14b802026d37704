"""Results that become inputs: an item about whom the record of an earlier item names."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from connectors.base import Query
from connectors.errors import SourceUnavailable
from exchange.store import cases, quotas
from tests.doubles.exchange import (
    BEFORE_FETCH,
    NAME,
    OWNER,
    RECORDS,
    STAFF,
    STRANGER,
    WORKER,
    World,
    connector,
    detail,
    grant,
    number,
    request,
)
from tests.unit.exchange.test_order_of_writes import suspend
from tests.unit.exchange.test_waiting import answered_by_a_clerk, found

THEIRS: dict[str, Any] = {"type": "identity-card", "fields": ["name"], "subject": {"from": 0, "relation": "employee"}}


def ask(world: World, *items: Any, case: str | None = None, **more: Any) -> Any:
    case = case or world.open_case()
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, *items))
    return world.call("POST", "/v1/evidence-requests", token, request(case, *items), **more)


def test_whom_a_record_names_the_next_item_is_about(world: World) -> None:
    case = world.open_case()
    answer = ask(world, STAFF, THEIRS, case=case, Idempotency_Key="k")
    assert answer.json["status"] == "delivered", answer.text
    assert answer.json["evidence"][1]["data"] == {"name": "李样本"}
    assert world.calls == [OWNER, WORKER]
    assert WORKER not in answer.text
    with world.outside.database.read() as connection:
        found = cases.read(connection, case)
        asked = connection.exec_driver_sql("SELECT asked FROM evidence_request").scalar()
    assert found is not None
    assert {party.role for party in found.parties} == {"applicant", "employee"}
    assert WORKER not in str(asked)
    assert ask(world, STAFF, THEIRS, case=case, Idempotency_Key="k").json == answer.json
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, STAFF, THEIRS))
    assert world.call("GET", f"/v1/evidence-requests/{answer.json['id']}", token).json == answer.json


def codes(answer: Any) -> list[str]:
    return [item.get("problem", {}).get("code", item["status"]) for item in answer.json["evidence"]]


def test_the_case_is_locked_before_a_quota_is_given_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As at admission, which locks the case before it reserves: the other way round the two would wait for each other
    (on PostgreSQL; SQLite has one writer).
    """
    world.apply(grant("G-IDENTITY", quota_per_day=9, relations=["self", "employee"]))
    world.approve("G-IDENTITY")
    cards = connector("identity", "identity-card", {"name": "name"})
    cards["spec"]["memory"]["records"] = [one for one in RECORDS["identity-card"] if one["id"] == WORKER]
    world.apply(cards)
    world.rooms.policy.renew()
    order: list[str] = []
    for room, name in ((cases, "lock"), (quotas, "give_back")):
        watch(monkeypatch, room, name, order)

    case = world.open_case((OWNER, "applicant"))
    assert codes(ask(world, STAFF, THEIRS, NAME, case=case)) == ["delivered", "delivered", "evidence.not-found"]
    assert order[:2] == ["lock", "give_back"]


def test_so_it_is_before_a_quota_is_reserved_for_what_waited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was parked under a grant without a quota."""
    answered_by_a_clerk(world)
    case = world.open_case((OWNER, "applicant"))
    name = ask(world, STAFF, THEIRS, case=case).json["id"]
    world.apply(grant("G-IDENTITY", quota_per_day=9, relations=["self", "employee"]))
    world.approve("G-IDENTITY")
    order: list[str] = []
    for room, done in ((cases, "lock"), (quotas, "reserve")):
        watch(monkeypatch, room, done, order)
    assert world.rooms.waiting.answered(name, 1, found({"name": "李样本", "address": "演示区二号"})) == "delivered"
    assert order[:2] == ["lock", "reserve"]


def watch(monkeypatch: pytest.MonkeyPatch, room: ModuleType, name: str, order: list[str]) -> None:
    does = getattr(room, name)

    def watched(*arguments: Any) -> Any:
        order.append(name)
        return does(*arguments)

    monkeypatch.setattr(room, name, watched)


def test_nothing_is_known_of_whom_no_record_names(small_world: World) -> None:
    def down(query: Query) -> None:
        if query.subject.value == OWNER:
            raise SourceUnavailable("down")

    BEFORE_FETCH.append(down)
    assert codes(ask(small_world, STAFF, THEIRS)) == ["source.unavailable", "evidence.input-missing"]
    BEFORE_FETCH.clear()
    other = THEIRS | {"subject": {"from": 0, "relation": "spouse"}}
    assert codes(ask(small_world, STAFF, other)) == ["delivered", "evidence.input-missing"]
    assert codes(ask(small_world, NAME, THEIRS)) == ["delivered", "evidence.input-missing"]


def test_two_who_are_named_are_not_guessed_between(small_world: World) -> None:
    several = [{"id": OWNER, "employer": "演示餐饮", "staff": [WORKER, number(8)]}]
    manifest = connector("staff", "staff-list", {"employer": "employer", "staff": "staff"})
    manifest["spec"]["memory"]["records"] = several
    small_world.apply(manifest)
    small_world.rooms.policy.renew()
    assert RECORDS["staff-list"] != several
    assert codes(ask(small_world, STAFF, THEIRS)) == ["delivered", "evidence.input-ambiguous"]


def test_a_grant_that_does_not_cover_the_relation_refuses_before_the_source_is_asked(small_world: World) -> None:
    small_world.apply(grant("G-IDENTITY", relations=["self"]))
    small_world.approve("G-IDENTITY")
    assert codes(ask(small_world, STAFF, THEIRS))[1].startswith("policy.")
    assert small_world.calls == [OWNER]


def test_a_record_permitted_since_a_node_last_looked_names_the_next_subject_too(small_world: World) -> None:
    suspend(small_world, "G-STAFF")
    node = small_world.another_node()
    node.rooms.policy.renew()
    small_world.apply(grant("G-STAFF-AGAIN", evidence_type="staff-list", fields=["employer"], relations=["self"]))
    small_world.approve("G-STAFF-AGAIN")
    try:
        assert codes(ask(node, STAFF, THEIRS)) == ["delivered", "delivered"]
    finally:
        node.rooms.close()


def test_what_names_the_subject_has_to_be_released_itself(small_world: World) -> None:
    """The grant of the first is suspended while the source of the second is asked."""

    def second(query: Query) -> None:
        if query.subject.value == WORKER:
            BEFORE_FETCH.clear()
            suspend(small_world, "G-STAFF")

    BEFORE_FETCH.append(second)
    assert codes(ask(small_world, STAFF, THEIRS)) == ["policy.no-grant", "evidence.input-missing"]
    assert small_world.events("EvidenceReleased") == []


@pytest.mark.parametrize(
    "subject",
    [
        {"from": 1, "relation": "employee"},
        {"from": 0},
        {"from": 0, "relation": "employee", "scheme": "citizen-number", "value": STRANGER},
        {"from": -1, "relation": "employee"},
        {"from": "0", "relation": "employee"},
        {"relation": "employee"},
        {"scheme": "citizen-number", "relation": "employee"},
    ],
)
def test_a_reference_that_leads_nowhere_is_a_clear_refusal(small_world: World, subject: Any) -> None:
    answer = ask(small_world, STAFF, THEIRS | {"subject": subject})
    assert answer.status_code == 422
    assert answer.json["code"] == "request.invalid"
