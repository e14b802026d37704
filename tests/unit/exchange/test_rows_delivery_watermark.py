"""Records of the own division, ways of delivery, and the watermark, from the outside."""

from __future__ import annotations

import copy
import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from kernel.identifiers.division import TABLE
from kernel.jose import base64url
from kernel.manifests import ManifestError
from tests.doubles.exchange import (
    BASIS,
    IDENTITY_CARD,
    ITEM,
    MARKET,
    NAME,
    NOW,
    OWNER,
    RECORDS,
    WORKER,
    World,
    connector,
    detail,
    grant,
    organisation,
    request,
)
from tests.unit.exchange.test_console_requests import officer
from tests.unit.exchange.test_governed_call import code, only

DISTRICT, OTHER_DISTRICT = "500103", "500106"
AUDITOR: dict[str, Any] = {"sub": "shen", "roles": ["auditor"]}


def replaced(world: World, **more: Any) -> None:
    world.apply(grant("G-IDENTITY", **more))
    world.approve("G-IDENTITY")


def by_division(world: World, monkeypatch: pytest.MonkeyPatch, **divisions: str) -> None:
    """The identity card holds a division; market regulation is a district's department."""
    card = copy.deepcopy(IDENTITY_CARD)
    card["spec"]["schema"]["properties"]["division"] = {"type": "string"}
    card["spec"]["fields"]["division"] = {"label": {"zh": "区划", "en": "division"}}
    card["spec"]["division"] = "division"
    places = {OWNER: DISTRICT, WORKER: OTHER_DISTRICT} | divisions
    monkeypatch.setitem(
        RECORDS, "identity-card", [one | {"division": places[one["id"]]} for one in RECORDS["identity-card"]]
    )
    mine = organisation(MARKET, "市场监管局")
    mine["spec"]["division"] = DISTRICT
    fields = {"name": "name", "citizen_number": "id", "born": "born", "address": "address", "until": "until"}
    world.apply(card, mine, connector("identity", "identity-card", fields | {"division": "division"}))
    world.rooms.policy.renew()


def ask(world: World, person: str = OWNER, **more: Any) -> Any:
    case = world.open_case()
    return world.ask(case, NAME, person=person, **more)


def logged(world: World) -> dict[str, Any]:
    with world.outside.database.read() as connection:
        row = connection.execute(text("SELECT asked, verdict FROM decision ORDER BY entry DESC LIMIT 1")).one()
    return {**json.loads(row.asked), "verdict": json.loads(row.verdict)}


def used_today(world: World) -> int:
    with world.outside.database.read() as connection:
        return int(connection.execute(text("SELECT coalesce(sum(used), 0) FROM quota_use")).scalar_one())


