"""A register that people keep: health records of staff, looked up by a clinic and, in its place, by a hospital."""

from __future__ import annotations

from typing import Any

from tests.doubles.exchange import GRANTS, ITEM, MARKET, OWNER, World, detail, grant, organisation, request, text

HEALTH, CLINIC, HOSPITAL = "11500000DEM000240F", "11500000DEM000250G", "11500000DEM000260H"
RECORD = {"type": "health-record", "fields": ["holder", "valid_until"]}
FILLED = {"holder": "陈示例", "valid_until": "2027年3月1日", "fit": "true"}
ASKER: dict[str, Any] = {"sub": "shen", "roles": ["consumer-officer"], "organisation": MARKET}
NURSE: dict[str, Any] = {"sub": "he", "roles": ["provider-officer"], "organisation": CLINIC}
COLLEAGUE: dict[str, Any] = {"sub": "yu", "roles": ["provider-officer"], "organisation": CLINIC}
DOCTOR: dict[str, Any] = {"sub": "fang", "roles": ["provider-officer"], "organisation": HOSPITAL}
AUDITOR: dict[str, Any] = {"sub": "an", "roles": ["auditor"], "organisation": HEALTH}

HEALTH_RECORD: dict[str, Any] = {
    "kind": "EvidenceType",
    "metadata": {"name": "health-record"},
    "spec": {
        "name": text("健康体检记录"),
        "provider": HEALTH,
        "schema": {
            "type": "object",
            "properties": {
                "holder": {"type": "string", "maxLength": 50},
                "valid_until": {"type": "string", "format": "date", "longTerm": True},
                "fit": {"type": "boolean"},
                "visits": {"type": "integer", "minimum": 0},
                "grade": {"type": "string", "enum": ["甲", "乙"]},
                "remarks": {"type": "array", "items": {"type": "string"}},
                "diagnosis": {"type": "string"},
            },
            "required": ["holder", "fit"],
        },
        "fields": {
            "holder": {"label": text("姓名"), "sensitivity": 2},
            "valid_until": {"label": text("有效期至")},
            "fit": {"label": text("适宜从业")},
            "visits": {"label": text("体检次数")},
            "grade": {"label": text("等级")},
            "remarks": {"label": text("备注")},
            "diagnosis": {"label": text("诊断"), "sensitivity": 4},
        },
        "predicates": [{"name": "exists"}, {"name": "valid-on", "until": "valid_until"}],
    },
}


def by_hand(**manual: Any) -> dict[str, Any]:
    """The connector: the clinic answers within a working day, the hospital in its place."""
    fields: dict[str, Any] = {name: {"column": name} for name in HEALTH_RECORD["spec"]["schema"]["properties"]}
    fields["valid_until"] |= {"date": ["yyyy-MM-dd", "yyyy年M月d日"], "long_term": ["长期", "无"]}
    fields["remarks"] |= {"several": True}
    fields["grade"] |= {"codes": {"A": "甲", "B": "乙"}}
    section: dict[str, Any] = {
        "office": {"organisation": CLINIC, "division": "500199"},
        "substitutes": [{"organisation": HOSPITAL}],
        "clock": {"days": 2},
        "guidance": text("查纸质登记簿后填写"),
        "refusals": [{"reason": text("不属于本区"), "citation": text("演示规定第五条")}],
    }
    spec = {
        "evidence_type": "health-record",
        "adapter": "manual",
        "trust_grade": "B",
        "manual": {name: value for name, value in (section | manual).items() if value is not None},
        "mapping": {"fields": fields, "source_time": {"column": "updated"}},
    }
    return {"kind": "Connector", "metadata": {"name": "clinic-records"}, "spec": spec}


def opened(world: World, **manual: Any) -> None:
    """From now on health records are looked up by people, and market regulation may ask for them."""
    world.apply(
        organisation(HEALTH, "卫健委"),
        organisation(CLINIC, "演示诊所"),
        organisation(HOSPITAL, "演示医院"),
        HEALTH_RECORD,
        by_hand(**manual),
        GRANTS[0]
        | {
            "metadata": {"name": "G-HEALTH"},
            "spec": grant("G-HEALTH")["spec"]
            | {
                "provider": HEALTH,
                "evidence_type": "health-record",
                "fields": ["holder", "valid_until"],
                "predicates": ["exists", "valid-on"],
                "service_items": [ITEM],
                "absent_allowed": True,
                "min_loa": 0,
            },
        },
    )
    world.rooms.policy.renew()
    world.approve("G-HEALTH")


def asked(world: World, *items: Any, **more: Any) -> tuple[str, str, str]:
    """A request that waits for the clinic: its id, its case, and its task."""
    case = world.open_case()
    answer = world.ask(case, *(items or (RECORD,)), **more)
    assert answer.status_code == 202, answer.text
    name = str(answer.json["id"])
    return name, case, f"tk_{name.partition('_')[2]}_0"


def asked_by_a_clerk(world: World, clerk: str) -> str:
    """The task of a request that a department's officer makes while nobody is present."""
    case = world.open_case((OWNER, "applicant"))
    item = RECORD | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    token = world.issuer.token(world.holder, act={"sub": clerk}, authorization_details=detail(case, item))
    answer = world.call("POST", "/v1/evidence-requests", token, request(case, item))
    assert answer.status_code == 202, answer.text
    return f"tk_{answer.json['id'].partition('_')[2]}_0"


def delivered(world: World, name: str, case: str, *items: Any) -> Any:
    """The request as it stands, asked for while the owner is there."""
    details = detail(case, *(items or (RECORD,)))
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=details)
    return world.call("GET", f"/v1/evidence-requests/{name}", token)
