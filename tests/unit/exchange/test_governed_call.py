"""The governed call from the outside: what a department gets, and what is written before it gets it."""

from __future__ import annotations

import json

import pytest

from connectors.base import Query
from connectors.errors import SourceUnavailable
from kernel import jose
from kernel.ledger.verify import verify_receipt
from tests.doubles.exchange import (
    BEFORE_FETCH,
    ISSUER,
    ITEM,
    MARKET,
    NAME,
    ORIGIN,
    OTHER_ITEM,
    OWNER,
    POLICE,
    STAFF,
    STRANGER,
    WORKER,
    World,
    detail,
    grant,
    number,
    request,
)
from tests.doubles.kept import kept

EMPLOYEE = NAME | {"subject": {"scheme": "citizen-number", "value": WORKER, "relation": "employee"}}


def only(answer) -> dict:
    """The one item of an answer."""
    assert answer.status_code == 200, answer.text
    (item,) = answer.json["evidence"]
    return item


def code(answer) -> str:
    """The code of the one item's problem."""
    return only(answer)["problem"]["code"]


def test_evidence_is_delivered_with_seal_provenance_and_receipt(world: World) -> None:
    case = world.open_case()
    answer = world.ask(case, NAME)
    item = only(answer)
    assert (answer.json["status"], item["status"], item["data"]) == ("delivered", "delivered", {"name": "陈示例"})
    assert item["provenance"]["provider"] == POLICE
    assert item["provenance"]["trust_grade"] == "A"
    assert item["provenance"]["retrieved_at"] == "2026-11-23T09:30:00.000Z"
    jwks = world.client.get("/jwks").json
    signed = jose.verify_signature_only(item["jws"], jose.verifying_keys(jwks), typ="evidence+jwt")
    claims = json.loads(signed.payload)
    assert (claims["iss"], claims["aud"], claims["case"]) == (ORIGIN, MARKET, case)
    assert claims["evidence"] == {"type": "identity-card", "data": {"name": "陈示例"}}
    assert claims["jti"] == f"{answer.json['id']}/0"


def test_the_receipt_verifies_offline_and_binds_exactly_this_evidence(world: World) -> None:
    item = only(world.ask(world.open_case(), NAME))
    vkey = world.client.get("/v1/ledger/key").text.strip()
    jwks = world.client.get("/jwks").json
    checked = verify_receipt(item["receipt"], vkey=vkey, evidence=item["jws"], jwks=jwks)
    assert checked.in_log
    assert checked.evidence_matches
    assert checked.signature_valid


def test_the_entry_says_who_what_why_and_under_what_and_names_nobody(world: World) -> None:
    case = world.open_case()
    world.ask(case, NAME)
    (entry,) = world.events("EvidenceReleased")
    facts = entry["facts"]
    assert (facts["consumer"], facts["provider"], facts["system"]) == (MARKET, POLICE, "market-website")
    assert (facts["case"], facts["service_item"], facts["fields"]) == (case, ITEM, ["name"])
    assert facts["grants"] == ["G-IDENTITY@1"]
    assert facts["epoch"] == world.rooms.policy.current().epoch
    everything = json.dumps(world.entries(), ensure_ascii=False)
    assert OWNER not in everything
    assert "陈示例" not in everything


def test_several_types_are_answered_item_by_item(world: World) -> None:
    outside_grant = {"type": "identity-card", "fields": ["name", "born"]}
    answer = world.ask(world.open_case(), NAME, STAFF, outside_grant)
    assert answer.json["status"] == "partly-delivered"
    assert [item["status"] for item in answer.json["evidence"]] == ["delivered", "delivered", "refused"]
    problem = answer.json["evidence"][2]["problem"]
    assert (problem["code"], problem["status"], problem["fault"]) == ("policy.field-not-granted", 403, "policy")
    assert problem["decision_id"].startswith("dec_")
    assert problem["unmet"][0]["clause"].startswith("G-IDENTITY@1#c")
    assert "data" not in answer.json["evidence"][2]


