"""The Idempotency-Key, case by case as the interface defines it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from connectors.base import Query
from tests.doubles.exchange import BEFORE_FETCH, NAME, OWNER, STAFF, STRANGER, World, detail, request

KEY = "retry-1"


def test_the_same_request_gets_the_same_answer_and_the_same_receipt(world: World) -> None:
    case = world.open_case()
    first = world.ask(case, NAME, STAFF, Idempotency_Key=KEY)
    before = len(world.entries())
    again = world.ask(case, NAME, STAFF, Idempotency_Key=KEY)
    assert again.status_code == 200
    assert again.data == first.data
    assert len(world.entries()) == before
    assert world.calls == [OWNER, OWNER]


def test_a_partly_refused_answer_is_repeated_in_the_readers_language(world: World) -> None:
    case = world.open_case()
    wrong = {"type": "identity-card", "fields": ["born"]}
    first = world.ask(case, NAME, wrong, Idempotency_Key=KEY, Accept_Language="zh")
    again = world.ask(case, NAME, wrong, Idempotency_Key=KEY, Accept_Language="en")
    assert first.json["evidence"][0] == again.json["evidence"][0]
    assert first.json["evidence"][1]["problem"]["code"] == again.json["evidence"][1]["problem"]["code"]
    assert again.json["evidence"][1]["problem"]["title"].isascii()


@pytest.mark.parametrize("other", [STAFF, NAME | {"fields": ["address"]}])
def test_another_body_under_the_same_key_is_422(world: World, other: dict[str, Any]) -> None:
    case = world.open_case()
    world.ask(case, NAME, Idempotency_Key=KEY)
    answer = world.ask(case, other, Idempotency_Key=KEY)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency.key-reused")
    assert world.events("EvidenceRefused")[-1]["facts"]["reason"] == "idempotency.key-reused"


def test_another_person_under_the_same_key_never_gets_the_first_ones_answer(world: World) -> None:
    case = world.open_case()
    world.ask(case, NAME, Idempotency_Key=KEY)
    answer = world.ask(case, NAME, person=STRANGER, Idempotency_Key=KEY)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency.key-reused")


def test_another_system_has_keys_of_its_own(world: World) -> None:
    world.ask(world.open_case(), NAME, Idempotency_Key=KEY)
    case = world.open_case(client="urban-website")
    details = detail(case, NAME)
    token = world.issuer.token(world.holder, "urban-website", person=OWNER, authorization_details=details)
    answer = world.ask(case, NAME, token=token, Idempotency_Key=KEY)
    assert answer.status_code == 200
    assert answer.json["evidence"][0]["problem"]["code"] == "policy.no-grant"


def test_while_the_first_still_runs_the_second_is_told_to_wait(world: World) -> None:
    case = world.open_case()
    told: list[Any] = []

    def meanwhile(_query: Query) -> None:
        BEFORE_FETCH.clear()
        thread = threading.Thread(target=lambda: told.append(world.ask(case, NAME, Idempotency_Key=KEY)))
        thread.start()
        thread.join()

    BEFORE_FETCH.append(meanwhile)
    first = world.ask(case, NAME, Idempotency_Key=KEY)
    assert first.json["status"] == "delivered"
    assert (told[0].status_code, told[0].json["code"]) == (409, "evidence-request.running")
    assert told[0].headers["Retry-After"] == "1"
    assert len(world.events("EvidenceReleased")) == 1


def test_a_repetition_is_authorised_again(world: World) -> None:
    case = world.open_case()
    first = world.ask(case, NAME, Idempotency_Key=KEY)
    body = {"reason": "under review"}
    world.officer("POST", "/v1/grants/G-IDENTITY/suspend", body, sub="x", roles=["governance-officer"])
    world.rooms.policy.renew()
    answer = world.ask(case, NAME, Idempotency_Key=KEY)
    assert (answer.status_code, answer.json["code"]) == (403, "policy.no-grant")
    assert "data" not in answer.text
    refused = world.events("EvidenceRefused")[-1]
    assert (refused["request"], refused["facts"]["repeated"]) == (first.json["id"], True)


def test_a_repetition_needs_a_token_that_still_holds(world: World) -> None:
    case = world.open_case()
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME))
    assert world.ask(case, NAME, token=token, Idempotency_Key=KEY).status_code == 200
    world.clock.advance(400)
    assert world.ask(case, NAME, token=token, Idempotency_Key=KEY).status_code == 401


def test_an_erased_answer_is_gone(world: World) -> None:
    from kernel.identifiers.subject import SubjectRef

    case = world.open_case()
    first = world.ask(case, NAME, Idempotency_Key=KEY)
    assert world.outside.ledger.erase(SubjectRef("citizen-number", OWNER)) > 0
    answer = world.ask(case, NAME, Idempotency_Key=KEY)
    assert (answer.status_code, answer.json["code"]) == (410, "evidence-request.erased")
    assert first.json["evidence"][0]["receipt"].startswith("c2sp.org/tlog-proof@v1")


def test_a_key_is_forgotten_after_a_day(world: World) -> None:
    case = world.open_case()
    first = world.ask(case, NAME, Idempotency_Key=KEY)
    world.clock.advance(24 * 3600 - 1)
    assert world.ask(case, NAME, Idempotency_Key=KEY).json["id"] == first.json["id"]
    world.clock.advance(2)
    assert world.ask(case, STAFF, Idempotency_Key=KEY).json["id"] != first.json["id"]


@pytest.mark.parametrize("key", ["", "with blank", "中", "x" * 129])
def test_a_malformed_key_is_400(small_world: World, key: str) -> None:
    answer = small_world.ask(small_world.open_case(), NAME, Idempotency_Key=key)
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency.key-invalid")


def test_without_a_key_every_request_is_a_new_one(small_world: World) -> None:
    case = small_world.open_case()
    ids = {small_world.ask(case, NAME).json["id"] for _ in range(2)}
    assert len(ids) == 2


# GET /v1/evidence-requests/<id> ---------------------------------------------------------------------------------------


def again(world: World, request_id: str, case: str, *items: dict[str, Any], person: str = OWNER, **claims: Any) -> Any:
    details = detail(case, *items)
    token = world.issuer.token(world.holder, person=person, authorization_details=details, **claims)
    return world.call("GET", f"/v1/evidence-requests/{request_id}", token)


def test_the_owner_reads_the_same_answer_again(world: World) -> None:
    case = world.open_case()
    first = world.ask(case, NAME, STAFF)
    assert again(world, first.json["id"], case, NAME, STAFF).data == first.data


def test_nobody_else_learns_that_a_request_exists(world: World) -> None:
    case = world.open_case()
    made = world.ask(case, NAME).json["id"]
    unknown = again(world, "er_" + "0" * 26, case, NAME)
    assert (unknown.status_code, unknown.json["code"]) == (404, "evidence-request.unknown")
    assert again(world, made, case, NAME, person=STRANGER).json["code"] == "evidence-request.unknown"
    assert again(world, made, case, NAME, client="urban-website").json["code"] == "evidence-request.unknown"


def test_reading_again_needs_the_purpose_and_what_is_granted_now(world: World) -> None:
    case = world.open_case()
    made = world.ask(case, NAME).json["id"]
    assert again(world, made, case, STAFF).json["code"] == "token.purpose-mismatch"
    body = {"reason": "under review"}
    world.officer("POST", "/v1/grants/G-IDENTITY/suspend", body, sub="x", roles=["governance-officer"])
    world.rooms.policy.renew()
    assert again(world, made, case, NAME).json["code"] == "policy.no-grant"


def test_reading_again_ends_with_the_case(world: World) -> None:
    case = world.open_case()
    made = world.ask(case, NAME).json["id"]
    world.call("POST", f"/v1/cases/{case}/close", world.issuer.token(world.holder, scope="cases"))
    assert again(world, made, case, NAME).json["code"] == "case.closed"
    assert request(case)["case"] == case


def test_a_running_request_answers_202(world: World) -> None:
    case = world.open_case()
    told: list[Any] = []

    def meanwhile(_query: Query) -> None:
        BEFORE_FETCH.clear()
        with world.outside.database.read() as connection:
            (made,) = connection.exec_driver_sql("SELECT id FROM evidence_request").one()
        thread = threading.Thread(target=lambda: told.append(again(world, made, case, NAME)))
        thread.start()
        thread.join()

    BEFORE_FETCH.append(meanwhile)
    world.ask(case, NAME)
    assert told[0].status_code == 202
    assert told[0].json["status"] == "running"
