"""Previews: exactly what would leave is shown, exactly that is released, and every other end is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from connectors.base import Query
from connectors.errors import SourceUnavailable
from connectors.source import Outcome, Retrieved
from exchange.gateway.enforcement import Refused
from kernel.identifiers.subject import SubjectRef
from tests.doubles.exchange import (
    BEFORE_FETCH,
    IDENTITY_CARD,
    ITEM,
    MARKET,
    NAME,
    NOW,
    OWNER,
    RECORDS,
    STAFF,
    STAFF_LIST,
    STRANGER,
    World,
    connector,
    detail,
    grant,
    number,
    request,
    service_item,
    text,
)
from tests.unit.exchange.test_waiting import answered_by_a_clerk, look

ADDRESS = {"type": "identity-card", "fields": ["name", "address"]}


def asked(world: World, item: Any = NAME, person: str | None = OWNER, mode: str = "preview") -> tuple[Any, str]:
    case = world.open_case()
    token = world.issuer.token(world.holder, person=person, authorization_details=detail(case, item))
    return world.call("POST", "/v1/evidence-requests", token, request(case, item, delivery=mode)), case


def offered(world: World, item: Any = NAME) -> tuple[str, str]:
    answer, case = asked(world, item)
    assert (answer.status_code, answer.json["status"]) == (202, "awaiting-preview"), answer.text
    assert "data" not in answer.json["evidence"][0]
    assert answer.json["evidence"][0]["preview"] == f"/my/previews/{answer.json['id']}/0"
    return answer.json["id"], case


def mine(world: World, method: str = "GET", path: str = "", body: Any = None, person: str = OWNER, **more: Any) -> Any:
    token = world.issuer.token(world.holder, "portal", person=person, scope="preview", **more)
    return world.call(method, f"/v1/previews{path}", token, body)


def reply(world: World, name: str, said: str, **more: Any) -> Any:
    digest = mine(world, path=f"/{name}/0").json["digest"]
    return mine(world, "POST", f"/{name}/0", {"reply": said, "digest": digest}, **more)


def outcome(world: World, name: str, case: str, item: Any = NAME) -> tuple[str, str | None]:
    (found,) = look(world, name, case, item).json["evidence"]
    return found["status"], found.get("problem", {}).get("code")


def test_a_person_sees_exactly_what_would_leave_to_whom_and_why(world: World) -> None:
    name, _ = offered(world, ADDRESS)
    (waiting,) = mine(world).json["previews"]
    assert (waiting["request"], waiting["item"], waiting["consumer"]["name"]["zh"]) == (name, 0, "市场监管局")
    assert "data" not in waiting
    shown = mine(world, path=f"/{name}/0").json
    assert [(one["label"]["zh"], one["value"]) for one in shown["data"]] == [("姓名", "陈示例"), ("住址", "演示区一号")]
    assert (shown["ground"]["zh"], shown["provider"]["name"]["zh"]) == ("演示规定第三条", "公安局")
    assert shown["until"] == "2026-11-30T09:30:00.000Z"
    assert world.events("EvidenceReleased") == []


def test_what_was_agreed_to_is_released_once(world: World) -> None:
    name, case = offered(world, ADDRESS)
    shown = mine(world, path=f"/{name}/0").json
    assert reply(world, name, "provide").json["status"] == "delivered"
    (item,) = look(world, name, case, ADDRESS).json["evidence"]
    assert item["data"] == {one["name"]: one["value"] for one in shown["data"]}
    (released,) = world.events("EvidenceReleased")
    assert released["facts"]["previewed"] is True
    again = mine(world, "POST", f"/{name}/0", {"reply": "provide", "digest": shown["digest"]})
    assert (again.status_code, again.json["code"]) == (404, "preview.unknown")
    assert len(world.events("EvidenceReleased")) == 1


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [("decline", "preview.declined", "预览后选择不提供"), ("wrong", "preview.disputed", "指出内容有误")],
)
def test_nothing_leaves_against_the_person(small_world: World, said: str, code: str, words: str) -> None:
    name, case = offered(small_world)
    assert reply(small_world, name, said).json["status"] == "refused"
    assert outcome(small_world, name, case) == ("refused", code)
    assert small_world.events("EvidenceReleased") == []
    token = small_world.issuer.token(small_world.holder, "portal", person=OWNER, scope="usage")
    newest = small_world.call("GET", "/v1/usage", token).json["entries"][0]
    assert words in newest["sentence"]["zh"]


def test_what_changed_since_it_was_seen_is_shown_again(small_world: World) -> None:
    name, case = offered(small_world)
    seen = mine(small_world, path=f"/{name}/0").json
    small_world.apply(grant("G-IDENTITY", masks={"name": "name"}))
    small_world.approve("G-IDENTITY")
    late = mine(small_world, "POST", f"/{name}/0", {"reply": "provide", "digest": seen["digest"]})
    assert (late.status_code, late.json["code"]) == (409, "preview.changed")
    assert outcome(small_world, name, case) == ("awaiting-preview", None)
    assert mine(small_world, path=f"/{name}/0").json["data"] != seen["data"]
    assert reply(small_world, name, "provide").json["status"] == "delivered"
    (item,) = look(small_world, name, case).json["evidence"]
    assert item["data"]["name"] != "陈示例"


def test_a_grant_revoked_before_the_answer_releases_nothing(small_world: World) -> None:
    name, case = offered(small_world)
    digest = mine(small_world, path=f"/{name}/0").json["digest"]
    small_world.revoke("G-IDENTITY")
    over = mine(small_world, path=f"/{name}/0")
    assert (over.status_code, over.json["code"]) == (409, "preview.over")
    late = mine(small_world, "POST", f"/{name}/0", {"reply": "provide", "digest": digest})
    assert late.json["status"] == "refused"
    assert outcome(small_world, name, case) == ("refused", "policy.no-grant")


def test_nobody_else_can_look_or_answer(small_world: World) -> None:
    name, _ = offered(small_world)
    assert mine(small_world, person=STRANGER).json["previews"] == []
    for path in (f"/{name}/0", f"/{name}/1", f"/{name}/x", "/er_none/0"):
        person = STRANGER if path.endswith("/0") else OWNER
        assert mine(small_world, path=path, person=person).json["code"] == "preview.unknown"
    body = {"reply": "provide", "digest": "sha256:" + "0" * 64}
    assert mine(small_world, "POST", f"/{name}/0", body, person=STRANGER).status_code == 404
    token = small_world.issuer.token(small_world.holder, scope="cases")
    assert small_world.call("GET", "/v1/previews", token).status_code == 403


def test_a_sensitive_field_takes_a_stronger_sign_in(small_world: World) -> None:
    name, _ = offered(small_world, ADDRESS)
    weak = mine(small_world, path=f"/{name}/0", acr="urn:tongban:loa:2")
    assert (weak.status_code, weak.json["code"]) == (401, "preview.stronger-sign-in-needed")
    assert 'acr_values="urn:tongban:loa:3"' in weak.headers["WWW-Authenticate"]
    assert "insufficient_user_authentication" in weak.headers["WWW-Authenticate"]


def test_no_match_and_a_failing_source_need_no_preview(small_world: World) -> None:
    missing, _ = asked(small_world, person=STRANGER)
    assert (missing.status_code, missing.json["evidence"][0]["problem"]["code"]) == (200, "evidence.not-found")

    def down(_query: Query) -> None:
        raise SourceUnavailable("down")

    BEFORE_FETCH.append(down)
    failed, _ = asked(small_world)
    assert failed.json["evidence"][0]["problem"]["code"] == "source.unavailable"


def test_a_preview_that_nobody_answers_ends(small_world: World) -> None:
    name, case = offered(small_world)
    small_world.clock.advance(7 * 86400 + 1)
    assert small_world.rooms.waiting.end_overdue() == 1
    assert outcome(small_world, name, case) == ("failed", "evidence.timed-out")
    assert mine(small_world).json["previews"] == []


def test_an_erased_person_has_nothing_to_look_at(small_world: World) -> None:
    name, case = offered(small_world)
    small_world.outside.ledger.erase(SubjectRef("citizen-number", OWNER))
    assert mine(small_world, path=f"/{name}/0").json["code"] == "preview.over"
    body = {"reply": "decline", "digest": "sha256:" + "0" * 64}
    assert mine(small_world, "POST", f"/{name}/0", body).json["status"] == "failed"
    assert outcome(small_world, name, case) == ("failed", "evidence-request.erased")


def test_what_a_clerk_answers_is_previewed_then(small_world: World) -> None:
    answered_by_a_clerk(small_world)
    answer, case = asked(small_world)
    name = answer.json["id"]
    assert answer.json["status"] == "awaiting-person"
    found = Retrieved(Outcome.FOUND, {"name": "陈示例"}, None, NOW)
    assert small_world.rooms.waiting.answered(name, 0, found) == "awaiting-preview"
    assert outcome(small_world, name, case) == ("awaiting-preview", None)
    assert reply(small_world, name, "provide").json["status"] == "delivered"
    assert outcome(small_world, name, case)[0] == "delivered"


def test_consent_that_ran_out_while_it_waited_is_asked_for_again(small_world: World) -> None:
    """It was given for as long as the token lives; five minutes later nobody releases on its strength."""
    answered_by_a_clerk(small_world)
    small_world.revoke("G-IDENTITY")
    small_world.revoke("G-STAFF")
    small_world.apply(service_item(ITEM, MARKET, kind="consent"))
    small_world.apply(grant("G-IDENTITY", basis_kind="consent"))
    small_world.approve("G-IDENTITY")
    answer, _ = asked(small_world, mode="direct")
    assert answer.json["status"] == "awaiting-person"
    small_world.clock.advance(86400)
    name, found = answer.json["id"], Retrieved(Outcome.FOUND, {"name": "陈示例"}, None, NOW)
    assert small_world.rooms.waiting.answered(name, 0, found) == "awaiting-preview"
    assert small_world.events("EvidenceReleased") == []
    assert reply(small_world, name, "provide").json["status"] == "delivered"
    assert look_status(small_world, name) == "delivered"


def look_status(world: World, name: str) -> str:
    token = world.issuer.token(world.holder, scope="cases")
    return str(world.call("GET", f"/v1/evidence-requests/{name}", token).json["status"])


def test_of_two_that_serve_alike_one_is_provided_and_the_other_ends(small_world: World) -> None:
    """The requirement is met by either; whoever chooses one is asked about the other no more."""
    manifest = service_item(ITEM, MARKET)
    manifest["spec"]["requirements"][0]["met_by"].append({"evidence_type": "staff-list"})
    small_world.apply(manifest)
    small_world.rooms.policy.renew()
    case = small_world.open_case()
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, NAME, STAFF))
    body = request(case, NAME, STAFF, delivery="preview")
    name = small_world.call("POST", "/v1/evidence-requests", token, body).json["id"]
    shown = mine(small_world, path=f"/{name}/1").json
    assert shown["choice"] == [0]
    done = mine(small_world, "POST", f"/{name}/1", {"reply": "provide", "digest": shown["digest"]})
    assert done.json["status"] == "delivered"
    card, staff = look(small_world, name, case, NAME, STAFF).json["evidence"]
    assert (card["status"], card["problem"]["code"]) == ("refused", "preview.not-chosen")
    assert staff["data"] == {"employer": "演示餐饮"}


def test_a_system_locked_meanwhile_gets_nothing(small_world: World) -> None:
    name, _ = offered(small_world)
    snapshot = small_world.rooms.policy.current()
    locked = replace(snapshot, locked=frozenset({"market-website"}))
    looking = small_world.rooms.previews.looking
    held = small_world.rooms.waiting.find(name, 0)
    assert held is not None
    assert held.one is not None
    assert held.one.record is not None
    (result,) = looking.waiting.judged(held, held.one, held.one.record, locked, agreed=NOW).results
    assert isinstance(result, Refused)
    assert result.refusal.kind.code == "policy.system-locked"


def test_a_token_for_the_log_alone_sees_and_agrees_to_nothing(small_world: World) -> None:
    """A department's own pages may hold one for a person's log; agreeing in that person's place it must not."""
    name, _ = offered(small_world)
    token = small_world.issuer.token(small_world.holder, "portal", person=OWNER, scope="usage")
    body = {"reply": "provide", "digest": "sha256:" + "0" * 64}
    for method, path, sent in (("GET", "", None), ("GET", f"/{name}/0", None), ("POST", f"/{name}/0", body)):
        answer = small_world.call(method, f"/v1/previews{path}", token, sent)
        assert (answer.status_code, answer.json["code"]) == (403, "token.not-allowed"), path