def test_one_person_is_looked_up_once_for_two_questions_of_one_type(world: World) -> None:
    questions = {"type": "identity-card", "predicates": [{"name": "exists"}]}
    world.ask(world.open_case(), NAME, questions)
    assert world.calls == [OWNER]


def test_problems_follow_the_readers_language_and_codes_do_not(world: World) -> None:
    case = world.open_case()
    wrong = {"type": "identity-card", "fields": ["born"]}
    chinese = only(world.ask(case, wrong, Accept_Language="zh-CN"))["problem"]
    english = only(world.ask(case, wrong, Accept_Language="en"))["problem"]
    assert chinese["code"] == english["code"]
    assert chinese["title"] != english["title"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({"name": "exists"}, True),
        ({"name": "valid-on", "args": {"date": "2029-12-31"}}, True),
        ({"name": "valid-on", "args": {"date": "2030-01-02"}}, False),
        ({"name": "at-least-age", "args": {"age": 36}}, True),
        ({"name": "at-least-age", "args": {"age": 37}}, False),
        ({"name": "at-least-age", "args": {"age": 37, "on": "2027-03-12"}}, True),
    ],
)
def test_a_yes_or_no_answer_leaves_and_the_record_stays(small_world: World, question: dict, answer: bool) -> None:
    item = only(small_world.ask(small_world.open_case(), {"type": "identity-card", "predicates": [question]}))
    assert item["answers"] == [{"name": question["name"], "args": question.get("args", {}), "answer": answer}]
    assert "data" not in item


@pytest.mark.parametrize(
    ("question", "answer"),
    [({"name": "count"}, 1), ({"name": "count-at-least", "args": {"count": 2}}, False)],
)
def test_a_number_is_told_and_what_was_counted_stays(small_world: World, question: dict, answer: int) -> None:
    told = small_world.ask(small_world.open_case(), {"type": "staff-list", "predicates": [question]})
    assert only(told)["answers"][0]["answer"] == answer
    assert WORKER not in told.text
    assert "data" not in only(told)


def test_no_record_is_an_answer_to_exists_and_a_clear_failure_to_anything_else(world: World) -> None:
    case = world.open_case()
    exists = {"type": "identity-card", "predicates": [{"name": "exists"}]}
    assert only(world.ask(case, exists, person=STRANGER))["answers"][0]["answer"] is False
    answer = world.ask(case, NAME, person=STRANGER)
    assert (answer.json["status"], code(answer)) == ("failed", "evidence.not-found")
    assert world.events("RetrievalFailed")[-1]["facts"]["reason"] == "evidence.not-found"


def test_a_source_that_is_down_fails_its_item_and_no_other(world: World) -> None:
    def down(query: Query) -> None:
        if len(world.calls) == 1:
            raise SourceUnavailable("test")

    BEFORE_FETCH.append(down)
    answer = world.ask(world.open_case(), NAME, STAFF)
    assert sorted(item["status"] for item in answer.json["evidence"]) == ["delivered", "failed"]
    failed = next(item for item in answer.json["evidence"] if item["status"] == "failed")
    assert (failed["problem"]["code"], failed["problem"]["fault"]) == ("source.unavailable", "provider")
    assert len(world.events("RetrievalFailed")) == 1


def test_a_record_that_breaks_its_own_definition_does_not_leave(world: World) -> None:
    from tests.doubles.exchange import IDENTITY_CARD

    stricter = json.loads(json.dumps(IDENTITY_CARD))
    stricter["spec"]["schema"]["properties"]["address"]["maxLength"] = 3
    world.apply(stricter)
    world.rooms.policy.renew()
    answer = world.ask(world.open_case(), NAME)
    assert (answer.json["status"], code(answer)) == ("failed", "evidence.invalid-record")
    assert "演示区" not in answer.text


