"""Attack cases on the governed call itself (E2, E3, E4, E5, E7, P3, L3): nothing is released, nothing breaks, all is
recorded.
"""

from __future__ import annotations

import io
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kernel import logging as service_logging
from tests.doubles.exchange import (
    BEFORE_FETCH,
    NAME,
    OTHER_ITEM,
    OWNER,
    STAFF,
    STRANGER,
    WORKER,
    World,
    detail,
    grant,
    prepared_postgresql,
    prepared_sqlite,
    request,
    small_world,
    world,
)

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world", "world"]

PATH = "/v1/evidence-requests"


def nothing_released(world: World, answer: Any) -> None:
    """No data in the answer, no 5xx, no release in the log."""
    assert answer.status_code < 500, answer.text
    assert "陈示例" not in answer.text
    assert "李样本" not in answer.text
    assert world.events("EvidenceReleased") == []


# E2 -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "swapped",
    [{"legal_basis": "another-basis"}, {"service_item": OTHER_ITEM}, {"case": "case_" + "0" * 26}],
)
def test_E2_purpose_and_basis_are_those_of_the_token(small_world: World, swapped: dict) -> None:
    case = small_world.open_case()
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, NAME))
    answer = small_world.call("POST", PATH, token, request(case, NAME) | swapped)
    assert (answer.status_code, answer.json["code"]) == (403, "token.purpose-mismatch")
    nothing_released(small_world, answer)
    assert small_world.calls == []
    assert len(small_world.events("EvidenceRefused")) == 1


def test_E2_every_entry_of_a_request_names_the_one_epoch_it_was_decided_under(small_world: World) -> None:
    answer = small_world.ask(small_world.open_case(), NAME, STAFF, {"type": "identity-card", "fields": ["born"]})
    entries = [entry for entry in small_world.entries() if entry["request"] == answer.json["id"]]
    assert len({entry["facts"]["epoch"] for entry in entries}) == 1
    assert [entry["item"] for entry in entries] == ["0", "1", "2"]


# E3 -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        [OWNER],
        {"$ne": ""},
        int(OWNER[:17]),
        True,
        None,
        "",
        OWNER + "' OR '1'='1",
        "*",
        "".join(chr(ord(digit) + 0x1D7CE - ord("0")) for digit in OWNER[:17]) + OWNER[17] + "1",
        OWNER[:-1] + ("1" if OWNER[-1] != "1" else "2"),
        "123456789012345",
    ],
)
def test_E3_a_subject_that_is_no_number_is_refused_by_form(small_world: World, value: Any) -> None:
    item = NAME | {"subject": {"scheme": "citizen-number", "value": value, "relation": "employee"}}
    answer = small_world.ask(small_world.open_case(), item)
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")
    nothing_released(small_world, answer)
    assert small_world.calls == []
    assert len(small_world.events("EvidenceRefused")) == 1


def test_E3_a_number_with_nul_is_refused_with_the_whole_body(small_world: World) -> None:
    item = NAME | {"subject": {"scheme": "citizen-number", "value": OWNER + "\0", "relation": "employee"}}
    answer = small_world.ask(small_world.open_case(), item)
    assert (answer.status_code, answer.json["code"]) == (400, "request.malformed")
    nothing_released(small_world, answer)
    assert small_world.calls == []


@pytest.mark.parametrize("spelling", [OWNER, OWNER.lower(), f" {OWNER}", "".join(chr(ord(c) + 0xFEE0) for c in OWNER)])
def test_E3_however_a_number_is_spelt_it_is_one_person(small_world: World, spelling: str) -> None:
    """A stranger's token naming the owner stays a stranger's, in full width, lower case or with a blank."""
    item = NAME | {"subject": {"scheme": "citizen-number", "value": spelling}}
    answer = small_world.ask(small_world.open_case(), item, person=STRANGER)
    nothing_released(small_world, answer)
    if answer.status_code == 200:
        assert answer.json["evidence"][0]["problem"]["code"] == "case.subject-not-in-case"


def test_E3_another_citizen_needs_a_proven_relation_whatever_the_department_claims(small_world: World) -> None:
    case = small_world.open_case((WORKER, "employee"), (WORKER, "spouse"))
    for relation in (None, "self", "employee", "spouse", "applicant"):
        subject = {"scheme": "citizen-number", "value": WORKER} | ({"relation": relation} if relation else {})
        answer = small_world.ask(case, NAME | {"subject": subject})
        nothing_released(small_world, answer)
        assert answer.json["evidence"][0]["problem"]["status"] == 403
    assert WORKER not in small_world.calls


# E4 -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        ["*"],
        ["Name"],
        ["name", "name"],
        ["name.first"],
        ["__class__"],
        [["name"]],
        [{"name": 1}],
        "name",
        {"name": True},
        ["name\n"],
        ["naｍe"],
        ["x" * 65],
        ["name"] * 201,
    ],
)
def test_E4_a_field_list_that_is_not_one_is_refused(small_world: World, fields: Any) -> None:
    case = small_world.open_case()
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, NAME))
    answer = small_world.call("POST", PATH, token, request(case, {"type": "identity-card", "fields": fields}))
    assert answer.status_code == 422
    nothing_released(small_world, answer)


def test_E4_duplicate_keys_have_no_second_meaning(small_world: World) -> None:
    case = small_world.open_case()
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, NAME))
    body = json.dumps(request(case, NAME))[:-1] + f', "case": "{case}"}}'
    answer = small_world.call("POST", PATH, token, body.encode())
    assert (answer.status_code, answer.json["code"]) == (400, "request.malformed")
    nothing_released(small_world, answer)


