"""Access requests over HTTP: asked, checked, answered, disputed; every step an entry, every clock counted."""

from __future__ import annotations

from typing import Any

from tests.doubles.exchange import BASIS, ITEM, MARKET, POLICE, URBAN, World

PATH = "/v1/access-requests"
CONSUMER: dict[str, Any] = {"sub": "chen", "roles": ["consumer-officer"], "organisation": MARKET}
GOVERNOR: dict[str, Any] = {"sub": "wei", "roles": ["governance-officer"], "organisation": URBAN}
PROVIDER: dict[str, Any] = {"sub": "pan", "roles": ["provider-officer"], "organisation": POLICE}
APPROVER: dict[str, Any] = {"sub": "gao", "roles": ["governance-approver"], "organisation": URBAN}
AUDITOR: dict[str, Any] = {"sub": "shen", "roles": ["auditor"], "organisation": URBAN}
ASKED = {
    "evidence_type": "identity-card",
    "fields": ["name", "born"],
    "service_items": [ITEM],
    "legal_basis": BASIS,
    "valid_from": "2026-12-01",
    "valid_to": "2027-12-01",
}
BODY = {"grant": ASKED, "purpose": "核对申请人身份，免交复印件"}
ASSESSMENT = {
    "necessity": "登记须核对住址",
    "risks": "住址泄露",
    "measures": "仅办件人员可见，留存 30 日",
    "assessed_on": "2026-11-20",
    "reference": "PIA-2026-7",
}
REFUSAL = {"code": "beyond-need", "citation": "政务数据共享条例", "reason": "出生日期并非办理所必需"}
DAY = 24 * 3600


def do(world: World, who: dict, request: str, command: str, **body: Any) -> Any:
    return world.officer("POST", f"{PATH}/{request}/{command}", body, **who)


def drafted(world: World, **more: Any) -> str:
    answer = world.officer("POST", PATH, BODY | more, **CONSUMER)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def walked(world: World, request: str, *steps: tuple) -> dict:
    """Commands that must succeed; the last answer."""
    answer: dict = {}
    for who, command, *body in steps:
        got = do(world, who, request, command, **(body[0] if body else {}))
        assert got.status_code == 200, (command, got.text)
        answer = got.json
    return answer


def with_provider(world: World, **more: Any) -> str:
    request = drafted(world, **more)
    walked(world, request, (CONSUMER, "submit"), (GOVERNOR, "accept"))
    return request


def names(world: World, request: str) -> list[str]:
    return [entry["event"] for entry in world.entries() if entry["request"] == request]


def test_from_a_draft_to_an_approval_and_the_draft_of_its_grant(world: World) -> None:
    request = drafted(world)
    shown = world.officer("GET", f"{PATH}/{request}", **CONSUMER).json
    assert (shown["status"], shown["commands"]) == ("drafted", ["revise", "submit", "withdraw"])
    assert shown["provider"]["code"] == POLICE
    assert shown["clock"] is None
    assert "市场监管局" in shown["sentence"]["zh"]

    submitted = walked(world, request, (CONSUMER, "submit"))
    assert (submitted["status"], submitted["share_type"]) == ("submitted", "conditional")
    accepted = walked(world, request, (GOVERNOR, "accept"))
    assert accepted["status"] == "with-provider"
    assert accepted["commands"] == []
    clock = world.officer("GET", f"{PATH}/{request}", **PROVIDER).json["clock"]
    assert (clock["stage"], clock["days"], clock["days_left"], clock["profile"]) == (
        "provider-answer",
        10,
        10,
        "cn-809-2025",
    )
    assert clock["deadline"] == "2026-12-08T00:00:00+08:00"  # ten working days after Monday, 23 November 2026

    approved = walked(world, request, (PROVIDER, "approve"))
    assert (approved["status"], approved["clock"]["stage"]) == ("approved", "provisioning")
    grant = world.officer("GET", f"/v1/grants/{approved['ref']}", **GOVERNOR).json
    assert (grant["status"], grant["request"]) == ("drafted", request)
    assert grant["grant"]["statute"]["zh"] == "演示规定第三条"
    assert world.officer("GET", "/v1/grants/G-STAFF", **GOVERNOR).json["request"] is None
    assert names(world, request) == ["RequestDrafted", "RequestSubmitted", "RequestAccepted", "RequestApproved"]
    assert names(world, approved["ref"]) == ["GrantDrafted"]
    history = approved["history"]
    assert [one["event"] for one in history] == names(world, request)
    assert history[0]["facts"]["consumer"] == MARKET
    assert "purpose" not in str(history[0]["facts"])


def test_whoever_wrote_the_request_never_signs_its_grant_and_the_request_ends_when_it_is_active(world: World) -> None:
    both = CONSUMER | {"roles": ["consumer-officer", "governance-approver"]}
    answer = world.officer("POST", PATH, BODY, **both)
    request = str(answer.json["id"])
    done = walked(world, request, (both, "submit"), (GOVERNOR, "accept"), (PROVIDER, "approve"))
    grant = f"/v1/grants/{done['ref'].partition('@')[0]}"
    world.officer("POST", f"{grant}/submit", {}, **CONSUMER)
    signed = {"digest": world.officer("GET", grant, **GOVERNOR).json["digest"]}
    refused = world.officer("POST", f"{grant}/approve", signed, **both)
    assert refused.json["reason"] == "grant.author-may-not-sign"
    assert world.rooms.request_sweep.sweep() == 0
    for who in (PROVIDER, APPROVER):
        assert world.officer("POST", f"{grant}/approve", signed, **who).status_code == 200
    assert world.rooms.request_sweep.sweep() == 1
    assert world.rooms.request_sweep.sweep() == 0
    shown = world.officer("GET", f"{PATH}/{request}", **CONSUMER).json
    assert (shown["status"], shown["clock"]) == ("fulfilled", None)