def test_a_minimal_mask_of_the_catalogue_applies_whatever_the_grant_says(world: World) -> None:
    world.apply(grant("G-NUMBER", fields=["citizen_number"]))
    world.approve("G-NUMBER")
    item = only(world.ask(world.open_case(), {"type": "identity-card", "fields": ["citizen_number"]}))
    assert item["data"] == {"citizen_number": f"{OWNER[:4]}**********{OWNER[-4:]}"}


# Cases ----------------------------------------------------------------------------------------------------------------


def test_a_case_of_another_system_looks_like_none(world: World) -> None:
    case = world.open_case(client="urban-website")
    answer = world.ask(case, NAME)
    assert (answer.status_code, answer.json["code"]) == (404, "case.unknown")
    assert world.calls == []
    assert world.events("EvidenceRefused")[-1]["facts"]["reason"] == "case.unknown"


def test_a_closed_case_gives_no_evidence(world: World) -> None:
    case = world.open_case()
    token = world.issuer.token(world.holder, scope="cases")
    assert world.call("POST", f"/v1/cases/{case}/close", token).json == {"case": case, "status": "closed"}
    assert world.call("POST", f"/v1/cases/{case}/close", token).status_code == 200
    answer = world.ask(case, NAME)
    assert (answer.status_code, answer.json["code"]) == (409, "case.closed")
    written = [entry["event"] for entry in world.entries()[-4:]]
    assert written == ["CaseOpened", "CaseClosed", "EvidenceRefused", "LookUpWithoutCase"]


def test_a_case_serves_its_own_service_item_only(world: World) -> None:
    case = world.open_case(item=OTHER_ITEM)
    answer = world.ask(case, NAME)
    assert (answer.status_code, answer.json["code"]) == (409, "case.other-service-item")


def test_a_request_beyond_the_tokens_purpose_is_refused_whole(world: World) -> None:
    case = world.open_case()
    narrow = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME))
    for items in ([{"type": "identity-card", "fields": ["name", "address"]}], [NAME, STAFF]):
        answer = world.ask(case, *items, token=narrow)
        assert (answer.status_code, answer.json["code"]) == (403, "token.purpose-mismatch")
    questions = {"type": "identity-card", "predicates": [{"name": "exists"}]}
    answer = world.ask(case, questions, token=narrow)  # fields never imply questions
    assert answer.json["code"] == "token.purpose-mismatch"
    other = request(case, NAME, legal_basis="another-basis")
    assert world.call("POST", "/v1/evidence-requests", narrow, other).json["code"] == "token.purpose-mismatch"
    assert world.calls == []


def test_a_request_fits_one_detail_and_is_not_pieced_together_from_two(world: World) -> None:
    case = world.open_case()
    two = detail(case, NAME) + detail(case, STAFF)
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=two)
    assert world.ask(case, NAME, STAFF, token=token).json["code"] == "token.purpose-mismatch"
    assert world.ask(case, STAFF, token=token).json["status"] == "delivered"


# Several subjects -----------------------------------------------------------------------------------------------------


def test_a_relation_must_be_proven_by_an_earlier_item_of_the_same_case(world: World) -> None:
    case = world.open_case((WORKER, "employee"))
    assert code(world.ask(case, EMPLOYEE)) == "case.relation-unproven"
    assert world.ask(case, STAFF).json["status"] == "delivered"
    item = only(world.ask(case, EMPLOYEE))
    assert item["data"] == {"name": "李样本"}
    assert world.events("EvidenceReleased")[-1]["facts"]["relation"] == "employee"


def test_proof_in_one_case_proves_nothing_in_another(world: World) -> None:
    first, second = world.open_case((WORKER, "employee")), world.open_case((WORKER, "employee"))
    world.ask(first, STAFF)
    assert code(world.ask(second, EMPLOYEE)) == "case.relation-unproven"


