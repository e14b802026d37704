"""Officers' messages: written with the event that causes them, to the office whose turn it is, read by each officer."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exchange.governance.expiry import Expiry
from policies.proceedings import open_to
from policies.requests.commands import TABLE, TURNS, EscalateRequest
from policies.requests.events import Status
from policies.roles import Role
from tests.doubles.browser import form_of
from tests.doubles.exchange import BASIS, IDENTITY_CARD, ITEM, MARKET, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser

ENDS = datetime(2027, 12, 30, 16, tzinfo=UTC)
WHO = {
    "chen": ("consumer-officer", MARKET),
    "wei": ("governance-officer", URBAN),
    "pan": ("provider-officer", POLICE),
    "gao": ("governance-approver", URBAN),
    "other": ("provider-officer", URBAN),
}
ASKED = {
    "grant": {
        "evidence_type": "identity-card",
        "fields": ["name", "born"],
        "service_items": [ITEM],
        "legal_basis": BASIS,
        "valid_from": "2026-12-01T00:00:00+08:00",
        "valid_to": "2027-12-01T00:00:00+08:00",
    },
    "purpose": "核对申请人身份，免交复印件",
    "onward": False,
}


def call(world: World, who: str, method: str, path: str, body: Any = None) -> Any:
    role, organisation = WHO[who]
    return world.officer(method, path, body, sub=who, roles=[role], organisation=organisation)


def inbox(world: World, who: str, query: str = "") -> list[tuple[str, str]]:
    found = call(world, who, "GET", f"/v1/messages{query}")
    assert found.status_code == 200, found.text
    return [(one["kind"], one["about"]) for one in found.json["messages"]]


def everything_read(world: World, who: str) -> None:
    found = call(world, who, "GET", "/v1/messages?limit=200").json["messages"]
    if found:
        call(world, who, "POST", "/v1/messages/read", {"messages": [one["id"] for one in found]})


def later(world: World, **days: float) -> None:
    world.clock.advance(timedelta(**days).total_seconds())
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def test_a_grant_near_its_end_is_told_to_both_departments_once(small_world: World) -> None:
    later(small_world, days=(ENDS - timedelta(days=30) - small_world.clock.now()).days)
    small_world.rooms.expiry.remind()
    Expiry(small_world.rooms.expiry.transitions).remind()  # another node
    assert inbox(small_world, "pan").count(("grant-ends", "G-IDENTITY@1")) == 1
    assert inbox(small_world, "chen").count(("grant-ends", "G-IDENTITY@1")) == 1
    assert ("grant-ends", "G-IDENTITY@1") not in inbox(small_world, "other")
    assert all(kind != "grant-ends" for kind, _ in inbox(small_world, "wei"))


def test_an_access_request_reaches_whoever_must_act_and_those_above_when_time_runs_out(small_world: World) -> None:
    for who in WHO:
        everything_read(small_world, who)
    made = call(small_world, "chen", "POST", "/v1/access-requests", ASKED)
    assert made.status_code == 201, made.text
    name = made.json["id"]
    at = f"/v1/access-requests/{name}"
    assert inbox(small_world, "wei") == []
    assert call(small_world, "chen", "POST", f"{at}/submit", {}).status_code == 200
    assert inbox(small_world, "wei") == [("request-waits", name)]
    assert call(small_world, "wei", "POST", f"{at}/accept", {}).status_code == 200
    assert inbox(small_world, "pan") == [("request-waits", name)]
    assert inbox(small_world, "other") == []
    everything_read(small_world, "wei")
    later(small_world, days=12)
    small_world.rooms.request_sweep.sweep()
    small_world.rooms.request_sweep.sweep()
    assert inbox(small_world, "pan") == [("request-late", name), ("request-waits", name)]
    assert inbox(small_world, "wei") == [("request-late", name)]
    assert inbox(small_world, "gao") == []
    later(small_world, days=4)
    small_world.rooms.request_sweep.sweep()
    told = call(small_world, "gao", "GET", "/v1/messages").json["messages"]
    assert [one["facts"]["percent"] for one in told] == [100]
    assert told[0]["text"]["zh"] == f"共享申请 {name} 的提供部门答复已用去时限的 100%"
    assert told[0]["to"] == {
        "organisation": None,
        "role": "governance-approver",
        "text": {"zh": "数据主管部门审批人", "en": "governance approver"},
    }
    assert len(small_world.events("RequestEscalated")) == 2


def test_each_officer_reads_for_themselves_and_marks_only_their_own(world: World) -> None:
    later(world, days=(ENDS - timedelta(days=7) - world.clock.now()).days)
    world.rooms.expiry.remind()
    seen = call(world, "pan", "GET", "/v1/messages").json
    first = seen["messages"][0]["id"]
    left = call(world, "pan", "POST", "/v1/messages/read", {"messages": [first]})
    assert left.json == {"unread": seen["unread"] - 1}
    again = call(world, "pan", "POST", "/v1/messages/read", {"messages": [first]})
    assert again.json == left.json
    assert first not in {one["id"] for one in call(world, "pan", "GET", "/v1/messages").json["messages"]}
    every = {one["id"]: one["read"] for one in call(world, "pan", "GET", "/v1/messages?show=all").json["messages"]}
    assert every[first] is True
    colleague = world.officer("GET", "/v1/messages", sub="colleague", roles=["provider-officer"], organisation=POLICE)
    assert first in {one["id"] for one in colleague.json["messages"]}
    for who in ("chen", "other", "wei"):  # not addressed to them: as if it did not exist
        refused = call(world, who, "POST", "/v1/messages/read", {"messages": [first]})
        assert (refused.status_code, refused.json["code"]) == (404, "message.unknown")


def test_pages_of_messages_hold_each_once(small_world: World) -> None:
    later(small_world, days=(ENDS - timedelta(days=7) - small_world.clock.now()).days)
    small_world.rooms.expiry.remind()
    whole = inbox(small_world, "pan")
    assert len(whole) > 2
    found, after = [], ""
    while True:
        page = call(small_world, "pan", "GET", f"/v1/messages?limit=1{after}").json
        found += [(one["kind"], one["about"]) for one in page["messages"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == whole


@pytest.mark.parametrize("query", ["?show=mine", "?limit=0", "?limit=201", f"?after={'x' * 300}"])
def test_a_question_that_is_not_one_is_refused(small_world: World, query: str) -> None:
    assert call(small_world, "pan", "GET", f"/v1/messages{query}").status_code == 422


@pytest.mark.parametrize("listed", [None, [], ["msg_x"], ["msg_" + "0" * 32] * 201])
def test_a_mark_that_is_none_is_refused(small_world: World, listed: Any) -> None:
    body = {} if listed is None else {"messages": listed}
    assert call(small_world, "pan", "POST", "/v1/messages/read", body).status_code == 422


def test_a_drafted_grant_reaches_every_seat_of_its_panel(small_world: World) -> None:
    """The world's own grants were signed by panels: each seat was told."""
    told = inbox(small_world, "gao")
    assert {("grant-to-sign", "G-IDENTITY@1"), ("grant-to-sign", "G-STAFF@1")} <= set(told)
    assert ("grant-to-sign", "G-IDENTITY@1") in inbox(small_world, "pan")
    assert inbox(small_world, "other") == []