def test_records_of_another_division_stay_there(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    by_division(small_world, monkeypatch)
    replaced(small_world, own_division_only=True, quota_per_day=5)
    assert only(ask(small_world))["data"] == {"name": "陈示例"}
    assert (logged(small_world)["own_division"], used_today(small_world)) == (True, 1)
    refused = ask(small_world, WORKER)
    assert code(refused) == "policy.division-not-own"
    assert OTHER_DISTRICT not in refused.text
    said = logged(small_world)
    assert (said["own_division"], said["verdict"]["permit"]) == (False, False)
    assert used_today(small_world) == 1  # what was reserved for it is given back


def test_no_record_at_all_looks_like_one_elsewhere(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    by_division(small_world, monkeypatch)
    monkeypatch.setitem(RECORDS, "identity-card", RECORDS["identity-card"][:1])
    fields = {"name": "name", "division": "division"}
    small_world.apply(connector("identity", "identity-card", fields))
    replaced(small_world, own_division_only=True)
    assert code(ask(small_world, WORKER)) == "policy.division-not-own"


def test_a_grant_without_the_limit_beside_it_decides_by_itself(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere the mask of the limited grant is not the strongest any more: it is not satisfied."""
    by_division(small_world, monkeypatch)
    replaced(small_world, own_division_only=True, masks={"name": "name"}, quota_per_day=5)
    small_world.apply(grant("G-ANYWHERE", fields=["name"]))
    small_world.approve("G-ANYWHERE")
    assert only(ask(small_world))["data"] == {"name": "陈**"}
    case = small_world.open_case()
    given = small_world.ask(case, NAME, person=WORKER, Idempotency_Key="k-1")
    assert only(given)["data"] == {"name": "李样本"}
    assert logged(small_world)["verdict"]["grants"] == ["G-ANYWHERE@1"]
    assert used_today(small_world) == 1
    small_world.revoke("G-ANYWHERE")  # the limited grant covers the asking, not this record
    again = small_world.ask(case, NAME, person=WORKER, Idempotency_Key="k-1")
    assert (again.status_code, again.json["code"]) == (403, "policy.division-not-own")
    token = small_world.issuer.token(small_world.holder, person=WORKER, authorization_details=detail(case, NAME))
    path = f"/v1/evidence-requests/{given.json['id']}"
    assert small_world.call("GET", path, token).json["code"] == "policy.division-not-own"


def test_what_was_given_of_the_own_division_is_given_again(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    by_division(small_world, monkeypatch)
    replaced(small_world, own_division_only=True)
    case = small_world.open_case()
    first = small_world.ask(case, NAME, Idempotency_Key="k-1").json
    assert small_world.ask(case, NAME, Idempotency_Key="k-1").json == first


def test_a_type_whose_records_belong_to_no_division_is_never_the_own(small_world: World) -> None:
    replaced(small_world, own_division_only=True)
    assert code(ask(small_world)) == "policy.division-not-own"
    assert small_world.calls == []


@pytest.mark.parametrize(
    ("code_", "division", "inside"),
    [
        ("500103", "500103", True),
        ("500103001002", "500103", True),
        ("500103", "500000", True),
        ("500106", "500103", False),
        ("500000", "500103", False),
        ("999999", "500000", False),
        ("", "500000", False),
    ],
)
def test_a_code_lies_in_a_division_by_the_table(code_: str, division: str, inside: bool) -> None:
    assert TABLE.lies_in(code_, division, NOW.date()) is inside


def test_a_division_that_is_gone_lies_where_all_of_its_territory_went() -> None:
    """500105 became part of a division of the municipality for which no code is established yet."""
    today, before = NOW.date(), date(2025, 11, 5)
    assert TABLE.lies_in("500105", "500000", today)
    assert TABLE.lies_in("500105", "500105", today)
    assert not TABLE.lies_in("500105", "500112", today)
    assert TABLE.lies_in("500105", "500000", before)


# Ways of delivery ----------------------------------------------------------------------------------------------------


def wanting(world: World, mode: str) -> Any:
    case = world.open_case()
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME))
    return world.call("POST", "/v1/evidence-requests", token, request(case, NAME, delivery=mode))


def test_a_request_says_how_it_wants_the_evidence_and_a_grant_how_it_may_be(small_world: World) -> None:
    assert only(wanting(small_world, "direct"))["data"] == {"name": "陈示例"}
    assert wanting(small_world, "preview").json["status"] == "awaiting-preview"
    assert small_world.calls == [OWNER, OWNER]
    replaced(small_world, delivery_modes=["preview"])
    refused = ask(small_world)
    assert code(refused) == "policy.delivery-not-granted"
    assert "直接提供" in refused.json["evidence"][0]["problem"]["unmet"][0]["text"]
    assert logged(small_world)["delivery"] == "direct"
    assert wanting(small_world, "by post").status_code == 422


# Watermark -----------------------------------------------------------------------------------------------------------


def test_a_watermark_is_signed_with_data_and_answers(small_world: World) -> None:
    replaced(small_world, predicates=["exists"], obligations=["watermark", "retain:P30D"])
    case = small_world.open_case()
    for item in (NAME, {"type": "identity-card", "predicates": [{"name": "exists"}]}):
        answer = small_world.ask(case, item, Idempotency_Key=json.dumps(item).replace(" ", ""))
        delivered = only(answer)
        claims = json.loads(base64url.decode(delivered["jws"].split(".")[1]))
        mark = claims["watermark"]
        assert delivered["watermark"] == mark
        assert mark["consumer"] == MARKET
        assert mark["request"] == claims["jti"] == f"{answer.json['id']}/0"
        assert mark["at"] == "2026-11-23T09:30:00.000Z"
        assert "市场监管局" in mark["text"]["zh"]
        assert mark["request"] in mark["text"]["en"]
        assert OWNER not in json.dumps(mark)
        again = small_world.ask(case, item, Idempotency_Key=json.dumps(item).replace(" ", ""))
        assert again.json == answer.json
    assert small_world.events("EvidenceReleased")[-1]["facts"]["obligations"] == ["retain:P30D", "watermark"]


def test_without_the_obligation_there_is_no_mark(small_world: World) -> None:
    assert "watermark" not in only(ask(small_world))


def test_a_watermark_with_an_argument_is_nothing_anybody_can_carry_out(small_world: World) -> None:
    with pytest.raises(ManifestError, match="nobody can carry out this duty"):
        small_world.apply(grant("G-IDENTITY", obligations=["watermark:large"]))


# What officers see ---------------------------------------------------------------------------------------------------


def test_officers_read_and_try_the_conditions(small_world: World) -> None:
    replaced(small_world, own_division_only=True, delivery_modes=["direct", "preview"], obligations=["watermark"])
    shown = officer(small_world, "shen").get("/console/grants/G-IDENTITY@2").text
    for words in ("限本行政区划内的记录", "直接提供、本人预览后提供", "加水印"):
        assert words in shown
    question = {"system": "market-website", "evidence_type": "identity-card", "fields": ["name"], "loa": 3}
    question |= {"service_item": ITEM, "legal_basis": BASIS}

    def explained(**more: Any) -> Any:
        return small_world.officer("POST", "/v1/grants/explain", question | more, **AUDITOR).json

    assert explained()["code"] == "policy.division-not-own"
    assert explained(own_division=True)["decision"] == "permit"
    assert explained(own_division=True, delivery="asynchronous")["code"] == "policy.delivery-not-granted"
    assert explained(own_division=True, minor=True)["code"] == "policy.minor-without-guardian"