def test_a_question_about_a_sensitive_field_takes_a_stronger_sign_in_too(small_world: World) -> None:
    spec = IDENTITY_CARD["spec"]
    fields = spec["fields"] | {"born": {"label": text("出生日期"), "sensitivity": 3}}
    small_world.apply(IDENTITY_CARD | {"spec": spec | {"fields": fields}})
    small_world.rooms.policy.renew()
    name, _ = offered(
        small_world, {"type": "identity-card", "predicates": [{"name": "at-least-age", "args": {"age": 18}}]}
    )
    weak = mine(small_world, path=f"/{name}/0", acr="urn:tongban:loa:2")
    assert (weak.status_code, weak.json["code"]) == (401, "preview.stronger-sign-in-needed")


def test_two_people_are_no_choice_and_what_serves_another_requirement_is_none(small_world: World) -> None:
    """Whoever provides one of these still owes the other: neither ends it."""
    manifest = service_item(ITEM, MARKET)
    manifest["spec"]["requirements"][0]["met_by"].append({"evidence_type": "staff-list"})
    manifest["spec"]["requirements"].append(
        {"code": "shop", "name": text("用人单位"), "met_by": [{"evidence_type": "staff-list"}]}
    )
    small_world.apply(manifest)
    small_world.rooms.policy.renew()
    case = small_world.open_case()
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, NAME, STAFF))
    body = request(case, NAME, STAFF, delivery="preview")
    name = small_world.call("POST", "/v1/evidence-requests", token, body).json["id"]
    card, staff = (mine(small_world, path=f"/{name}/{item}").json for item in (0, 1))
    assert (card["choice"], staff["choice"]) == ([], [0])
    assert reply(small_world, name, "provide").json["status"] == "delivered"
    assert mine(small_world, path=f"/{name}/1").status_code == 200


