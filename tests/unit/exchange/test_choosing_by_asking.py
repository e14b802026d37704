"""A clerk chooses between two departments by asking one of them, and writes down why (ADR 0058)."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.doubles.exchange import (
    MARKET,
    NAME,
    OWNER,
    POLICE,
    RECORDS,
    STRANGER,
    URBAN,
    World,
    connector,
    detail,
    grant,
    request,
    system,
)
from tests.unit.exchange.test_previews import mine
from tests.unit.exchange.test_two_providers import PERMIT, both_hold
from tests.unit.exchange.test_watching import AUDITOR, trace

CARD = "identity-card"


@pytest.fixture
def two(small_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The urban office alone has somebody on record; its clerk may ask while nobody is present."""
    monkeypatch.setitem(RECORDS, "residence-permit", [{"id": OWNER, "name": "陈示例"}])
    monkeypatch.setitem(RECORDS, CARD, [{"id": STRANGER, "name": "赵一条"}])
    both_hold(small_world)
    small_world.apply(
        connector("identity", CARD, {"name": "name"}),
        grant("G-CARD-ABSENT", absent_allowed=True),
        grant(
            "G-PERMIT-ABSENT", evidence_type="residence-permit", provider=URBAN, fields=["name"], absent_allowed=True
        ),
    )
    for name in ("G-CARD-ABSENT", "G-PERMIT-ABSENT"):
        small_world.approve(name)
    return small_world


def ask(world: World, case: str, item: Any, person: str = OWNER, **over: str) -> TestResponse:
    """``over``: what was passed over, with dashes for underscores, and the cause."""
    whole = item | {"subject": {"scheme": "citizen-number", "value": person}}
    if over:
        whole["chosen_over"] = [{"type": name.replace("_", "-"), "cause": cause} for name, cause in over.items()]
    token = world.issuer.token(world.holder, authorization_details=detail(case, item), act={"sub": "officer-7"})
    return world.ask(case, whole, token=token)


def recorded(world: World) -> list[dict[str, Any]]:
    return [one["facts"].get("chosen_over", []) for one in world.events("EvidenceReleased")]


def over(cause: str) -> list[dict[str, str]]:
    return [{"evidence_type": CARD, "provider": POLICE, "cause": cause}]


def said(world: World, person: str = OWNER) -> list[str]:
    token = world.issuer.token(world.holder, "portal", person=person, scope="usage")
    return [one["sentence"]["zh"] for one in world.call("GET", "/v1/usage", token).json["entries"]]


def test_a_cause_that_the_exchange_saw_stands_in_entry_log_and_trace(two: World) -> None:
    case = two.open_case((OWNER, "applicant"))
    assert ask(two, case, NAME).json["evidence"][0]["problem"]["code"] == "evidence.not-found"
    chosen = ask(two, case, PERMIT, identity_card="no-record")
    assert chosen.json["evidence"][0]["data"] == {"name": "陈示例"}
    assert recorded(two) == [over("no-record")]
    sentence = said(two)[1]  # behind the notice
    assert "而没有查询公安局的身份证（提供部门没有记录）" in sentence
    assert "结果：已提供" in sentence
    newest, _ = trace(two, **AUDITOR).json["look_ups"]
    assert (newest["evidence_type"], newest["chosen_over"]) == ("residence-permit", over("no-record"))


def test_a_cause_that_nobody_saw_is_not_recorded_as_one_and_hinders_nothing(two: World) -> None:
    case = two.open_case((OWNER, "applicant"))
    assert ask(two, case, PERMIT, identity_card="no-record").json["status"] == "delivered"
    assert recorded(two) == [over("unproven")]
    assert any("所说的原因平台没有看到" in one for one in said(two))
    # Nor is what was seen about somebody else, or in another case.
    both = two.open_case((OWNER, "applicant"), (STRANGER, "applicant"))
    ask(two, two.open_case((OWNER, "applicant")), NAME)
    ask(two, both, PERMIT, identity_card="no-record")
    assert recorded(two)[-1] == over("unproven")
    ask(two, both, NAME)
    ask(two, both, PERMIT, STRANGER, identity_card="no-record")
    assert two.events("RetrievalFailed")[-1]["facts"]["chosen_over"] == over("unproven")