def test_somebody_the_case_does_not_list_is_refused(world: World) -> None:
    case = world.open_case()
    world.ask(case, STAFF)
    assert code(world.ask(case, EMPLOYEE)) == "case.subject-not-in-case"
    assert WORKER not in world.calls


def test_another_relation_than_the_proven_one_is_refused(world: World) -> None:
    case = world.open_case((WORKER, "employee"))
    world.ask(case, STAFF)
    for relation in ("spouse", "self"):
        named = NAME | {"subject": {"scheme": "citizen-number", "value": WORKER, "relation": relation}}
        assert code(world.ask(case, named)) == "case.relation-unproven"


def test_the_grant_must_name_the_relation(world: World) -> None:
    case = world.open_case((WORKER, "employee"))
    world.ask(case, STAFF)
    staff_of_staff = STAFF | {"subject": EMPLOYEE["subject"]}
    assert code(world.ask(case, staff_of_staff)) == "policy.relation-not-granted"


def test_naming_oneself_is_the_same_as_naming_nobody(world: World) -> None:
    oneself = NAME | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    assert only(world.ask(world.open_case(), oneself))["data"] == {"name": "陈示例"}
    related = NAME | {"subject": {"scheme": "citizen-number", "value": OWNER, "relation": "employee"}}
    assert code(world.ask(world.open_case(), related)) == "case.relation-unproven"


def test_a_case_with_a_listed_applicant_is_joined_by_nobody_else(world: World) -> None:
    case = world.open_case((OWNER, "applicant"))
    answer = world.ask(case, NAME, person=STRANGER)
    assert (answer.status_code, answer.json["code"]) == (403, "case.subject-not-in-case")
    assert only(world.ask(case, NAME))["status"] == "delivered"


def test_an_evidence_type_about_people_is_not_asked_about_companies(world: World) -> None:
    company = NAME | {"subject": {"scheme": "social-credit-code", "value": MARKET, "relation": "employee"}}
    assert code(world.ask(world.open_case(), company)) == "evidence.subject-scheme"


# Nobody present -------------------------------------------------------------------------------------------------------


def absent(world: World, case: str, *items: dict) -> object:
    token = world.issuer.token(
        world.holder, authorization_details=detail(case, *items), act={"sub": "officer-7", "iss": ISSUER}
    )
    return world.ask(case, *items, token=token)


def test_a_token_for_nobody_names_the_subject_of_every_item(world: World) -> None:
    case = world.open_case((OWNER, "applicant"))
    answer = absent(world, case, NAME)
    assert (answer.status_code, answer.json["code"]) == (422, "evidence.subject-missing")


def test_absence_needs_a_grant_that_allows_it_and_leaves_a_notice(world: World) -> None:
    case = world.open_case((OWNER, "applicant"))
    named = NAME | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    assert code(absent(world, case, named)) == "policy.absence-not-granted"
    assert world.events("NoticeGiven") == []
    world.apply(grant("G-ABSENT", absent_allowed=True))
    world.approve("G-ABSENT")
    assert only(absent(world, case, named))["data"] == {"name": "陈示例"}
    released, notice = world.entries()[-2:]
    assert (released["event"], notice["event"]) == ("EvidenceReleased", "NoticeGiven")
    assert released["subject"] == notice["subject"]
    assert released["facts"]["present"] is False
    assert released["facts"]["loa"] == 0
    assert "officer-7" not in json.dumps(released)


