"""Guards from the outside: sealed people, consent taken back while sources are asked, minors and their guardians."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.doubles.exchange import (
    BEFORE_FETCH,
    ITEM,
    MARKET,
    NAME,
    OWNER,
    POLICE,
    RECORDS,
    STAFF_LIST,
    WORKER,
    World,
    connector,
    detail,
    grant,
    number,
    service_item,
    system,
)
from tests.unit.exchange.test_governed_call import code, only

PATH = "/v1/sealings"
CITATION = {"zh": "演示规定第九条", "en": "Demo rules, article 9"}
SEALING = {
    "subject": {"scheme": "citizen-number", "value": OWNER},
    "citation": CITATION,
    "until": "2026-12-01",
}
POLICE_OFFICER: dict[str, Any] = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}
MARKET_OFFICER: dict[str, Any] = {"sub": "m", "roles": ["provider-officer"], "organisation": MARKET}
WHY = {"reason": "审理已结束"}
GOVERNANCE: dict[str, Any] = {"sub": "g", "roles": ["governance-officer"]}


def seal(world: World, officer: dict[str, Any] = POLICE_OFFICER, **more: Any) -> str:
    answer = world.officer("POST", PATH, SEALING | more, **officer)
    assert answer.status_code == 201, answer.text
    return str(answer.json["sealing"])


def test_while_somebody_is_sealed_nothing_leaves_about_them_on_any_node(world: World) -> None:
    other = world.another_node()
    case = world.open_case((WORKER, "employee"))
    assert world.ask(case, NAME).json["status"] == "delivered"
    name = seal(world)
    for node in (world, other):
        node.rooms.policy.renew()
        refused = node.ask(case, NAME | {"predicates": [{"name": "exists"}]})
        assert code(refused) == "policy.subject-sealed"
        assert "演示规定" not in refused.text  # why is not the department's to know
    lifted = world.officer("POST", f"{PATH}/{name}/lift", WHY, **POLICE_OFFICER)
    assert (lifted.status_code, lifted.json["status"]) == (200, "lifted")
    assert world.officer("POST", f"{PATH}/{name}/lift", WHY, **POLICE_OFFICER).status_code == 200
    assert len(world.events("SealingLifted")) == 1
    other.rooms.policy.renew()
    assert other.ask(case, NAME).json["status"] == "delivered"
    other.rooms.close()


def test_a_release_under_way_stops_when_its_person_is_sealed(small_world: World) -> None:
    """The epoch moves while the source is asked: it is decided again."""

    def once(_query: object) -> None:
        BEFORE_FETCH.clear()
        seal(small_world)

    BEFORE_FETCH.append(once)
    case = small_world.open_case()
    assert code(small_world.ask(case, NAME)) == "policy.subject-sealed"
    assert small_world.events("EvidenceReleased") == []


def test_an_answer_given_before_is_not_given_again(small_world: World) -> None:
    case = small_world.open_case()
    given = small_world.ask(case, NAME, Idempotency_Key="k-1").json
    seal(small_world)
    small_world.rooms.policy.renew()
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, NAME))
    again = small_world.call("GET", f"/v1/evidence-requests/{given['id']}", token)
    assert (again.status_code, again.json["code"]) == (403, "policy.subject-sealed")
    assert small_world.ask(case, NAME, Idempotency_Key="k-1").json["code"] == "policy.subject-sealed"


def test_nor_to_a_system_that_is_of_the_sandbox_since(small_world: World) -> None:
    case = small_world.open_case()
    given = small_world.ask(case, NAME, Idempotency_Key="k-1").json
    small_world.apply(system("market-website", MARKET, sandbox=True))
    small_world.rooms.policy.renew()
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, NAME))
    again = small_world.call("GET", f"/v1/evidence-requests/{given['id']}", token)
    assert (again.status_code, again.json["code"]) == (403, "sandbox.kept-apart")
    assert small_world.ask(case, NAME, Idempotency_Key="k-1").json["code"] == "sandbox.kept-apart"


def test_a_sealing_ends_by_itself_at_its_end(small_world: World) -> None:
    seal(small_world, until="2026-11-23T10:00:00Z")
    small_world.rooms.policy.renew()
    case = small_world.open_case()
    assert code(small_world.ask(case, NAME)) == "policy.subject-sealed"
    small_world.clock.advance(30 * 60)
    small_world.rooms.policy.renew()
    assert only(small_world.ask(case, NAME))["data"] == {"name": "陈示例"}
    assert [one["status"] for one in listed(small_world, GOVERNANCE)] == ["ended"]


def listed(world: World, officer: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    return list(world.officer("GET", PATH + query, **officer).json["sealings"])


def test_the_register_and_the_log_name_nobody(small_world: World) -> None:
    first = seal(small_world)
    small_world.clock.advance(1)
    second = seal(small_world, GOVERNANCE, until="2027-01-01")
    seen = small_world.officer("GET", PATH, sub="a", roles=["auditor"])
    assert OWNER not in seen.text
    assert [(one["sealing"], one["citation"]) for one in seen.json["sealings"]] == [
        (second, CITATION),
        (first, CITATION),
    ]
    for entry in small_world.events("SubjectSealed"):
        assert "subject" not in entry
        assert CITATION["zh"] not in json.dumps(entry, ensure_ascii=False)
    page = small_world.officer("GET", f"{PATH}?limit=1", **GOVERNANCE).json
    assert [one["sealing"] for one in page["sealings"]] == [second]
    following = small_world.officer("GET", f"{PATH}?limit=1&before={page['next']}", **GOVERNANCE).json
    assert ([one["sealing"] for one in following["sealings"]], following["next"]) == ([first], None)
    assert [one["sealing"] for one in listed(small_world, POLICE_OFFICER)] == [first]


def test_two_sealings_hold_until_the_later_ends(small_world: World) -> None:
    name = seal(small_world)
    seal(small_world, GOVERNANCE, until="2027-01-01")
    small_world.officer("POST", f"{PATH}/{name}/lift", WHY, **POLICE_OFFICER)
    small_world.rooms.policy.renew()
    assert code(small_world.ask(small_world.open_case(), NAME)) == "policy.subject-sealed"


WRONG: tuple[dict[str, Any], ...] = (
    {"until": "2026-11-23"},
    {"until": "tomorrow!!"},
    {"until": "2026-12-01T00:00:00"},
    {"until": "9999-12-31T23:59:59-14:00"},
    {"citation": {"zh": "演示", "en": f"about {OWNER}"}},
    {"citation": {"zh": "", "en": "a"}},
    {"subject": {"scheme": "citizen-number", "value": "500199199003120000"}},
    {"subject": None},
    {"more": 1},
)


def test_a_sealing_that_is_none_is_refused_and_leaves_nothing(small_world: World) -> None:
    for wrong in WRONG:
        answer = small_world.officer("POST", PATH, SEALING | wrong, **POLICE_OFFICER)
        assert (answer.status_code, answer.json["code"]) == (422, "request.invalid"), wrong
        assert OWNER not in answer.text
    assert listed(small_world, GOVERNANCE) == []


def test_only_whoever_may_seal_does_and_only_the_own_department_or_governance_lifts(small_world: World) -> None:
    name = seal(small_world)
    for roles in (["auditor"], ["consumer-officer"], ["data-protection-officer"]):
        assert small_world.officer("POST", PATH, SEALING, sub="x", roles=roles).status_code == 403
        assert small_world.officer("POST", f"{PATH}/{name}/lift", WHY, sub="x", roles=roles).status_code == 403
    assert small_world.officer("GET", PATH, sub="x", roles=["consumer-officer"]).status_code == 403
    for other, path in ((MARKET_OFFICER, name), (GOVERNANCE, "seal_nothing")):
        missing = small_world.officer("POST", f"{PATH}/{path}/lift", WHY, **other)
        assert (missing.status_code, missing.json["code"]) == (404, "sealing.unknown")
    for more in ("auditor", "data-protection-officer"):  # to see everything is not to lift everything
        both = MARKET_OFFICER | {"roles": [*MARKET_OFFICER["roles"], more]}
        assert small_world.officer("POST", f"{PATH}/{name}/lift", WHY, **both).status_code == 404
    for wrong in ({}, {"reason": ""}, {"reason": f"核查 {OWNER}"}):
        assert small_world.officer("POST", f"{PATH}/{name}/lift", wrong, **GOVERNANCE).status_code == 422
    assert small_world.officer("POST", f"{PATH}/{name}/lift", WHY, **GOVERNANCE).json["status"] == "lifted"
    assert small_world.events("SealingLifted")[-1]["facts"]["reason"] == WHY["reason"]


# Consent that is taken back ------------------------------------------------------------------------------------------


def on_consent(world: World) -> None:
    world.revoke("G-IDENTITY")
    world.revoke("G-STAFF")
    world.apply(service_item(ITEM, MARKET, kind="consent"))
    world.apply(grant("G-IDENTITY", basis_kind="consent"))
    world.approve("G-IDENTITY")


def test_consent_taken_back_while_the_source_is_asked_is_read_by_the_guard(small_world: World) -> None:
    on_consent(small_world)
    case = small_world.open_case()
    token = small_world.issuer.token(
        small_world.holder, person=OWNER, authorization_details=detail(case, NAME), jti="at-withdrawn",
        **{"urn:tongban:params:subject": small_world.issuer.sealed(OWNER, "at-withdrawn")},
    )  # fmt: skip

    def withdraw(_query: object) -> None:
        small_world.issuer.revoke("jti", "at-withdrawn")
        small_world.issuer.revoked["withdrawn"] = ["at-withdrawn"]
        small_world.rooms.revocations.renew()

    BEFORE_FETCH.append(withdraw)
    refused = small_world.ask(case, NAME, token=token)
    assert code(refused) == "policy.consent-missing"
    (unmet,) = refused.json["evidence"][0]["problem"]["unmet"]
    assert (unmet["clause"], unmet["text"]) == ("GUARD-CONSENT@1#c1", "本人已撤回同意")
    assert small_world.events("EvidenceReleased") == []
    at_the_door = small_world.ask(case, NAME, token=token)
    assert (at_the_door.status_code, at_the_door.json["code"]) == (401, "token.revoked")
    assert at_the_door.json["reason"] == "consent-withdrawn"


def test_what_rests_on_a_statute_falls_with_the_token_all_the_same(small_world: World) -> None:
    case = small_world.open_case()
    token = small_world.issuer.token(
        small_world.holder, person=OWNER, authorization_details=detail(case, NAME), jti="at-withdrawn",
        **{"urn:tongban:params:subject": small_world.issuer.sealed(OWNER, "at-withdrawn")},
    )  # fmt: skip

    def withdraw(_query: object) -> None:
        small_world.issuer.revoke("jti", "at-withdrawn")
        small_world.issuer.revoked["withdrawn"] = ["at-withdrawn"]
        small_world.rooms.revocations.renew()

    BEFORE_FETCH.append(withdraw)
    assert code(small_world.ask(case, NAME, token=token)) == "token.revoked"


# Minors --------------------------------------------------------------------------------------------------------------

CHILD = number(8, "2012-11-24")
"""Fourteen tomorrow."""


def with_child(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """A case of the owner's in which their child is a party, proven by the staff list that stands in for a register."""
    child = {"id": CHILD, "name": "陈小样", "born": "2012-11-24", "address": "演示区一号", "until": "长期"}
    monkeypatch.setitem(RECORDS, "identity-card", [*RECORDS["identity-card"], child])
    monkeypatch.setitem(RECORDS, "staff-list", [{"id": OWNER, "employer": "演示餐饮", "staff": [CHILD]}])
    fields = {"name": "name", "citizen_number": "id", "born": "born", "address": "address", "until": "until"}
    world.apply(
        connector("identity", "identity-card", fields),
        connector("staff", "staff-list", {"employer": "employer", "staff": "staff"}),
    )
    world.rooms.policy.renew()
    case = world.open_case((CHILD, "child"))
    assert world.ask(case, {"type": "staff-list", "fields": ["employer"]}).json["status"] == "delivered"
    return case


