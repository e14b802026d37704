"""What a service item requires, how a case meets it, and the guard against asking for what sharing can supply."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from werkzeug.test import TestResponse

from connectors.errors import SourceUnavailable
from exchange.requirements.providers import reach
from kernel.identifiers.division import TABLE
from tests.doubles.exchange import (
    BEFORE_FETCH,
    IDENTITY_CARD,
    ITEM,
    MARKET,
    NAME,
    OWNER,
    POLICE,
    STAFF,
    STRANGER,
    WORKER,
    World,
    grant,
    organisation,
    service_item,
    text,
)
from tests.doubles.manual_register import NURSE
from tests.doubles.manual_register import opened as opened_by_hand

PREMISES = [{"code": "owned", "name": text("自有")}, {"code": "leased", "name": text("租赁")}]


def demanding(*requirements: dict[str, Any]) -> dict[str, Any]:
    """The service item with circumstances, and these requirements besides that of identity."""
    manifest = service_item(ITEM, MARKET)
    identity = manifest["spec"]["requirements"][0]
    manifest["spec"]["circumstances"] = [
        {"code": "premises", "name": text("经营场所"), "values": PREMISES},
        {"code": "has_children", "name": text("有子女")},
    ]
    manifest["spec"]["requirements"] = [identity, *requirements]
    return manifest


LEASE = {
    "code": "lease",
    "name": text("租赁合同"),
    "when": {"premises": ["leased"]},
    "met_by": [{"evidence_type": "staff-list", "also": [{"evidence_type": "identity-card", "fields": ["name"]}]}],
}
OLD_FORM = {
    "code": "old-form",
    "name": text("无犯罪承诺书"),
    "not_needed": text("国发〔2020〕号"),
    "met_by": [{"evidence_type": "identity-card"}],
}
PROMISE = {
    "code": "promise",
    "name": text("场地证明"),
    "commitment": True,
    "deferral_days": 20,
    "met_by": [{"evidence_type": "staff-list"}],
}


def needs(world: World, query: str = "") -> TestResponse:
    return world.client.get(f"/v1/service-items/{ITEM}/requirements{query}")


def system(world: World, method: str, path: str, body: Any = None, client: str = "market-website") -> TestResponse:
    return world.call(method, path, world.issuer.token(world.holder, client, scope="cases"), body)


def stands(world: World, case: str) -> dict[str, Any]:
    answer = system(world, "GET", f"/v1/cases/{case}/requirements")
    assert answer.status_code == 200, answer.text
    return {one["code"]: one for one in answer.json["requirements"]}


def resolve(world: World, case: str, requirement: str, by: str, *steps: tuple[str, str], **more: Any) -> TestResponse:
    body = {"requirement": requirement, "by": by, "steps": [{"rung": rung, "cause": cause} for rung, cause in steps]}
    return system(world, "POST", f"/v1/cases/{case}/resolutions", body | more)


def counts(world: World, role: str = "governance-officer", own: str = POLICE) -> dict[str, Any]:
    answer = world.officer("GET", "/v1/uploads-avoided", sub="g", roles=[role], organisation=own)
    assert answer.status_code == 200, answer.text
    return {one["organisation"]: one for one in answer.json["departments"]}


# What is required --------------------------------------------------------------------------------------------------


def test_circumstances_decide_what_applies_and_what_is_not_known_yet(small_world: World) -> None:
    small_world.apply(demanding(LEASE, OLD_FORM))
    small_world.rooms.policy.renew()
    unknown = needs(small_world).json
    assert [(one["code"], one["applies"], one["depends_on"]) for one in unknown["requirements"]] == [
        ("identity", "yes", []),
        ("lease", "depends", ["premises"]),
    ]
    assert [one["code"] for one in unknown["circumstances"]] == ["premises", "has_children"]
    assert [value["code"] for value in unknown["circumstances"][1]["values"]] == ["yes", "no"]
    assert [(one["code"], one["ground"]["zh"]) for one in unknown["not_needed"]] == [("old-form", "国发〔2020〕号")]
    leased = needs(small_world, "?circumstances=premises:leased,has_children:yes").json
    assert [(one["code"], one["applies"]) for one in leased["requirements"]] == [("identity", "yes"), ("lease", "yes")]
    owned = needs(small_world, "?circumstances=premises:owned").json
    assert [one["code"] for one in owned["requirements"]] == ["identity"]
    assert ("lease", None) in [(one["code"], one["ground"]) for one in owned["not_needed"]]


def test_ways_name_their_parts_their_rung_and_who_supplies_them(small_world: World) -> None:
    small_world.apply(demanding(LEASE))
    small_world.rooms.policy.renew()
    identity, lease = needs(small_world, "?circumstances=premises:leased").json["requirements"]
    assert [rung["code"] for rung in identity["rungs"]] == ["shared-data", "upload", "window"]
    assert [rung["level"] for rung in identity["rungs"]] == [2, 6, 6]
    (way,) = lease["met_by"]
    assert [part["evidence_type"] for part in way["also"]] == ["identity-card"]
    assert way["rung"]["code"] == "shared-data"
    assert way["providers"] == [
        {"code": POLICE, "name": text("公安局"), "reach": "whole", "instead_of": []},
    ]


def test_an_e_certificate_is_a_rung_of_its_own_and_what_is_not_connected_is_none(small_world: World) -> None:
    card = {**IDENTITY_CARD, "spec": {**IDENTITY_CARD["spec"], "certificate": True}}
    kin = {**IDENTITY_CARD, "metadata": {"name": "kinship"}}
    kinship = {"code": "kin", "name": text("亲属"), "met_by": [{"evidence_type": "kinship"}]}
    small_world.apply(card, kin, demanding(kinship))
    small_world.rooms.policy.renew()
    identity, kin_needed = needs(small_world).json["requirements"]
    assert identity["rungs"][0]["code"] == "shared-certificate"
    assert [rung["code"] for rung in kin_needed["rungs"]] == ["upload", "window"]


def test_circumstances_that_the_item_does_not_have_are_refused_and_those_it_has_are_named(small_world: World) -> None:
    small_world.apply(demanding(LEASE))
    small_world.rooms.policy.renew()
    for wrong in ("weather:fine", "premises:borrowed", "division:999999", "division:5001"):
        answer = needs(small_world, f"?circumstances={wrong}")
        assert (answer.status_code, answer.json["code"]) == (422, "case.circumstance-unknown")
        assert "fine" not in answer.text
        assert answer.json["detail"]


def test_parameters_that_cannot_be_read_are_refused(small_world: World) -> None:
    for query in ("circumstances=premises", "circumstances=a:b,a:c", "day=2026-02-30", "day=today"):
        answer = needs(small_world, f"?{query}")
        assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")


def of_division(division: str, **more: Any) -> dict[str, Any]:
    manifest = organisation(POLICE, "公安局")
    manifest["spec"] |= {"division": division, **more}
    return manifest


@pytest.mark.parametrize(
    ("provider", "division", "day", "expected"),
    [
        ("500000", "500112", "2025-01-01", "whole"),  # a municipal department serves every district
        ("500112", "500112", "2025-11-05", "whole"),
        ("500101", "500112", "2025-11-05", "none"),
        ("500101", "500000", "2026-11-23", "part"),  # a descendant of the wider division
        ("500109", "500112", "2025-11-05", "none"),
        ("500109", "500112", "2026-11-23", "part"),  # five towns of the abolished district went there
        ("500112", "500109", "2026-11-23", "part"),  # and its old department may hold what those towns had
    ],
)
def test_providers_are_found_by_division_and_day(provider: str, division: str, day: str, expected: str) -> None:
    assert reach(provider, division, date.fromisoformat(day), TABLE).value == expected


def test_a_way_is_offered_only_where_somebody_serves_the_division(small_world: World) -> None:
    small_world.apply(of_division("500109"))
    small_world.rooms.policy.renew()
    for day, found in (("2025-11-05", []), ("2026-11-23", ["part"])):
        answer = needs(small_world, f"?circumstances=division:500112&day={day}").json["requirements"][0]
        (way,) = answer["met_by"]
        assert [one["reach"] for one in way["providers"]] == found
        assert (answer["rungs"][0]["code"] == "shared-data") == bool(found)


def test_a_department_that_ended_is_followed_to_those_that_took_over(small_world: World) -> None:
    heirs = [
        {"successor": MARKET, "extent": "remainder", "day": "2026-07-01"},
        {"successor": "11500000DEM0001534", "extent": "part", "day": "2026-07-01"},
    ]
    small_world.apply(of_division("500000", until="2026-07-01", successors=heirs))
    small_world.rooms.policy.renew()
    before = needs(small_world, "?day=2026-06-30").json["requirements"][0]["met_by"][0]["providers"]
    after = needs(small_world, "?day=2026-07-01").json["requirements"][0]["met_by"][0]["providers"]
    assert [(one["code"], one["reach"]) for one in before] == [(POLICE, "whole")]
    assert [(one["code"], one["reach"], one["instead_of"]) for one in after] == [
        (MARKET, "part", [POLICE]),
        ("11500000DEM0001534", "part", [POLICE]),
    ]


# How a case meets it -----------------------------------------------------------------------------------------------


def opened(world: World, *requirements: dict[str, Any], **circumstances: str) -> str:
    world.apply(demanding(*requirements))
    world.rooms.policy.renew()
    body = {"service_item": ITEM, "reference": "1", "subjects": [], "circumstances": circumstances}
    answer = system(world, "POST", "/v1/cases", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["case"])


def test_an_upload_that_sharing_could_supply_is_refused_recorded_and_counted(world: World) -> None:
    case = opened(world)
    answer = resolve(world, case, "identity", "upload")
    assert (answer.status_code, answer.json["code"]) == (409, "resolution.sharing-could-supply")
    assert answer.json["fault"] == "consumer"
    (open_,) = answer.json["open"]
    assert (open_["code"], open_["evidence"][0][0]["type"]) == ("shared-data", "identity-card")
    (entry,) = world.events("UploadRefused")
    assert (entry["facts"]["requirement"], entry["facts"]["open"]) == ("identity", ["shared-data"])
    resolve(world, case, "identity", "upload")
    assert counts(world)[MARKET]["violations"] == {"refused": 1, "against_guard": 0}
    assert stands(world, case)["identity"]["status"] == "open"
    assert b'tongban_recollection_total{department="%b",verdict="refused"} 2.0' % MARKET.encode() in (
        world.outside.metrics.render()
    )


def test_what_was_delivered_meets_a_requirement_and_is_counted_when_the_case_is_closed(world: World) -> None:
    case = opened(world)
    world.ask(case, NAME)
    found = stands(world, case)["identity"]
    assert (found["status"], found["rung"]["code"], found["next"]) == ("met", "shared-data", None)
    assert resolve(world, case, "identity", "upload").json["code"] == "resolution.sharing-could-supply"
    assert counts(world)[MARKET]["avoided"] == 0
    assert system(world, "POST", f"/v1/cases/{case}/close", {}).status_code == 200
    assert system(world, "POST", f"/v1/cases/{case}/close", {}).status_code == 200
    counted = counts(world)[MARKET]
    assert (counted["avoided"], counted["uploads"], counted["open"]) == (2, 0, 0)
    assert [(one["rung"], one["count"]) for one in counted["requirements"]] == [("shared-data", 1)]
    assert b"tongban_uploads_avoided_total" in world.outside.metrics.render()


def test_a_cause_that_the_exchange_sees_must_have_been_seen_in_this_case(small_world: World) -> None:
    world = small_world
    case = opened(world)
    untrue = resolve(world, case, "identity", "upload", ("shared-data", "no-record"))
    assert (untrue.status_code, untrue.json["code"]) == (409, "resolution.cause-unproven")
    assert untrue.json["unproven"] == [{"rung": "shared-data", "cause": "no-record"}]
    world.ask(case, NAME, person=STRANGER)  # the source holds nothing of a stranger
    assert stands(world, case)["identity"]["seen"][0]["causes"][0]["code"] == "no-record"
    assert resolve(world, case, "identity", "upload", ("shared-data", "source-down")).status_code == 409
    taken = resolve(world, case, "identity", "upload", ("shared-data", "no-record"))
    assert (taken.status_code, taken.json["verdict"]) == (201, "accepted")
    assert stands(world, case)["identity"]["rung"]["code"] == "upload"
    entry = world.events("RequirementResolved")[-1]
    assert entry["facts"]["steps"] == [{"rung": "shared-data", "cause": "no-record"}]
    assert entry["request"] == case


def test_a_source_that_is_down_is_a_cause_for_a_day(small_world: World) -> None:
    world = small_world
    case = opened(world)

    def down(_query: object) -> None:
        raise SourceUnavailable("identity", "down")

    BEFORE_FETCH.append(down)
    world.ask(case, NAME)
    BEFORE_FETCH.clear()
    assert stands(world, case)["identity"]["seen"][0]["causes"][0]["code"] == "source-down"
    world.clock.advance(25 * 3600)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()
    assert stands(world, case)["identity"]["seen"] == []
    assert resolve(world, case, "identity", "upload", ("shared-data", "source-down")).status_code == 409


def test_what_was_delivered_on_the_second_try_is_met(small_world: World) -> None:
    world = small_world
    case = opened(world)

    def down(_query: object) -> None:
        raise SourceUnavailable("identity", "down")

    BEFORE_FETCH.append(down)
    world.ask(case, NAME)
    BEFORE_FETCH.clear()
    world.ask(case, NAME)
    found = stands(world, case)["identity"]
    assert (found["status"], found["rung"]["code"]) == ("met", "shared-data")


def test_what_whoever_asks_brings_about_proves_nothing(small_world: World) -> None:
    """Asked for at night, or on another ground: sharing could supply it all the same."""
    world = small_world
    world.apply(grant("G-IDENTITY", hours={"from": 1, "to": 2}))
    world.approve("G-IDENTITY")
    case = opened(world)
    refused = world.ask(case, NAME).json["evidence"][0]["problem"]
    assert refused["code"] == "policy.outside-hours"
    assert stands(world, case)["identity"]["seen"] == []
    answer = resolve(world, case, "identity", "upload", ("shared-data", "no-grant"))
    assert (answer.status_code, answer.json["code"]) == (409, "resolution.cause-unproven")


def test_without_a_grant_there_is_nothing_to_ask_first_and_a_wide_question_proves_nothing(small_world: World) -> None:
    world = small_world
    case = opened(world)
    world.ask(case, {"type": "identity-card", "fields": ["name", "born"]})  # refused for a field beyond what is needed
    narrow = {
        "code": "narrow",
        "name": text("姓名"),
        "met_by": [{"evidence_type": "identity-card", "fields": ["name"]}],
    }
    case = opened(world, narrow)
    world.ask(case, {"type": "identity-card", "fields": ["name", "born"]})
    assert resolve(world, case, "narrow", "upload", ("shared-data", "no-grant")).json["code"] == (
        "resolution.cause-unproven"
    )
    world.revoke("G-IDENTITY")
    case = opened(world, narrow)
    assert resolve(world, case, "narrow", "upload", ("shared-data", "no-grant")).status_code == 201


def test_what_only_the_person_knows_is_taken_on_the_officers_word(small_world: World) -> None:
    world = small_world
    case = opened(world)
    token = world.issuer.token(world.holder, scope="cases", act={"sub": "officer-7"})
    body = {"requirement": "identity", "by": "upload", "steps": [{"rung": "shared-data", "cause": "person-refused"}]}
    assert world.call("POST", f"/v1/cases/{case}/resolutions", token, body).status_code == 201
    assert world.events("RequirementResolved")[-1]["facts"]["officer"]
    assert "officer-7" not in str(world.entries())


def test_a_later_delivery_takes_the_place_of_paper_and_paper_that_of_an_insufficient_record(small_world: World) -> None:
    world = small_world
    case = opened(world)
    resolve(world, case, "identity", "upload", ("shared-data", "person-refused"))
    world.ask(case, NAME)
    assert stands(world, case)["identity"]["rung"]["code"] == "shared-data"
    assert resolve(world, case, "identity", "upload", ("shared-data", "record-insufficient")).status_code == 201
    assert stands(world, case)["identity"]["rung"]["code"] == "upload"


def test_a_combination_is_met_only_by_all_its_parts(small_world: World) -> None:
    world = small_world
    case = opened(world, LEASE, premises="leased")
    world.ask(case, STAFF)
    assert stands(world, case)["lease"]["status"] == "open"
    world.ask(case, NAME)
    assert stands(world, case)["lease"]["status"] == "met"


def test_commitment_and_deferral_come_before_paper(small_world: World) -> None:
    world = small_world
    world.revoke("G-STAFF")
    case = opened(world, PROMISE)
    no_grant = ("shared-data", "no-grant")
    straight = resolve(world, case, "promise", "upload", no_grant)
    assert [one["code"] for one in straight.json["open"]] == ["commitment", "deferral"]
    assert resolve(world, case, "promise", "commitment").json["code"] == "resolution.sharing-could-supply"
    assert resolve(world, case, "identity", "commitment", ("shared-data", "person-refused")).json["code"] == (
        "resolution.not-offered"
    )
    later = resolve(world, case, "promise", "deferral", no_grant)
    assert (later.status_code, later.json["due"]) == (201, "2026-12-13")
    both = resolve(world, case, "promise", "upload", no_grant, ("commitment", "person-refused"))
    assert both.status_code == 201
    wrong = resolve(world, case, "promise", "upload", no_grant, ("commitment", "no-record"))
    assert wrong.status_code == 409  # no record is no reason against a commitment


def test_a_department_that_looks_it_up_by_hand_is_asked_before_paper_and_may_refuse_with_its_citation(
    small_world: World,
) -> None:
    world = small_world
    opened_by_hand(world)
    health = {"code": "health", "name": text("健康证明"), "met_by": [{"evidence_type": "health-record"}]}
    case = opened(world, health)
    assert stands(world, case)["health"]["next"]["code"] == "departmental-check"
    item = {"type": "health-record", "fields": ["holder"]}
    answer = world.ask(case, item)
    assert answer.status_code == 202
    assert resolve(world, case, "health", "upload").status_code == 409  # somebody is looking it up
    task = f"/v1/tasks/tk_{answer.json['id'].partition('_')[2]}_0"
    assert world.officer("POST", f"{task}/take", {}, **NURSE).status_code == 200
    why = {"reason": "演示：不属于本区", "citation": "演示规定第五条"}
    assert world.officer("POST", f"{task}/refuse", why, **NURSE).status_code == 200
    assert stands(world, case)["health"]["seen"] == [
        {
            "rung": "departmental-check",
            "causes": [
                {
                    "code": "provider-refused",
                    "name": {"zh": "提供部门依据规定不予答复", "en": "the provider refuses, and cites why"},
                }
            ],
        }
    ]
    step = ("departmental-check", "provider-refused")
    assert resolve(world, case, "health", "upload", step).json["verdict"] == "accepted"


def test_the_window_is_never_refused_and_counted_where_it_need_not_have_been(small_world: World) -> None:
    world = small_world
    case = opened(world, OLD_FORM, LEASE)
    for requirement in ("identity", "old-form", "lease"):
        answer = resolve(world, case, requirement, "window")
        assert (answer.status_code, answer.json["verdict"]) == (201, "against-guard")
    assert counts(world)[MARKET]["violations"] == {"refused": 0, "against_guard": 3}
    fine = resolve(world, case, "identity", "window", ("shared-data", "person-refused"))
    assert fine.json["verdict"] == "accepted"
    assert stands(world, case)["identity"]["rung"]["code"] == "window"
    unproven = resolve(world, case, "identity", "window", ("shared-data", "no-record"))
    assert unproven.json["verdict"] == "against-guard"
    assert world.events("RequirementResolved")[-1]["facts"]["steps"][0]["cause"] == "unproven"


def test_what_is_not_needed_is_never_collected_and_what_is_not_known_waits_for_its_circumstance(
    small_world: World,
) -> None:
    world = small_world
    case = opened(world, OLD_FORM, LEASE)
    found = stands(world, case)
    assert (found["old-form"]["status"], found["old-form"]["rung"]["code"]) == ("met", "not-needed")
    assert (found["lease"]["status"], found["lease"]["next"]) == ("undecided", None)
    assert resolve(world, case, "old-form", "upload").json["code"] == "resolution.not-needed"
    waiting = resolve(world, case, "lease", "upload", ("shared-data", "disputed"))
    assert (waiting.json["code"], waiting.json["depends_on"]) == ("resolution.circumstances-missing", ["premises"])
    path = f"/v1/cases/{case}/circumstances"
    assert system(world, "POST", path, {"circumstances": {"premises": "owned"}}).status_code == 200
    assert stands(world, case)["lease"]["rung"]["code"] == "not-needed"
    told = system(world, "POST", path, {"circumstances": {"premises": "leased", "has_children": "no"}})
    assert told.json["circumstances"] == {"has_children": "no", "premises": "leased"}
    entry = world.events("CircumstancesDeclared")[-1]
    assert entry["facts"]["named"] == ["has_children", "premises"]
    assert "leased" not in str(entry)
    assert stands(world, case)["lease"]["status"] == "open"
    assert system(world, "POST", path, {"circumstances": {"premises": "none"}}).status_code == 422


def test_requirements_of_a_role_stand_for_each_of_its_people(world: World) -> None:
    case = world.open_case((WORKER, "employee"), (STRANGER, "employee"))
    world.ask(case, STAFF)
    world.ask(case, NAME | {"subject": {"scheme": "citizen-number", "value": WORKER, "relation": "employee"}})
    answer = system(world, "GET", f"/v1/cases/{case}/requirements").json["requirements"]
    assert sorted(one["status"] for one in answer if one["code"] == "employees") == ["met", "open"]
    assert sorted(one["party"] for one in answer if one["code"] == "employees") == [1, 2]
    assert resolve(world, case, "employees", "window").json["code"] == "evidence.subject-missing"
    other = resolve(world, case, "employees", "window", subject={"scheme": "citizen-number", "value": OWNER})
    assert other.json["code"] == "case.subject-not-in-case"
    theirs = {"scheme": "citizen-number", "value": STRANGER}
    assert (
        resolve(world, case, "employees", "window", ("shared-data", "person-refused"), subject=theirs).status_code
        == 201
    )
    assert STRANGER not in str(world.entries())


def test_only_the_open_case_of_the_system_itself_is_resolved(small_world: World) -> None:
    world = small_world
    case = opened(world)
    other = system(world, "GET", f"/v1/cases/{case}/requirements", client="urban-website")
    assert other.json["code"] == "case.unknown"
    assert resolve(world, case, "none-such", "window").json["code"] == "resolution.unknown-requirement"
    assert resolve(world, case, "identity", "shared-data").status_code == 422
    assert resolve(world, case, "identity", "upload", ("window", "disputed")).status_code == 422
    system(world, "POST", f"/v1/cases/{case}/close", {})
    assert resolve(world, case, "identity", "window").json["code"] == "case.closed"
    told = system(world, "POST", f"/v1/cases/{case}/circumstances", {"circumstances": {}})
    assert told.json["code"] == "case.closed"


def test_departments_are_compared_by_governance_and_see_only_themselves(small_world: World) -> None:
    world = small_world
    case = opened(world)
    resolve(world, case, "identity", "window")
    assert counts(world).keys() == {MARKET}
    assert counts(world, "provider-officer", POLICE) == {}
    assert counts(world, "consumer-officer", MARKET).keys() == {MARKET}
    later = world.officer("GET", "/v1/uploads-avoided?from=x", sub="g", roles=["auditor"])
    assert later.json["code"] == "usage.period-invalid"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"when": {"weather": ["fine"]}}, "when.weather"),
        ({"when": {"premises": ["borrowed"]}}, "when.premises"),
        (
            {"met_by": [{"evidence_type": "staff-list", "also": [{"evidence_type": "nothing"}]}]},
            "also[0].evidence_type",
        ),
    ],
)
def test_a_manifest_names_only_circumstances_and_evidence_there_are(
    small_world: World, change: dict[str, Any], where: str
) -> None:
    with pytest.raises(Exception, match=r"weather|borrowed|nothing") as refused:
        small_world.apply(demanding({**LEASE, **change}))
    assert where in str(refused.value)


def test_a_bare_yes_in_yaml_is_yes(small_world: World) -> None:
    small_world.apply(demanding({**LEASE, "when": {"has_children": [True]}}))
    small_world.rooms.policy.renew()
    assert "lease" in [
        one["code"] for one in needs(small_world, "?circumstances=has_children:yes").json["requirements"]
    ]


def test_the_manifest_of_the_guide_fits_the_published_schema(small_world: World) -> None:
    guide = (Path(__file__).parents[3] / "docs/guides/resolve-requirements.md").read_text("utf-8")
    shown = yaml.safe_load(guide.partition("```yaml\n")[2].partition("```")[0])
    manifest = service_item(ITEM, MARKET)
    shown["metadata"]["name"] = ITEM
    for requirement in shown["spec"]["requirements"]:
        for way in requirement["met_by"]:
            way["evidence_type"] = "identity-card"
    small_world.apply(manifest | {"spec": manifest["spec"] | shown["spec"]})
    small_world.rooms.policy.renew()
    found = needs(small_world, "?circumstances=premises:leased").json
    assert [one["code"] for one in found["requirements"]] == ["lease"]
    assert [rung["code"] for rung in found["requirements"][0]["rungs"]] == [
        *("shared-data", "commitment", "deferral", "upload", "window"),
    ]
    assert [one["code"] for one in found["not_needed"]] == ["no-crime"]


# Papers that may follow later --------------------------------------------------------------------------------------

NO_GRANT = ("shared-data", "no-grant")


def deferred(world: World) -> str:
    """A case of which a paper follows within twenty days; the system pulls the events about it."""
    world.revoke("G-STAFF")
    case = opened(world, PROMISE)
    assert resolve(world, case, "promise", "deferral", NO_GRANT).status_code == 201
    body = {"delivery": "pull", "events": ["tongban.deferred-paper.due"], "evidence_types": []}
    assert system(world, "POST", "/v1/events/subscriptions", body).status_code == 201
    return case


def after(world: World, days: int) -> None:
    """So many days pass, and the minute's housekeeping goes over the papers, on two nodes."""
    world.clock.advance(days * 86400)
    another = world.another_node()
    for node in (world, another):
        node.rooms.policy.renew()
        node.rooms.revocations.renew()
    for node in (world, another, world):
        node.rooms.reminding.sweep()
    world.rooms.distribution.round()
    another.rooms.close()