def test_one_of_two_children_is_no_choice(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a guardian provides about one of them says nothing about the other."""
    young = [number(8, "2014-01-02"), number(9, "2016-03-04")]
    cards = [{"id": child, "name": f"陈小样{order}", "born": "2014-01-02"} for order, child in enumerate(young)]
    monkeypatch.setitem(RECORDS, "identity-card", [*RECORDS["identity-card"], *cards])
    monkeypatch.setitem(RECORDS, "staff-list", [{"id": OWNER, "employer": "演示餐饮", "staff": young}])
    manifest = service_item(ITEM, MARKET)
    ways = [{"evidence_type": "identity-card", "relation": "child"}, {"evidence_type": "staff-list"}]
    manifest["spec"]["requirements"].append({"code": "family", "name": text("子女"), "met_by": ways})
    small_world.apply(
        manifest,
        STAFF_LIST | {"spec": STAFF_LIST["spec"] | {"relations": [{"relation": "child", "field": "staff"}]}},
        connector("identity", "identity-card", {"name": "name"}),
        connector("staff", "staff-list", {"employer": "employer", "staff": "staff"}),
        grant("G-IDENTITY", relations=["self", "child"]),
    )
    small_world.approve("G-IDENTITY")
    case = small_world.open_case(*((child, "child") for child in young))
    assert small_world.ask(case, STAFF).json["status"] == "delivered"
    theirs = [NAME | {"subject": {"scheme": "citizen-number", "value": child, "relation": "child"}} for child in young]
    token = small_world.issuer.token(small_world.holder, person=OWNER, authorization_details=detail(case, *theirs))
    body = request(case, *theirs, delivery="preview")
    name = small_world.call("POST", "/v1/evidence-requests", token, body).json["id"]
    assert mine(small_world, path=f"/{name}/0").json["choice"] == []
    assert reply(small_world, name, "provide").json["status"] == "delivered"
    assert mine(small_world, path=f"/{name}/1").json["data"] == [
        {"name": "name", "label": {"zh": "姓名", "en": "姓名"}, "value": "陈小样1"}
    ]