def about_the_child(relation: str) -> dict[str, Any]:
    return NAME | {"subject": {"scheme": "citizen-number", "value": CHILD, "relation": relation}}


def test_a_minors_record_leaves_in_the_case_of_a_parent_and_not_by_another_relation(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    relations = [{"relation": one, "field": "staff"} for one in ("child", "employee")]
    small_world.apply(STAFF_LIST | {"spec": STAFF_LIST["spec"] | {"relations": relations}})
    small_world.apply(grant("G-IDENTITY", relations=["self", "child", "employee"]))
    small_world.approve("G-IDENTITY")
    case = with_child(small_world, monkeypatch)
    assert code(small_world.ask(case, about_the_child("employee"))) == "policy.minor-without-guardian"
    assert only(small_world.ask(case, about_the_child("child")))["data"] == {"name": "陈小样"}
    small_world.clock.advance(24 * 3600)  # the fourteenth birthday
    small_world.rooms.policy.renew()
    assert only(small_world.ask(case, about_the_child("employee")))["data"] == {"name": "陈小样"}


def test_a_brother_is_no_guardian_whatever_the_record_of_the_mother_proves(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mother = number(9, "1960-01-01")
    spec = json.loads(json.dumps(STAFF_LIST["spec"]))
    spec["schema"]["properties"]["parents"] = {"type": "string"}
    spec["fields"]["parents"] = {"label": {"zh": "父母", "en": "Parents"}}
    spec["relations"] = [{"relation": "parent", "field": "parents"}, {"relation": "child", "field": "staff"}]
    small_world.apply(STAFF_LIST | {"spec": spec})
    small_world.apply(
        grant("G-IDENTITY", relations=["self", "child"]),
        grant("G-STAFF", evidence_type="staff-list", fields=["employer"], relations=["self", "parent"]),
    )
    small_world.approve("G-IDENTITY")
    small_world.approve("G-STAFF")
    with_child(small_world, monkeypatch)
    lists = [
        {"id": OWNER, "employer": "a", "staff": [], "parents": mother},
        {"id": mother, "employer": "b", "staff": [OWNER, CHILD], "parents": "-"},
    ]
    monkeypatch.setitem(RECORDS, "staff-list", lists)
    small_world.apply(connector("staff", "staff-list", {one: one for one in ("employer", "staff", "parents")}))
    small_world.rooms.policy.renew()
    case = small_world.open_case((OWNER, "applicant"), (CHILD, "child"), (mother, "parent"))
    own = {"type": "staff-list", "fields": ["employer"]}
    hers = own | {"subject": {"scheme": "citizen-number", "value": mother, "relation": "parent"}}
    for item in (own, hers):
        assert small_world.ask(case, item).json["status"] == "delivered"
    assert code(small_world.ask(case, about_the_child("child"))) == "case.relation-unproven"


def test_a_minor_does_not_ask_alone_until_the_birthday(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with_child(small_world, monkeypatch)
    case = small_world.open_case()
    assert code(small_world.ask(case, NAME, person=CHILD)) == "policy.minor-without-guardian"
    small_world.clock.advance(24 * 3600)
    small_world.rooms.policy.renew()
    assert only(small_world.ask(case, NAME, person=CHILD))["data"] == {"name": "陈小样"}


def test_whom_a_sealing_is_about_is_named_by_number_alone(small_world: World) -> None:
    """Only a request for evidence may point at a record of its own."""
    body = SEALING | {"subject": {"from": 0, "relation": "child"}}
    answer = small_world.officer("POST", PATH, body, sub="g", roles=["governance-officer"])
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")