def heard(world: World) -> tuple[list[str], list[dict[str, Any]]]:
    """Messages about papers to the department's officers, and events to its system."""
    inbox = world.officer("GET", "/v1/messages?show=all", sub="o", roles=["consumer-officer"], organisation=MARKET)
    told = [one["kind"] for one in inbox.json["messages"] if one["kind"].startswith("paper-")]
    (mine,) = system(world, "GET", "/v1/events/subscriptions").json["subscriptions"]
    events = system(world, "GET", f"/v1/events?subscription={mine['subscription']}").json["events"]
    return sorted(told), [one["data"] for one in events]


def test_a_paper_that_may_follow_later_is_reminded_of_and_then_overdue_each_once(small_world: World) -> None:
    world = small_world
    case = deferred(world)
    after(world, 16)
    assert heard(world) == ([], [])
    after(world, 1)  # three days before its day
    near = {"case": case, "requirement": "promise", "due": "2026-12-13", "overdue": False}
    assert heard(world) == (["paper-near"], [near])
    after(world, 3)  # its day, on which it is in time
    assert heard(world) == (["paper-near"], [near])
    after(world, 1)
    assert counts(world)[MARKET]["overdue"] == 1
    after(world, 30)
    assert heard(world) == (["paper-near", "paper-overdue"], [near, near | {"overdue": True}])
    entries = [entry for entry in world.entries() if entry["event"] == "DeferredPaperOverdue"]
    assert [entry["facts"]["due"] for entry in entries] == ["2026-12-13"]


@pytest.mark.parametrize("ended", ["handed-in", "closed"])
def test_nothing_is_awaited_of_what_came_or_of_a_case_that_is_closed(small_world: World, ended: str) -> None:
    world = small_world
    case = deferred(world)
    if ended == "closed":
        assert system(world, "POST", f"/v1/cases/{case}/close", {}).status_code == 200
    else:
        came = resolve(world, case, "promise", "upload", NO_GRANT, ("commitment", "person-refused"))
        assert came.status_code == 201
    after(world, 40)
    assert heard(world) == ([], [])
    assert all(one["overdue"] == 0 for one in counts(world).values())