def test_E4_an_error_never_echoes_the_record(small_world: World) -> None:
    canary = "CANARY-地址-7731"
    from tests.doubles.exchange import RECORDS

    strange = [record | {"address": canary, "born": canary} for record in RECORDS["identity-card"]]
    document = connector_with(strange)
    small_world.apply(document)
    small_world.rooms.policy.renew()
    answer = small_world.ask(small_world.open_case(), NAME)
    assert answer.json["evidence"][0]["status"] == "failed"
    assert canary not in answer.text
    assert canary not in json.dumps(small_world.entries(), ensure_ascii=False)


def connector_with(records: list[dict[str, Any]]) -> dict[str, Any]:
    from tests.doubles.exchange import CATALOGUE

    document = next(one for one in CATALOGUE if one["metadata"]["name"] == "identity")
    return document | {"spec": document["spec"] | {"memory": {"subject_column": "id", "records": records}}}


def test_E4_a_column_the_mapping_does_not_name_cannot_be_asked_for(small_world: World) -> None:
    answer = small_world.ask(small_world.open_case(), {"type": "identity-card", "fields": ["id"]})
    assert answer.json["evidence"][0]["problem"]["code"] == "policy.unknown-field"
    nothing_released(small_world, answer)


# E5, E7 ---------------------------------------------------------------------------------------------------------------


def test_E7_the_same_request_racing_itself_is_released_once(world: World) -> None:
    case = world.open_case()
    gate = threading.Barrier(8)

    def race(_number: int) -> Any:
        gate.wait()
        return world.ask(case, NAME, Idempotency_Key="one")

    with ThreadPoolExecutor(8) as racers:
        answers = list(racers.map(race, range(8)))
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 409}
    assert 200 in statuses
    assert len(world.events("EvidenceReleased")) == 1
    receipts = {answer.json["evidence"][0]["receipt"] for answer in answers if answer.status_code == 200}
    assert len(receipts) == 1


def test_E7_retried_after_a_lost_answer_it_is_the_same_answer(world: World) -> None:
    """The process dies between the commit and the answer: nobody knows, and the retry finds it."""
    case = world.open_case()
    gateway = world.rooms.gateway
    recorder = gateway.recorder

    class Dies:
        """Records, and is gone."""

        ledger = recorder.ledger

        def settle(self, settlement: Any) -> Any:
            recorder.settle(settlement)
            raise KeyboardInterrupt

    object.__setattr__(gateway, "recorder", Dies())
    with pytest.raises(KeyboardInterrupt):
        world.ask(case, NAME, Idempotency_Key="one")
    object.__setattr__(gateway, "recorder", recorder)
    answer = world.ask(case, NAME, Idempotency_Key="one")
    assert answer.json["evidence"][0]["data"] == {"name": "陈示例"}
    assert len(world.events("EvidenceReleased")) == 1
    assert world.calls == [OWNER]


# P3 -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "code"), [(0.001, None), (0.0, "policy.expired")])
def test_P3_at_the_second_it_ends_a_grant_has_ended(small_world: World, before: float, code: str | None) -> None:
    world = small_world
    world.apply(grant("G-IDENTITY", valid_to="2026-11-23T10:00:00Z"))
    world.approve("G-IDENTITY")
    case = world.open_case()
    world.clock.advance(30 * 60 - before)
    world.rooms.policy.renew()
    (item,) = world.ask(case, NAME).json["evidence"]
    assert item.get("problem", {}).get("code") == code


def test_P2_nobody_signs_a_grant_of_their_own_and_one_signature_is_not_enough(small_world: World) -> None:
    world = small_world
    world.apply(grant("G-WIDE", fields=["born"]))
    author = {"sub": "p", "roles": ["provider-officer", "governance-approver", "governance-officer"]}
    police = {"organisation": "11500000DEM0000303"}
    world.officer("POST", "/v1/grants/G-WIDE/submit", {}, **author, **police)
    digest = world.officer("GET", "/v1/grants/G-WIDE", **author, **police).json["digest"]
    assert world.officer("POST", "/v1/grants/G-WIDE/approve", {"digest": digest}, **author, **police).status_code == 200
    twice = world.officer("POST", "/v1/grants/G-WIDE/approve", {"digest": digest}, **author, **police)
    assert (twice.status_code, twice.json["reason"]) == (403, "grant.already-signed")
    world.rooms.policy.renew()
    (item,) = world.ask(world.open_case(), {"type": "identity-card", "fields": ["born"]}).json["evidence"]
    assert item["problem"]["code"] == "policy.field-not-granted"


# L3 -------------------------------------------------------------------------------------------------------------------


def test_L3_no_number_token_or_value_is_ever_logged(small_world: World) -> None:
    world = small_world
    stream = io.StringIO()
    service_logging.configure("debug", stream)
    try:
        case = world.open_case((WORKER, "employee"))
        tokens = [world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME, STAFF))]
        world.ask(case, NAME, STAFF, token=tokens[0], Idempotency_Key="secret-key")
        world.ask(case, NAME, token=tokens[0][:-4] + "AAAA")
        world.ask(case, NAME | {"subject": {"scheme": "citizen-number", "value": WORKER}})
        BEFORE_FETCH.append(lambda query: (_ for _ in ()).throw(RuntimeError(f"row of {query.subject.value}")))
        failed = world.ask(case, NAME)
        assert failed.json["evidence"][0]["problem"]["code"] == "source.unavailable"
    finally:
        BEFORE_FETCH.clear()
        logging.getLogger().handlers.clear()
    written = stream.getvalue() + world.outside.metrics.render().decode()
    assert "source gave no answer" in written
    for canary in (OWNER, WORKER, "陈示例", tokens[0], tokens[0].split(".")[2], "secret-key"):
        assert canary not in written