def test_what_is_asked_for_while_nobody_is_present_is_asked_for_by_an_officer_by_name(world: World) -> None:
    """Whatever the identity provider lets through: nothing leaves for a mere system, at once or once more."""
    world.apply(grant("G-ABSENT", absent_allowed=True))
    world.approve("G-ABSENT")
    case = world.open_case((OWNER, "applicant"))
    named = NAME | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    nobodys = [world.issuer.token(world.holder, authorization_details=detail(case, named)) for _ in range(2)]
    answer = world.ask(case, named, token=nobodys[0])
    assert (answer.status_code, answer.json["code"]) == (403, "token.officer-missing")
    assert "act.sub" in answer.json["next_step"]
    (entry,) = world.events("EvidenceRefused")
    assert entry["facts"] == {"client": "market-website", "reason": "token.officer-missing"}
    assert world.calls == []
    given = absent(world, case, named)
    assert only(given)["status"] == "delivered"
    (released,) = world.events("EvidenceReleased")
    assert released["facts"]["officer"]
    again = world.call("GET", f"/v1/evidence-requests/{given.json['id']}", nobodys[1])
    assert (again.status_code, again.json["code"]) == (403, "token.officer-missing")


def test_a_grant_may_oblige_to_a_notice_though_the_person_is_present(world: World) -> None:
    world.apply(grant("G-IDENTITY", obligations=["notify-citizen:P1D", "retain:P90D"]))
    world.approve("G-IDENTITY")
    item = only(world.ask(world.open_case(), NAME))
    assert item["obligations"] == ["notify-citizen:P1D", "retain:P90D"]
    assert len(world.events("NoticeGiven")) == 1


def test_quotas_are_reserved_and_given_back_when_nothing_came(world: World) -> None:
    world.apply(grant("G-IDENTITY", quota_per_day=1))
    world.approve("G-IDENTITY")
    case = world.open_case()
    assert code(world.ask(case, NAME, person=STRANGER)) == "evidence.not-found"
    assert world.ask(case, NAME).json["status"] == "delivered"
    assert code(world.ask(case, NAME)) == "policy.quota-exceeded"
    world.clock.advance(24 * 3600)
    assert world.ask(case, NAME).json["status"] == "delivered"


def test_two_items_of_one_request_take_two_of_the_quota(world: World) -> None:
    world.apply(grant("G-IDENTITY", quota_per_day=1))
    world.approve("G-IDENTITY")
    address = {"type": "identity-card", "fields": ["address"]}
    answer = world.ask(world.open_case(), NAME, address)
    assert [item["status"] for item in answer.json["evidence"]] == ["delivered", "refused"]


def test_a_person_unknown_to_the_case_needs_no_number_in_the_database(world: World, tmp_path) -> None:
    child = number(8, "2026-09-01")
    world.open_case((child, "child"))
    world.ask(world.open_case(), NAME)
    for table in ("service_case", "case_subject", "evidence_request", "delivery", "ledger_entry", "ledger_payload"):
        rows = kept(world.outside.database, table)
        assert child not in rows
        assert OWNER not in rows
        assert "陈示例" not in rows


def test_a_newer_version_does_not_begin_the_day_anew(world: World) -> None:
    case = world.open_case()
    for version in (2, 3):
        world.apply(grant("G-IDENTITY", quota_per_day=version - 1, min_loa=version - 2))
        world.approve("G-IDENTITY")
        assert world.ask(case, NAME).json["status"] == "delivered", version
        assert code(world.ask(case, NAME)) == "policy.quota-exceeded"


def test_a_quota_that_is_used_up_is_the_clause_that_was_not_met_in_answer_and_log(world: World) -> None:
    world.apply(grant("G-IDENTITY", quota_per_day=1))
    world.approve("G-IDENTITY")
    case = world.open_case()
    world.ask(case, NAME)
    problem = only(world.ask(case, NAME))["problem"]
    (clause,) = problem["unmet"]
    assert (clause["code"], clause["clause"].partition("#")[0]) == ("policy.quota-exceeded", "G-IDENTITY@2")
    seen = world.officer("GET", f"/v1/decisions/{problem['decision_id']}", sub="a", roles=["auditor"]).json
    (entry,) = seen["entries"]
    assert (entry["said"]["code"], entry["again"]["result"]) == ("policy.quota-exceeded", "agrees")
    assert [one["clause"] for one in entry["said"]["clauses"]] == [clause["clause"]]