def test_what_only_the_person_knows_is_recorded_with_who_says_so(two: World) -> None:
    ask(two, two.open_case((OWNER, "applicant")), PERMIT, identity_card="on-record-elsewhere")
    (released,) = two.events("EvidenceReleased")
    assert released["facts"]["chosen_over"] == over("on-record-elsewhere")
    assert released["facts"]["officer"]
    assert any("本人说明材料在另一部门" in one for one in said(two))


def test_the_cause_is_kept_while_an_item_waits_for_its_preview(two: World) -> None:
    case = two.open_case()
    item = PERMIT | {"chosen_over": [{"type": CARD, "cause": "person-refused"}]}
    token = two.issuer.token(two.holder, person=OWNER, authorization_details=detail(case, PERMIT))
    answer = two.call("POST", "/v1/evidence-requests", token, request(case, item, delivery="preview"))
    name = answer.json["id"]
    digest = mine(two, path=f"/{name}/0").json["digest"]
    mine(two, "POST", f"/{name}/0", {"reply": "provide", "digest": digest})
    assert recorded(two) == [over("person-refused")]


@pytest.mark.parametrize(
    ("chosen_over", "path"),
    [
        ([{"type": "food-licence", "cause": "no-record"}], "evidence[0].chosen_over[0].type"),
        ([{"type": "unknown", "cause": "no-record"}], "evidence[0].chosen_over[0].type"),
        ([{"type": CARD, "cause": "not-suitable"}], "evidence[0].chosen_over[0].cause"),
        ([{"type": CARD, "cause": "unproven"}], "evidence[0].chosen_over[0].cause"),
        ([{"type": CARD, "cause": "x" * 70}], "evidence[0].chosen_over[0].cause"),
        ([{"type": "residence-permit", "cause": "no-record"}], "evidence[0].chosen_over"),
        ([{"type": CARD, "cause": "no-record"}] * 2, "evidence[0].chosen_over"),
        ([], "evidence[0].chosen_over"),
        ("identity-card", "evidence[0].chosen_over"),
    ],
)
def test_what_would_not_have_done_is_refused_before_anything_is_asked(two: World, chosen_over: Any, path: str) -> None:
    case = two.open_case()
    token = two.issuer.token(two.holder, person=OWNER, authorization_details=detail(case, PERMIT))
    answer = two.ask(case, PERMIT | {"chosen_over": chosen_over}, token=token)
    assert (answer.status_code, [one["path"] for one in answer.json["errors"]]) == (422, [path])
    assert two.calls == []


def test_a_case_of_somebody_else_proves_nothing_and_tells_nothing(two: World) -> None:
    two.apply(system("other-website", MARKET))
    two.rooms.policy.renew()
    foreign = two.open_case((OWNER, "applicant"), client="other-website")
    ask(two, foreign, NAME)
    for cause in ("no-record", "disputed"):
        refused = ask(two, foreign, PERMIT, identity_card=cause)
        assert (refused.status_code, refused.json["code"]) == (404, "case.unknown")


def test_saying_who_holds_it_leads_down_no_ladder(two: World) -> None:
    case = two.open_case()
    steps = [{"rung": "shared-data", "cause": "on-record-elsewhere"}]
    token = two.issuer.token(two.holder, scope="cases")
    body = {"requirement": "identity", "by": "upload", "steps": steps}
    answer = two.call("POST", f"/v1/cases/{case}/resolutions", token, body)
    assert (answer.status_code, [one["path"] for one in answer.json["errors"]]) == (422, ["steps[0].cause"])