def test_after_half_a_year_messages_are_forgotten(small_world: World) -> None:
    everything_read(small_world, "pan")
    for days, there in ((179, True), (2, False)):
        later(small_world, days=days)
        small_world.rooms.tidy()
        assert bool(inbox(small_world, "pan", "?show=all")) is there


def test_the_pages_show_how_many_are_unread_and_mark_them(small_world: World) -> None:
    pan = OfficersBrowser(small_world)
    assert pan.sign_in("pan", "provider-officer", organisation=POLICE).status_code == 303
    count = call(small_world, "pan", "GET", "/v1/messages").json["unread"]
    page = pan.get("/console/messages")
    assert f"消息（{count} 条未读）" in page.text
    assert 'href="/console/grants/G-IDENTITY%401"' in page.text
    assert pan.post("/console/messages", {}).status_code == 400  # no token of a form
    assert pan.post("/console/messages", form_of(page).fields).status_code == 303
    done = pan.get("/console/messages")
    assert "没有消息" in done.text
    assert "条未读" not in done.text
    assert "G-IDENTITY@1" in pan.get("/console/messages?show=all").text
    assert pan.get("/console/messages?show=x").status_code == 422


def test_an_entry_reaches_its_reviewers_and_comes_back_to_its_department(small_world: World) -> None:
    at = "/v1/catalogue/entries/evidence-types/lease"
    manifest = IDENTITY_CARD | {"metadata": {"name": "lease"}}
    made = call(small_world, "pan", "POST", "/v1/catalogue/entries", {"manifest": manifest})
    assert made.status_code == 201, made.text
    everything_read(small_world, "wei")
    assert call(small_world, "pan", "POST", f"{at}/submit", {}).status_code == 200
    assert inbox(small_world, "wei") == [("entry-waits", "EvidenceType/lease")]
    everything_read(small_world, "pan")
    assert call(small_world, "wei", "POST", f"{at}/return", {"reason": "缺依据"}).status_code == 200
    assert inbox(small_world, "pan") == [("entry-returned", "EvidenceType/lease")]
    pan = OfficersBrowser(small_world)
    pan.sign_in("pan", "provider-officer", organisation=POLICE)
    (href,) = re.findall(r'href="(/console/entries/[^"]*lease)"', pan.get("/console/messages").text)
    assert pan.get(href).status_code == 200


def test_a_system_that_checked_in_waits_for_the_sandbox(small_world: World) -> None:
    everything_read(small_world, "wei")
    token = small_world.issuer.token(small_world.holder, scope="cases")
    assert small_world.call("POST", "/v1/onboarding/check-in", token, {}).status_code == 200
    assert inbox(small_world, "wei") == [("sandbox-waits", MARKET)]
    everything_read(small_world, "chen")
    assert call(small_world, "wei", "POST", "/v1/onboarding/sandbox", {}).status_code == 200
    assert inbox(small_world, "chen") == [("sandbox-open", MARKET)]
    everything_read(small_world, "wei")
    small_world.rooms.policy.renew()
    assert (
        small_world.call(
            "POST", "/v1/onboarding/check-in", small_world.issuer.token(small_world.holder, scope="cases"), {}
        ).status_code
        == 200
    )
    assert inbox(small_world, "wei") == []


def test_whose_turn_it_is_is_somebody_who_may_act_then() -> None:
    """Approved requests wait for signatures and data, which the table of requests does not know."""
    for state, roles in TURNS.items():
        assert roles
        assert state is Status.APPROVED or all(open_to(TABLE[state], [role]) for role in roles)
    clocks = {state for state, row in TABLE.items() if EscalateRequest in row.get(Role.EXCHANGE, ())}
    assert clocks <= set(TURNS)
