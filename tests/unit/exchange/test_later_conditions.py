"""Hours and mandates of grants from the outside: manifests, calls, access requests, officers' pages."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.catalogue.grant_drafts import grant_of, manifest_of
from exchange.catalogue.manifests import schemas
from exchange.console import request_words
from kernel.manifests import schema_findings
from tests.doubles.exchange import BASIS, ITEM, MARKET, OTHER_ITEM, OWNER, World, detail, grant
from tests.unit.exchange.test_access_requests import ASKED, CONSUMER, PATH
from tests.unit.exchange.test_console_requests import ASKED as FORM
from tests.unit.exchange.test_console_requests import drafted, officer
from tests.unit.exchange.test_governed_call import NAME, code, only

HOURS = {"from": 8, "to": 17}
"""Closed at the world's time, 17:30 in China."""


def replaced(world: World, **more: Any) -> None:
    world.apply(grant("G-IDENTITY", **more))
    world.approve("G-IDENTITY")


def ask(world: World, **claims: Any) -> Any:
    case = world.open_case()
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME), **claims)
    return world.ask(case, NAME, token=token)


def mandate(world: World, **changes: Any) -> dict[str, Any]:
    said = {
        "principal": {"scheme": "social-credit-code", "value": MARKET},
        "capacity": "agent",
        "service_items": [ITEM],
        "exp": int(world.clock.now().timestamp()) + 300,
    }
    return said | changes


def test_outside_its_hours_a_grant_releases_nothing(small_world: World) -> None:
    replaced(small_world, hours=HOURS)
    answer = ask(small_world)
    assert code(answer) == "policy.outside-hours"
    assert "8 时至 17 时" in answer.json["evidence"][0]["problem"]["unmet"][0]["text"]
    small_world.clock.advance(14.5 * 3600)  # 08:00 of the next day in China
    assert only(ask(small_world))["data"] == {"name": "陈示例"}


def test_without_a_mandate_for_this_matter_such_a_grant_releases_nothing(small_world: World) -> None:
    replaced(small_world, mandate_required=True)
    assert code(ask(small_world)) == "policy.mandate-missing"
    assert code(ask(small_world, mandate=mandate(small_world, service_items=[OTHER_ITEM]))) == "policy.mandate-missing"
    assert code(ask(small_world, mandate=mandate(small_world, exp=1))) == "policy.mandate-missing"
    assert only(ask(small_world, mandate=mandate(small_world)))["data"] == {"name": "陈示例"}


def test_officers_read_and_try_both_conditions(small_world: World) -> None:
    replaced(small_world, hours={"from": 17, "to": 18}, mandate_required=True)
    shown = officer(small_world, "shen").get("/console/grants/G-IDENTITY@2").text
    assert "17 时至 18 时" in shown
    assert "须持包括该事项的有效委托" in shown
    question = {"system": "market-website", "evidence_type": "identity-card", "fields": ["name"], "loa": 3}
    question |= {"service_item": ITEM, "legal_basis": BASIS}
    who: dict[str, Any] = {"sub": "shen", "roles": ["auditor"]}
    refused = small_world.officer("POST", "/v1/grants/explain", question, **who).json
    assert refused["code"] == "policy.mandate-missing"
    permitted = small_world.officer("POST", "/v1/grants/explain", question | {"mandated": True}, **who).json
    assert permitted["decision"] == "permit"
    wrong = small_world.officer("POST", "/v1/grants/explain", question | {"mandated": "yes"}, **who)
    assert (wrong.status_code, wrong.json["errors"][0]["path"]) == (422, "mandated")


def test_a_manifest_keeps_both_and_says_neither_where_there_is_none() -> None:
    both = grant("G-BOTH", hours=HOURS, mandate_required=True)
    for document in (both, grant("G-PLAIN")):
        again = manifest_of(grant_of(document))
        assert schema_findings(again, schemas()["Grant"]) == []
        assert grant_of(again) == grant_of(document)
        assert again["spec"].keys() & {"hours", "mandate_required"} == document["spec"].keys() & {
            "hours",
            "mandate_required",
        }


def test_a_department_asks_for_both_and_is_told_what_is_wrong(small_world: World) -> None:
    wanted = ASKED | {"hours": HOURS, "mandate_required": True}
    body = {"grant": wanted, "purpose": "核对身份"}
    answer = small_world.officer("POST", PATH, body, **CONSUMER)
    assert answer.status_code == 201, answer.text
    assert (answer.json["grant"]["hours"], answer.json["grant"]["mandate_required"]) == (HOURS, True)
    assert "8 时至 17 时" in answer.json["sentence"]["zh"]
    for wrong in ({"hours": {"from": 8, "to": 25}}, {"hours": {"from": 9, "to": 9}}, {"hours": {"from": 8.0, "to": 9}}):
        refused = small_world.officer("POST", PATH, body | {"grant": ASKED | wrong}, **CONSUMER)
        assert (refused.status_code, refused.json["code"]) == (422, "request.invalid")


@pytest.mark.parametrize(("typed", "sent"), [("8", 8), ("early", "early")])
def test_the_form_of_a_request_says_conditions_as_the_api_does(typed: str, sent: Any) -> None:
    form = {"grant.hours.from": typed, "grant.hours.to": "17", "grant.mandate_required": "yes"}
    form |= {"grant.own_division_only": "yes", "grant.delivery_modes": "direct\r\npreview"}
    body = request_words.body_of(form)
    assert body["grant"] == {
        "hours": {"from": sent, "to": 17},
        "mandate_required": True,
        "own_division_only": True,
        "delivery_modes": ["direct", "preview"],
    }
    again = request_words.typed_of(body)
    assert {name: again[name] for name in form} == form | {"grant.delivery_modes": "direct\npreview"}
    assert request_words.body_of({"grant.mandate_required": "no"})["grant"] == {"mandate_required": False}
    assert not {"hours", "delivery_modes"} & request_words.body_of({})["grant"].keys()


def test_the_page_of_a_request_takes_hours_and_says_which_are_wrong(small_world: World) -> None:
    consumer = officer(small_world, "chen")
    typed = {"grant.hours.from": "8", "grant.hours.to": "17", "grant.mandate_required": "yes"}
    at = drafted(consumer, **typed, **{"grant.delivery_modes": "preview"})
    assert "8 时至 17 时" in consumer.get(at).text
    assert "本人预览后提供" in consumer.get(at).text
    for wrong in ("30", "always"):
        refused = consumer.press("/console/requests/new", **(FORM | typed | {"grant.hours.to": wrong}))
        assert refused.status_code == 422
        assert f'value="{wrong}"' in refused.text
        assert 'href="#grant.hours' in refused.text
